// Adds a play button to each text that has speech. Nothing plays by itself or because an answer is chosen.

const VOLUMES = [100, 60, 30]; // per cent

const audio = new Audio();
let playing = null; // the button of the speech that is playing
let queue = [];
let volume = VOLUMES[0];

function stop() {
  audio.pause();
  queue = [];
  if (playing) playing.setAttribute("aria-pressed", "false");
  playing = null;
}

function next() {
  if (!queue.length) {
    stop();
    return;
  }
  audio.src = queue.shift();
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

function speaker(texts, spoken, said) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain speaker";
  button.setAttribute("aria-pressed", "false");
  const mark = drawn();
  const label = document.createElement("span");
  label.className = "unseen";
  button.append(mark, label);
  const sounds = () => texts().map((text) => spoken().sounds[text]);
  button.renew = () => {
    label.textContent = `${said("listen")}: ${texts().join(" ")}`;
    button.hidden = sounds().some((name) => !name);
  };
  button.addEventListener("click", () => {
    const isRepeated = playing === button;
    stop();
    if (isRepeated) return;
    playing = button;
    button.setAttribute("aria-pressed", "true");
    queue = sounds().map((name) => `/audio/${spoken().language.code}/${name}`);
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
    percent.textContent = `${volume} %`;
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
  const beside = (texts, place) => {
    buttons.push(speaker(texts, spoken, said));
    place(buttons.at(-1));
  };
  const promises = [...document.querySelectorAll("#promise > [data-text]:is(p)")];
  beside(
    () => promises.map((one) => one.textContent),
    (button) => {
      document.getElementById("promise-sound").append(button);
    },
  );
  for (const legend of document.querySelectorAll("legend")) {
    beside(
      () => [legend.textContent],
      (button) => legend.after(button),
    );
  }
  for (const label of document.querySelectorAll("fieldset label:not(.skipped)")) {
    const row = document.createElement("div");
    row.className = "heard";
    label.before(row);
    row.append(label);
    beside(
      () => [label.textContent.trim()],
      (button) => row.append(button),
    );
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
