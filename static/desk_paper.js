// Selects as many languages as fit on the chosen paper, offers those of the chosen round, and replaces an
// earlier error when a file is asked for: the page stays while its file is downloaded.
// Without this script, the form says which languages there are and the server rejects others.

const size = document.getElementById("poster-size");
const round = document.getElementById("slips-round");
const form = (size ?? round)?.form;
const checkboxes = form ? [...form.querySelectorAll("[name=languages]")] : [];
const chosenAtFirst = checkboxes.filter((checkbox) => checkbox.checked).length;
let isChosenByPerson = false;

function offerLanguages() {
  for (const checkbox of checkboxes) {
    const rounds = checkbox.dataset.rounds?.split(" ");
    // A disabled box is not sent, and keeps its tick for the other round.
    checkbox.disabled = rounds !== undefined && !rounds.includes(round.value);
    checkbox.closest("label").hidden = checkbox.disabled;
  }
}

function tickFirst(fitting) {
  const offered = checkboxes.filter((checkbox) => !checkbox.disabled);
  offered.forEach((checkbox, at) => {
    checkbox.checked = at < fitting;
  });
}

if (round) offerLanguages();

form?.addEventListener("change", (event) => {
  if (event.target.name === "languages") isChosenByPerson = true;
  if (event.target === round) offerLanguages();
  if (isChosenByPerson) return;
  if (event.target === size) tickFirst(Number(size.selectedOptions[0].dataset.fitting));
  if (event.target === round) tickFirst(chosenAtFirst);
});

form?.addEventListener("submit", () => {
  for (const problem of document.querySelectorAll("main p.problem")) problem.remove();
  document.getElementById("notice")?.remove();
  const sent = document.createElement("p");
  sent.id = "notice";
  sent.className = "done";
  sent.setAttribute("role", "status");
  document.getElementById("main").prepend(sent);
  sent.textContent = form.dataset.sent;
});
