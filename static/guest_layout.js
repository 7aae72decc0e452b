// Chooses the first layout in which each statement, all its answers and the controls are in view together, with no
// word broken. If none suits all statements, each has its own. If none suits one of them, all scroll, and the controls
// stand below the longest, so that they hide no answer and stay at one place. Without this script the page is a list.
// Each layout is tried once for all statements together, since a small computer lays a page out slowly, and first for
// the longest statement of each scale only.
import { device } from "./guest_bar.js";

// Tokens of `data-fit`, in order of preference: see guest.css.
const WIDE = [
  "row",
  "row tight",
  "beside",
  "beside tight",
  "three",
  "three tight",
  "four tight",
  "six tight",
  "two tight",
  "three tight small",
  "four tight small",
  "six tight small",
  "two tight bare",
  "three tight bare",
  "joined tight bare",
  "two tight bare dense",
  "joined tight bare dense",
  "joined three tight bare",
  "joined four tight bare",
];
const TALL = [
  "list tall",
  "list",
  "list tight",
  "list tight small",
  "two",
  "two tight",
  "two tight small",
  "two tight small bare",
  "three tight small bare",
  "four tight small bare",
  "two tight small bare dense",
];
// One of these fits wherever any layout does: they are tried first at each text size.
const COMPACT_WIDE = [
  "joined tight bare dense",
  "joined three tight bare",
  "joined four tight bare",
  "six tight small",
  "beside tight",
];
const COMPACT = [
  "list tight small",
  "two tight small bare dense",
  "three tight small bare",
  "four tight small bare",
  "list tall",
];
const SCROLLED = ["list tight scroll", "list tight small bare scroll"];
const SCROLLED_WIDE = ["joined tight bare scroll", ...SCROLLED]; // two columns: less to scroll

const find = (id) => document.getElementById(id);
const root = document.documentElement;
const form = find("answers");
const statements = [...form.querySelectorAll("fieldset")];
const isKiosk = Boolean(device.kiosk);

/** The texts of a statement whose words must not break, and their buttons. */
const texts = (statement) => [
  ...statement.querySelectorAll("legend, .option, label:not(.skipped), label:not(.skipped) > span"),
];
const isWhole = (text) => text.scrollWidth <= text.clientWidth + 1;

/** Whether the answers are within the height that a hand can reach, on a screen that has such a limit. */
function isInReach(answers) {
  const limit = Number.parseFloat(window.getComputedStyle(answers).minBlockSize);
  return !limit || answers.offsetHeight <= limit + 1;
}

/** The longest statement of each scale: a layout that has no room for these has none for all. */
function longest() {
  const found = new Map();
  const length = (statement) => statement?.querySelector("legend").textContent.length ?? 0;
  for (const statement of statements) {
    const scale = statement.querySelector(".choices").textContent;
    if (length(statement) > length(found.get(scale))) found.set(scale, statement);
  }
  return [...found.values()];
}

let tried = statements; // the statements that are measured

function tryOut(some) {
  tried = some;
  for (const statement of statements) statement.classList.toggle("untried", !some.includes(statement));
}

/** Gives the statements a layout. Returns for each of those measured whether it fits, beside the controls and with
    whole words. */
function tryLayout(layout) {
  form.dataset.fit = layout;
  const room = form.offsetHeight - Math.max(0, root.scrollHeight - window.innerHeight);
  return tried.map(
    (statement) =>
      texts(statement).every(isWhole) &&
      (layout.endsWith("scroll") ||
        (isInReach(statement.querySelector(".choices")) && statement.offsetHeight <= room)),
  );
}

// Text sizes in per cent of the usual one. On a kiosk, no text is larger than leaves all answers in sight; a phone's
// guest scrolls. Only a screen whose size in millimetres is known may show smaller letters than usual, two thirds at
// least: capitals of 4.9 mm at 600 mm, where Section 508, 402.4, asks for 4.8 mm.
const SHOWN = [150, 137, 125, 112, 100, 92, 83, 75, 67];
const LEAST = 67;

/** The first layout in which all statements fit, or else the first for each; undefined where none fits. With `isEnough`
    the first of any. */
function layoutsOfEach(layouts, isEnough = false) {
  const results = [];
  const ofEach = () => tried.map((_, at) => layouts[results.findIndex((fitting) => fitting[at])]);
  for (const layout of layouts) {
    const fitting = tryLayout(layout);
    results.push(fitting);
    if (fitting.every(Boolean)) return tried.map(() => layout);
    if (isEnough && !ofEach().includes(undefined)) break;
  }
  return ofEach();
}

function sizesToTry(chosen) {
  if (!isKiosk) return [chosen];
  const isMeasured = window.getComputedStyle(root).getPropertyValue("--least");
  return SHOWN.filter((size) => size <= chosen && size >= (isMeasured ? LEAST : 100));
}

/** The text size of a screen without answers: smaller letters where the usual ones would make it scroll. Larger text is
    larger than these, by as much as it says. */
function sizeOfText() {
  const sizes = sizesToTry(100);
  const isInView = (size) => {
    root.dataset.shown = size;
    return root.scrollHeight <= window.innerHeight;
  };
  const usual = sizes.find(isInView) ?? sizes[sizes.length - 1];
  const least = (usual * root.dataset.size) / 100 - 1; // 125 % of 75 % is shown as 100 %
  return SHOWN.filter((size) => size >= least).pop();
}

/** The text size of all statements, the layout of each, and whether larger text would be larger. */
function chosenLayout() {
  tryOut(longest());
  const guess = searchLayout();
  if (tried.length === statements.length) return guess;
  tryOut(statements);
  const [layout] = guess.ofEach;
  root.dataset.shown = guess.size;
  const isRight = guess.ofEach.every((other) => other === layout) && tryLayout(layout).every(Boolean);
  return isRight && !layout.endsWith("scroll")
    ? { ...guess, ofEach: statements.map(() => layout) }
    : searchLayout();
}

/** What chosenLayout() returns, for the statements that are measured. */
function searchLayout() {
  const isWide = window.innerWidth > window.innerHeight && window.innerWidth >= 700;
  const [layouts, compact, scrolling] = isWide
    ? [WIDE, COMPACT_WIDE, SCROLLED_WIDE]
    : [TALL, COMPACT, SCROLLED];
  // Gives the statements a text size, and returns whether each has a layout at that size.
  const tryTextSize = (size) => {
    root.dataset.shown = size;
    return !layoutsOfEach(compact, true).includes(undefined);
  };
  const sizes = sizesToTry(Number(root.dataset.size));
  const isOnly = sizes.length === 1; // on phones, and on kiosks at their usual size
  let [low, high] = isOnly || tryTextSize(sizes[0]) ? [0, 0] : [1, sizes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tryTextSize(sizes[middle])) high = middle;
    else low = middle + 1;
  }
  const size = sizes[low] ?? sizes[0];
  const isFull = () => low > 0 || !(tryTextSize(112) || (isOnly && !tryTextSize(size)));
  const mayGrow = sizes[0] > 100 || !isKiosk || low === sizes.length || !isFull();
  root.dataset.shown = size;
  const ofEach = layoutsOfEach(layouts);
  if (!ofEach.includes(undefined)) return { size, ofEach, mayGrow };
  // A kiosk has one place for the controls of all statements, below the longest. On a phone they end the page.
  const scrolled = scrolling.find((layout) => tryLayout(layout).every(Boolean)) ?? SCROLLED[1];
  return { size, ofEach: ofEach.map((layout) => (isKiosk ? scrolled : (layout ?? scrolled))), mayGrow: true };
}

const MORE = 44; // least height of the button that shows further answers, in CSS pixels
const answersInOrder = () => [...form.querySelectorAll("fieldset:not([hidden]) label:not(.skipped)")];
const below = (line) => (label) => label.getBoundingClientRect().bottom > line + 1;

/** Chooses the layout now, and again at each change of statement, language, text size, font or window. `guest` has the
    statement in view as `place`, and `textOf` gives a text of the screen. Returns a function that scrolls to the first
    answer that is not wholly in view. */
export function layOut(guest, textOf) {
  /** The layouts of the statements for each language, text size and window in which they were shown. */
  const measured = new Map();
  const shownAt = () =>
    [root.lang, root.dataset.size, window.innerWidth, window.innerHeight, find("bar").offsetHeight].join(" ");

  function fit() {
    if (form.hidden) {
      find("more").hidden = true;
      // The controls stay at their places while a guest changes the language of a statement.
      if (!statements.includes(guest.returnTo)) root.dataset.shown = sizeOfText();
      allowLarger(true);
      return;
    }
    const before = shownAt();
    if (!measured.has(before)) {
      root.classList.add("measured");
      const chosen = chosenLayout();
      root.classList.remove("measured");
      measured.set(before, chosen);
      // The bar may be lower with smaller letters.
      root.dataset.shown = chosen.size;
      measured.set(shownAt(), chosen);
    }
    const { size, ofEach, mayGrow } = measured.get(before);
    root.dataset.shown = size;
    allowLarger(mayGrow);
    form.dataset.fit = ofEach[statements.indexOf(guest.place)];
    showMore();
  }

  /** Says that further answers stand below, if the page scrolls, and covers those that are partly in view. */
  function showMore() {
    const labels = !form.hidden && form.dataset.fit.endsWith("scroll") ? answersInOrder() : [];
    find("more").hidden = !labels.some(below(window.innerHeight));
    if (find("more").hidden) return;
    root.style.setProperty("--bar", `${find("bar").offsetHeight + 4}px`);
    const cut = labels.find(below(window.innerHeight - MORE)).getBoundingClientRect().top - 4;
    find("more").style.blockSize = `${Math.max(MORE, window.innerHeight - cut)}px`;
  }

  /** Scrolls to the first answer that is not wholly in view. */
  const seeMore = () =>
    answersInOrder()
      .find(below(find("more").getBoundingClientRect().top))
      .scrollIntoView();

  /** A touch shows why the button of larger text does nothing, so it is not disabled. */
  function allowLarger(mayGrow) {
    find("text-size").ariaDisabled = mayGrow ? null : "true";
    find("text-size").title = mayGrow ? "" : textOf("largest_text");
  }

  function fitAnew() {
    measured.clear();
    fit();
  }

  new MutationObserver((changes) => {
    if (changes.some(({ type }) => type === "childList")) fitAnew();
    else fit();
  }).observe(form, { subtree: true, childList: true, attributeFilter: ["hidden"] });
  new MutationObserver(fit).observe(root, { attributeFilter: ["data-size", "lang"] });
  // The bar changes with the window and with the size of its letters, not with the layout.
  new ResizeObserver(fit).observe(find("bar"));
  window.addEventListener("resize", fit);
  document.addEventListener("scroll", showMore, { passive: true });
  document.fonts.addEventListener("loadingdone", fitAnew);
  fit();
  return seeMore;
}
