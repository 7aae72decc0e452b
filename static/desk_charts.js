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
  for (const element of document.querySelectorAll("[data-figure]")) {
    // On paper it has no width: pictures stand there.
    if (!element.clientWidth) continue;
    const { layout } = chartFor(element);
    element.style.minBlockSize = `${layout.height}px`; // the page keeps its length when the chart is drawn
    const hasBreaks = layout.annotations.some((note) => note.name === "broken");
    const breaks = document.querySelector(`[data-breaks="${element.dataset.figure}"]`);
    breaks.hidden = hasBreaks || !breaks.children.length;
    if (drawn.has(element.dataset.figure)) draw(element);
    else observer.observe(element);
  }
}

/** Draws the elements that have come into view, and stops watching them. */
function drawSeen(entries) {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    observer.unobserve(target);
    draw(target);
  }
}

/** A promise that plotly.js and its styles have been added to the page. Rejected if one cannot be loaded. */
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

/** Draws the figure of an element, or draws it anew, unless the element has no width. */
function draw(element) {
  if (!element.clientWidth) return;
  const { data, layout } = chartFor(element);
  drawn.add(element.dataset.figure);
  window.Plotly.react(element, data, { ...layout, width: element.clientWidth }, CONFIG);
}

/** The figure of an element, with the changes for the widest width that it has room for, else for the narrowest. */
function chartFor(element) {
  const { data, layout, fits } = figures[element.dataset.figure];
  const fit = fits.find(({ width }) => width <= element.clientWidth) ?? fits.at(-1);
  return {
    data: data.map((trace, at) => ({ ...trace, ...fit.data[at] })),
    layout: { ...layout, ...fit.layout },
  };
}
