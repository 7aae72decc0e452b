// The kiosk's own tasks: ask whether the guest is still there, start again, and send signs of life. It also seals
// ballots for their box, to be sent at once or after a network failure. Each has a ticket, so that the server accepts
// it once even if it is sent again. Only the envelope and its letterbox are stored: no time, no order, all of one size.
import { device, heard, patience, toTake } from "./guest_bar.js";

const ROOM = 64; // bytes for each answer of a ballot
const COLUMNS = "fieldset:not(.several), [type=checkbox]"; // as many as a ballot has answers
const TICKET = 16; // bytes; the first of them are the kiosk's mark
const MARK_BYTES = 8;
const RAPID = 1; // flags of the byte after the ticket
const MARKED = 2;
const PATIENCE = 10_000; // milliseconds to wait for an answer
const ROUND = 10_000; // milliseconds: stored envelopes are sent at multiples of this time
const GONE = 410; // status of an envelope that the server can never accept
const ROW_OF_GUESTS = 2; // ballots in a row without a pause that are accepted as guests'
const LEAST_TIME = 1_000; // milliseconds in which a guest takes in a statement and touches an answer
const MOST_TOUCHES = 2; // for each answer: chosen, and another one instead
const OTHER_TOUCHES = 4; // to choose a language, to begin, to send, to start again

const encode = (text) => new TextEncoder().encode(text);
const bytesOf = (hex) => Uint8Array.from(hex.match(/../g), (two) => parseInt(two, 16));
const random = (length) => crypto.getRandomValues(new Uint8Array(length));

// A newly loaded page knows of no earlier ballots. It starts with a full row that ends half a pause after loading, so
// that reloading does not circumvent the rule. Half a pause is less than the time of a quick reader
// (kiosk/operation/serve.py), and the page loads before its guest begins: nobody who reads is affected.
let last = null;
let row = ROW_OF_GUESTS;
let touches = 0; // since the last ballot
document.addEventListener("pointerdown", () => touches++, true);

/** Records a ballot and returns whether it is rapid. The result is sealed with the ballot, and nothing else excludes
    it: nobody who sends requests to the server has an influence. Friends who answer one after the other leave no
    pause, but each takes the time of a glance for each statement and touches little else. So a ballot in a row is
    rapid only with less time or more touches. Which answers were touched plays no part. */
function recordAndClassify(form) {
  const pause = Number(form.dataset.pause);
  const number = (parts) => form.querySelectorAll(parts).length;
  // Measured from the loading of the page, because this script may load much later.
  const now = performance.now();
  row = now - (last ?? -pause / 2) < pause ? row + 1 : 1;
  const isHasty =
    now - (last ?? 0) < LEAST_TIME * number("fieldset") || touches > MOST_TOUCHES * number(COLUMNS) + OTHER_TOUCHES;
  last = now;
  touches = 0;
  return row > ROW_OF_GUESTS && isHasty;
}

/** The fields of a ballot from a kiosk that cannot seal. */
function fields(form) {
  const sent = new URLSearchParams(new FormData(form));
  if (recordAndClassify(form)) sent.set("_rapid", "yes");
  return sent;
}

// The kiosk's mark: random bytes, the same in all its tickets, that nobody else knows. The server gives a kiosk's own
// ballots a rate limit of their own. Without a mark, they share one with everybody who knows the kiosk's address.
// Stored at a fixed time of the clock and only read at others, because a browser records when it writes.
const MARK = "/mark";

async function keepMark() {
  if (await caches.match(MARK)) return;
  const cache = await caches.open("mark");
  await cache.put(MARK, new Response(random(MARK_BYTES)));
}

async function readMark() {
  const kept = await caches.match(MARK).catch(() => null);
  return kept ? new Uint8Array(await kept.arrayBuffer()) : null;
}

/** Seals a form's fields for the public key `form.dataset.letterbox`: { letterbox, envelope }. */
async function seal(form) {
  const answers = encode(new URLSearchParams(new FormData(form)));
  const rapid = recordAndClassify(form); // before anything that takes time
  const plain = new Uint8Array(TICKET + 1 + ROOM * form.querySelectorAll(COLUMNS).length);
  const mark = await readMark();
  plain.set(random(TICKET));
  plain.set(mark ?? []);
  plain[TICKET] = (rapid ? RAPID : 0) | (mark ? MARKED : 0);
  plain.set(answers, TICKET + 1);
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const box = await crypto.subtle.importKey("raw", bytesOf(form.dataset.letterbox), curve, false, []);
  const own = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", own.publicKey));
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: box }, own.privateKey, 256);
  const secret = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: point, info: encode("kiosk envelope") };
  const cipher = { name: "AES-GCM", length: 256 };
  const key = await crypto.subtle.deriveKey(derivation, secret, cipher, false, ["encrypt"]);
  const sealed = new Uint8Array(
    await crypto.subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, key, plain),
  );
  const envelope = btoa(String.fromCharCode(...point, ...sealed));
  return { letterbox: form.dataset.letterbox, envelope };
}

/** Sends an envelope. Returns the server's answer (see `heard`), or null without one. */
async function post(path, { letterbox, envelope }, hasWaited) {
  const body = new URLSearchParams({ _envelope: envelope, _letterbox: letterbox });
  if (hasWaited) body.set("_waited", "yes");
  try {
    return await heard(await fetch(path, toTake(body, patience())));
  } catch {
    return null;
  }
}

let address = null;
let queue = null;

function opened() {
  const worker = new Worker(address);
  worker.addEventListener("error", () => (queue = null));
  return worker;
}

/** Runs a function of the queue's worker. Changes are on disk when the promise resolves. */
const ask = (...asked) =>
  new Promise((resolve, reject) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => ("error" in data ? reject(new Error(data.error)) : resolve(data.result));
    queue ??= opened();
    // A worker that fails to load sends one error event, or none if the network hangs.
    queue.addEventListener("error", reject);
    window.setTimeout(reject, PATIENCE);
    queue.postMessage(asked, [port2]);
  });

/** Stores an envelope until the network is back. */
async function keep(sealed) {
  navigator.storage.persist?.().catch(() => {});
  await ask("keep", JSON.stringify(sealed));
}

/** Sends one stored envelope, drawn at random, at fixed times of the clock, so that no guest affects the time. The
    times are two pauses apart and no attempt takes longer than PATIENCE: of three in a row, two arrive at least a
    pause apart. */
function sendKept(path) {
  address = `${path.replace(/\/$/, "")}/queue`;
  queue = opened();
  const pause = Number(document.getElementById("answers").dataset.pause);
  const between = Math.max(Math.ceil((2 * pause) / ROUND), 1) * ROUND;
  const act = () =>
    sendOne(path)
      .catch(() => {})
      .then(wait);
  const wait = () => window.setTimeout(act, between - (Date.now() % between));
  wait();
}

async function sendOne(path) {
  const drawn = await ask("draw");
  if (!drawn) return;
  const sealed = read(drawn[1]);
  // Any address works, even after the kiosk moved: the server finds the unit by the letterbox.
  const said = sealed && (await post(path, sealed, true));
  if (!sealed || said?.isTaken || said?.status === GONE) await ask("drop", ...drawn);
}

/** A stored envelope, or null if a power cut left it incomplete. Its guest was not thanked. */
function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Reloads a page if `isFree` and the server has one: a kiosk cannot leave a browser's error page, nor that of a
    server whose database is away. A guest who begins before the new page is there goes on with the old one. No ballot
    of the page is on its way then. */
function renew(path, isFree) {
  const begin = () => {
    if (isFree()) return;
    document.removeEventListener("click", begin);
    window.stop();
  };
  fetch(path, { method: "HEAD", cache: "no-store" })
    .then(({ ok, headers }) => {
      const isFailed = !ok && (headers.get("Kiosk-Refusal") ?? "failed") === "failed";
      if (isFailed || !isFree()) return;
      document.addEventListener("click", begin);
      window.location.replace(path);
    })
    .catch(() => {});
}

const BEAT = 300_000; // milliseconds

// The server's time at the last sign of life and this page's timer then, because the device's clock may be wrong.
let heardTime = null;

function hearTime(answer) {
  const server = 1000 * Number(answer.headers.get("Kiosk-Time"));
  if (server) heardTime = { server, stopwatch: performance.now() };
}

/** Milliseconds since 1970, by the server's time if this page has received it, else by the device's clock. */
const now = () => (heardTime ? heardTime.server + performance.now() - heardTime.stopwatch : Date.now());

/** Registers the service worker that stores a kiosk's pages. A browser checks for a newer worker at each page load
    and writes the time of the server's answer to disk. So the server is asked here only, and the browser's cache
    answers the checks in between. */
async function keepPages(place) {
  for (const updateViaCache of ["none", "all"]) {
    await navigator.serviceWorker.register(`${place}/worker`, { scope: place, updateViaCache });
  }
}

/** Sends signs of life of the kiosk at `path` at fixed times of the clock, which reveal nothing about guests. `hear`
    is called with each answer. Also stores the kiosk's pages for use without a network. A preview at the desk is no
    kiosk. */
function beat(path, hear) {
  if (/^.admin/.test(path)) return;
  const place = path.replace(/\/$/, "");
  window.setTimeout(
    () => {
      if (place && navigator.serviceWorker) keepPages(place).catch(() => {});
      if (window.isSecureContext) keepMark().catch(() => {});
      fetch(`${place}/alive`, { method: "HEAD", cache: "no-store" })
        .then((answer) => {
          hearTime(answer);
          hear(answer);
        })
        .catch(() => {});
      beat(path, hear);
    },
    BEAT - (Date.now() % BEAT),
  );
}

/** Asks after `form.dataset.idle` milliseconds whether the guest is still there, and leaves after another
    `form.dataset.leave`. Any touch keeps the page; the dialog also offers to start again. */
function watchIdle(form, isInUse, onTimeout, onStartOver) {
  const dialog = document.getElementById("still-here");
  let timer = 0;

  const wait = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, Number(form.dataset.idle));
  };
  // biome-ignore lint/correctness/noUnusedVariables: wait() calls it.
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
    onTimeout();
  };

  document.getElementById("start-over-now").addEventListener("click", () => {
    stay();
    onStartOver();
  });
  document.getElementById("stay").addEventListener("click", stay);
  dialog.addEventListener("click", (event) => event.target === dialog && stay());
  dialog.addEventListener("cancel", stay);
  for (const touch of ["pointerdown", "keydown", "wheel"]) {
    document.addEventListener(touch, () => !dialog.open && wait(), { passive: true });
  }
  wait();
}

device.kiosk = { fields, seal, post, keep, sendKept, renew, beat, now, watchIdle };
