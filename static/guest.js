// Shows one statement at a time; without this script, the page is a list. The script shows, hides and fills parts
// of the form. Answers are in the form only, which is reset after each guest.
import { delivery, device, numeral } from "./guest_bar.js";
import { layOut } from "./guest_layout.js";
import { offer } from "./guest_listen.js";

const find = (id) => document.getElementById(id);
const form = find("answers");
const words = expanded(JSON.parse(find("words").textContent));
const statements = [...form.querySelectorAll("fieldset")];
const lastStatement = statements[statements.length - 1];
const languages = [...document.querySelectorAll("[data-language], button[name=lang]")];
const parts = ["picker", "promise", "answers", "message"];

const TAPS_IGNORED = 400; // milliseconds after a change of screen, against double taps

const MOMENT = 300; // milliseconds in which a touched answer is seen before the next statement
// Milliseconds in which the last answer can be changed before it is sent. Where one statement is all, the next guest
// may be at the screen soon: a touch of theirs would change it.
const SECOND_THOUGHT = "alone" in form.dataset ? 2_000 : 4_000;
// For a keyboard, a switch or a screen reader choosing and going on stay apart, and for whoever wants no movement.
const isOneTouch =
  "oneTouch" in form.dataset && !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
let moveTimer = null;

/** The texts by language, from the page's short form (FormTexts in kiosk/screen/pages.py): keys and names once. */
function expanded({ keys, spoken, languages: all, sounds: namesOf }) {
  const of = (code, [direction, digits, reply, texts, asked, scales, subject]) => {
    const names = namesOf[code]?.match(/.{6}/g) ?? [];
    const screen = Object.fromEntries(keys.map((key, at) => [key, texts[at]]));
    const statements = asked.map(([text, scale]) => [text, ...scales[scale]]);
    const heard = [...spoken.map((key) => screen[key]), ...asked.map(([text]) => text), ...scales.flat()];
    const sounds = Object.fromEntries(heard.map((text, at) => [text, names[at]?.trim()]).filter(([, name]) => name));
    return { language: { code, direction }, digits, reply, subject, screen, statements, sounds };
  };
  return Object.fromEntries(Object.entries(all).map(([code, short]) => [code, of(code, short)]));
}

const codeOf = (choice) => choice.dataset.language ?? choice.value;
const firstLanguage = codeOf(languages[0]); // not the page's language: a guest may have chosen that without a script
const ownPath = window.location.pathname;
const home = form.dataset.home ?? ownPath; // the next guest does not start in practice
// On a kiosk with one statement, that is the first screen, and one touch is enough.
const afterLanguage = "alone" in form.dataset ? statements[0] : "promise";
const opening = "alone" in form.dataset || languages.length === 1 ? afterLanguage : "picker";
const guest = { language: document.documentElement.lang, place: opening, changed: 0, returnTo: null };
const { kiosk } = device;
const sealer = form.dataset.letterbox && window.isSecureContext ? kiosk : null;
const ballot = delivery(
  form,
  (mayGoBack) => show("message", mayGoBack),
  (key) => textOf(key),
  () => startAgain(home),
  sealer,
);

const unit = find("progress").textContent;
const logo = document.querySelector("#asker img");
const named = [logo ? logo.alt : document.querySelector("#asker .name")?.textContent, unit].filter(Boolean).join(" · ");
const textOf = (key) => words[guest.language].screen[key];

function show(place, mayGoBack = place !== "promise" && (place !== "picker" || guest.returnTo)) {
  ballot.wait();
  cancelMovingOn();
  guest.place = place;
  guest.changed = performance.now();
  const at = statements.indexOf(place);
  for (const id of parts) find(id).hidden = id !== (at < 0 ? place : "answers");
  for (const statement of statements) statement.hidden = statement !== place;
  const isOpening = place === opening && !guest.returnTo;
  // What is asked, in the language that was chosen now.
  find("asker").hidden = !isOpening && place !== "promise";
  find("asker").className = isOpening ? "" : "brief";
  find("start-over").hidden = isUntouched();
  find("back").hidden = isOpening;
  if (find("brief")) find("brief").hidden = at < 0;
  find("language").hidden = place === "picker" || place === "message" || languages.length === 1;
  // A low screen has no room for who asks, above what is promised.
  const beside = place === "promise" && !find("asker").offsetHeight ? named : unit;
  const progress = at < 0 || isOpening ? beside : textOf("progress").replace("{n}", numeral(at + 1));
  find("progress").textContent = progress.replace("{total}", numeral(statements.length));
  find("steps").hidden = !mayGoBack;
  find("skip").hidden = at < 0 || isOpening;
  find("next").hidden = at < 0;
  find("next").textContent = textOf(at === statements.length - 1 ? "send" : "next");
  allowNext();
  // A ring around the statement would puzzle the next guest, who has touched nothing.
  if (at < 0 || !isOpening) (at < 0 ? find(place) : place.querySelector("legend")).focus();
  window.scrollTo(0, 0);
}

function setLanguage(code) {
  guest.language = code;
  const { language, statements: asked, digits } = words[code];
  document.documentElement.dataset.digits = digits;
  document.documentElement.lang = language.code;
  document.documentElement.dir = language.direction;
  document.title = textOf("title");
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = textOf(element.dataset.text);
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

/** Stops going on by itself. Returns whether that was about to happen. */
function cancelMovingOn() {
  const wasMoving = moveTimer !== null;
  window.clearTimeout(moveTimer);
  moveTimer = null;
  find("next").classList.remove("soon");
  return wasMoving;
}

/** Goes on by itself from an answer that was touched. The button shows how long the last one can be changed. */
function moveOn() {
  const isLast = guest.place === lastStatement;
  if (isLast) find("next").classList.add("soon");
  const leave = () => cancelMovingOn() && chosen(guest.place) && go(1);
  moveTimer = window.setTimeout(leave, isLast ? SECOND_THOUGHT : MOMENT);
}

function go(steps) {
  const at = statements.indexOf(guest.place) + steps;
  if (at === statements.length) ballot.send();
  else show(statements[at] ?? "promise");
}

/** Shows the screen before this one. Returns false if the guest may leave the page instead. */
function goBack() {
  if (guest.returnTo) leavePicker();
  else if (guest.place === "message") {
    if (find("steps").hidden) return ballot.isPending();
    show(lastStatement);
  } else if (guest.place !== opening) {
    if (statements.includes(guest.place)) go(-1);
    else show(opening);
  } else if (form.dataset.before) window.location.replace(form.dataset.before);
  else return ballot.isBeingSent();
  return true;
}

/** Whether the screen is the next guest's: nothing was chosen on it. */
const isUntouched = () =>
  guest.place === opening && !guest.returnTo && guest.language === firstLanguage && !statements.some(chosen);

/** Removes all of the guest's data. A kiosk also loads a new page, once no ballot is on its way; a slip's page cannot
    be loaded twice. */
function startAgain(at = ownPath) {
  find("ask-again").close();
  const isDelivered = ballot.leave();
  guest.returnTo = null;
  form.reset();
  setLanguage(firstLanguage);
  show(opening);
  if (kiosk) isDelivered.then(() => kiosk.renew(at, isUntouched));
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
  setLanguage(code);
  leavePicker();
}

function leavePicker() {
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
    // A touch beside the controls must not keep the answers of a guest who has left from being sent.
    const isMeant = !isTooEarly && event.target.closest("button, a, input, label");
    const wasMoving = isMeant && cancelMovingOn();
    if (isTooEarly) ignore(event);
    else if (isOneTouch && event.detail > 0 && event.target.closest("fieldset:not(.several) label")) moveOn();
    else if (language) choose(codeOf(language));
    else if (tapped) tapped();
    else if (wasMoving && event.target.closest("#text-size, #volume")) moveOn();
  },
  true,
);
document.addEventListener("keydown", cancelMovingOn);
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
if (brought) window.history.replaceState(null, "", ownPath);
if (Object.keys(words).includes(brought)) choose(brought);
else if ("chosen" in form.dataset) choose(guest.language);
if (find("leave-now")) import("./guest_phone.js").then(({ onBack }) => onBack(goBack));

sealer?.sendKept(ownPath);
kiosk?.watchIdle(
  form,
  () => form.dataset.home || !isUntouched(),
  () => startAgain(home),
  startAgain,
);
kiosk?.beat(home, (answer) => {
  const letterbox = answer.headers.get("Kiosk-Letterbox");
  if (!form.dataset.letterbox || form.dataset.letterbox === letterbox) return;
  ballot.delivered().then(() => kiosk.renew(home, isUntouched));
});

const seeMore = layOut(guest, textOf);
if (Object.values(words).some(({ sounds }) => Object.keys(sounds).length)) {
  offer(() => words[guest.language], textOf);
}
device.isReady = true;
