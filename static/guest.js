// Shows one statement at a time; without this script, the page is a list. The script shows, hides and fills parts
// of the form. Answers are in the form only, which is reset after each guest.
import { delivery, device, numeral } from "./guest_bar.js";
import { offer } from "./guest_listen.js";

const find = (id) => document.getElementById(id);
const form = find("answers");
const words = expanded(JSON.parse(find("words").textContent));
const statements = [...form.querySelectorAll("fieldset")];
const last = statements[statements.length - 1];
const languages = [...document.querySelectorAll("[data-language], button[name=lang]")];
const parts = ["picker", "promise", "answers", "message"];

const TAPS_IGNORED = 400; // milliseconds after a change of screen, against double taps

const MOMENT = 300; // milliseconds in which a touched answer is seen before the next statement
const SECOND_THOUGHT = 4_000; // milliseconds in which the last answer can be changed before it is sent
// For a keyboard, a switch or a screen reader choosing and going on stay apart, and for whoever wants no movement.
const isOneTouch =
  "oneTouch" in form.dataset && !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
let movingOn = 0;

/** The texts by language, from the page's short form (FormTexts in kiosk/screen/pages.py): keys and names once. */
function expanded({ keys, spoken, languages: all }) {
  const of = (code, [direction, digits, reply, texts, asked, scales, names, subject]) => {
    const screen = Object.fromEntries(keys.map((key, at) => [key, texts[at]]));
    const statements = asked.map(([text, scale]) => [text, ...scales[scale]]);
    const heard = [...spoken.map((key) => screen[key]), ...asked.map(([text]) => text), ...scales.flat()];
    const sounds = Object.fromEntries(heard.map((text, at) => [text, names[at]]).filter(([, name]) => name));
    return { language: { code, direction }, digits, reply, subject, screen, statements, sounds };
  };
  return Object.fromEntries(Object.entries(all).map(([code, short]) => [code, of(code, short)]));
}

const codeOf = (choice) => choice.dataset.language ?? choice.value;
const first = codeOf(languages[0]); // not the page's language: a guest may have chosen that without a script
const own = window.location.pathname;
const home = form.dataset.home ?? own; // the next guest does not start in practice
// On a kiosk with one statement, that is the first screen, and one touch is enough.
const afterLanguage = "alone" in form.dataset ? statements[0] : "promise";
const opening = "alone" in form.dataset || languages.length === 1 ? afterLanguage : "picker";
const guest = { language: document.documentElement.lang, place: opening, changed: 0, returnTo: null };
const { kiosk } = device;
// The error leaves the page as a list: without that script, no dialog asks an idle guest.
if (form.dataset.idle && !kiosk) throw new Error("guest_kiosk.js is missing");
const envelopes = form.dataset.letterbox && window.isSecureContext ? kiosk : null;
const ballot = delivery(
  form,
  (mayGoBack) => show("message", mayGoBack),
  (key) => said(key),
  () => startAgain(home),
  envelopes,
);

const unit = find("progress").textContent;
const said = (key) => words[guest.language].screen[key];

function show(place, mayGoBack = place !== "promise" && (place !== "picker" || guest.returnTo)) {
  ballot.wait();
  stay();
  guest.place = place;
  guest.changed = performance.now();
  const at = statements.indexOf(place);
  for (const id of parts) find(id).hidden = id !== (at < 0 ? place : "answers");
  for (const statement of statements) statement.hidden = statement !== place;
  const isOpening = place === opening && !guest.returnTo;
  // What is asked, in the language that was chosen now.
  find("asker").hidden = !isOpening && place !== "promise";
  find("asker").className = isOpening ? "" : "brief";
  find("start-over").hidden = isFree();
  find("back").hidden = isOpening;
  if (find("brief")) find("brief").hidden = at < 0;
  find("language").hidden = place === "picker" || place === "message" || languages.length === 1;
  const progress = at < 0 || isOpening ? unit : said("progress").replace("{n}", numeral(at + 1));
  find("progress").textContent = progress.replace("{total}", numeral(statements.length));
  find("steps").hidden = !mayGoBack;
  find("skip").hidden = at < 0 || isOpening;
  find("next").hidden = at < 0;
  find("next").textContent = said(at === statements.length - 1 ? "send" : "next");
  allowNext();
  // A ring around the statement would puzzle the next guest, who has touched nothing.
  if (at < 0 || !isOpening) (at < 0 ? find(place) : place.querySelector("legend")).focus();
  window.scrollTo(0, 0);
}

function speak(code) {
  guest.language = code;
  const { language, statements: asked, digits } = words[code];
  document.documentElement.dataset.digits = digits;
  document.documentElement.lang = language.code;
  document.documentElement.dir = language.direction;
  document.title = said("title");
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = said(element.dataset.text);
    if (element.parentElement.title) element.parentElement.title = element.textContent;
  }
  // A title without a translation stays in the reference language.
  const titled = words[code].subject ? words[code] : Object.values(words).find(({ subject }) => subject);
  const subject = document.querySelector(".subject");
  subject.textContent = titled.subject;
  subject.lang = titled.language.code;
  subject.dir = titled.language.direction;
  for (const choice of languages) choice.ariaCurrent = codeOf(choice) === code ? "true" : null;
  // Passes the language in the fragment, which browsers do not send to the server.
  for (const link of document.querySelectorAll("#try-first, #stored, #answer-now")) link.hash = code;
  for (const reply of document.querySelectorAll(".reply")) {
    reply.lastElementChild.textContent = words[code].reply;
    reply.hidden = !words[code].reply;
  }
  statements.forEach((statement, at) => {
    statement.querySelector("legend").textContent = asked[at][0];
    statement.querySelectorAll(".option").forEach((label, of) => {
      label.textContent = asked[at][of + 1];
    });
  });
}

const chosen = (statement) =>
  [...statement.querySelectorAll("input")].find((input) => input.checked && input.value);

const allowNext = () => (find("next").disabled = statements.includes(guest.place) && !chosen(guest.place));

function stay() {
  window.clearTimeout(movingOn);
  find("next").classList.remove("soon");
}

/** Goes on by itself from an answer that was touched. The button shows how long the last one can be changed. */
function moveOn() {
  const isLast = guest.place === last;
  if (isLast) find("next").classList.add("soon");
  movingOn = window.setTimeout(() => chosen(guest.place) && go(1), isLast ? SECOND_THOUGHT : MOMENT);
}

function go(steps) {
  const at = statements.indexOf(guest.place) + steps;
  if (at === statements.length) ballot.send();
  else show(statements[at] ?? "promise");
}

/** Shows the screen before this one. Returns false if the guest may leave the page instead. */
function goBack() {
  if (guest.returnTo) comeBack();
  else if (guest.place === "message") {
    if (find("steps").hidden) return ballot.isBeingSent();
    show(last);
  } else if (guest.place !== opening) {
    if (statements.includes(guest.place)) go(-1);
    else show(opening);
  } else if (form.dataset.before) window.location.replace(form.dataset.before);
  else return ballot.isBeingSent();
  return true;
}

/** Whether the screen is the next guest's: nothing was chosen on it. */
const isFree = () =>
  guest.place === opening && !guest.returnTo && guest.language === first && !statements.some(chosen);

/** Removes all of the guest's data. A kiosk also loads a new page, once no ballot is on its way; a slip's page cannot
    be loaded twice. */
function startAgain(at = own) {
  find("ask-again").close();
  const isDelivered = ballot.leave();
  guest.returnTo = null;
  form.reset();
  speak(first);
  show(opening);
  if (kiosk) isDelivered.then(() => kiosk.renew(at, isFree));
}

/** Starts again, but asks first if that removes an answer that was not sent. */
function askToStartAgain() {
  if (!statements.some(chosen) || guest.place === "message") {
    startAgain();
    return;
  }
  guest.changed = performance.now();
  find("ask-again").showModal();
}

function choose(code) {
  speak(code);
  comeBack();
}

function comeBack() {
  const place = guest.returnTo ?? afterLanguage;
  guest.returnTo = null;
  show(place);
}

const taps = {
  start: () => show(statements[0]),
  back: goBack,
  next: () => go(1),
  skip: () => {
    for (const input of guest.place.querySelectorAll("input")) input.checked = !input.value;
    guest.place.querySelector("input:checked").dispatchEvent(new Event("change", { bubbles: true }));
    go(1);
  },
  more: () => seeMore(),
  language: () => {
    guest.returnTo = guest.place;
    show("picker");
  },
  "start-over": askToStartAgain,
  "keep-answers": () => find("ask-again").close(),
  "remove-answers": () => startAgain(),
  again: () => {
    const other = find("other-slip")?.control.value;
    if (other) form.elements.slip.value = other;
    ballot.send();
  },
};

/** Stops a tap that was meant for the screen before, and marks where it was ignored. */
function ignore(event) {
  event.stopPropagation();
  const tapped = event.target.closest("button, a, label");
  tapped?.classList.add("ignored");
  window.setTimeout(() => tapped?.classList.remove("ignored"), TAPS_IGNORED);
}

document.addEventListener(
  "click",
  (event) => {
    // A click without a pointer (keyboard, switch, screen reader) has detail 0 and is never ignored.
    const isTooEarly = event.detail > 0 && performance.now() - guest.changed < TAPS_IGNORED;
    const language = languages.find((choice) => choice.contains(event.target));
    const tapped = taps[event.target.closest("button")?.id];
    if (isTooEarly || language || tapped) event.preventDefault();
    if (!isTooEarly) stay();
    if (isTooEarly) ignore(event);
    else if (isOneTouch && event.detail > 0 && event.target.closest("fieldset:not(.several) label")) moveOn();
    else if (language) choose(codeOf(language));
    else tapped?.();
  },
  true,
);
document.addEventListener("keydown", stay);
form.addEventListener("change", allowNext);
window.addEventListener("pagehide", () => form.reset());
window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());

document.body.classList.add("steps");
find("send").remove();
// Two ways to give no answer are enough on the screen: this one stays in the list without a script.
for (const input of form.querySelectorAll('[value="prefer_not"]')) input.parentElement.remove();
find("start").hidden = false;
form.reset();
show(opening);
const brought = window.location.hash.slice(1);
if (brought) window.history.replaceState(null, "", own);
if (Object.keys(words).includes(brought)) choose(brought);
else if ("chosen" in form.dataset) choose(guest.language);
if (find("leave-now")) import("./guest_phone.js").then(({ onBack }) => onBack(goBack));

envelopes?.sendKept(own);
kiosk?.watchIdle(
  form,
  () => form.dataset.home || !isFree(),
  () => startAgain(home),
  startAgain,
);
kiosk?.beat(home, (answer) => {
  const letterbox = answer.headers.get("Kiosk-Letterbox");
  if (form.dataset.letterbox && form.dataset.letterbox !== letterbox) kiosk.renew(home, isFree);
});

// Chooses the first layout in which each statement, all its answers and the controls are in view together, with no
// word broken. If none suits all statements, each has its own. If none suits one of them, all scroll, and the controls
// stand below the longest, so that they hide no answer and stay at one place. Without this script the page is a list.
// Each layout is tried once for all statements together, since a small computer lays a page out slowly, and first for
// the longest statement of each scale only.

// Tokens of `data-fit`, in order of preference: see guest.css.
const WIDE = [
  ...[
    "row",
    "row tight",
    "beside",
    "beside tight",
    "three",
    "three tight",
    "four tight",
    "six tight",
    "two tight",
  ],
  ...["three tight small", "four tight small", "six tight small"],
  ...["two tight bare", "three tight bare", "joined tight bare", "two tight bare dense"],
  ...["joined tight bare dense", "joined three tight bare", "joined four tight bare"],
];
const TALL = [
  ...["list tall", "list", "list tight", "list tight small", "two", "two tight", "two tight small"],
  ...[
    "two tight small bare",
    "three tight small bare",
    "four tight small bare",
    "two tight small bare dense",
  ],
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

const root = document.documentElement;

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

/** Whether each of the statements fits in a layout, beside the controls and with whole words. */
function fits(layout) {
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
function suiting(layouts, isEnough = false) {
  const results = [];
  const alone = () => tried.map((_, at) => layouts[results.findIndex((fitting) => fitting[at])]);
  for (const layout of layouts) {
    const fitting = fits(layout);
    results.push(fitting);
    if (fitting.every(Boolean)) return tried.map(() => layout);
    if (isEnough && !alone().includes(undefined)) break;
  }
  return alone();
}

function sizesToTry() {
  const chosen = Number(root.dataset.size);
  if (!kiosk) return [chosen];
  const isMeasured = window.getComputedStyle(root).getPropertyValue("--least");
  return SHOWN.filter((size) => size <= chosen && size >= (isMeasured ? LEAST : 100));
}

/** The text size of all statements, the layout of each, and whether larger text would be larger. */
function chosenLayout() {
  tryOut(longest());
  const guess = searched();
  if (tried.length === statements.length) return guess;
  tryOut(statements);
  const [layout] = guess.alone;
  root.dataset.shown = guess.size;
  const isRight = guess.alone.every((other) => other === layout) && fits(layout).every(Boolean);
  return isRight && !layout.endsWith("scroll")
    ? { ...guess, alone: statements.map(() => layout) }
    : searched();
}

/** What chosenLayout() returns, for the statements that are measured. */
function searched() {
  const isWide = window.innerWidth > window.innerHeight && window.innerWidth >= 700;
  const [layouts, compact, scrolling] = isWide
    ? [WIDE, COMPACT_WIDE, SCROLLED_WIDE]
    : [TALL, COMPACT, SCROLLED];
  const isRoomFor = (size) => {
    root.dataset.shown = size;
    return !suiting(compact, true).includes(undefined);
  };
  const sizes = sizesToTry();
  const isOnly = sizes.length === 1; // on phones, and on kiosks at their usual size
  let [low, high] = isOnly || isRoomFor(sizes[0]) ? [0, 0] : [1, sizes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isRoomFor(sizes[middle])) high = middle;
    else low = middle + 1;
  }
  const size = sizes[low] ?? sizes[0];
  const isFull = () => low > 0 || !(isRoomFor(112) || (isOnly && !isRoomFor(size)));
  const mayGrow = sizes[0] > 100 || !kiosk || low === sizes.length || !isFull();
  root.dataset.shown = size;
  const alone = suiting(layouts);
  if (!alone.includes(undefined)) return { size, alone, mayGrow };
  // A kiosk has one place for the controls of all statements, below the longest. On a phone they end the page.
  const scrolled = scrolling.find((layout) => fits(layout).every(Boolean)) ?? SCROLLED[1];
  return { size, alone: alone.map((layout) => (kiosk ? scrolled : (layout ?? scrolled))), mayGrow: true };
}

/** The layouts of the statements for each language, text size and window in which they were shown. */
const measured = new Map();
const shownAt = () =>
  [root.lang, root.dataset.size, window.innerWidth, window.innerHeight, find("bar").offsetHeight].join(" ");

function fit() {
  if (form.hidden) {
    find("more").hidden = true;
    // The controls stay at their places while a guest changes the language of a statement.
    if (!statements.includes(guest.returnTo)) delete root.dataset.shown;
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
  const { size, alone, mayGrow } = measured.get(before);
  root.dataset.shown = size;
  allowLarger(mayGrow);
  form.dataset.fit = alone[statements.indexOf(guest.place)];
  showMore();
}

const MORE = 44; // least height of the button that shows further answers, in CSS pixels
const answersInOrder = () => [...form.querySelectorAll("fieldset:not([hidden]) label:not(.skipped)")];
const below = (line) => (label) => label.getBoundingClientRect().bottom > line + 1;

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
const seeMore = () => answersInOrder().find(below(find("more").getBoundingClientRect().top)).scrollIntoView();

/** A touch shows why the button of larger text does nothing, so it is not disabled. */
function allowLarger(mayGrow) {
  find("text-size").ariaDisabled = mayGrow ? null : "true";
  find("text-size").title = mayGrow ? "" : said("largest_text");
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

if (Object.values(words).some(({ sounds }) => Object.keys(sounds).length)) {
  offer(() => words[guest.language], said);
}
device.isReady = true;
