// Selects as many languages as fit on the chosen paper, until a person selects some herself.
// Without this script, the form says how many fit and the server rejects more.

const size = document.getElementById("poster-size");
const checkboxes = size ? [...size.form.querySelectorAll("[name=languages]")] : [];

size?.form.addEventListener("change", (event) => {
  if (event.target !== size) checkboxes.length = 0; // from now on, the person chooses
  const fitting = Number(size.selectedOptions[0].dataset.fitting);
  checkboxes.forEach((checkbox, at) => {
    checkbox.checked = at < fitting;
  });
});
