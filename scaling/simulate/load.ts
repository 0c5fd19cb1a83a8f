/** Load patterns: `wave:low=200,high=900`. Several add up; noise is laid over their sum. */
import type { Demand } from "./types.ts";

export interface LoadFault {
  /** The pattern, or the line of a file, at fault. */
  readonly at: string;
  readonly message: string;
}

/** What a pattern is at `seconds` since the beginning. */
type Shape = (seconds: number) => number;

interface Kind {
  readonly about: string;
  /** Parameter to its default; undefined = must be given. Durations are those named in `durations`. */
  readonly parameters: Readonly<Record<string, number | undefined>>;
  readonly shape: (given: Readonly<Record<string, number>>) => Shape;
}

const hour = 3600;
const day = 24 * hour;
/** In this order they read well: what changes, then when. */
const durations = new Set(["at", "for", "peak", "period"]);
const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: hour, d: day };

const kinds: Readonly<Record<string, Kind>> = {
  constant: {
    about: "always the same",
    parameters: { value: undefined },
    shape:
      ({ value = 0 }) =>
      () =>
        value,
  },
  step: {
    about: "from one value to another at once",
    parameters: { from: 0, to: undefined, at: undefined },
    shape:
      ({ from = 0, to = 0, at = 0 }) =>
      (seconds) =>
        seconds < at ? from : to,
  },
  ramp: {
    about: "from one value to another in a straight line",
    parameters: { from: 0, to: undefined, at: 0, for: undefined },
    shape: (given) => {
      const { from = 0, to = 0, at = 0 } = given;
      return (seconds) => from + (to - from) * Math.min(1, Math.max(0, (seconds - at) / (given["for"] ?? 1)));
    },
  },
  wave: {
    about: "up and down once a period, highest at the peak",
    parameters: { low: undefined, high: undefined, peak: 15 * hour, period: day },
    shape:
      ({ low = 0, high = 0, peak = 0, period = day }) =>
      (seconds) =>
        low + ((high - low) * (1 + Math.cos((2 * Math.PI * (seconds - peak)) / period))) / 2,
  },
  spike: {
    about: "so much more for a while",
    parameters: { by: undefined, at: undefined, for: undefined },
    shape: (given) => {
      const { by = 0, at = 0 } = given;
      return (seconds) => (seconds >= at && seconds < at + (given["for"] ?? 0) ? by : 0);
    },
  },
};

/** A line for each pattern, for the help. */
export const loadHelp = (): string[] => [
  ...Object.entries(kinds).map(([name, { about, parameters }]) => `${name}:${Object.keys(parameters).join("=…,")}=…  ${about}`),
  "noise:percent=…  each value up to so much higher or lower, by the seed",
];

export interface Load {
  readonly shapes: readonly Shape[];
  readonly noisePercent: number;
}

/** @throws nothing: faults are collected, so that all of them are told at once. */
export function parseLoads(texts: readonly string[], faults: LoadFault[]): Load {
  const shapes: Shape[] = [];
  let noisePercent = 0;
  for (const text of texts) {
    const [name = "", list = ""] = text.split(/:(.*)/s);
    if (name === "noise") {
      noisePercent = readParameters(text, list, { percent: undefined }, faults)["percent"] ?? 0;
      if (noisePercent > 100) faults.push({ at: text, message: `percent is ${noisePercent}; allowed: 0 to 100` });
      continue;
    }
    const kind = kinds[name];
    if (kind === undefined) {
      const known = [...Object.keys(kinds), "noise"].join(", ");
      faults.push({ at: text, message: `${name} is no load pattern and no file; allowed: ${known}, or a CSV file` });
      continue;
    }
    shapes.push(kind.shape(readParameters(text, list, kind.parameters, faults)));
  }
  return { shapes, noisePercent };
}

function readParameters(text: string, list: string, parameters: Kind["parameters"], faults: LoadFault[]): Readonly<Record<string, number>> {
  const given: Record<string, number> = {};
  const report = (message: string) => faults.push({ at: text, message });
  for (const part of list === "" ? [] : list.split(",")) {
    const [key = "", value = ""] = part.split(/=(.*)/s);
    if (!Object.hasOwn(parameters, key)) report(`${key} is not known here; allowed: ${Object.keys(parameters).join(", ")}`);
    else given[key] = readValue(key, value, report);
  }
  for (const [key, standard] of Object.entries(parameters)) {
    if (given[key] !== undefined) continue;
    if (standard === undefined) report(`${key} is missing`);
    else given[key] = standard;
  }
  return given;
}

function readValue(key: string, value: string, report: (message: string) => void): number {
  const seconds = durations.has(key) ? durationSeconds(value) : Number(value.trim() || NaN);
  if (seconds !== undefined && Number.isFinite(seconds) && seconds >= 0 && (seconds > 0 || !["for", "period"].includes(key)))
    return seconds;
  const allowed = durations.has(key) ? "a duration such as 90s, 20m, 6h or 2d" : "a number, 0 or more";
  report(`${key} is ${JSON.stringify(value)}; allowed: ${allowed}`);
  return 0;
}

/** `90s`, `20m`, `6h`, `2d`, or a number of seconds; undefined for anything else. */
export function durationSeconds(text: string): number | undefined {
  const [, number = "", unit = "s"] = /^(\d+(?:\.\d+)?)([smhd])?$/.exec(text.trim()) ?? [];
  return number === "" ? undefined : Number(number) * (units[unit] ?? 1);
}

/** Mulberry32: small, seedable, even enough for noise. https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

export interface DemandOptions {
  readonly startMs: number;
  readonly seconds: number;
  readonly stepSeconds: number;
  readonly seed: number;
  /** Values of a file, laid under the patterns; each lasts its interval. */
  readonly measured?: { readonly values: readonly number[]; readonly intervalSeconds: number } | undefined;
}

/** The sum of the shapes at the middle of each step, with noise, never below 0. */
export function demandOf({ shapes, noisePercent }: Load, { startMs, seconds, stepSeconds, seed, measured }: DemandOptions): Demand {
  const random = randomNumbers(seed);
  const values = Float64Array.from({ length: Math.ceil(seconds / stepSeconds) }, (_, step) => {
    const middle = (step + 0.5) * stepSeconds;
    let sum = measured === undefined ? 0 : mean(measured, step * stepSeconds, (step + 1) * stepSeconds);
    for (const shape of shapes) sum += shape(middle);
    return Math.max(0, noisePercent === 0 ? sum : sum * (1 + ((2 * random() - 1) * noisePercent) / 100));
  });
  return { values, stepSeconds, startMs };
}

/** Over a step, which may hold several values or be part of one. */
function mean({ values, intervalSeconds }: NonNullable<DemandOptions["measured"]>, fromSeconds: number, toSeconds: number): number {
  const first = Math.floor(fromSeconds / intervalSeconds);
  const end = Math.max(first + 1, Math.ceil(toSeconds / intervalSeconds));
  const found = values.slice(first, end);
  return found.length === 0 ? 0 : found.reduce((sum, value) => sum + value, 0) / found.length;
}
