/** Samples of a simulated metric, and the statistics of its periods. */
import type { Statistic } from "../types/common.ts";

/** Samples of one metric so far: one per step, NaN = none. */
export interface Samples {
  readonly values: Float64Array;
  readonly startMs: number;
  readonly stepMs: number;
}

/** The statistic over the period that begins then; undefined without data. */
export function statisticOf(
  { values, startMs, stepMs }: Samples,
  statistic: Statistic,
  fromMs: number,
  periodMs: number,
): number | undefined {
  const first = Math.max(0, Math.round((fromMs - startMs) / stepMs));
  const end = Math.round((fromMs + periodMs - startMs) / stepMs);
  let count = 0;
  let sum = 0;
  let least = Infinity;
  let most = -Infinity;
  for (let index = first; index < end; index++) {
    const value = values[index] ?? NaN;
    if (Number.isNaN(value)) continue;
    count++;
    sum += value;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (count === 0) return undefined;
  switch (statistic) {
    case "Average":
      return sum / count;
    case "Sum":
      return sum;
    case "Minimum":
      return least;
    case "Maximum":
      return most;
    case "SampleCount":
      return count;
  }
}
