// Records a person's voice for each text of the page. A recording, or any audio file that the browser plays, becomes a
// WAV file, the only format that the server accepts. Without this script, WAV files can be uploaded.

import { recordingOf } from "./desk_wave.js";

const page = () => document.getElementById("readings");
const words = page().dataset;
let stream = null;
let recorder = null;

/** Shows a problem that is not the server's; `kind` names one of the page's texts: missing, denied, insecure or
 * network. All but the last open the forms to upload files. */
function report(kind) {
  const problem = document.getElementById("no-microphone");
  problem.textContent = problem.dataset[kind];
  problem.hidden = false;
  for (const details of document.querySelectorAll(".upload")) details.open = kind !== "network";
}

function button(text, action) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: "plain", textContent: text });
  made.addEventListener("click", action);
  return made;
}

/** Puts a sound into the form of its text, to listen to and approve. */
async function offer(item, blob) {
  const input = item.querySelector(".upload input[type=file]");
  const file = await recordingOf(blob).catch(() => blob);
  const files = new DataTransfer();
  files.items.add(file instanceof File ? file : new File([file], "recording"));
  input.files = files.files;
  const player = new Audio(URL.createObjectURL(file));
  const approve = button(words.approve, () => send(item));
  approve.classList.remove("plain");
  const tools = item.querySelector(".tools");
  tools.replaceChildren(
    recordButton(item, words.again),
    button(words.listen, () => player.play()),
    approve,
  );
  tools.querySelector("button:nth-of-type(2)").focus();
}

const stop = () => recorder?.state === "recording" && recorder.stop();

/** Records until `pressed`, the button of the text, is pressed again or the time is up, and then offers the recording.
 * While anything is recorded, it ends that instead. */
async function record(item, pressed) {
  if (recorder) {
    stop();
    return;
  }
  try {
    stream ??= await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch (error) {
    report(error.name === "NotFoundError" ? "missing" : "denied");
    return;
  }
  recorder = new MediaRecorder(stream);
  const [label, began] = [pressed.textContent, Date.now()];
  const tick = setInterval(() => {
    const seconds = Math.floor((Date.now() - began) / 1000);
    if (seconds >= words.most - 1) stop();
    pressed.textContent = `${words.stop} (${seconds} s)`;
  }, 250);
  recorder.addEventListener("dataavailable", ({ data }) => {
    clearInterval(tick);
    recorder = null;
    pressed.textContent = label;
    pressed.removeAttribute("aria-pressed");
    offer(item, data);
  });
  recorder.start();
  pressed.textContent = words.stop;
  pressed.setAttribute("aria-pressed", "true");
}

function recordButton(item, text) {
  const made = button(text, () => {
    // Another text's recording is ended by its own button.
    if (!recorder || made.hasAttribute("aria-pressed")) record(item, made);
  });
  return made;
}

/** Sends the form of a text, and shows the page that answers, without leaving the other texts' recordings. */
async function send(item) {
  const form = item.querySelector(".upload form");
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
    const shown = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!shown.getElementById(item.id)) location.reload();
    document.getElementById("notice")?.remove();
    const notice = shown.getElementById("notice");
    if (notice && !answer.ok) document.getElementById("main").prepend(notice);
    document.getElementById("left").replaceWith(shown.getElementById("left"));
    document.querySelector("nav .places").replaceWith(shown.querySelector("main nav .places"));
    if (answer.ok) item.replaceWith(prepare(shown.getElementById(item.id)));
    const next = page().querySelector("li:not([data-done]) .tools button");
    (answer.ok ? next : notice)?.focus();
  } catch {
    report("network");
  }
}

/** Adds the buttons of a text, and returns its element. */
function prepare(item) {
  const text = item.hasAttribute("data-done") ? words.again : words.record;
  if (navigator.mediaDevices) item.querySelector(".tools").append(recordButton(item, text));
  const input = item.querySelector(".upload input[type=file]");
  input.addEventListener("change", () => input.files.length && offer(item, input.files[0]));
  return item;
}

for (const item of page().children) prepare(item);
if (!navigator.mediaDevices) report("insecure");
window.addEventListener("pagehide", () => {
  for (const track of stream?.getTracks() ?? []) track.stop();
});
