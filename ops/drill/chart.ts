/** The drill as a picture: the metric with its thresholds above, the group's size below. Colours are the page's. */
import { clockText, type DrillEvent, type MetricPoint, type Sample } from "./events.ts";
import type { DrillPlan } from "./plan.ts";

export interface ChartData {
  readonly startMs: number;
  readonly endMs: number;
  readonly samples: readonly Sample[];
  readonly metric: readonly MetricPoint[];
  readonly events: readonly DrillEvent[];
  readonly plan: Pick<DrillPlan, "thresholds" | "size">;
}

const width = 900;
const left = 48;
const right = 16;
/** Top and height of the two pictures. */
const upper = { top: 16, height: 150 };
const lower = { top: 210, height: 120 };
const height = 370;
const marks = 6;

export const escapeText = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

type Place = (atMs: number, value: number) => string;

function placing(
  { startMs, endMs }: ChartData,
  { top, height: tall }: typeof upper,
  most: number,
): { at: Place; x: (atMs: number) => number } {
  const span = Math.max(1, endMs - startMs);
  const x = (atMs: number) => left + ((Math.min(endMs, Math.max(startMs, atMs)) - startMs) / span) * (width - left - right);
  const y = (value: number) => top + tall * (1 - Math.min(most, Math.max(0, value)) / most);
  return { x, at: (atMs, value) => `${x(atMs).toFixed(1)},${y(value).toFixed(1)}` };
}

/** A step at each change, as a size is. */
function stepLine(points: readonly { readonly atMs: number; readonly value: number }[], at: Place, endMs: number): string {
  const corners = points.flatMap(({ atMs, value }, index) => {
    const before = points[index - 1]?.value;
    return before === undefined || before === value ? [at(atMs, value)] : [at(atMs, before), at(atMs, value)];
  });
  const last = points.at(-1);
  return [...corners, ...(last === undefined ? [] : [at(endMs, last.value)])].join(" ");
}

const line = (kind: string, points: string) => (points === "" ? "" : `<polyline class="${kind}" points="${points}"/>`);
const rule = (kind: string, at: Place, data: ChartData, value: number) =>
  `<polyline class="${kind}" points="${at(data.startMs, value)} ${at(data.endMs, value)}"/>`;
const label = (x: number, y: number, text: string, anchor: "start" | "end" | "middle" = "end") =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escapeText(text)}</text>`;

function metricPicture(data: ChartData): string {
  const { at } = placing(data, upper, 100);
  const points = data.metric.map(({ atMs, value }) => at(atMs, value)).join(" ");
  const axis = [0, 50, 100].map((value) => label(left - 6, upper.top + upper.height * (1 - value / 100) + 4, `${value} %`));
  const thresholds = data.plan.thresholds.map(
    ({ name, value }) =>
      rule("threshold", at, data, value) + label(width - right, upper.top + upper.height * (1 - value / 100) - 4, `${name} ${value} %`),
  );
  return [...[0, 50, 100].map((value) => rule("grid", at, data, value)), ...axis, ...thresholds, line("metric", points)].join("\n");
}

function sizePicture(data: ChartData): string {
  const most = Math.max(data.plan.size.max, ...data.samples.map(({ desired }) => desired), 1);
  const { at, x } = placing(data, lower, most);
  const ticks = [0, data.plan.size.min, data.plan.size.max].filter((value, index, all) => all.indexOf(value) === index);
  const axis = ticks.map(
    (value) => rule("grid", at, data, value) + label(left - 6, lower.top + lower.height * (1 - value / most) + 4, String(value)),
  );
  const of = (value: (sample: Sample) => number) => data.samples.map((sample) => ({ atMs: sample.atMs, value: value(sample) }));
  const loads = data.events
    .filter(({ kind }) => kind === "load")
    .map(
      ({ atMs }) =>
        `<line class="load" x1="${x(atMs).toFixed(1)}" x2="${x(atMs).toFixed(1)}" y1="${upper.top}" y2="${lower.top + lower.height}"/>`,
    );
  return [
    ...axis,
    ...loads,
    line(
      "desired",
      stepLine(
        of(({ desired }) => desired),
        at,
        data.endMs,
      ),
    ),
    line(
      "serving",
      stepLine(
        of(({ inService }) => inService),
        at,
        data.endMs,
      ),
    ),
  ].join("\n");
}

function timeAxis(data: ChartData): string {
  const { x } = placing(data, lower, 1);
  return Array.from({ length: marks + 1 }, (_, index) => {
    const atMs = data.startMs + ((data.endMs - data.startMs) * index) / marks;
    return label(x(atMs), lower.top + lower.height + 20, clockText(atMs - data.startMs), index === marks ? "end" : "middle");
  }).join("\n");
}

/** SVG that scales to the page; what it shows is in the timeline as text, too. */
export function drillChart(data: ChartData): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="chart-title chart-text">
<title id="chart-title">CPU utilization and size of the group</title>
<desc id="chart-text">Above: average CPU utilization with the thresholds. Below: desired size (dashed) and instances in service. Vertical lines: load raised and taken away.</desc>
${metricPicture(data)}
${sizePicture(data)}
${timeAxis(data)}
${label(left, upper.top - 4, "CPU utilization", "start")}
${label(left, lower.top - 8, "instances: desired (dashed), in service", "start")}
</svg>`;
}
