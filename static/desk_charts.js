// Fits a chart to the width there is: every number stays to be seen. One that is wider than its part of a
// bar goes without its second line, or stands below the bar; words that take more than a line go below the
// chart.

const NARROW = 480; // pixels
const LETTER = 0.62; // of the letters' size: how wide one is at most, on average

/** The chart as it is drawn `width` pixels wide, and whether its words about breaks stand in it. */
export function fitted({ data, layout }, width) {
  const isNarrow = width < NARROW;
  const margin = isNarrow ? { ...layout.margin, l: 90, r: 56 } : layout.margin;
  const font = isNarrow ? { ...layout.font, size: 11 } : layout.font;
  const bars = width - margin.l - margin.r;
  const { parts, below } = numbersOf(data, bars, isNarrow ? 11 : 13);
  const hasBreaks = !isNarrow && breaksOf(layout).every((note) => lettersIn(note.text, 12) < bars);
  const notes = layout.annotations
    .filter((note) => note.name !== "broken" || hasBreaks)
    .map((note) => (note.name === "outside" ? nearer(note, below) : note))
    .map((note) => (note.name === "outside" && isNarrow ? acrossFrom(note, margin.l, width) : note));
  const height = isNarrow ? Math.round(layout.height * 1.2) : layout.height;
  return {
    data: parts,
    layout: { ...layout, margin, font, width, height, annotations: [...notes, ...below] },
    hasBreaks: hasBreaks || breaksOf(layout).length === 0,
  };
}

function breaksOf(layout) {
  return layout.annotations.filter((note) => note.name === "broken");
}

function lettersIn(words, size) {
  return words.length * size * LETTER;
}

/** The parts of the bars with the numbers that fit them, and notes with the others. */
function numbersOf(data, bars, size) {
  const ends = new Map(); // a bar's place -> { where its last part ends, where its last note ends }
  const below = [];
  const parts = data.map((part) => {
    const text = part.text.map((words, at) => {
      const place = part.y[at];
      const end = ends.get(place) ?? { part: 0, note: 0 };
      const long = (part.x[at] / 100) * bars;
      const lines = words.split("<br>");
      const middle = end.part + long / 2;
      ends.set(place, { ...end, part: end.part + long });
      if (Math.max(...lines.map((line) => lettersIn(line, size))) + 4 < long) return words;
      if (lettersIn(lines[0], size) + 4 < long) return lines[0];
      if (!words) return "";
      const half = lettersIn(lines[0], 11) / 2 + 2;
      const x = Math.max(middle, end.note + half);
      ends.set(place, { part: end.part + long, note: x + half });
      below.push(numberBelow(lines.join(" "), lines[0], x / bars, place + part.width / 2));
      return "";
    });
    return { ...part, text, insidetextfont: { ...part.insidetextfont, size } };
  });
  return { parts, below };
}

function numberBelow(meaning, words, x, y) {
  return { name: "number", text: words, hovertext: meaning, x, xref: "paper", y, xanchor: "center", yanchor: "top", borderpad: 0, font: { size: 11 }, showarrow: false };
}

/** Words close under their bar, where no number stands between. */
function nearer(note, below) {
  const isFree = below.every((number) => Math.abs(number.y - note.y) > 0.5);
  return isFree ? { ...note, yshift: 9 } : note;
}

/** Words from the chart's left edge, in as many lines as they take. */
function acrossFrom(note, left, width) {
  const most = Math.floor(width / (10 * LETTER));
  const lines = note.text.split(" · ").reduce((found, words) => {
    const last = found.at(-1);
    return last && `${last} · ${words}`.length <= most ? [...found.slice(0, -1), `${last} · ${words}`] : [...found, words];
  }, []);
  return { ...note, text: lines.join("<br>"), xshift: -left, font: { ...note.font, size: 10 } };
}
