// Brings a wall screen up to date by itself: what hangs there stays until a whole new page has come, pictures
// too, so that a server or proxy that is away for a while is seen by nobody.
// Without this the browser fetches the page anew, as the Refresh header tells it.

const milliseconds = Number(document.body.dataset.seconds) * 1000;

async function look() {
  const answer = await fetch(window.location.href, { cache: "no-store" });
  // The address was closed: the screen goes blank.
  if (answer.status === 404) window.location.reload();
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!fresh.body.classList.contains("wall")) return;
  const body = document.adoptNode(fresh.body);
  await Promise.all([...body.querySelectorAll("img")].map((picture) => picture.decode()));
  document.body.replaceWith(body);
}

async function watch() {
  try {
    await look();
  } catch {
    // The server is away; the next look may find it again.
  }
  window.setTimeout(watch, milliseconds);
}

// Stops the browser's own Refresh, which would go to an error page and stay there.
window.addEventListener("load", () => {
  window.stop();
  window.setTimeout(watch, milliseconds);
});
