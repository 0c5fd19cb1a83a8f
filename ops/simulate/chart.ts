/** A chart of lines over time as SVG: plain text, no script, colours of the reader's theme. Pure. */

export interface ChartSeries {
  readonly label: string;
  /** One value per step; NaN = a gap. */
  readonly values: ArrayLike<number>;
  /** Class of the line: its colour stands in `chartStyle`. */
  readonly tone: "first" | "second" | "third" | "fourth";
  /** Sizes change at once; measurements are joined. */
  readonly steps: boolean;
}

export interface ChartLine {
  readonly label: string;
  readonly value: number;
}

export interface Chart {
  readonly title: string;
  /** A sentence for those who cannot see the chart. */
  readonly description: string;
  readonly startMs: number;
  readonly stepSeconds: number;
  readonly series: readonly ChartSeries[];
  /** Thresholds: dashed lines across the chart. */
  readonly lines: readonly ChartLine[];
}

const width = 960;
const height = 300;
const left = 84;
const right = 16;
const top = 20;
const bottom = 40;
/** A column of the chart holds no more than this many points of a series: its least and its greatest. */
const columns = (width - left - right) / 2;

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
export const escapeMarkup = (text: string): string => text.replace(/[&<>"]/g, (character) => escapes[character] ?? character);

/** In the page once, and in an SVG file of its own. */
export const chartStyle = `
.chart { --paper: #ffffff; --ink: #1d2530; --faint: #c9d1db; --first: #0b62c4; --second: #b3450b; --third: #0b7a4b; --fourth: #7a3fb3; }
@media (prefers-color-scheme: dark) {
  .chart { --paper: #12161c; --ink: #e4e9f0; --faint: #39434f; --first: #6db3ff; --second: #ffa366; --third: #5fd39d; --fourth: #c9a0ff; }
}
.chart .paper { fill: var(--paper); }
.chart text { fill: var(--ink); font: 13px system-ui, sans-serif; }
.chart .name { stroke: var(--paper); stroke-width: 4; stroke-linejoin: round; paint-order: stroke; }
@media (max-width: 40rem) { .chart text { font-size: 20px; } }
.chart .grid { stroke: var(--faint); stroke-width: 1; }
.chart .threshold { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 6 4; }
.chart path { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.chart .first { stroke: var(--first); }
.chart .second { stroke: var(--second); stroke-dasharray: 7 3; }
.chart .third { stroke: var(--third); stroke-dasharray: 2 3; }
.chart .fourth { stroke: var(--fourth); stroke-dasharray: 10 3 2 3; }
`;

interface Scale {
  readonly most: number;
  readonly count: number;
  readonly x: (step: number) => number;
  readonly y: (value: number) => number;
}

/** @param id tells charts of one page apart. */
export function chartSvg(chart: Chart, id: string, style = ""): string {
  const scale = scaleOf(chart);
  const lines = chart.lines.filter(({ value }) => value <= scale.most);
  const parts = [
    `<title id="${id}-title">${escapeMarkup(chart.title)}</title>`,
    `<desc id="${id}-desc">${escapeMarkup(chart.description)}</desc>`,
    ...(style === "" ? [] : [`<style>${style}</style>`]),
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...valueGrid(scale),
    ...timeGrid(chart, scale),
    ...lines.map((line) => thresholdLine(line, scale)),
    ...chart.series.map((series) => `<path class="${series.tone}" d="${pathOf(series, scale)}"/>`),
    ...lines.map((line) => thresholdName(line, scale)),
  ];
  const attributes = `viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" class="chart" ${attributes}>\n${parts.join("\n")}\n</svg>`;
}

function scaleOf({ series, lines }: Chart): Scale {
  let most = 0;
  let count = 1;
  for (const { values } of series) {
    count = Math.max(count, values.length);
    for (let step = 0; step < values.length; step++) if ((values[step] ?? 0) > most) most = values[step] ?? 0;
  }
  for (const { value } of lines) if (value <= 2 * most) most = Math.max(most, value);
  const rounded = roundUp(most || 1);
  return {
    most: rounded,
    count,
    x: (step) => left + ((width - left - right) * step) / count,
    y: (value) => top + (height - top - bottom) * (1 - value / rounded),
  };
}

/** The next value whose quarters are short numbers. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8].find((factor) => factor * power >= value) ?? 10) * power;
}

const fixed = (value: number) => Number(value.toFixed(1)).toString();
export const shortNumber = (value: number): string => Number(value.toPrecision(4)).toLocaleString("en");

function valueGrid({ most, y }: Scale): string[] {
  return [0, 0.25, 0.5, 0.75, 1].flatMap((share) => {
    const at = fixed(y(share * most));
    return [
      `<line class="grid" x1="${left}" x2="${width - right}" y1="${at}" y2="${at}"/>`,
      `<text x="${left - 8}" y="${at}" text-anchor="end" dominant-baseline="middle">${shortNumber(share * most)}</text>`,
    ];
  });
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Minutes between marks of the time axis; all of them divide a day, or are days. */
const dayMinutes = 1440;
const intervals = [...[5, 10, 15, 30, 60, 120, 180, 360, 720], ...[1, 2, 3, 7, 14, 30, 60, 120].map((days) => days * dayMinutes)];
/** More would not fit beside each other on a phone. */
const mostMarks = 6;

function timeGrid({ startMs, stepSeconds }: Chart, { count, x }: Scale): string[] {
  const minutes = (count * stepSeconds) / 60;
  const interval = intervals.find((one) => minutes / one <= mostMarks) ?? dayMinutes * 180;
  const endMs = startMs + minutes * 60_000;
  const parts: string[] = [];
  for (let atMs = Math.ceil(startMs / 60_000 / interval) * interval * 60_000; atMs <= endMs; atMs += interval * 60_000) {
    const share = (atMs - startMs) / (endMs - startMs);
    const at = fixed(x(share * count));
    const anchor = share < 0.07 ? "start" : share > 0.93 ? "end" : "middle";
    parts.push(
      `<line class="grid" x1="${at}" x2="${at}" y1="${height - bottom}" y2="${height - bottom + 6}"/>`,
      `<text x="${at}" y="${height - 12}" text-anchor="${anchor}">${timeLabel(new Date(atMs), interval)}</text>`,
    );
  }
  return parts;
}

function timeLabel(at: Date, intervalMinutes: number): string {
  const day = `${at.getUTCDate()} ${months[at.getUTCMonth()] ?? ""}`;
  return intervalMinutes >= dayMinutes ? day : `${day} ${at.toISOString().slice(11, 16)}`;
}

function thresholdLine({ value }: ChartLine, { y }: Scale): string {
  const at = fixed(y(value));
  return `<line class="threshold" x1="${left}" x2="${width - right}" y1="${at}" y2="${at}"/>`;
}

/** At the left, where a narrow window shows it too, and over the curves. */
const thresholdName = ({ label, value }: ChartLine, { y }: Scale): string =>
  `<text class="name" x="${left + 6}" y="${fixed(y(value) - 5)}">${escapeMarkup(label)}</text>`;

function pathOf({ values, steps }: ChartSeries, { x, y }: Scale): string {
  const parts: string[] = [];
  let drawing = false;
  let before = NaN;
  for (const [step, value] of thinned(values)) {
    if (Number.isNaN(value)) {
      drawing = false;
      continue;
    }
    const point = `${fixed(x(step))} ${fixed(y(value))}`;
    if (!drawing) parts.push(`M${point}`);
    else if (!steps) parts.push(`L${point}`);
    else if (value !== before) parts.push(`H${fixed(x(step))}V${fixed(y(value))}`);
    before = value;
    drawing = true;
  }
  if (steps && drawing) parts.push(`H${fixed(x(values.length))}`);
  return parts.join("");
}

/** Least and greatest of each column, in their order: nothing that sticks out is lost. */
function* thinned(values: ArrayLike<number>): Generator<readonly [number, number]> {
  const per = Math.max(1, values.length / columns);
  for (let column = 0; column < values.length / per; column++) {
    const from = Math.floor(column * per);
    const until = Math.min(values.length, Math.max(from + 1, Math.floor((column + 1) * per)));
    let least = from;
    let most = from;
    for (let step = from + 1; step < until; step++) {
      const value = values[step] ?? NaN;
      if (!(value >= (values[least] ?? NaN))) least = step;
      if (!(value <= (values[most] ?? NaN))) most = step;
    }
    for (const step of least === most ? [least] : [Math.min(least, most), Math.max(least, most)]) yield [step, values[step] ?? NaN];
  }
}
