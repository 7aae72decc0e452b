// A guest's own device: Back means the screen before, and "Leave this page now" leaves nothing of the survey one Back
// away. The page has two entries in the browser's history. The lower one has the address LEAVE, which leads to the
// other site, so that nothing shows the survey again after leaving. Back goes to the lower entry; `handle` shows the
// screen before, and the page returns to its own entry. Pages beside the survey open within it, without an entry.

const LEAVE = "/q/leave";
const PATIENCE = 3_000; // milliseconds to wait for the network before leaving

const away = document.getElementById("leave-now");
const { pathname, search } = window.location;
// The answer to a form cannot be loaded again: Forward and reload would show the browser's error page.
const own = pathname === "/q/questions" || pathname === "/q/answer" ? "/q" : pathname + search;
if (own === "/q") window.history.replaceState(null, "", own + window.location.hash);

let handle = () => false;
let isGuarded = false;
let isLeft = false;
let side = null;
let title = ""; // of the survey, while a page beside it is shown

/** Sets what Back does: `act` returns whether it has shown another screen. */
export const onBack = (act) => (handle = act);

/** Puts the lower entry beneath this one. At the guest's first touch, since browsers skip entries that were made
    without one. */
function guard() {
  if (isGuarded || isLeft) return;
  isGuarded = true;
  window.history.replaceState(null, "", LEAVE);
  window.history.pushState(null, "", own);
}

window.addEventListener("popstate", () => {
  if (isLeft || window.location.pathname !== LEAVE) return;
  if (side ? close() : handle()) {
    window.history.forward();
    return;
  }
  isGuarded = false;
  window.history.replaceState(null, "", own);
  window.history.back();
});

/** Shows the page at `path` within this one, in the guest's language. */
async function open(path) {
  const text = await (await fetch(path)).text();
  const page = new DOMParser().parseFromString(text, "text/html");
  const told = page.querySelector(`.stored[lang="${document.documentElement.lang}"]`);
  side = document.adoptNode(told ?? page.querySelector(".stored"));
  side.id = "side";
  document.querySelector("main").append(side);
  title = document.title;
  document.title = side.querySelector("h1, h2").textContent;
  document.body.classList.add("at-side");
  window.scrollTo(0, 0);
  side.querySelector("a").focus();
}

function close() {
  document.body.classList.remove("at-side");
  side.remove();
  side = null;
  document.title = title;
  document.getElementById("stored").focus();
  return true;
}

/** Blanks the page, and replaces it by the other site as soon as there is a network: without one, the browser's error
    page would name the survey's address. */
function leave() {
  isLeft = true;
  for (const form of document.forms) form.reset();
  document.title = "";
  document.body.replaceChildren();
  window.history.replaceState(null, "", LEAVE);
  depart();
}

async function depart() {
  const slow = new AbortController();
  window.setTimeout(() => slow.abort(), PATIENCE);
  try {
    await fetch("/static/icon.svg", { method: "HEAD", cache: "no-store", signal: slow.signal });
    window.location.replace(away.href);
  } catch {
    window.setTimeout(depart, PATIENCE);
  }
}

// Listens on the window, so that it runs before the handler that ignores early taps.
window.addEventListener(
  "click",
  (event) => {
    guard();
    const link = event.target.closest?.("a");
    if (!link || (link.dataset.language && document.body.classList.contains("steps"))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (link === away) leave();
    else if (side) close();
    else if (link.id === "stored") open(link.pathname).catch(() => {});
    else window.location.replace(link.href);
  },
  true,
);
window.addEventListener("keydown", guard, true);
window.addEventListener("submit", () => window.history.replaceState(null, "", LEAVE), true);
// Another slip that is scanned into this tab changes the fragment only.
window.addEventListener("hashchange", () => document.getElementById("slip") ?? window.location.reload());
window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
