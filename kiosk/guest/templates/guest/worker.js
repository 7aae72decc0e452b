// Keeps a kiosk's page and its files for when the network is away: the same bytes for every guest, and
// nothing of any guest. While there is a network, all comes from the server.

const PAGE = {{ page|tojson }};
const FILES = {{ files|tojson }};
const KEPT = "kiosk";
const PATIENCE = 3_000; // milliseconds

const tooLate = () => new Promise((_, reject) => self.setTimeout(reject, PATIENCE));

async function fromServer(request, cache, path) {
  const response = await Promise.race([fetch(request), tooLate()]);
  if (response.status >= 502 && response.status <= 504) throw response;
  // A page that is refused is out of date: its round is over.
  if (!response.ok) await cache.delete(path);
  else if (!new URL(request.url).search) await cache.put(path, response.clone());
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

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll([PAGE, ...FILES])));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  const isKept = origin === self.location.origin && (pathname === PAGE || FILES.includes(pathname));
  if (isKept && event.request.method === "GET") event.respondWith(answer(event.request, pathname));
});
