// A kiosk's ballots are sealed for their box here, whether they go at once or wait for the network. Each has a
// ticket inside, so the server takes it once however often it comes. What waits is the envelope and nothing
// else: no time, no order, and all of one size.

const ROOM = 64; // bytes for each statement
const TICKET = 16; // bytes
const NAME = "envelopes";
const PATIENCE = 10_000; // milliseconds for an answer
const ROUND = 20_000; // milliseconds between two tries with what waits
const ROW_OF_GUESTS = 2; // ballots that may come without a pause and still be guests'

const encode = (text) => new TextEncoder().encode(text);
const bytesOf = (hex) => Uint8Array.from(hex.match(/../g), (two) => parseInt(two, 16));
const random = (length) => crypto.getRandomValues(new Uint8Array(length));

let last = -Infinity;
let row = 0;

/** Whether ballots come one after another without a pause, `pause` milliseconds. */
function isPlay(pause) {
  const now = performance.now();
  row = now - last < pause ? row + 1 : 1;
  last = now;
  return row > ROW_OF_GUESTS;
}

/** A form's fields, sealed for the public key of `form.dataset.letterbox`. */
export async function seal(form) {
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
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, key, plain));
  return btoa(String.fromCharCode(...point, ...sealed));
}

/** Send an envelope. The answer, or null where none came: then it may have been taken or not. */
export async function post(path, envelope, hasWaited, abandoned) {
  const body = new URLSearchParams({ _envelope: envelope });
  if (hasWaited) body.set("_waited", "yes");
  const sending = new AbortController();
  for (const end of [AbortSignal.timeout(PATIENCE), abandoned]) end?.addEventListener("abort", () => sending.abort());
  const how = { method: "POST", body, signal: sending.signal, redirect: "manual", cache: "no-store" };
  try {
    const answer = await fetch(path, how);
    return answer.status >= 502 && answer.status <= 504 ? null : answer;
  } catch {
    return null;
  }
}

function open() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME);
    asked.onupgradeneeded = () => asked.result.createObjectStore(NAME);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

/** What `act` gives, once it is on the disk. */
async function within(mode, act) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const work = database.transaction(NAME, mode, { durability: "strict" });
      const asked = act(work.objectStore(NAME));
      work.oncomplete = () => resolve(asked.result);
      work.onabort = () => reject(work.error);
    });
  } finally {
    database.close();
  }
}

/** One at a time, in all of the kiosk's pages: what was found empty stays so until it is thrown away. */
const alone = (act) => navigator.locks.request(NAME, act);

/** Keep an envelope until the network is back; on the disk when this is done. */
export const keep = (envelope) =>
  alone(() => within("readwrite", (store) => store.add(envelope, crypto.randomUUID())));

/** One envelope of those that wait, whichever: [key, envelope], or null. */
const draw = () => alone(async () => {
  if (!(await indexedDB.databases()).some(({ name }) => name === NAME)) return null;
  const keys = await within("readonly", (store) => store.getAllKeys());
  if (!keys.length) return forgetAll();
  const key = keys[crypto.getRandomValues(new Uint32Array(1))[0] % keys.length];
  return [key, await within("readonly", (store) => store.get(key))];
});

const forgetAll = () => new Promise((resolve) => {
  const asked = indexedDB.deleteDatabase(NAME);
  asked.onsuccess = asked.onerror = () => resolve(null);
});

/** Try one of those that wait, and so on for ever, at fixed times of the clock: no guest moves them. */
export function sendKept(path) {
  window.setTimeout(() => sendOne(path).catch(() => {}).then(() => sendKept(path)), ROUND - (Date.now() % ROUND));
}

async function sendOne(path) {
  const drawn = await draw();
  const answer = drawn && (await post(path, drawn[1], true));
  // One whose round is over, or that is no ballot, would be refused each time.
  const isOver = answer && ["closed", "bad"].includes(answer.headers.get("Kiosk-Refusal"));
  if (isOver || answer?.type === "opaqueredirect") await within("readwrite", (store) => store.delete(drawn[0]));
}
