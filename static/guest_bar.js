// What every screen has: larger text; on a guest's own device a way out at once; on a kiosk what happens when
// a guest has gone: it asks, waits, and starts again. And how a ballot is sent, and the answer understood.

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
window.addEventListener("click", (event) => {
  if (!event.target.closest?.("#leave-now")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  leave();
}, true);
button.addEventListener("click", () => setSize(SIZES[(SIZES.indexOf(size) + 1) % SIZES.length]));
// With the answers goes the size: it was this guest's, and is kept nowhere.
document.addEventListener("reset", usualSize);
window.addEventListener("pagehide", usualSize);
button.hidden = false;

/** A kiosk's links open where they are: with Shift, Ctrl, Alt or another button than the first a browser
    would open a window with an address bar, a tab, or a download. */
function keepPlace(event) {
  if (event.button || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) event.preventDefault();
}

/** A browser's own zoom has no way back on a kiosk: the page has its own larger text, which ends with the guest. */
function keepSize(event) {
  const isZoom = event.type === "wheel" || "+-_=0".includes(event.key);
  if (isZoom && (event.ctrlKey || event.metaKey)) event.preventDefault();
}

if (!away) {
  for (const click of ["click", "auxclick"]) document.addEventListener(click, keepPlace, true);
  for (const turn of ["keydown", "wheel"]) document.addEventListener(turn, keepSize, { capture: true, passive: false });
}

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
  return isHeard ? { isTaken, refusal, status: answer.status, again: answer.headers.get("Retry-After") } : null;
}

/** Get a page anew if `isFree`; not while the network is away: a browser's error page has no way back. */
export async function renew(path, isFree) {
  const isThere = await fetch(path, { method: "HEAD", cache: "no-store" }).then(() => true, () => false);
  if (isThere && isFree()) window.location.replace(path);
}

const BEAT = 300_000; // milliseconds

/** Have a kiosk's pages kept. A browser looks for a newer script at each page it loads, and notes on the disk when it
    asked the server: so the server is asked here, and until the next time the browser's own memory. */
async function keepPages(place) {
  for (const updateViaCache of ["none", "all"]) {
    await navigator.serviceWorker.register(`${place}/worker`, { scope: place, updateViaCache });
  }
}

/** Let the kiosk at `path` be heard, at fixed times of the clock: no guest moves them, so they tell of none.
    `hear` is given each answer; a page that was heard is kept for when the network is away. */
export function beat(path, hear = () => {}) {
  const place = path.replace(/\/$/, "");
  window.setTimeout(() => {
    if (place && navigator.serviceWorker) keepPages(place).catch(() => {});
    fetch(`${place}/alive`, { method: "HEAD", cache: "no-store" }).then(hear).catch(() => {});
    beat(path, hear);
  }, BEAT - (Date.now() % BEAT));
}

/** Ask after `form.dataset.idle` milliseconds, leave after `form.dataset.leave` more; any touch stays, and who
    is there may also start again. */
export function watchIdle(form, isInUse, leave, startAgain) {
  const dialog = document.getElementById("still-here");
  let timer = 0;

  const wait = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, Number(form.dataset.idle));
  };
  const ask = () => {
    if (!isInUse()) {
      wait();
      return;
    }
    dialog.showModal();
    timer = window.setTimeout(go, Number(form.dataset.leave));
  };
  const stay = () => {
    if (dialog.open) dialog.close();
    wait();
  };
  const go = () => {
    stay();
    leave();
  };

  document.getElementById("leave").addEventListener("click", () => {
    stay();
    startAgain();
  });
  document.getElementById("stay").addEventListener("click", stay);
  dialog.addEventListener("click", (event) => event.target === dialog && stay());
  dialog.addEventListener("cancel", stay);
  for (const touch of ["pointerdown", "keydown", "wheel"]) {
    document.addEventListener(touch, () => !dialog.open && wait(), { passive: true });
  }
  wait();
}
