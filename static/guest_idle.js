// When a guest has gone: after a while without a touch the kiosk asks, waits, and starts again.

/** Ask after `form.dataset.idle` milliseconds, leave after `form.dataset.leave` more; any touch stays. */
export function watchIdle(form, isInUse, leave) {
  const dialog = document.getElementById("still-here");
  let timer = 0;

  const wait = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, Number(form.dataset.idle));
  };
  const ask = () => {
    if (!isInUse()) {
      wait();
      return;
    }
    dialog.showModal();
    timer = window.setTimeout(leave, Number(form.dataset.leave));
  };
  const stay = () => {
    if (dialog.open) dialog.close();
    wait();
  };

  document.getElementById("leave").addEventListener("click", leave);
  document.getElementById("stay").addEventListener("click", stay);
  dialog.addEventListener("cancel", stay);
  for (const touch of ["pointerdown", "keydown", "wheel"]) {
    document.addEventListener(touch, () => !dialog.open && wait(), { passive: true });
  }
  wait();
}
