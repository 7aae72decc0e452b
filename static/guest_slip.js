// Moves a scanned slip's code from the address into the form, and removes it from the address bar.

const field = document.getElementById("slip");

function take() {
  const code = decodeURIComponent(window.location.hash.slice(1));
  if (!code) return;
  window.history.replaceState(null, "", "/q/leave"); // see guest_phone.js
  field.value = code;
  field.form.submit();
}

take();
window.addEventListener("hashchange", take);
window.addEventListener("pagehide", () => field.form.reset());
