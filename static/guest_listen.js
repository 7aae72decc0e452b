// Adds one play button to each statement, which reads it and its answers in order, and one to the promise. The text
// that is read is marked. Nothing plays by itself or because an answer is chosen.

import { numeral } from "./guest_bar.js";

const VOLUMES = [100, 60, 30]; // per cent

const audio = new Audio();
let playing = null; // the button of the speech that is playing
let queue = []; // [sound, element] of the texts that follow
let volume = VOLUMES[0];

const mark = (read) => {
  for (const element of document.querySelectorAll(".read")) element.classList.remove("read");
  read?.classList.add("read");
  read?.scrollIntoView({ block: "nearest" });
};

function stop() {
  audio.pause();
  queue = [];
  mark(null);
  if (playing) playing.setAttribute("aria-pressed", "false");
  playing = null;
}

function next() {
  if (!queue.length) {
    stop();
    return;
  }
  const [sound, element] = queue.shift();
  mark(element);
  audio.src = sound;
  audio.volume = volume / 100;
  audio.play().catch(stop);
}

/** A loudspeaker as SVG, because many devices lack a font with that character. */
function drawn() {
  const names = "http://www.w3.org/2000/svg";
  const [picture, path] = ["svg", "path"].map((name) => document.createElementNS(names, name));
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.ariaHidden = "true";
  path.setAttribute("d", "M3 9v6h4l5 4V5L7 9zm12 0q2.5 3 0 6m2.500-9q5 6 0 12");
  picture.append(path);
  return picture;
}

/** A button that reads these elements in order. If one has no sound, it reads the first `alone` of them only. */
function speaker(elements, alone, spoken, said) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain speaker";
  button.setAttribute("aria-pressed", "false");
  const label = document.createElement("span");
  label.className = "unseen";
  button.append(drawn(), label);
  const textOf = (element) => element.textContent.trim();
  const sounds = () => {
    const { sounds: names, language } = spoken();
    const all = elements.map((element) => [names[textOf(element)], element]);
    const read = all.every(([name]) => name) ? all : all.slice(0, alone);
    return read.every(([name]) => name)
      ? read.map(([name, element]) => [`/audio/${language.code}/${name}`, element])
      : [];
  };
  button.renew = () => {
    label.textContent = `${said("listen")}: ${textOf(elements[0])}`;
    button.hidden = !sounds().length;
  };
  button.addEventListener("click", () => {
    const isRepeated = playing === button;
    stop();
    if (isRepeated) return;
    playing = button;
    button.setAttribute("aria-pressed", "true");
    queue = sounds();
    next();
  });
  return button;
}

function volumeButton(spoken, said) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain";
  button.id = "volume";
  const word = document.createElement("span");
  word.className = "word";
  const percent = document.createElement("span");
  button.append(drawn(), word, " ", percent);
  button.renew = () => {
    button.title = word.textContent = said("volume");
    percent.textContent = `${numeral(volume)} %`;
    button.hidden = !Object.keys(spoken().sounds).length;
  };
  button.addEventListener("click", () => {
    volume = VOLUMES[(VOLUMES.indexOf(volume) + 1) % VOLUMES.length];
    audio.volume = volume / 100;
    button.renew();
  });
  return button;
}

/** Adds the buttons. `spoken` returns the texts in the chosen language, `said` looks up a text of the screen. */
export function offer(spoken, said) {
  const buttons = [];
  // Phones have volume keys.
  if (document.getElementById("answers").dataset.idle) {
    buttons.push(volumeButton(spoken, said));
    document.getElementById("language").before(buttons[0]);
  }
  const add = (elements, alone, place) => {
    const button = speaker(elements, alone, spoken, said);
    buttons.push(button);
    place(button);
  };
  const promises = [...document.querySelectorAll("#promise > [data-text]:is(p)")];
  add(promises, 0, (button) => document.getElementById("promise-sound").append(button));
  for (const statement of document.querySelectorAll("fieldset")) {
    const legend = statement.querySelector("legend");
    const texts = statement.querySelectorAll(".hint.option, .hint .option, label:not(.skipped)");
    add([legend, ...texts], 1, (button) => legend.after(button));
  }
  const renew = () => {
    for (const button of buttons) button.renew();
  };
  audio.addEventListener("ended", next);
  audio.addEventListener("error", stop);
  document.addEventListener("click", (event) => event.target.closest(".speaker, #volume") || stop());
  document.addEventListener("change", stop);
  document.addEventListener("reset", () => {
    stop();
    volume = VOLUMES[0];
    renew();
  });
  window.addEventListener("pagehide", stop);
  new MutationObserver(() => {
    stop();
    renew();
  }).observe(document.documentElement, { attributeFilter: ["lang"] });
  renew();
}
