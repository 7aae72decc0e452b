// Shows the charts and, when a new snapshot has been made, fetches the page's figures anew.
// The page is complete without this: every figure stands in its tables.

import { showCharts } from "./desk_charts.js";

const snapshot = { tag: null };

async function look() {
  const headers = snapshot.tag ? { "If-None-Match": snapshot.tag } : {};
  const answer = await fetch("/results.json", { headers, cache: "no-store" });
  if (answer.status === 401) {
    window.location.reload();
  } else if (answer.status === 200) {
    const isFirst = snapshot.tag === null;
    snapshot.tag = answer.headers.get("ETag");
    if (!isFirst) await refresh();
  }
}

async function refresh() {
  const answer = await fetch(window.location.href, { headers: { "X-By-Itself": "1" }, cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("live");
  if (!fresh) return;
  const old = document.getElementById("live");
  for (const table of old.querySelectorAll("details")) {
    const same = fresh.querySelector(`#${CSS.escape(table.id)}`);
    if (same) same.open = table.open;
  }
  const focused = pathTo(document.activeElement);
  const height = window.scrollY;
  old.replaceWith(document.adoptNode(fresh));
  showCharts();
  window.scrollTo(0, height);
  if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
}

/** A selector for the focused link or summary, to restore the focus after the page is replaced. */
function pathTo(element) {
  if (element?.matches?.("#live a[href]"))
    return `#live a[href="${CSS.escape(element.getAttribute("href"))}"]`;
  const table = element?.closest?.("#live details");
  return table ? `#${CSS.escape(table.id)} ${element.tagName.toLowerCase()}` : null;
}

async function watch(seconds) {
  try {
    await look();
  } catch {
    // The server cannot be reached; try again next time.
  }
  window.setTimeout(() => watch(seconds), seconds * 1000);
}

let resizing;

window.addEventListener("resize", () => {
  window.clearTimeout(resizing);
  resizing = window.setTimeout(showCharts, 200);
});

showCharts();
const { seconds } = document.getElementById("live").dataset;
if (seconds) watch(Number(seconds)); // Not for staff, who see closed rounds only and may not read the snapshot.
