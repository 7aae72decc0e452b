// Stores a kiosk's pages and their files for use without a network. They are the same for all guests and hold no data
// of guests. With a network, everything is loaded from the server.

const PAGES = {{ pages|tojson }};
const VERSION = {{ version|tojson }}; // of the scripts and styles
const SCRIPTS = {{ scripts|tojson }};
const FILES = {{ files|tojson }};
const SOUNDS = {{ sounds|tojson }}; // as of {{ sounds_digest }}: all are stored again after a change
const KEPT = "kiosk";
const PATIENCE = 3_000; // milliseconds

const tooLate = () => new Promise((_, reject) => self.setTimeout(reject, PATIENCE));

const bytesOf = async (response) => new Uint8Array(await response.clone().arrayBuffer());

/** Whether exactly these bytes are stored. Storing them again would record the time, for each guest's new page. */
async function isKept(cache, path, response) {
  const kept = await cache.match(path, { ignoreVary: true });
  if (!kept) return false;
  const [ours, theirs] = [await bytesOf(kept), await bytesOf(response)];
  return ours.length === theirs.length && ours.every((byte, at) => byte === theirs[at]);
}

/** Whether a page asks for the scripts that are stored. After an update the pages wait for a worker of their version,
    which stores their scripts, too; without a network until then, the pages of before are shown with theirs. */
const hasItsScripts = async (path, response) =>
  !PAGES.includes(path) || (await response.clone().text()).includes(`/${VERSION}/`);

async function fromServer(request, cache, path) {
  const response = await Promise.race([fetch(request), tooLate()]);
  const refusal = response.headers.get("Kiosk-Refusal");
  if (response.ok) {
    const isUsual = !new URL(request.url).search && (await hasItsScripts(path, response));
    if (isUsual && !(await isKept(cache, path, response))) await cache.put(path, response.clone());
  } else if (refusal && refusal !== "failed") {
    // The server says that the page is outdated: its round has closed, or the kiosk was removed.
    await cache.delete(path);
  } else {
    throw response;
  }
  return response;
}

async function answer(request, path) {
  const cache = await caches.open(KEPT);
  try {
    return await fromServer(request, cache, path);
  } catch {
    return (await cache.match(path, { ignoreVary: true })) ?? Response.error();
  }
}

/** What is stored on installation and never changes. Speech is not stored when it is played, so that the cache does not
    show what guests played. */
async function kept(request, path) {
  const cache = await caches.open(KEPT);
  return (await cache.match(path, { ignoreVary: true })) ?? fetch(request);
}

async function keepAll() {
  const cache = await caches.open(KEPT);
  await cache.addAll([...PAGES, ...SCRIPTS, ...FILES]);
  for (const path of SOUNDS) await cache.add(path).catch(() => {});
}

async function dropOld() {
  const cache = await caches.open(KEPT);
  for (const { url } of await cache.keys()) {
    if (![...PAGES, ...SCRIPTS, ...FILES, ...SOUNDS].includes(new URL(url).pathname)) await cache.delete(url);
  }
}

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(keepAll());
});
self.addEventListener("activate", (event) => event.waitUntil(Promise.all([self.clients.claim(), dropOld()])));
self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (origin !== self.location.origin || event.request.method !== "GET") return;
  if ([...PAGES, ...FILES].includes(pathname)) event.respondWith(answer(event.request, pathname));
  else if ([...SCRIPTS, ...SOUNDS].includes(pathname)) event.respondWith(kept(event.request, pathname));
});
