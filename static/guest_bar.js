// The bar on every screen: larger text and, on a guest's own device, a button that leaves the page immediately.
// Also sends ballots, sealed on a kiosk, and shows the result. Ballots of practice are not sent.

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

/** Blanks the page before the next one loads, and replaces it in the browser's history. */
function leave() {
  for (const form of document.forms) form.reset();
  document.title = "";
  document.body.replaceChildren();
  window.location.replace(away.href);
}

// Listens on the window, so that it runs before the handler that ignores early taps.
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
// Resets the text size together with the answers, because it is not stored.
document.addEventListener("reset", usualSize);
window.addEventListener("pagehide", usualSize);
button.hidden = false;

/** Opens a kiosk's links in the same tab only: with Shift, Ctrl, Alt or another mouse button, a browser would open
    a window with an address bar, open a tab, or download the page. */
function keepPlace(event) {
  if (event.button || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey)
    event.preventDefault();
}

/** Blocks the browser's zoom, which a kiosk's guest cannot reset. The page has its own text size. */
function keepSize(event) {
  const isZoom = event.type === "wheel" || "+-_=0".includes(event.key);
  if (isZoom && (event.ctrlKey || event.metaKey)) event.preventDefault();
}

if (!away) {
  for (const click of ["click", "auxclick"]) document.addEventListener(click, keepPlace, true);
  for (const turn of ["keydown", "wheel"])
    document.addEventListener(turn, keepSize, { capture: true, passive: false });
}

/** Additional functions of this device: `kiosk` is set by guest_kiosk.js if the page includes it. */
export const device = { kiosk: null };

/** The options of `fetch` for sending a ballot. */
export const toTake = (body, signal) => {
  const headers = { "Kiosk-Script": "yes" };
  return { method: "POST", body, signal, headers, redirect: "manual", cache: "no-store" };
};

/** The server's answer about a ballot; null if it failed, or if a proxy answered (without the server's headers). */
export function heard(answer) {
  const isTaken = answer.headers.get("Kiosk-Ballot") === "taken";
  const refusal = answer.headers.get("Kiosk-Refusal") ?? "";
  const isHeard = isTaken || (refusal !== "" && refusal !== "failed");
  return isHeard
    ? { isTaken, refusal, status: answer.status, again: answer.headers.get("Retry-After") }
    : null;
}

const find = (id) => document.getElementById(id);
// Final screens for a slip: starting over would show that the slip is used.
const ENDS = ["thank_you", "refusal_used_slip"];

/** Functions for the form's ballot: `send` sends it, `giveUp` aborts sending. `show` shows the screen of messages,
    `said` looks up a text, `moveOn` starts again after the guest has read the result. `envelopes` (guest_kiosk.js)
    is set on kiosks only. */
export function delivery(form, show, said, moveOn, envelopes) {
  let sending = null;
  let envelope = null;
  let fields = null;
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

  /** The server's answer about the ballot. Without an answer, or if it is too early, a kiosk stores the sealed
      ballot, which counts as taken. */
  async function deliver(signal) {
    if (form.dataset.home) return { isTaken: true };
    if (!envelopes) {
      fields ??= device.kiosk?.fields(form) ?? new URLSearchParams(new FormData(form));
      return heard(await fetch(form.action, toTake(fields, signal)));
    }
    envelope ??= await envelopes.seal(form);
    const answer = await envelopes.post(form.action, envelope, false, signal);
    signal.throwIfAborted();
    if (answer && answer.refusal !== "wait") return answer;
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
        envelope = fields = null;
        form.reset();
      }
      tell(!answer.isTaken ? `refusal_${answer.refusal}` : form.dataset.home ? "try_ended" : "thank_you");
      if (form.dataset.thanks) later(moveOn, form.dataset.thanks);
    }
  }

  function giveUp() {
    sending?.abort();
    window.clearTimeout(timer);
    envelope = fields = null;
  }

  return { send, giveUp };
}
