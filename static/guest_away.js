// Returns a kiosk to its start page after a while without a touch, and does not keep the guest's language.
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
