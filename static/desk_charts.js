// Fits a chart to the width there is: every number stays to be seen. One that is wider than its part of a
// bar goes without its second line, or stands below the bar; words that take more than a line go below the
// chart.

const NARROW = 480; // pixels
const SMALL = 11; // pixels: the letters of a narrow chart, and of numbers below bars
const LETTER = 0.62; // of the letters' size: how wide one is at most, on average

/** The chart as it is drawn `width` pixels wide, and whether its words about breaks stand in it. */
export function fitted({ data, layout }, width) {
  const isNarrow = width < NARROW;
  const margin = isNarrow ? { ...layout.margin, l: 90, r: 56 } : layout.margin;
  const font = isNarrow ? { ...layout.font, size: SMALL } : layout.font;
  const height = isNarrow ? Math.round(layout.height * 1.2) : layout.height;
  const bars = width - margin.l - margin.r;
  const { parts, below } = numbersOf(data, bars, isNarrow ? SMALL : 13);
  const breaks = layout.annotations.filter((note) => note.name === "broken");
  const hasBreaks = breaks.every((note) => !isNarrow && lettersIn(note.text, note.font.size) < bars);
  const notes = layout.annotations
    .filter((note) => note.name !== "broken" || hasBreaks)
    .map((note) => (note.name === "outside" ? nearer(note, below) : note))
    .map((note) => (note.name === "outside" && isNarrow ? acrossFrom(note, margin.l, width) : note));
  const annotations = [...notes, ...below];
  return { data: parts, layout: { ...layout, margin, font, width, height, annotations }, hasBreaks };
}

function lettersIn(words, size) {
  return words.length * size * LETTER;
}

/** The parts of the bars with the numbers that fit them, and notes with the others. */
function numbersOf(data, bars, size) {
  const ends = new Map(); // a bar's place -> where its last part and its last note end
  const below = [];
  const parts = data.map((part) => {
    const text = part.text.map((words, at) => {
      const place = part.y[at];
      const end = ends.get(place) ?? { part: 0, note: 0 };
      const room = (part.x[at] / 100) * bars;
      const after = { ...end, part: end.part + room };
      const shown = fitting(words, room, size);
      if (shown === null) {
        const [number] = words.split("<br>");
        const half = lettersIn(number, SMALL) / 2 + 2;
        const x = Math.max(end.part + room / 2, end.note + half);
        after.note = x + half;
        below.push(numberBelow(number, x / bars, place + part.width / 2));
      }
      ends.set(place, after);
      return shown ?? "";
    });
    return { ...part, text, insidetextfont: { ...part.insidetextfont, size } };
  });
  return { parts, below };
}

/** As many lines of a part's numbers as it has room for; null where not even the first fits. */
function fitting(words, room, size) {
  const lines = words.split("<br>");
  const fits = (some) => some.every((line) => lettersIn(line, size) + 4 < room);
  if (!words || fits(lines)) return words;
  return fits(lines.slice(0, 1)) ? lines[0] : null;
}

function numberBelow(number, x, y) {
  const place = { x, xref: "paper", y, xanchor: "center", yanchor: "top" };
  return { name: "number", text: number, ...place, borderpad: 0, font: { size: SMALL }, showarrow: false };
}

/** Words close under their bar, where no number stands between. */
function nearer(note, below) {
  const isFree = below.every((number) => Math.abs(number.y - note.y) > 0.5);
  return isFree ? { ...note, yshift: 9 } : note;
}

/** Words from the chart's left edge, in as many lines as they take. */
function acrossFrom(note, left, width) {
  const lines = [];
  for (const words of note.text.split(" · ")) {
    const longer = lines.length ? `${lines.at(-1)} · ${words}` : words;
    if (lines.length && lettersIn(longer, SMALL) < width) lines[lines.length - 1] = longer;
    else lines.push(words);
  }
  return { ...note, text: lines.join("<br>"), xshift: -left, font: { ...note.font, size: SMALL } };
}
