// The bar on every screen: larger text. On a guest's own device, guest_phone.js adds the button that leaves the page.
// Also sends ballots, sealed on a kiosk, and shows the result. Ballots of practice are not sent.

/** Additional functions of this device: `kiosk` is set by guest_kiosk.js if the page includes it, and `isReady` by
    guest.js at its end. */
export const device = { kiosk: null, isReady: false };

/** Removes a kiosk's answers after a while without a touch, unless guest.js is ready, which asks the guest first. So a
    screen on which another script, or the rest of this one, fails does not keep them for the next guest. */
function watchUnready(form) {
  let timer = 0;
  const wait = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(clearUnready, Number(form.dataset.idle) + Number(form.dataset.leave));
  };
  const clearUnready = () => {
    if (device.isReady) return;
    form.reset();
    const home = form.dataset.home ?? window.location.pathname;
    // A kiosk cannot leave a browser's error page.
    fetch(home, { method: "HEAD", cache: "no-store" }).then(() => window.location.replace(home), wait);
  };
  for (const touch of ["pointerdown", "keydown", "wheel"]) {
    document.addEventListener(touch, wait, { capture: true, passive: true });
  }
  wait();
}

const answers = document.getElementById("answers");
if (answers?.dataset.idle) watchUnready(answers);

const SIZES = [100, 125, 150]; // per cent

const root = document.documentElement;
const button = document.getElementById("text-size");
const away = document.getElementById("leave-now");
const told = document.getElementById("percent");
let size = SIZES[0];

/** A number in the digits of the guest's language, which guest.js sets. */
export const numeral = (number) =>
  String(number).replace(/[0-9]/g, (digit) => root.dataset.digits?.[digit] ?? digit);

function setSize(percent) {
  size = percent;
  root.dataset.size = size;
  told.textContent = `${numeral(size)} %`;
}

const usualSize = () => setSize(SIZES[0]);

button.addEventListener("click", () => {
  if (button.ariaDisabled !== "true") setSize(SIZES[(SIZES.indexOf(size) + 1) % SIZES.length]);
});
// Resets the text size together with the answers, because it is not stored.
document.addEventListener("reset", usualSize);
new MutationObserver(() => setSize(size)).observe(root, { attributeFilter: ["data-digits"] });
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

/** The options of `fetch` for sending a ballot. The browser goes on sending it if the page is left. */
export const toTake = (body, signal) => {
  const headers = { "Kiosk-Script": "yes" };
  return { method: "POST", body, signal, headers, redirect: "manual", cache: "no-store", keepalive: true };
};

/** What the server refused a ballot for, in the guest's language. It sends the text in all languages, so that it does
    not learn which one that is. */
function reasonIn(lines) {
  const page = new DOMParser().parseFromString(lines, "text/html");
  return (page.querySelector(`[lang="${root.lang}"]`) ?? page.body).textContent;
}

/** The server's answer about a ballot; null if it failed, or if a proxy answered (without the server's headers). */
export async function heard(answer) {
  const isTaken = answer.headers.get("Kiosk-Ballot") === "taken";
  const refusal = answer.headers.get("Kiosk-Refusal") ?? "";
  const isHeard = isTaken || (refusal !== "" && refusal !== "failed");
  if (!isHeard) return null;
  const reason = reasonIn(await answer.text());
  return { isTaken, refusal, reason, status: answer.status, again: answer.headers.get("Retry-After") };
}

const find = (id) => document.getElementById(id);
const PATIENCE = 10_000; // milliseconds to wait for an answer, and between two attempts
// Final screens for a slip: starting over would show that the slip is used.
const ENDS = ["thank_you"];
const HEX = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const pause = () => new Promise((resolve) => window.setTimeout(resolve, PATIENCE));

/** A signal that ends a request which takes too long. */
export function patience() {
  const sending = new AbortController();
  window.setTimeout(() => sending.abort(), PATIENCE);
  return sending.signal;
}

/** Functions for the form's ballot: `send` sends it; `leave` takes it from the screen, and resolves as
    `delivered`; `wait` cancels what would happen by itself. On a kiosk nothing on the screen drops a ballot that was
    sent once: its delivery goes on. `show` shows the screen of messages, with Back or without, `said` looks up a text,
    `moveOn` starts again after the guest has read the result. `envelopes` (guest_kiosk.js) is set on kiosks that can
    seal. */
export function delivery(form, show, said, moveOn, envelopes) {
  const { kiosk } = device;
  const underway = new Set();
  let ballot = null; // of the guest at the screen, from the first attempt until it is taken
  let timer = 0;
  const later = (act, milliseconds) => (timer = window.setTimeout(act, Number(milliseconds)));
  const wait = () => window.clearTimeout(timer);

  function tell(key, text = said(key)) {
    const isRefused = key.startsWith("refusal_");
    show(isRefused && !(kiosk && ballot));
    find("message").querySelector("p").textContent = text;
    find("ended").hidden = key !== "thank_you";
    if (find("other-slip")) find("other-slip").hidden = !key.endsWith("_slip");
    find("again").hidden = key !== "refusal_offline" && !key.endsWith("_slip");
    if (find("answer-now")) find("answer-now").hidden = key !== "try_ended";
    const isOnTheWay = key === "waiting" || (key === "sending" && !kiosk);
    find("start-over").hidden = isOnTheWay || (form.elements.slip && ENDS.includes(key));
  }

  /** Sends the form. Its ticket makes it count once: an attempt whose answer was lost may have been taken. */
  async function send() {
    if (ballot?.isBeingSent) return;
    wait();
    ballot ??= { ticket: HEX(crypto.getRandomValues(new Uint8Array(16))) };
    const sent = ballot;
    if (!kiosk || !sent.body) sent.body = envelopes ? null : bodyOf(sent.ticket);
    sent.isBeingSent = true;
    tell("sending");
    const done = attempt(sent);
    underway.add(done);
    const answer = await done;
    underway.delete(done);
    sent.isBeingSent = false;
    if (sent === ballot) hear(answer);
    else if (!isFinal(answer)) goOn(sent);
  }

  function bodyOf(ticket) {
    const body = kiosk?.fields(form) ?? new URLSearchParams(new FormData(form));
    body.set("_ticket", ticket);
    return body;
  }

  const isFinal = (answer) => answer && answer.refusal !== "wait";

  /** Goes on sending a ballot whose guest has left the screen of a kiosk. */
  async function goOn(sent) {
    if (!kiosk || !(sent.body ?? sent.envelope)) return;
    const done = (async () => {
      do await pause();
      while (!isFinal(await attempt(sent)));
    })();
    underway.add(done);
    await done;
    underway.delete(done);
  }

  const attempt = (sent) => deliver(sent).catch(() => null);

  /** The server's answer about the ballot. Without an answer, or if it is too early, a kiosk stores the sealed
      ballot, which counts as taken. */
  async function deliver(sent) {
    if (form.dataset.home) return { isTaken: true };
    if (!envelopes) return heard(await fetch(form.action, toTake(sent.body, patience())));
    sent.envelope ??= await envelopes.seal(form);
    const answer = await envelopes.post(form.action, sent.envelope, false);
    if (isFinal(answer)) return answer;
    if (envelopes.now() >= Number(form.dataset.closes)) return { refusal: "closed" };
    await envelopes.keep(sent.envelope);
    return { isTaken: true };
  }

  function hear(answer) {
    if (!answer) {
      tell("refusal_offline");
    } else if (answer.refusal === "wait") {
      tell("waiting");
      later(send, answer.again * 1000);
    } else {
      ballot = null;
      if (answer.isTaken) form.reset();
      if (answer.isTaken) tell(form.dataset.home ? "try_ended" : "thank_you");
      else tell(`refusal_${answer.refusal}`, answer.reason);
      if (form.dataset.thanks) later(moveOn, form.dataset.thanks);
    }
  }

  /** Takes the ballot from the screen. On a kiosk an attempt that failed is made again. */
  async function leave() {
    wait();
    if (ballot && !ballot.isBeingSent) goOn(ballot);
    ballot = null;
    await delivered();
  }

  /** Resolves when no ballot is on its way. */
  async function delivered() {
    while (underway.size) await Promise.all(underway);
  }

  const isPending = () => Boolean(ballot);
  const isBeingSent = () => Boolean(ballot?.isBeingSent);
  return { send, leave, delivered, wait, isPending, isBeingSent };
}
