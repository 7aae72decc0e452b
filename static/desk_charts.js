// Draws each chart when it comes into view, with plotly.js, in the place of its picture. The server has fitted the
// texts of a chart to several widths: this selects one.

const AHEAD = "100%"; // of the window's height: charts this far away are drawn already
const CONFIG = { displayModeBar: false, displaylogo: false, showSendToCloud: false };

const drawn = new Set(); // the names of figures that were in view
let figures = {};
let loaded = null; // a promise of plotly.js and its styles
let observer = null;

/** Shows the figures in the page: at once those that were in view before, the others when they come into it. The
 * promise is rejected, and the pictures stay, if plotly.js cannot be loaded. */
export async function showCharts() {
  loaded ??= load();
  try {
    await loaded;
  } catch (error) {
    loaded = null;
    throw error;
  }
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

function drawSeen(entries) {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    observer.unobserve(target);
    draw(target);
  }
}

function load() {
  const { bundle, style } = document.getElementById("figures").dataset;
  // With this name and class, plotly.js adds no styles of its own, which the page's policy forbids.
  const sheet = { rel: "stylesheet", id: "plotly.js-style-global", className: "no-inline-styles", href: style };
  return Promise.all([added("link", sheet), added("script", { src: bundle })]);
}

function added(name, properties) {
  return new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement(name), properties);
    element.addEventListener("load", resolve);
    element.addEventListener("error", reject);
    document.head.append(element);
  });
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
