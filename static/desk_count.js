// Counts outputs on a phone, also without a network. Each tap is stored on the phone under its random ticket until the
// server has it. The server counts a ticket once, so taps are sent again whenever an answer is missing.

const TAP = "tap "; // keys of stored taps begin with it
const REFUSED = "refused "; // keys of taps that the server will never count
const TICKET = 16; // bytes
const MOST = 200; // taps in one request
const PATIENCE = 10_000; // milliseconds to wait for an answer
const AGAIN = 15_000; // milliseconds between two attempts
const SIGNED_OUT = 401;
const STALE = 400; // the page's token has expired, or belongs to an earlier session

const page = document.getElementById("count");
const statusText = document.getElementById("status");
const refused = document.getElementById("refused");
const undo = document.getElementById("undo");
const forms = [...page.querySelectorAll("form")];
const names = JSON.parse(page.dataset.names); // of all counters, also those that this unit no longer has
const undoable = []; // counter and target of each tap that can be undone, the newest last
let isSending = false;
let token = page.querySelector('[name="csrf_token"]').value;

const isOurs = (tap) => tap.unit === page.dataset.unit;

/** All stored taps of this unit whose keys begin with `kind`, TAP or REFUSED, each with its ticket. */
function stored(kind) {
  const taps = [];
  for (let at = 0; at < localStorage.length; at++) {
    const key = localStorage.key(at);
    if (key.startsWith(kind))
      taps.push({ ...JSON.parse(localStorage.getItem(key)), ticket: key.slice(kind.length) });
  }
  return taps.filter(isOurs);
}

function newTicket() {
  const bytes = crypto.getRandomValues(new Uint8Array(TICKET));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function thisMonth() {
  const now = new Date();
  return `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, "0")}`;
}

const key = ({ counter, target }) => `${counter} ${target}`;
const keyOf = (form) => `${form.counter.value} ${form.target.value}`;
const buttonOf = (tap) => forms.find((form) => keyOf(form) === key(tap))?.querySelector(".counter");
const say = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

/** Shows the server's numbers with the taps that wait, and what was refused. `problem` is the name of the page's text
 * that says why taps wait, "" if nothing keeps them. */
function show(problem = "") {
  const waiting = stored(TAP);
  const sums = new Map();
  for (const tap of waiting)
    if (tap.month === page.dataset.month) sums.set(key(tap), (sums.get(key(tap)) ?? 0) + tap.step);
  for (const form of forms) {
    const number = form.querySelector("b");
    number.dataset.counted ??= number.textContent;
    const sum = Number(number.dataset.counted) + (sums.get(keyOf(form)) ?? 0);
    number.textContent = Math.max(sum, 0);
  }
  statusText.textContent = waiting.length && problem ? say(page.dataset[problem], { n: waiting.length }) : "";
  undo.hidden = !undoable.length;
  if (undoable.length)
    undo.textContent = say(page.dataset.undo, { name: buttonOf(undoable.at(-1)).dataset.name });
  showRefused();
}

function showRefused() {
  const sums = new Map();
  for (const tap of stored(REFUSED)) {
    const name = `${buttonOf(tap)?.dataset.name ?? names[tap.counter] ?? tap.counter} ${tap.month}`;
    sums.set(name, (sums.get(name) ?? 0) + tap.step);
  }
  refused.hidden = !sums.size;
  const taps = [...sums].map(([name, number]) => `${name}: ${number}`).join(", ");
  refused.firstElementChild.textContent = say(page.dataset.refused, { taps });
}

/** Stores a tap, and sends what waits. `step` is 1, or -1 to undo a tap. */
function count({ counter, target }, step) {
  const tap = { unit: page.dataset.unit, month: thisMonth(), counter, target, step };
  localStorage.setItem(TAP + newTicket(), JSON.stringify(tap));
  show();
  send();
}

/** Reads the page again: its numbers and its token are then those of now, and counters that the unit no longer has are
 * hidden. Null if signed out. */
async function reread() {
  const answer = await fetch(location.pathname, {
    cache: "no-store",
    signal: AbortSignal.timeout(PATIENCE),
  });
  const read = new DOMParser().parseFromString(await answer.text(), "text/html");
  const main = read.getElementById("count");
  if (!main) return null;
  token = main.querySelector('[name="csrf_token"]').value;
  page.dataset.month = main.dataset.month;
  const numbers = new Map(
    [...main.querySelectorAll("form")].map((form) => [keyOf(form), form.querySelector("b")]),
  );
  for (const form of forms) {
    const number = numbers.get(keyOf(form));
    if (number) form.querySelector("b").dataset.counted = number.textContent;
    form.closest(".counters > li").hidden = !number;
  }
  return main;
}

/** Sends taps, and returns the server's response, whatever its status. */
function post(taps) {
  const body = JSON.stringify(taps.map(({ unit, ...tap }) => tap));
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  return fetch(location.pathname, { method: "POST", headers, body, signal: AbortSignal.timeout(PATIENCE) });
}

/** Adds a tap that the server has to its number, until the page is read again. */
function addToShown(tap) {
  const number = buttonOf(tap)?.querySelector("b");
  if (number && tap.month === page.dataset.month)
    number.dataset.counted = Math.max(Number(number.dataset.counted) + tap.step, 0);
}

/** Sends at most MOST taps, again with a new token if the old one was refused, and takes those that the server has or
 * never will count out of the waiting ones. Returns "", or the problem if they still wait: "signedOut" or "failed". */
async function sendTaps(taps) {
  let answer = await post(taps);
  if (answer.status === STALE || answer.status === SIGNED_OUT) {
    if (!(await reread())) return "signedOut";
    answer = await post(taps);
  }
  if (!answer.ok) return answer.status === SIGNED_OUT ? "signedOut" : "failed";
  const { refused: never } = await answer.json();
  for (const { ticket, ...tap } of taps) {
    if (never.includes(ticket)) localStorage.setItem(REFUSED + ticket, JSON.stringify(tap));
    else addToShown(tap);
    localStorage.removeItem(TAP + ticket);
  }
  return "";
}

/** Sends everything that waits, unless that goes on already, and shows the server's numbers. */
async function send() {
  if (isSending) return;
  isSending = true;
  let problem = "";
  try {
    for (let taps = stored(TAP); taps.length && !problem; taps = stored(TAP)) {
      problem = await sendTaps(taps.slice(0, MOST));
    }
    if (!problem) await reread();
  } catch {
    problem = "waiting";
  }
  isSending = false;
  show(problem);
}

/** Stores the page and its files for use without a network. */
async function keepPage() {
  await navigator.serviceWorker?.register("/admin/count/worker.js");
  const files = [...document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script")];
  const cache = await caches.open("count");
  await cache.addAll([location.pathname, ...files.map(({ href, src }) => href || src)]);
}

for (const form of forms) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const tap = { counter: form.counter.value, target: form.target.value };
    undoable.push(tap);
    count(tap, 1);
  });
}
undo.addEventListener("click", () => {
  count(undoable.pop(), -1);
});
refused.querySelector("button").addEventListener("click", () => {
  for (const { ticket } of stored(REFUSED)) localStorage.removeItem(REFUSED + ticket);
  show();
});
window.addEventListener("online", send);
document.addEventListener("visibilitychange", () => document.hidden || send());
window.setInterval(() => stored(TAP).length && send(), AGAIN);
navigator.storage?.persist?.().catch(() => {});
keepPage().catch(() => {});
show();
send();
