// When a new snapshot has been made, fetches the page's figures anew, and then sends the event "renewed".
// The reader stays where she was: her scroll position, the open parts and the focus are restored.

// The snapshot that the page shows: the tag of its figures.
let tag = document.getElementById("live").dataset.tag;

/** Asks the server whether there is a newer snapshot, and then shows it. Signed out, it reloads the page. */
async function look() {
  // A snapshot may be large: its tag is enough.
  const answer = await fetch("/results.json", {
    method: "HEAD",
    headers: { "If-None-Match": `"${tag}"` },
    cache: "no-store",
  });
  if (answer.status === 401) window.location.reload();
  else if (answer.status === 200) await refresh();
}

/** Fetches the page and replaces its figures, unless a list is open or the page cannot be had. */
async function refresh() {
  // A list that is open would close: the next look comes soon.
  if (document.activeElement?.matches("#live select")) return;
  const answer = await fetch(window.location.href, { headers: { "X-By-Itself": "1" }, cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("live");
  if (!fresh) return;
  const old = document.getElementById("live");
  for (const part of old.querySelectorAll("details[id]")) {
    const same = fresh.querySelector(`#${CSS.escape(part.id)}`);
    if (same) same.open = part.open;
  }
  const focused = pathTo(document.activeElement);
  const height = window.scrollY;
  tag = fresh.dataset.tag;
  old.replaceWith(document.adoptNode(fresh));
  document.dispatchEvent(new Event("renewed"));
  window.scrollTo(0, height);
  if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
}

/** A selector for the focused link, field or summary, to restore the focus after the page is replaced; null if the
 * focus is outside the figures, or on something else. */
function pathTo(element) {
  if (!element?.closest("#live")) return null;
  if (element.id) return `#${CSS.escape(element.id)}`;
  if (element.matches("a[href]")) return `#live a[href="${CSS.escape(element.getAttribute("href"))}"]`;
  const part = element.closest("details[id]");
  return part ? `#${CSS.escape(part.id)} ${element.tagName.toLowerCase()}` : null;
}

async function watch(seconds) {
  try {
    await look();
  } catch {
    // The server cannot be reached; try again next time.
  }
  window.setTimeout(() => watch(seconds), seconds * 1000);
}

const { seconds } = document.getElementById("live").dataset;
if (seconds) watch(Number(seconds)); // Not for staff, who see closed rounds only and may not read the snapshot.
