// Ticks as many languages as fit on the paper that is chosen, until a person has ticked her own.
// Without this, the form says how many fit and the server refuses more.

const size = document.getElementById("poster-size");
const boxes = size ? [...size.form.querySelectorAll("[name=languages]")] : [];

size?.form.addEventListener("change", (event) => {
  if (event.target !== size) boxes.length = 0;
  const fitting = Number(size.selectedOptions[0].dataset.fitting);
  boxes.forEach((box, at) => {
    box.checked = at < fitting;
  });
});
