/** The report of a simulation as one HTML page: nothing is loaded, no script runs, light and dark, from phone to desktop. Pure. */
import type { Simulation } from "../../scaling/simulate/types.ts";
import { chartStyle, chartSvg, escapeMarkup, shortNumber, type Chart } from "./chart.ts";
import { figureRows, poolSizes, searchRows, type Report } from "./report.ts";

export const pageStyle = `
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1d2530; --faint: #c9d1db; --focus: #0b62c4; }
@media (prefers-color-scheme: dark) { :root { --paper: #12161c; --ink: #e4e9f0; --faint: #39434f; --focus: #6db3ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
p, li { overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; } h2 { font-size: 1.15rem; margin: 1.5rem 0 0.5rem; }
.wide { overflow-x: auto; } .wide svg { display: block; width: 100%; min-width: 34rem; height: auto; }
.key { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; margin: 0.25rem 0; padding: 0; }
.key svg { width: 2rem; height: 0.6rem; vertical-align: middle; margin-right: 0.4rem; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; }
th, td { border-bottom: 1px solid var(--faint); padding: 0.25rem 0.75rem 0.25rem 0; text-align: left; vertical-align: top; }
td { font-variant-numeric: tabular-nums; } summary { cursor: pointer; padding: 0.25rem 0; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
`;

export function simulationPage(report: Report): string {
  const { title, simulation, figures, outcomes } = report;
  const [sizes, ...metrics] = chartsOf(report);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title>
<style>${pageStyle}${chartStyle}</style>
</head>
<body>
<main>
<h1>${escapeMarkup(title)}</h1>
<p>${escapeMarkup(report.about)}</p>
<p class="span">${spanOf(simulation)}</p>
${[sizes, ...metrics].flatMap((chart, index) => (chart === undefined ? [] : [chartSection(chart, `chart-${index}`)])).join("\n")}
<h2>Figures</h2>
${table("What the simulation comes to", ["Figure", "Value"], figureRows(figures, report))}
${outcomes === undefined ? "" : `<h2>Search</h2>\n${table(searchCaption(report), ...searchTable(report))}`}
${simulation.leftOut.length === 0 ? "" : `<h2>Left out</h2>\n<ul>${simulation.leftOut.map((what) => `<li>${escapeMarkup(what)}</li>`).join("")}</ul>`}
<h2>Values</h2>
<details>
<summary>The curves as a table, every ${tableMinutes(simulation)} minutes</summary>
${table("Demand, size and metrics over time (UTC)", valueHead(simulation), valueRows(simulation))}
</details>
</main>
</body>
</html>
`;
}

/** Units stay with their numbers where a line breaks. */
const unbroken = (text: string) => text.replace(/(?<=\d) (?=(?:%|s|min|h)(?:\W|$))/g, "\u00a0");

const minuteOf = (atMs: number) => new Date(atMs).toISOString().slice(0, 16).replace("T", " ");
const spanOf = ({ startMs, stepSeconds, demand }: Simulation) =>
  `From ${minuteOf(startMs)} to ${minuteOf(startMs + demand.length * stepSeconds * 1000)}; all times are UTC.`;

const searchCaption = ({ keepPercent, keptPercent }: Report) =>
  `Thresholds that keep utilization at ${keepPercent} % or below in ${keptPercent} % of the time, the cheapest first`;

function searchTable(report: Report): [string[], string[][]] {
  const [head = [], ...rows] = searchRows(report);
  return [head, rows];
}

export function chartSection(chart: Chart, id: string): string {
  const key = chart.series.map(
    ({ label, tone }) =>
      `<li><svg class="chart" viewBox="0 0 32 10" aria-hidden="true"><path class="${tone}" d="M0 5H32"/></svg>${escapeMarkup(label)}</li>`,
  );
  return `<section aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${escapeMarkup(chart.title)}</h2>
<ul class="key">${key.join("")}</ul>
<div class="wide" tabindex="0" role="region" aria-labelledby="${id}-heading">
${chartSvg(chart, id)}
</div>
</section>`;
}

/** Sizes first, then each metric with the thresholds of its alarms. */
export function chartsOf({ simulation, figures, capacityPerInstance }: Report): Chart[] {
  const { startMs, stepSeconds, demand, inService, serving, warmPool } = simulation;
  const common = { startMs, stepSeconds };
  const needed = Float64Array.from(demand, (asked) => asked / capacityPerInstance);
  const { least, most } = figures.size;
  const sizes: Chart = {
    ...common,
    title: "Instances over time",
    description: `Between ${least} and ${most} instances were in service; the demand would have filled between ${shortNumber(smallest(needed))} and ${shortNumber(greatest(needed))}.`,
    series: [
      { label: "instances in service", values: inService, tone: "first", steps: true },
      ...(serving.some((size, step) => size !== inService[step])
        ? [{ label: "of them booted", values: serving, tone: "third" as const, steps: true }]
        : []),
      ...(warmPool === undefined
        ? []
        : [{ label: "prepared in the warm pool", values: poolSizes(warmPool), tone: "fourth" as const, steps: true }]),
      // Last, so that nothing covers it.
      { label: "instances that the demand fills", values: needed, tone: "second", steps: false },
    ],
    lines: [],
  };
  const metrics = Object.entries(simulation.metrics).map(([name, values]): Chart => {
    const alarms = figures.alarms.filter(({ metric }) => metric === name);
    return {
      ...common,
      title: `${name} over time`,
      description: `${name} was between ${shortNumber(smallest(values))} and ${shortNumber(greatest(values))}; ${alarms.map(({ name: alarm, threshold }) => `alarm ${alarm} stands at ${shortNumber(threshold)}`).join(", ")}.`,
      series: [{ label: name, values, tone: "first", steps: false }],
      lines: alarms.map(({ name: label, threshold: value }) => ({ label: `${label} ${shortNumber(value)}`, value })),
    };
  });
  return [sizes, ...metrics];
}

const smallest = (values: Float64Array) => values.reduce((least, value) => (value < least ? value : least), Infinity);
const greatest = (values: Float64Array) => values.reduce((most, value) => (value > most ? value : most), 0);

/** A page is read, not searched: about a hundred rows, in whole minutes. */
const tableMinutes = ({ demand, stepSeconds }: Simulation) => Math.max(1, Math.ceil((demand.length * stepSeconds) / 60 / 100));

const valueHead = ({ warmPool, metrics }: Simulation) => [
  ...["Time", "Demand", "In service", "Serving"],
  ...(warmPool === undefined ? [] : ["Warm pool"]),
  ...Object.keys(metrics),
];

function valueRows(simulation: Simulation): string[][] {
  const { startMs, stepSeconds, demand, inService, serving, warmPool, metrics } = simulation;
  const every = Math.max(1, Math.round((tableMinutes(simulation) * 60) / stepSeconds));
  const rows: string[][] = [];
  for (let step = 0; step < demand.length; step += every) {
    const time = minuteOf(startMs + step * stepSeconds * 1000);
    const values = Object.values(metrics).map((values) => values[step] ?? NaN);
    rows.push([
      time,
      shortNumber(demand[step] ?? 0),
      String(inService[step] ?? 0),
      String(serving[step] ?? 0),
      ...(warmPool === undefined ? [] : [String((warmPool.running[step] ?? 0) + (warmPool.resting[step] ?? 0))]),
      ...values.map((value) => (Number.isNaN(value) ? "no data" : shortNumber(value))),
    ]);
  }
  return rows;
}

function table(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[]) => {
    const [first = "", ...others] = row.map((cell) => unbroken(escapeMarkup(cell)));
    return `<tr><th scope="row">${first}</th>${others.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  };
  return `<div class="wide" tabindex="0" role="region" aria-label="${escapeMarkup(caption)}">
<table>
<caption>${escapeMarkup(caption)}</caption>
<thead><tr>${head.map((one) => `<th scope="col">${escapeMarkup(one)}</th>`).join("")}</tr></thead>
<tbody>
${rows.map(cells).join("\n")}
</tbody>
</table>
</div>`;
}
