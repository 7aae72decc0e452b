// Clears what contradicts the answer just given to a question of which several options may be chosen: "none of
// these" and a kind of no answer stand alone. Without this script, the server counts the options first.

const NONE = "none"; // value of "none of these"

document.getElementById("answers").addEventListener("change", ({ target }) => {
  const question = target.closest(".several");
  if (!question || !target.checked) return;
  const isOption = target.type === "checkbox" && target.value !== NONE;
  for (const input of question.querySelectorAll("input")) {
    const isOther = input.type === "checkbox" && input !== target;
    if (isOther && !(isOption && input.value !== NONE)) input.checked = false;
    if (target.type === "checkbox" && input.type === "radio") input.checked = !input.value;
  }
});
