// What stands on every screen: larger text, and on a guest's own device a way out at once.

const SIZES = [100, 125, 150]; // per cent

const root = document.documentElement;
const button = document.getElementById("text-size");
const away = document.getElementById("leave-now");
const told = document.getElementById("percent");
let size = SIZES[0];

function setSize(percent) {
  size = percent;
  root.dataset.size = size;
  told.textContent = `${size} %`;
}

const usualSize = () => setSize(SIZES[0]);

/** The page is blank before the other one has come, and stands in no history. */
function leave() {
  for (const form of document.forms) form.reset();
  document.title = "";
  document.body.replaceChildren();
  window.location.replace(away.href);
}

// On the window, before anything that holds back a tap that comes too early.
window.addEventListener("click", (event) => {
  if (!event.target.closest?.("#leave-now")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  leave();
}, true);
button.addEventListener("click", () => setSize(SIZES[(SIZES.indexOf(size) + 1) % SIZES.length]));
// With the answers goes the size: it was this guest's, and is kept nowhere.
document.addEventListener("reset", usualSize);
window.addEventListener("pagehide", usualSize);
button.hidden = false;
