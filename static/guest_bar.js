// What every screen has: larger text; on a guest's own device a way out at once. And a ballot on its way, and what
// comes of it: sent as it is, or sealed on a kiosk; practice is nobody's business.

const SIZES = [100, 125, 150]; // per cent

const root = document.documentElement;
const button = document.getElementById("text-size");
const away = document.getElementById("leave-now");
const told = document.getElementById("percent");
let size = SIZES[0];

function setSize(percent) {
  size = percent;
  root.dataset.size = size;
  told.textContent = `${size} %`;
}

const usualSize = () => setSize(SIZES[0]);

/** The page is blank before the other one has come, and stands in no history. */
function leave() {
  for (const form of document.forms) form.reset();
  document.title = "";
  document.body.replaceChildren();
  window.location.replace(away.href);
}

// On the window, before anything that holds back a tap that comes too early.
window.addEventListener(
  "click",
  (event) => {
    if (!event.target.closest?.("#leave-now")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    leave();
  },
  true,
);
button.addEventListener("click", () => setSize(SIZES[(SIZES.indexOf(size) + 1) % SIZES.length]));
// With the answers goes the size: it was this guest's, and is kept nowhere.
document.addEventListener("reset", usualSize);
window.addEventListener("pagehide", usualSize);
button.hidden = false;

/** A kiosk's links open where they are: with Shift, Ctrl, Alt or another button than the first a browser
    would open a window with an address bar, a tab, or a download. */
function keepPlace(event) {
  if (event.button || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey)
    event.preventDefault();
}

/** A browser's own zoom has no way back on a kiosk: the page has its own larger text, which ends with the guest. */
function keepSize(event) {
  const isZoom = event.type === "wheel" || "+-_=0".includes(event.key);
  if (isZoom && (event.ctrlKey || event.metaKey)) event.preventDefault();
}

if (!away) {
  for (const click of ["click", "auxclick"]) document.addEventListener(click, keepPlace, true);
  for (const turn of ["keydown", "wheel"])
    document.addEventListener(turn, keepSize, { capture: true, passive: false });
}

/** What this device can do besides: `kiosk` is guest_kiosk.js, where that is in the page. */
export const device = { kiosk: null };

/** How a ballot is sent by a script. */
export const toTake = (body, signal) => {
  const headers = { "Kiosk-Script": "yes" };
  return { method: "POST", body, signal, headers, redirect: "manual", cache: "no-store" };
};

/** What the server says of a ballot. Only its own marks count: a proxy's answer, whatever it is, says nothing. */
export function heard(answer) {
  const isTaken = answer.headers.get("Kiosk-Ballot") === "taken";
  const refusal = answer.headers.get("Kiosk-Refusal") ?? "";
  const isHeard = isTaken || (refusal !== "" && refusal !== "failed");
  return isHeard
    ? { isTaken, refusal, status: answer.status, again: answer.headers.get("Retry-After") }
    : null;
}

const find = (id) => document.getElementById(id);
// Where a slip's guest has come to an end: starting over would lead to a slip that is used.
const ENDS = ["thank_you", "refusal_used_slip"];

/** How the form's ballot goes: `send` it, `giveUp` what is on its way. `show` gives the message its screen, `said`
    is a text of the screen, `moveOn` starts again once the guest has read what came of it. A kiosk has `envelopes`
    (guest_kiosk.js). */
export function delivery(form, show, said, moveOn, envelopes) {
  let sending = null;
  let envelope = null;
  let timer = 0;
  const later = (act, milliseconds) => (timer = window.setTimeout(act, Number(milliseconds)));

  function tell(key) {
    show();
    find("message").querySelector("p").textContent = said(key);
    find("again").hidden = key !== "refusal_offline";
    if (find("answer-now")) find("answer-now").hidden = key !== "try_ended";
    find("start-over").hidden = key === "waiting" || (form.elements.slip && ENDS.includes(key));
  }

  async function send() {
    if (sending) return;
    sending = new AbortController();
    const { signal } = sending;
    tell("sending");
    try {
      hear(await deliver(signal));
    } catch {
      if (!signal.aborted) tell("refusal_offline");
    }
    sending = null;
  }

  /** What the server says of the ballot. A kiosk that does not hear it keeps the ballot sealed, which is as good
      as taken. */
  async function deliver(signal) {
    if (form.dataset.home) return { isTaken: true };
    if (!envelopes)
      return heard(await fetch(form.action, toTake(new URLSearchParams(new FormData(form)), signal)));
    envelope ??= await envelopes.seal(form);
    const answer = await envelopes.post(form.action, envelope, false, signal);
    signal.throwIfAborted();
    if (answer) return answer;
    if (envelopes.now() >= Number(form.dataset.closes)) return { refusal: "closed" };
    await envelopes.keep(envelope);
    return { isTaken: true };
  }

  function hear(answer) {
    if (!answer) {
      tell("refusal_offline");
    } else if (answer.refusal === "wait") {
      tell("waiting");
      later(send, answer.again * 1000);
    } else {
      if (answer.isTaken) {
        envelope = null;
        form.reset();
      }
      tell(!answer.isTaken ? `refusal_${answer.refusal}` : form.dataset.home ? "try_ended" : "thank_you");
      if (form.dataset.thanks) later(moveOn, form.dataset.thanks);
    }
  }

  function giveUp() {
    sending?.abort();
    window.clearTimeout(timer);
    envelope = null;
  }

  return { send, giveUp };
}
