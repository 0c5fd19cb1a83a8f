/** The options of `ops simulate`, read and checked; all faults are told at once. */
import { readFileSync } from "node:fs";
import { parseCsv, type MeasuredLoad } from "../../scaling/simulate/csv.ts";
import { demandOf, durationSeconds, parseLoads, type LoadFault } from "../../scaling/simulate/load.ts";
import { knobsOf, type Knob, type Range } from "../../scaling/simulate/search.ts";
import type { Demand, MetricModel, SimulatedFleet } from "../../scaling/simulate/types.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";

export interface LoadOptions {
  readonly load: readonly string[];
  readonly for?: string;
  readonly start?: string;
  readonly seed: string;
}

/** A Monday, so that waves and schedules of weekdays begin with one. */
const defaultStart = "2026-01-05T00:00:00Z";
const defaultSeconds = 86_400;
/** A year of minutes is half a million steps: more is a slip of the pen. */
const mostSeconds = 366 * 86_400;

const isPattern = (text: string) => /^[a-z]+:/.test(text);

export function readDemand(fleet: SimulatedFleet, options: LoadOptions): Demand {
  const faults: LoadFault[] = [];
  const files = options.load.filter((text) => !isPattern(text));
  const measured = files.length === 1 ? readMeasured(files[0] ?? "", faults) : undefined;
  if (files.length > 1) faults.push({ at: files.join(", "), message: "allowed: one file, and patterns beside it" });
  const load = parseLoads(options.load.filter(isPattern), faults);
  const seconds = readSeconds(options.for, measured, faults);
  const startMs = readStart(options.start, measured, faults);
  const seed = Number(options.seed);
  if (!Number.isInteger(seed)) faults.push({ at: "--seed", message: `it is ${options.seed}; allowed: a whole number` });
  if (options.load.length === 0)
    faults.push({ at: "--load", message: "it is missing; allowed: a CSV file or a pattern such as wave:low=200,high=900" });
  if (faults.length > 0)
    throw new OpsError(
      exitCodes.usage,
      faults
        .map(({ at, message }) => `--load ${at}: ${message}.`)
        .join("\n")
        .replaceAll("--load --", "--"),
    );
  return demandOf(load, { startMs, seconds, stepSeconds: stepSecondsOf(fleet), seed, measured });
}

function readMeasured(file: string, faults: LoadFault[]): MeasuredLoad | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    faults.push({ at: file, message: `it is no pattern, and as a file it cannot be read (${(error as Error).message})` });
    return undefined;
  }
  const found: LoadFault[] = [];
  const measured = parseCsv(text, found);
  faults.push(...found.map(({ at, message }) => ({ at: `${file}, ${at}`, message })));
  return measured;
}

function readSeconds(text: string | undefined, measured: MeasuredLoad | undefined, faults: LoadFault[]): number {
  const whole = measured === undefined ? defaultSeconds : measured.values.length * measured.intervalSeconds;
  const seconds = text === undefined ? whole : durationSeconds(text);
  if (seconds === undefined || seconds < 60 || seconds > mostSeconds) {
    faults.push({ at: "--for", message: `it is ${text ?? `${whole} s`}; allowed: a duration from 1m to 366d` });
    return defaultSeconds;
  }
  if (text !== undefined && measured !== undefined && seconds > whole)
    faults.push({ at: "--for", message: `it is ${text}; allowed: at most the ${whole / 3600} h that the file holds` });
  return seconds;
}

function readStart(text: string | undefined, measured: MeasuredLoad | undefined, faults: LoadFault[]): number {
  const startMs = text === undefined ? (measured?.startMs ?? Date.parse(defaultStart)) : Date.parse(text);
  if (Number.isNaN(startMs)) faults.push({ at: "--start", message: `it is ${text ?? ""}; allowed: ISO 8601 such as ${defaultStart}` });
  // Alarms are evaluated at full minutes.
  return Math.floor(startMs / 60_000) * 60_000;
}

/** Minutes, or ten seconds when an alarm has a period below a minute. */
function stepSecondsOf({ scaling }: SimulatedFleet): number {
  return scaling.policies.some((policy) => policy.kind === "step" && policy.periodSeconds < 60) ? 10 : 60;
}

export const metricKinds = ["utilization", "total", "per-instance", "backlog"] as const;

export interface MetricOptions {
  readonly metric: readonly string[];
  readonly idle: number;
  readonly max: number;
}

export interface MetricModels {
  readonly metric: MetricModel;
  readonly metrics: Readonly<Record<string, MetricModel>>;
}

/** `utilization` for all, `QueueDepth=backlog` for one. */
export function readMetrics({ metric: given, idle, max }: MetricOptions, watched: readonly string[]): MetricModels {
  const faults: string[] = [];
  const metrics: Record<string, MetricModel> = {};
  let all: MetricModel = { kind: "utilization", idle, max };
  for (const text of given) {
    const [, name, kind = ""] = /^(?:(.+)=)?([^=]*)$/.exec(text) ?? [];
    const model = modelOf(kind, idle, max);
    if (model === undefined) faults.push(`--metric ${text}: allowed: ${metricKinds.join(", ")}, or NAME= and one of them.`);
    else if (name === undefined) all = model;
    else if (!watched.includes(name)) faults.push(`--metric ${text}: the fleet scales on ${watched.join(", ")}.`);
    else metrics[name] = model;
  }
  if (faults.length > 0) throw new OpsError(exitCodes.usage, faults.join("\n"));
  return { metric: all, metrics };
}

function modelOf(kind: string, idle: number, max: number): MetricModel | undefined {
  if (kind === "utilization") return { kind, idle, max };
  return kind === "total" || kind === "per-instance" || kind === "backlog" ? { kind } : undefined;
}

/** `up=50:90:5`: from, to and step. */
export function readRanges(texts: readonly string[], fleet: SimulatedFleet): Range[] {
  const knobs = knobsOf(fleet);
  const faults: string[] = [];
  const ranges = texts.flatMap((text): Range[] => {
    const [, knob = "", ...numbers] = /^(\w+)=([\d.]+):([\d.]+):([\d.]+)$/.exec(text) ?? [];
    const [from = NaN, to = NaN, by = NaN] = numbers.map(Number);
    if (knobs.includes(knob as Knob) && from <= to && by > 0) return [{ knob: knob as Knob, from, to, by }];
    faults.push(
      `--search ${text}: allowed: ${knobs.map((one) => `${one}=FROM:TO:STEP`).join(", ")} with FROM at most TO and STEP above 0.`,
    );
    return [];
  });
  const twice = ranges.find(({ knob }, index) => ranges.findIndex((one) => one.knob === knob) !== index);
  if (twice !== undefined) faults.push(`--search ${twice.knob} is given twice; allowed: once.`);
  if (faults.length > 0) throw new OpsError(exitCodes.usage, faults.join("\n"));
  return ranges;
}

/** `85@99.9`: utilization at most 85 % in 99.9 % of the time. */
export function readObjective(text: string): { readonly keepPercent: number; readonly keptPercent: number } {
  const [, keep = "", kept = ""] = /^(\d+(?:\.\d+)?)@(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  const objective = { keepPercent: Number(keep), keptPercent: Number(kept) };
  if (keep === "" || objective.keepPercent === 0 || objective.keptPercent > 100)
    throw new OpsError(
      exitCodes.usage,
      `--keep is ${text}; allowed: PERCENT@SHARE, for example 85@99.9: at most 85 % in 99.9 % of the time.`,
    );
  return objective;
}
