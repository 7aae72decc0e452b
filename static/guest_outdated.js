// Sent in place of a script of another version than the server has: an update came between the page and its scripts.
// Loads the page anew, once. The answer to a form cannot be loaded again, and stays a list without scripts.

const [visit] = performance.getEntriesByType("navigation");
const isAnswer = ["/q/questions", "/q/answer"].includes(window.location.pathname);
if (visit.type !== "reload" && !isAnswer) window.location.reload();
