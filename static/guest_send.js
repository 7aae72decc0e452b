// A ballot on its way, and what comes of it: sent as it is, or sealed on a kiosk; practice is nobody's business.
import { heard, toTake } from "./guest_bar.js";

let envelopes = null; // guest_envelope.js, on a kiosk

/** From now on ballots are sealed, and those that wait on the kiosk at `path` are sent. */
export function seal(path) {
  import("./guest_envelope.js").then((module) => {
    envelopes = module;
    module.sendKept(path);
  }).catch(() => {});
}

const find = (id) => document.getElementById(id);
// Where a slip's guest has come to an end: starting over would lead to a slip that is used.
const ENDS = ["thank_you", "refusal_used_slip"];

/** How the form's ballot goes: `send` it, `giveUp` what is on its way. `show` gives the message its screen, `said`
    is a text of the screen, `leave` starts again once the guest has read what came of it. */
export function delivery(form, show, said, leave) {
  let sending = null;
  let envelope = null;
  let timer = 0;
  const later = (act, milliseconds) => (timer = window.setTimeout(act, Number(milliseconds)));

  function tell(key) {
    show();
    find("message").querySelector("p").textContent = said(key);
    find("again").hidden = key !== "refusal_offline";
    if (find("answer-now")) find("answer-now").hidden = key !== "practised";
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
    if (!envelopes) return heard(await fetch(form.action, toTake(new URLSearchParams(new FormData(form)), signal)));
    envelope ??= await envelopes.seal(form);
    const answer = await envelopes.post(form.action, envelope, false, signal);
    signal.throwIfAborted();
    if (answer) return answer;
    if (Date.now() >= Number(form.dataset.closes)) return { refusal: "closed" };
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
      tell(!answer.isTaken ? `refusal_${answer.refusal}` : form.dataset.home ? "practised" : "thank_you");
      if (form.dataset.thanks) later(leave, form.dataset.thanks);
    }
  }

  function giveUp() {
    sending?.abort();
    window.clearTimeout(timer);
    envelope = null;
  }

  return { send, giveUp };
}
