// Where envelopes wait on a kiosk: one file, laid out once, of places of one size. Each envelope goes to any free
// place and is overwritten there when it was sent, so the file tells neither which came first nor what was sent.
// The file is made at a fixed time of the clock, before any guest needs it where it can be, and stays: a browser
// notes when a file is made or removed.

const NAME = "envelopes";
const PLACE = 4096; // bytes: a block of most disks, written as a whole
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
  /** [place, text] of any that wait, or null. */
  draw(file) {
    const full = places(file, true);
    if (!full.length) return null;
    const at = any(full);
    return [at, read(file, at)];
  },
  /** Empty a place, if it still holds that. */
  drop(file, at, text) {
    if (read(file, at) === text) write(file, at, "");
  },
};

/** Do `act` with the file. One at a time, in all of the kiosk's pages. */
const withFile = (act, given) =>
  navigator.locks.request(NAME, async () => {
    const folder = await navigator.storage.getDirectory();
    const file = await (await folder.getFileHandle(NAME, { create: true })).createSyncAccessHandle();
    try {
      // Written out in full: a disk would lay out the places of a file with holes in the order of their use.
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
