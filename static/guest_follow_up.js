// Clears the answer to a follow-up when the answer that it followed is changed to another, so that it is not sent.
// The question is shown to every guest. Without this script the answer is sent, and the server ignores it (`_read` in
// kiosk/domain/ballot.py).

document.getElementById("answers").addEventListener("change", ({ target }) => {
  const [followUp] = document.querySelectorAll(`[data-follows="${target.name}"]`);
  if (!followUp || followUp.dataset.when.split(" ").includes(target.value)) return;
  for (const input of followUp.querySelectorAll("input")) input.checked = !input.value;
});
