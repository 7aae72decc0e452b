// Answers for the counting page when there is no network: its page and files, as they were when it was last used.

const KEPT = "count";
const PATIENCE = 4_000; // milliseconds

const tooLate = () => new Promise((_, reject) => self.setTimeout(reject, PATIENCE));

/** The page from the server, else as it was stored. */
async function page(request) {
  const cache = await caches.open(KEPT);
  try {
    const response = await Promise.race([fetch(request), tooLate()]);
    if (response.ok && !response.redirected) await cache.put(request.url, response.clone());
    return response;
  } catch {
    return (await cache.match(request.url)) ?? Response.error();
  }
}

/** A file, whose address changes with its content. */
async function file(request) {
  return (await (await caches.open(KEPT)).match(request.url)) ?? fetch(request);
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (origin !== self.location.origin || event.request.method !== "GET") return;
  if (/^\/admin\/count\/[^/.]+$/.test(pathname)) event.respondWith(page(event.request));
  else if (pathname.startsWith("/admin/static/")) event.respondWith(file(event.request));
});
