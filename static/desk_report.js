// Shows, while somebody writes a part of a report, the sentences that seem to claim a cause, and the signs that cannot
// be printed. Without this script they are shown once the text is saved.

const words = document.getElementById("words");
const claimed = document.getElementById("claims");
const unprinted = document.getElementById("signs");
const PAUSE = 700; // milliseconds without a key before the server is asked
let waiting;
let asking = new AbortController();

/** Asks the server, and shows its answer unless the text has changed meanwhile. */
async function look() {
  const written = words.value;
  const body = new URLSearchParams({ words: written, csrf_token: words.form.csrf_token.value });
  asking = new AbortController();
  const answer = await fetch(words.dataset.claims, { method: "POST", body, signal: asking.signal });
  if (!answer.ok || words.value !== written) return;
  const { claims, signs } = await answer.json();
  const items = claims.map((claim) => {
    const item = document.createElement("li");
    item.textContent = claim;
    return item;
  });
  claimed.querySelector("ul").replaceChildren(...items);
  claimed.hidden = !items.length;
  unprinted.querySelector("span").textContent = signs.join(" ");
  unprinted.hidden = !signs.length;
}

words.addEventListener("input", () => {
  window.clearTimeout(waiting);
  waiting = window.setTimeout(() => look().catch(() => {}), PAUSE);
});

// An answer that came after the saved text's would restore the session's cookie of before, and with it lose the notice
// that the text is saved.
words.form.addEventListener("submit", () => {
  window.clearTimeout(waiting);
  asking.abort();
});

// What was typed before this script ran, on a slow line, has sent no event to it.
if (words.value !== words.defaultValue) look().catch(() => {});
