/** What is told of a simulation, in the terminal and on the page. Pure. */
import type { ArrivalFigures, Figures } from "../../scaling/simulate/figures.ts";
import type { Outcome } from "../../scaling/simulate/search.ts";
import type { Simulation } from "../../scaling/simulate/types.ts";
import { shortNumber } from "./chart.ts";

export interface Report {
  readonly title: string;
  /** A sentence: fleet, load, how demand becomes the metric. */
  readonly about: string;
  readonly simulation: Simulation;
  readonly figures: Figures;
  readonly capacityPerInstance: number;
  /** The objective: utilization at most `keepPercent` in `keptPercent` of the time. */
  readonly keepPercent: number;
  readonly keptPercent: number;
  readonly currency: string;
  /** Of a search: what keeps the objective, the best first. */
  readonly outcomes?: readonly Outcome[];
}

/** More would not be read. */
const outcomesShown = 10;

export function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

const seconds = (value: number) => (value < 120 ? `${Math.round(value)} s` : duration(value));
const percent = (value: number) => `${value.toFixed(value > 99 && value < 100 ? 3 : 1)} %`;
const share = (seconds: number, of: number) => `${duration(seconds)} (${percent(of === 0 ? 0 : (100 * seconds) / of)})`;

/** Name and value. */
export function figureRows(figures: Figures, { keepPercent, currency }: Pick<Report, "keepPercent" | "currency">): string[][] {
  const { seconds: simulated, size, utilizationPercent: utilization } = figures;
  return [
    ["simulated time", duration(simulated)],
    ["instances in service", `${size.least} to ${size.most}, ${size.mean.toFixed(1)} on average`],
    ["instance hours", shortNumber(figures.instanceHours)],
    ...(figures.cost === 0 ? [] : [["cost", `${figures.cost.toFixed(2)}${currency === "" ? "" : ` ${currency}`}`]]),
    ["mean utilization", percent(utilization.mean)],
    ["highest utilization", Number.isFinite(utilization.most) ? percent(utilization.most) : "nothing served"],
    [`time at ${keepPercent} % utilization or below`, percent(figures.keptPercent)],
    ["demand that was not served", percent(figures.unservedPercent)],
    ["time at the maximum size", share(figures.secondsAtMaximum, simulated)],
    ["scale-outs and scale-ins", `${figures.scaleOuts} and ${figures.scaleIns}, ${figures.flaps} of them flaps`],
    ["launches and terminations", `${figures.launches} and ${figures.terminations}`],
    ...arrivalRows(figures),
    ...figures.alarms.map(({ name, metric, direction, threshold, secondsBeyond, secondsInAlarm }) => [
      `${metric} ${direction} ${shortNumber(threshold)} (${name})`,
      `${share(secondsBeyond, simulated)}, in ALARM ${duration(secondsInAlarm)}`,
    ]),
  ];
}

const arrived = ({ count, meanSeconds }: ArrivalFigures) =>
  count === 0 ? "none" : `${count}, each serving after ${seconds(meanSeconds)} on average`;

/** How fast instances came, and what the warm pool took for it. */
function arrivalRows({ arrivals, warmPool, instanceHours }: Figures): string[][] {
  if (warmPool === undefined) return arrivals.cold.count === 0 ? [] : [["launched for the load", arrived(arrivals.cold)]];
  const { mean, runningHours, restingHours } = warmPool;
  return [
    ["came out of the warm pool", arrived(arrivals.warm)],
    ["launched for the load", arrived(arrivals.cold)],
    ["instances in the warm pool", `${mean.toFixed(1)} on average`],
    ["warm pool, running", `${shortNumber(runningHours)} of the ${shortNumber(instanceHours)} instance hours`],
    ["warm pool, stopped or hibernated", `${shortNumber(restingHours)} hours, of which only the volumes cost`],
  ];
}

/** Heading first. */
export function searchRows({ outcomes = [], keepPercent }: Report): string[][] {
  const knobs = Object.keys(outcomes[0]?.candidate ?? {});
  return [
    [...knobs, "instance hours", `kept (${keepPercent} %)`, "flaps", "not served"],
    ...outcomes
      .slice(0, outcomesShown)
      .map(({ candidate, figures }) => [
        ...Object.values(candidate).map(String),
        shortNumber(figures.instanceHours),
        percent(figures.keptPercent),
        String(figures.flaps),
        percent(figures.unservedPercent),
      ]),
  ];
}

const eighths = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const sparkColumns = 72;

/** A line of blocks from 0 to the greatest value. */
export function sparkline(values: ArrayLike<number>): string {
  const columns = Math.min(sparkColumns, values.length);
  const means = Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * values.length) / columns);
    const until = Math.floor(((column + 1) * values.length) / columns);
    let sum = 0;
    for (let step = from; step < until; step++) sum += values[step] ?? 0;
    return sum / (until - from);
  });
  const most = Math.max(...means, Number.MIN_VALUE);
  return means.map((mean) => eighths[Math.min(7, Math.floor((8 * mean) / most))] ?? "▁").join("");
}

export const poolSizes = ({ running, resting }: NonNullable<Simulation["warmPool"]>): Int32Array =>
  running.map((size, step) => size + (resting[step] ?? 0));

export function reportText(report: Report): string {
  const { title, about, simulation, figures, outcomes } = report;
  const aligned = (rows: readonly (readonly string[])[]) => {
    const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length))) ?? [];
    return rows.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  };
  return [
    title,
    about,
    "",
    `demand  ${sparkline(simulation.demand)}`,
    `size    ${sparkline(simulation.inService)}`,
    ...(simulation.warmPool === undefined ? [] : [`pool    ${sparkline(poolSizes(simulation.warmPool))}`]),
    "",
    ...aligned(figureRows(figures, report)),
    ...simulation.leftOut.map((what) => `left out: ${what}`),
    ...(outcomes === undefined ? [] : ["", ...searchText(report, aligned)]),
  ].join("\n");
}

function searchText(report: Report, aligned: (rows: readonly (readonly string[])[]) => string[]): string[] {
  if (report.outcomes?.length === 0)
    return [`No thresholds tried keep utilization at ${report.keepPercent} % or below in ${report.keptPercent} % of the time.`];
  return aligned(searchRows(report));
}
