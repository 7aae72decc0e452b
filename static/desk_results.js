// Shows the charts, also after the page's figures were fetched anew (desk_live.js) and in a window of another
// width. The page is complete without this: every figure stands in its tables.

import { showCharts } from "./desk_charts.js";

let resizing;

window.addEventListener("resize", () => {
  window.clearTimeout(resizing);
  resizing = window.setTimeout(showCharts, 200);
});
document.addEventListener("renewed", showCharts);

showCharts();
