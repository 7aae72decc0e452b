// The kiosk's own tasks: ask whether the guest is still there, start again, and send signs of life. It also seals
// ballots for their box, to be sent at once or after a network failure. Each has a ticket, so that the server accepts
// it once even if it is sent again. Only the envelope and its letterbox are stored: no time, no order, all of one size.
import { device, heard, toTake } from "./guest_bar.js";

const ROOM = 64; // bytes for each statement
const TICKET = 16; // bytes
const PATIENCE = 10_000; // milliseconds for an answer
const ROUND = 10_000; // milliseconds: what waits is tried at whole rounds of the clock
const GONE = 410; // the server's word that it can never take an envelope
const ROW_OF_GUESTS = 2; // ballots that may come without a pause and still be guests'

const encode = (text) => new TextEncoder().encode(text);
const bytesOf = (hex) => Uint8Array.from(hex.match(/../g), (two) => parseInt(two, 16));
const random = (length) => crypto.getRandomValues(new Uint8Array(length));

// A page that was just loaded remembers no ballot, so loading it again would be a way round the guard: it begins
// with a full row, which ends half a pause after the loading. That is as long as a quick reader takes for the
// shortest survey (see _pace in kiosk/app.py), and a page is loaded before its guest begins: who reads is never
// play here, who is faster than that does not read.
let last = null;
let row = ROW_OF_GUESTS;

/** Whether ballots come one after another without a pause, `pause` milliseconds. Read by the server where a ballot
    waited; of those that come at once it knows better. */
function isPlay(pause) {
  // Counted from the loading of the page: this script may come much later.
  const now = performance.now();
  row = now - (last ?? -pause / 2) < pause ? row + 1 : 1;
  last = now;
  return row > ROW_OF_GUESTS;
}

/** A form's fields, sealed for the public key of `form.dataset.letterbox`, with that. */
async function seal(form) {
  const fields = encode(new URLSearchParams(new FormData(form)));
  const plain = new Uint8Array(TICKET + 1 + ROOM * form.querySelectorAll("fieldset").length);
  plain.set(random(TICKET));
  plain[TICKET] = isPlay(Number(form.dataset.pause));
  plain.set(fields, TICKET + 1);
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

/** Send what was sealed: what the server says of it (see `heard`), or null where none came. */
async function post(path, { letterbox, envelope }, hasWaited, abandoned) {
  const body = new URLSearchParams({ _envelope: envelope, _letterbox: letterbox });
  if (hasWaited) body.set("_waited", "yes");
  const sending = new AbortController();
  for (const end of [AbortSignal.timeout(PATIENCE), abandoned])
    end?.addEventListener("abort", () => sending.abort());
  try {
    return heard(await fetch(path, toTake(body, sending.signal)));
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

/** Have the queue's worker do something with the file; on the disk when this is done. */
const ask = (...asked) =>
  new Promise((resolve, reject) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => ("error" in data ? reject(new Error(data.error)) : resolve(data.result));
    queue ??= opened();
    // A worker that could not be fetched says so once, or never where the network only hangs.
    queue.addEventListener("error", reject);
    window.setTimeout(reject, PATIENCE);
    queue.postMessage(asked, [port2]);
  });

/** Keep what was sealed until the network is back. */
async function keep(sealed) {
  navigator.storage.persist?.().catch(() => {});
  await ask("keep", JSON.stringify(sealed));
}

/** Send one waiting envelope, any of them, at fixed times of the clock, so that no guest affects the time. The times
    are two pauses apart and no attempt takes longer than PATIENCE: of three in a row, two arrive a pause apart. */
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
  // By whatever address this screen has now: the server knows by the letterbox where it belongs.
  const said = sealed && (await post(path, sealed, true));
  if (!sealed || said?.isTaken || said?.status === GONE) await ask("drop", ...drawn);
}

/** What was kept, or null where a power cut left half of it: its guest was not thanked. */
function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Get a page anew if `isFree`; not while the network is away: a browser's error page has no way back. */
async function renew(path, isFree) {
  const isThere = await fetch(path, { method: "HEAD", cache: "no-store" }).then(
    () => true,
    () => false,
  );
  if (isThere && isFree()) window.location.replace(path);
}

const BEAT = 300_000; // milliseconds

// The server's time at the last sign of life, and what this page's stopwatch showed: the screen's clock may be wrong.
let heardTime = null;

function hearTime(answer) {
  const server = 1000 * Number(answer.headers.get("Kiosk-Time"));
  if (server) heardTime = { server, stopwatch: performance.now() };
}

/** Milliseconds since 1970: by the server as far as this page has heard it, else by the screen's own clock. */
const now = () => (heardTime ? heardTime.server + performance.now() - heardTime.stopwatch : Date.now());

/** Have a kiosk's pages kept. A browser looks for a newer script at each page it loads, and notes on the disk when it
    asked the server: so the server is asked here, and until the next time the browser's own memory. */
async function keepPages(place) {
  for (const updateViaCache of ["none", "all"]) {
    await navigator.serviceWorker.register(`${place}/worker`, { scope: place, updateViaCache });
  }
}

/** Let the kiosk at `path` be heard, at fixed times of the clock: no guest moves them, so they tell of none.
    `hear` is given each answer; a page that was heard is kept for when the network is away. */
function beat(path, hear = () => {}) {
  const place = path.replace(/\/$/, "");
  window.setTimeout(
    () => {
      if (place && navigator.serviceWorker) keepPages(place).catch(() => {});
      const answered = fetch(`${place}/alive`, { method: "HEAD", cache: "no-store" });
      answered
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

/** Ask after `form.dataset.idle` milliseconds, leave after `form.dataset.leave` more; any touch stays, and who
    is there may also start again. */
function watchIdle(form, isInUse, leave, startAgain) {
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

device.kiosk = { seal, post, keep, sendKept, renew, beat, now, watchIdle };
