// One statement at a time, on a page that works as a list without this. The form stays the form: its
// parts are shown and hidden, its words replaced. Nothing is kept but in the form, and it is emptied.
import { beat, heard, renew, toTake, watchIdle } from "./guest_bar.js";

const find = (id) => document.getElementById(id);
const form = find("answers");
const words = JSON.parse(find("words").textContent);
const statements = [...form.querySelectorAll("fieldset")];
const parts = ["picker", "promise", "answers", "message"];

const TAPS_IGNORED = 400; // milliseconds after a change: a second tap was meant for the screen before

const first = document.documentElement.lang;
const path = form.dataset.home ?? window.location.pathname;
let envelopes = null; // guest_envelope.js, on a kiosk
const guest = { language: first, place: "picker", changed: 0, sending: null, envelope: null, timer: 0, returnTo: null };
const later = (act, milliseconds) => (guest.timer = window.setTimeout(act, Number(milliseconds)));

function show(place) {
  guest.place = place;
  guest.changed = performance.now();
  const at = statements.indexOf(place);
  for (const id of parts) find(id).hidden = id !== (at < 0 ? place : "answers");
  for (const statement of statements) statement.hidden = statement !== place;
  find("start-over").hidden = place === "picker";
  find("language").hidden = at < 0;
  const progress = at < 0 ? "" : said("progress");
  find("progress").textContent = progress.replace("{n}", at + 1).replace("{total}", statements.length);
  find("back").disabled = at <= 0;
  find("next").textContent = said(at === statements.length - 1 ? "send" : "next");
  allowNext();
  (at < 0 ? find(place) : place.querySelector("legend")).focus();
  window.scrollTo(0, 0);
}

const said = (key) => words[guest.language].screen[key];

function speak(code) {
  guest.language = code;
  const { language, statements: asked } = words[code];
  document.documentElement.lang = language.code;
  document.documentElement.dir = language.direction;
  document.title = said("title");
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = said(element.dataset.text);
  if (find("reply")) find("reply").hidden = !(find("reply").lastElementChild.textContent = words[code].reply);
  statements.forEach((statement, at) => {
    statement.querySelector("legend").textContent = asked[at].text;
    statement.querySelectorAll(".option").forEach((label, of) => (label.textContent = asked[at].options[of].label));
  });
}

const chosen = (statement) => [...statement.querySelectorAll("input")].find((input) => input.checked && input.value);

const allowNext = () => (find("next").disabled = statements.includes(guest.place) && !chosen(guest.place));

function go(steps) {
  const at = statements.indexOf(guest.place) + steps;
  if (at === statements.length) send();
  else show(statements[Math.max(at, 0)]);
}

function tell(key, canTryAgain = false) {
  show("message");
  find("message").querySelector("p").textContent = said(key);
  find("again").hidden = !canTryAgain;
  if (find("answer-now")) find("answer-now").hidden = key !== "practised";
}

async function send() {
  if (guest.sending) return;
  guest.sending = new AbortController();
  tell("sending");
  try {
    hear(await deliver(guest.sending.signal));
  } catch {
    if (guest.place === "message") tell("refusal_offline", true);
  }
  guest.sending = null;
}

/** What the server says of the ballot. A kiosk that does not hear it keeps the ballot sealed, which is as good as
    taken. Practice is nobody's business. */
async function deliver(signal) {
  if (form.dataset.home) return { isTaken: true };
  if (!envelopes) return heard(await fetch(form.action, toTake(new URLSearchParams(new FormData(form)), signal)));
  guest.envelope ??= await envelopes.seal(form);
  const said = await envelopes.post(form.action, guest.envelope, false, signal);
  signal.throwIfAborted();
  if (said) return said;
  if (Date.now() >= Number(form.dataset.closes)) return { refusal: "closed" };
  await envelopes.keep(guest.envelope);
  return { isTaken: true };
}

function hear(said) {
  if (said?.isTaken) {
    guest.envelope = null;
    form.reset();
    tell(form.dataset.home ? "practised" : "thank_you");
    if (form.dataset.thanks) later(startAgain, form.dataset.thanks);
  } else if (!said) {
    tell("refusal_offline", true);
  } else if (said.refusal === "wait") {
    tell("refusal_wait");
    later(send, said.again * 1000);
  } else {
    tell(`refusal_${said.refusal}`);
    if (form.dataset.thanks) later(startAgain, form.dataset.thanks);
  }
}

const isFree = () => guest.place === "picker" && !guest.returnTo;

/** Nothing of the guest is left. A kiosk gets a fresh page too; a slip's cannot be fetched again. */
function startAgain() {
  guest.sending?.abort();
  window.clearTimeout(guest.timer);
  guest.returnTo = guest.envelope = null;
  form.reset();
  speak(first);
  show("picker");
  if (form.dataset.idle) renew(path, isFree);
}

function choose(code) {
  const place = guest.returnTo ?? "promise";
  guest.returnTo = null;
  speak(code);
  show(place);
}

const taps = {
  start: () => show(statements[0]),
  back: () => go(-1),
  next: () => go(1),
  skip: () => {
    guest.place.querySelector(".skipped input").checked = true;
    go(1);
  },
  language: () => {
    guest.returnTo = guest.place;
    show("picker");
  },
  "start-over": startAgain,
  again: send,
};

document.addEventListener("click", (event) => {
  // A click without a pointer (keyboard, switch, screen reader) has no detail, and is never too early.
  const isTooEarly = event.detail > 0 && performance.now() - guest.changed < TAPS_IGNORED;
  const language = event.target.closest("[data-language], button[name=lang]");
  const tapped = taps[event.target.id];
  if (isTooEarly || language || tapped) event.preventDefault();
  if (isTooEarly) event.stopPropagation();
  else if (language) choose(language.dataset.language ?? language.value);
  else tapped?.();
}, true);
form.addEventListener("change", allowNext);
window.addEventListener("pagehide", () => form.reset());
window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());

if (Object.values(words).some(({ sounds }) => Object.keys(sounds).length)) {
  import("./guest_listen.js").then(({ offer }) => offer(() => words[guest.language], said));
}
document.body.classList.add("steps");
find("send").remove();
for (const id of ["start", "steps", "bar"]) find(id).hidden = false;
form.reset();
show("picker");

if (form.dataset.letterbox && window.isSecureContext) {
  import("./guest_envelope.js").then((module) => {
    envelopes = module;
    module.sendKept(path);
  }).catch(() => {});
}
if (form.dataset.idle) {
  beat(path, (answer) => {
    const letterbox = answer.headers.get("Kiosk-Letterbox");
    if (form.dataset.letterbox && form.dataset.letterbox !== letterbox) renew(path, isFree);
  });
}
if (form.dataset.idle) watchIdle(form, () => form.dataset.home || !isFree(), startAgain);
