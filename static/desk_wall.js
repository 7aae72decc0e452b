// Updates a wall screen. The old page stays until the new page and its images are complete, so that an outage of the
// server or a proxy is not visible. Without this script, the Refresh header makes the browser reload the page.

const milliseconds = Number(document.body.dataset.seconds) * 1000;

async function look() {
  const answer = await fetch(window.location.href, { cache: "no-store" });
  // The address was removed: blank the screen.
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
    // The server cannot be reached; try again next time.
  }
  window.setTimeout(watch, milliseconds);
}

// Stops the Refresh header, which would load an error page and stay there during an outage.
window.addEventListener("load", () => {
  window.stop();
  window.setTimeout(watch, milliseconds);
});
