// Chooses the first layout in which each statement, all its answers and the controls are in view together, with no
// word broken. If none suits all statements, each has its own. If none suits a statement, the page scrolls and the
// controls stand below the answers, so that they hide none. Without this script the page is a list.

// Tokens of `data-fit`, in order of preference: see guest.css.
const WIDE = [
  ...["row", "row tight", "beside", "beside tight", "three", "three tight", "four tight", "six tight", "two tight"],
  ...["three tight small", "four tight small", "six tight small", "two tight bare", "three tight bare", "two tight bare dense"],
];
const TALL = [
  ...["list", "list tight", "list tight small", "two", "two tight", "two tight small", "two tight small bare"],
  ...["three tight small bare", "four tight small bare", "two tight small bare dense"],
];
const SCROLLED = ["list tight scroll", "list tight small bare scroll"];

const root = document.documentElement;
const form = document.getElementById("answers");

/** The texts whose words must not break, and their buttons. */
const texts = () => form.querySelectorAll("legend, .option, label:not(.skipped), label:not(.skipped) > span");
const isWhole = (text) => text.scrollWidth <= text.clientWidth + 1;

/** Whether the answers are within the height that a hand can reach, on a screen that has such a limit. */
function isInReach(answers) {
  const limit = Number.parseFloat(window.getComputedStyle(answers).minBlockSize);
  return !limit || answers.offsetHeight <= limit + 1;
}

/** Whether the statement in view fits in a layout; with the class `measured`, whether every statement does. */
function fits(layout) {
  form.dataset.fit = layout;
  if (![...texts()].every(isWhole)) return false;
  if (layout.endsWith("scroll")) return true;
  return [...form.querySelectorAll(".choices")].every(isInReach) && root.scrollHeight <= window.innerHeight;
}

let isSameForAll = false;

function fit() {
  if (form.hidden) return;
  const layouts = window.innerWidth > window.innerHeight && window.innerWidth >= 700 ? WIDE : TALL;
  form.classList.add("measured");
  isSameForAll = layouts.some(fits);
  form.classList.remove("measured");
  if (!isSameForAll) [...layouts, ...SCROLLED].some(fits);
}

new MutationObserver((changes) => {
  if (!isSameForAll || changes.some(({ target }) => !target.matches("fieldset"))) fit();
}).observe(form, { subtree: true, childList: true, attributeFilter: ["hidden"] });
new MutationObserver(fit).observe(root, { attributeFilter: ["data-size", "lang"] });
window.addEventListener("resize", fit);
document.fonts.addEventListener("loadingdone", fit);
fit();
