// Selects as many languages as fit on the chosen paper, until a person selects some herself.
// Without this script, the form says how many fit and the server rejects more.

const size = document.getElementById("poster-size");
const boxes = size ? [...size.form.querySelectorAll("[name=languages]")] : [];

size?.form.addEventListener("change", (event) => {
  if (event.target !== size) boxes.length = 0;
  const fitting = Number(size.selectedOptions[0].dataset.fitting);
  boxes.forEach((box, at) => {
    box.checked = at < fitting;
  });
});
