// Draws each chart when it comes into view, with plotly.js, which the first one loads. The server has fitted
// the texts of a chart to several widths: this selects one.

const AHEAD = "100%"; // of the window's height: charts this far away are drawn already
const CONFIG = { displayModeBar: false, displaylogo: false, showSendToCloud: false };

const drawn = new Set(); // the names of figures that were in view
let figures = {};
let bundle = null; // a promise of plotly.js
let observer = null;

/** Shows the figures in the page: at once those that were in view before, the others when they come into it. */
export function showCharts() {
  document.body.classList.add("is-live");
  figures = JSON.parse(document.getElementById("figures").textContent);
  observer?.disconnect();
  observer = new IntersectionObserver(drawSeen, { rootMargin: AHEAD });
  for (const place of document.querySelectorAll("[data-figure]")) {
    // On paper there is no place: pictures stand there.
    if (!place.clientWidth) continue;
    const { layout } = chartFor(place);
    place.style.minBlockSize = `${layout.height}px`; // the page keeps its length when the chart is drawn
    const hasBreaks = layout.annotations.some((note) => note.name === "broken");
    const breaks = document.querySelector(`[data-breaks="${place.dataset.figure}"]`);
    breaks.hidden = hasBreaks || !breaks.children.length;
    if (drawn.has(place.dataset.figure)) draw(place);
    else observer.observe(place);
  }
}

async function drawSeen(entries) {
  const seen = entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target);
  if (!seen.length) return;
  for (const place of seen) observer.unobserve(place);
  try {
    await loadBundle(document.getElementById("figures").dataset.bundle);
  } catch {
    bundle = null;
    document.body.classList.remove("is-live"); // The pictures stand in for the charts.
    return;
  }
  // A page that was renewed meanwhile has other places, which are observed.
  for (const place of seen) if (place.isConnected) draw(place);
}

function loadBundle(address) {
  bundle ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.addEventListener("load", resolve);
    script.addEventListener("error", reject);
    document.head.append(script);
  });
  return bundle;
}

function draw(place) {
  if (!place.clientWidth) return;
  const { data, layout } = chartFor(place);
  drawn.add(place.dataset.figure);
  window.Plotly.react(place, data, { ...layout, width: place.clientWidth }, CONFIG);
}

/** The figure of a place, with the changes for the widest width that it has room for. */
function chartFor(place) {
  const { data, layout, fits } = figures[place.dataset.figure];
  const fit = fits.find(({ width }) => width <= place.clientWidth) ?? fits.at(-1);
  return {
    data: data.map((trace, at) => ({ ...trace, ...fit.data[at] })),
    layout: { ...layout, ...fit.layout },
  };
}
