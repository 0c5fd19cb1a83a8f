/** What a simulation comes to. */
import type { AlarmFigures, Arrivals, Simulation } from "./types.ts";

export interface FigureOptions {
  readonly capacityPerInstance: number;
  /** Utilization that should not be exceeded, in percent of what the serving instances carry. */
  readonly keepPercent: number;
  /** A change of size counts as a flap when one in the other direction came less than this before it. */
  readonly flapSeconds: number;
  /** Of one instance for an hour, in any currency. */
  readonly pricePerHour: number;
  /** Of one that rests in the warm pool, stopped or hibernated, for an hour: its volumes. Default: 0. */
  readonly restingPricePerHour?: number;
}

export interface ArrivalFigures {
  readonly count: number;
  /** From being launched, or taken out of the warm pool, to serving. */
  readonly meanSeconds: number;
}

export interface WarmPoolFigures {
  /** Instances in it, on average. */
  readonly mean: number;
  /** Billed as every running instance is, and part of `instanceHours`. */
  readonly runningHours: number;
  /** Stopped or hibernated: only the volumes cost. */
  readonly restingHours: number;
}

export interface Figures {
  readonly seconds: number;
  readonly size: { readonly least: number; readonly mean: number; readonly most: number };
  readonly utilizationPercent: { readonly mean: number; readonly most: number };
  /** Share of the time in which utilization was at most `keepPercent`, in percent. */
  readonly keptPercent: number;
  /** Share of the demand that was more than the serving instances carry, in percent. */
  readonly unservedPercent: number;
  readonly secondsAtMaximum: number;
  /** Of all that ran, in service or not. */
  readonly instanceHours: number;
  readonly cost: number;
  /** Absent without a warm pool. */
  readonly warmPool?: WarmPoolFigures;
  /** What began to serve: launched for it, or out of the warm pool. */
  readonly arrivals: { readonly cold: ArrivalFigures; readonly warm: ArrivalFigures };
  readonly scaleOuts: number;
  readonly scaleIns: number;
  readonly flaps: number;
  readonly launches: number;
  readonly terminations: number;
  readonly alarms: readonly AlarmFigures[];
}

export function figuresOf(simulation: Simulation, maximum: number, options: FigureOptions): Figures {
  const { stepSeconds, inService, launches, terminations, alarms, arrivals, instanceSeconds } = simulation;
  const instanceHours = instanceSeconds / 3600;
  const warmPool = poolFigures(simulation);
  return {
    seconds: inService.length * stepSeconds,
    size: spread(inService),
    ...service(simulation, options),
    secondsAtMaximum: inService.filter((size) => size >= maximum).length * stepSeconds,
    instanceHours,
    cost: instanceHours * options.pricePerHour + (warmPool?.restingHours ?? 0) * (options.restingPricePerHour ?? 0),
    ...(warmPool === undefined ? {} : { warmPool }),
    arrivals: { cold: arrivalFigures(arrivals.cold), warm: arrivalFigures(arrivals.warm) },
    ...changes(simulation, options.flapSeconds),
    launches,
    terminations,
    alarms,
  };
}

const arrivalFigures = ({ count, seconds }: Arrivals["cold"]): ArrivalFigures => ({
  count,
  meanSeconds: count === 0 ? 0 : seconds / count,
});

function poolFigures({ warmPool, stepSeconds }: Simulation): WarmPoolFigures | undefined {
  if (warmPool === undefined) return undefined;
  const hours = (sizes: Int32Array) => (sizes.reduce((sum, size) => sum + size, 0) * stepSeconds) / 3600;
  const runningHours = hours(warmPool.running);
  const restingHours = hours(warmPool.resting);
  const simulatedHours = (warmPool.running.length * stepSeconds) / 3600;
  return { mean: simulatedHours === 0 ? 0 : (runningHours + restingHours) / simulatedHours, runningHours, restingHours };
}

function spread(values: Int32Array): Figures["size"] {
  let least = Infinity;
  let most = 0;
  let sum = 0;
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
    sum += value;
  }
  return { least: values.length === 0 ? 0 : least, mean: values.length === 0 ? 0 : sum / values.length, most };
}

function service(
  { demand, serving }: Simulation,
  { capacityPerInstance, keepPercent }: FigureOptions,
): Pick<Figures, "utilizationPercent" | "keptPercent" | "unservedPercent"> {
  let kept = 0;
  let total = 0;
  let unserved = 0;
  let sum = 0;
  let most = 0;
  for (const [step, asked] of demand.entries()) {
    const carried = (serving[step] ?? 0) * capacityPerInstance;
    const percent = asked === 0 ? 0 : carried === 0 ? Infinity : (100 * asked) / carried;
    if (percent <= keepPercent) kept++;
    total += asked;
    unserved += Math.max(0, asked - carried);
    sum += Math.min(percent, 100);
    most = Math.max(most, percent);
  }
  const share = (part: number, whole: number) => (whole === 0 ? 0 : (100 * part) / whole);
  return {
    utilizationPercent: { mean: demand.length === 0 ? 0 : sum / demand.length, most },
    keptPercent: share(kept, demand.length),
    unservedPercent: share(unserved, total),
  };
}

function changes({ desired, stepSeconds }: Simulation, flapSeconds: number): Pick<Figures, "scaleOuts" | "scaleIns" | "flaps"> {
  let scaleOuts = 0;
  let scaleIns = 0;
  let flaps = 0;
  let lastOut = -Infinity;
  let lastIn = -Infinity;
  for (let step = 1; step < desired.length; step++) {
    const change = (desired[step] ?? 0) - (desired[step - 1] ?? 0);
    const second = step * stepSeconds;
    if (change > 0) {
      scaleOuts++;
      if (second - lastIn < flapSeconds) flaps++;
      lastOut = second;
    } else if (change < 0) {
      scaleIns++;
      if (second - lastOut < flapSeconds) flaps++;
      lastIn = second;
    }
  }
  return { scaleOuts, scaleIns, flaps };
}
