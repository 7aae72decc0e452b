// Makes the charts live once the reader points at one, taps it or moves the focus to it. Until then their pictures
// stand there, and nobody waits for plotly.js. Then it shows them again after the page's figures were fetched anew
// (desk_live.js) and in a window of another width. The page is complete without this.

const WAYS = ["pointerover", "click"];

let charts = null; // the module, once it is needed
let resizing;

async function wake({ target, type, pointerType }) {
  // A finger that scrolls past a chart asks for nothing.
  if (!target.closest?.(".drawing") || (type === "pointerover" && pointerType !== "mouse")) return;
  for (const way of WAYS) document.removeEventListener(way, wake);
  try {
    charts = await import("./desk_charts.js");
    await charts.showCharts();
  } catch {
    charts = null; // The pictures stay, and the next touch tries again.
    listen();
  }
}

function listen() {
  for (const way of WAYS) document.addEventListener(way, wake);
}

window.addEventListener("resize", () => {
  window.clearTimeout(resizing);
  resizing = window.setTimeout(() => charts?.showCharts(), 200);
});
document.addEventListener("renewed", () => charts?.showCharts());

listen();
// A mouse that came to rest on a chart before this ran will not come over it again.
const pointed = document.querySelector(".drawing:hover");
if (pointed) wake({ target: pointed });
