// Clears the answer to a follow-up when the answer that it followed is changed to another, so that it is not sent.
// Its page is the same for every guest: without this script, the server leaves out what it was sent.

document.getElementById("answers").addEventListener("change", ({ target }) => {
  const [followUp] = document.querySelectorAll(`[data-follows="${target.name}"]`);
  if (!followUp || followUp.dataset.when.split(" ").includes(target.value)) return;
  for (const input of followUp.querySelectorAll("input")) input.checked = !input.value;
});
