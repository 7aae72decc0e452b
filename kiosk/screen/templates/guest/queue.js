// The queue of envelopes on a kiosk: one file of places of equal size. Each envelope is written to a random free place
// and overwritten after it was sent, so the file reveals neither the order of envelopes nor those that were sent. The
// file is created at a fixed time of the clock, if possible before a guest needs it, and is never deleted, because a
// browser records the times of both.

const NAME = "envelopes";
const PLACE = 4096; // bytes: one block on most disks, which is written atomically
const PLACES = 512;

const isFull = (file, at) => {
  const head = new Uint8Array(1);
  file.read(head, { at: at * PLACE });
  return head[0] !== 0;
};
const places = (file, full) => [...Array(PLACES).keys()].filter((at) => isFull(file, at) === full);
const any = (list) => list[crypto.getRandomValues(new Uint32Array(1))[0] % list.length];

function read(file, at) {
  const bytes = new Uint8Array(PLACE);
  file.read(bytes, { at: at * PLACE });
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}

function write(file, at, text) {
  const bytes = new Uint8Array(PLACE);
  const { read: length } = new TextEncoder().encodeInto(text, bytes.subarray(0, PLACE - 1));
  if (length !== text.length) throw new Error("too long to be kept");
  file.write(bytes, { at: at * PLACE });
  file.flush();
}

const acts = {
  keep(file, text) {
    const free = places(file, false);
    if (!free.length) throw new Error("no room to keep it");
    write(file, any(free), text);
  },
  /** [place, text] of a random stored envelope, or null. */
  draw(file) {
    const full = places(file, true);
    if (!full.length) return null;
    const at = any(full);
    return [at, read(file, at)];
  },
  /** Empties a place if it still holds this text. */
  drop(file, at, text) {
    if (read(file, at) === text) write(file, at, "");
  },
};

/** Runs `act` with the file; one at a time across all of the kiosk's pages. */
const withFile = (act, given) =>
  navigator.locks.request(NAME, async () => {
    const folder = await navigator.storage.getDirectory();
    const file = await (await folder.getFileHandle(NAME, { create: true })).createSyncAccessHandle();
    try {
      // Write the whole file: a file system allocates the blocks of a sparse file in the order of their use.
      const laidOut = file.getSize();
      if (laidOut < PLACE * PLACES) file.write(new Uint8Array(PLACE * PLACES - laidOut), { at: laidOut });
      return acts[act](file, ...given);
    } finally {
      file.close();
    }
  });

self.addEventListener("message", async ({ data: [act, ...given], ports: [port] }) => {
  try {
    port.postMessage({ result: await withFile(act, given) });
  } catch (error) {
    port.postMessage({ error: String(error) });
  }
});
