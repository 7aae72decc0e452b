// Shows one statement at a time; without this script, the page is a list. The script shows, hides and fills parts
// of the form. Answers are in the form only, which is reset after each guest.
import { delivery, device } from "./guest_bar.js";

const find = (id) => document.getElementById(id);
const form = find("answers");
const words = JSON.parse(find("words").textContent);
const statements = [...form.querySelectorAll("fieldset")];
const languages = [...document.querySelectorAll("[data-language], button[name=lang]")];
const parts = ["picker", "promise", "answers", "message"];

const TAPS_IGNORED = 400; // milliseconds after a change of screen, against double taps

const first = document.documentElement.lang;
const own = window.location.pathname;
const home = form.dataset.home ?? own; // the next guest does not start in practice
const guest = { language: first, place: "picker", changed: 0, returnTo: null };
const { kiosk } = device;
// The error leaves the page as a list: without that script, no dialog asks an idle guest.
if (form.dataset.idle && !kiosk) throw new Error("guest_kiosk.js is missing");
const envelopes = form.dataset.letterbox && window.isSecureContext ? kiosk : null;
const ballot = delivery(
  form,
  () => show("message"),
  (key) => said(key),
  () => startAgain(home),
  envelopes,
);

const unit = find("progress").textContent;
const said = (key) => words[guest.language].screen[key];
const codeOf = (choice) => choice.dataset.language ?? choice.value;

function show(place) {
  guest.place = place;
  guest.changed = performance.now();
  const at = statements.indexOf(place);
  for (const id of parts) find(id).hidden = id !== (at < 0 ? place : "answers");
  for (const statement of statements) statement.hidden = statement !== place;
  find("start-over").hidden = place === "picker" && !guest.returnTo;
  find("language").hidden = place === "picker" || place === "message";
  const progress = at < 0 ? unit : said("progress").replace("{n}", at + 1);
  find("progress").textContent = progress.replace("{total}", statements.length);
  find("steps").hidden = at < 0 && !guest.returnTo;
  find("skip").hidden = find("next").hidden = at < 0;
  find("back").disabled = at <= 0 && !guest.returnTo;
  find("next").textContent = said(at === statements.length - 1 ? "send" : "next");
  allowNext();
  (at < 0 ? find(place) : place.querySelector("legend")).focus();
  window.scrollTo(0, 0);
}

function speak(code) {
  guest.language = code;
  const { language, statements: asked } = words[code];
  document.documentElement.lang = language.code;
  document.documentElement.dir = language.direction;
  document.title = said("title");
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = said(element.dataset.text);
    if (element.parentElement.title) element.parentElement.title = element.textContent;
  }
  for (const choice of languages) choice.ariaCurrent = codeOf(choice) === code ? "true" : null;
  // Passes the language in the fragment, which browsers do not send to the server.
  for (const link of document.querySelectorAll("#try-first, #stored, #answer-now")) link.hash = code;
  if (find("reply")) {
    find("reply").lastElementChild.textContent = words[code].reply;
    find("reply").hidden = !words[code].reply;
  }
  statements.forEach((statement, at) => {
    statement.querySelector("legend").textContent = asked[at].text;
    statement.querySelectorAll(".option").forEach((label, of) => {
      label.textContent = asked[at].options[of].label;
    });
  });
}

const chosen = (statement) =>
  [...statement.querySelectorAll("input")].find((input) => input.checked && input.value);

const allowNext = () => (find("next").disabled = statements.includes(guest.place) && !chosen(guest.place));

function go(steps) {
  const at = statements.indexOf(guest.place) + steps;
  if (at === statements.length) ballot.send();
  else show(statements[Math.max(at, 0)]);
}

const isFree = () => guest.place === "picker" && !guest.returnTo;

/** Removes all of the guest's data. A kiosk also loads a new page; a slip's page cannot be loaded twice. */
function startAgain(at = own) {
  ballot.giveUp();
  guest.returnTo = null;
  form.reset();
  speak(first);
  show("picker");
  kiosk?.renew(at, isFree);
}

function choose(code) {
  speak(code);
  comeBack();
}

function comeBack() {
  const place = guest.returnTo ?? "promise";
  guest.returnTo = null;
  show(place);
}

const taps = {
  start: () => show(statements[0]),
  back: () => (guest.returnTo ? comeBack() : go(-1)),
  next: () => go(1),
  skip: () => {
    guest.place.querySelector(".skipped input").checked = true;
    go(1);
  },
  language: () => {
    guest.returnTo = guest.place;
    show("picker");
  },
  "start-over": () => startAgain(),
  again: ballot.send,
};

document.addEventListener(
  "click",
  (event) => {
    // A click without a pointer (keyboard, switch, screen reader) has detail 0 and is never ignored.
    const isTooEarly = event.detail > 0 && performance.now() - guest.changed < TAPS_IGNORED;
    const language = languages.find((choice) => choice.contains(event.target));
    const tapped = taps[event.target.closest("button")?.id];
    if (isTooEarly || language || tapped) event.preventDefault();
    if (isTooEarly) event.stopPropagation();
    else if (language) choose(codeOf(language));
    else tapped?.();
  },
  true,
);
form.addEventListener("change", allowNext);
window.addEventListener("pagehide", () => form.reset());
window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());

if (Object.values(words).some(({ sounds }) => Object.keys(sounds).length)) {
  import("./guest_listen.js").then(({ offer }) => offer(() => words[guest.language], said));
}
document.body.classList.add("steps");
find("send").remove();
find("start").hidden = false;
form.reset();
show("picker");
const brought = window.location.hash.slice(1);
if (brought) window.history.replaceState(null, "", own);
if (Object.hasOwn(words, brought)) choose(brought);

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
