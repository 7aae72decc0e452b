// A page a kiosk's guest may have left standing: after a while without a touch, back to the start, and not to
// the language she had.
import "./guest_bar.js";

const AWAY = 90_000; // milliseconds

let timer = 0;

function wait() {
  window.clearTimeout(timer);
  timer = window.setTimeout(() => window.location.replace(document.getElementById("back").pathname), AWAY);
}

for (const touch of ["pointerdown", "keydown", "wheel"]) {
  document.addEventListener(touch, wait, { passive: true });
}
wait();
