/**
 * Statistics of CloudWatch over the samples of one period.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
 */

/** What was published at one time: a value that occurred `count` times, or a set whose single values are unknown. */
export interface Sample {
  readonly timestampMs: number;
  readonly count: number;
  readonly sum: number;
  readonly minimum: number;
  readonly maximum: number;
}

export const sample = (timestampMs: number, value: number, count = 1): Sample => ({
  timestampMs,
  count,
  sum: value * count,
  minimum: value,
  maximum: value,
});

export const simpleStatistics = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"] as const;
export type SimpleStatistic = (typeof simpleStatistics)[number];

export interface Percentile {
  /** More than 0, up to 100. */
  readonly percentile: number;
}

export type Statistic = SimpleStatistic | Percentile;

/** Two digits before the point, and up to ten behind it, as the API accepts: `p95`, `p99.9`, `p100`. */
const percentilePattern = /^p(100(?:\.0{1,10})?|\d{1,2}(?:\.\d{1,10})?)$/;

/** The statistic of that name; undefined for one that is not supported (trimmed and winsorized means and their like among them). */
export function parseStatistic(name: string): Statistic | undefined {
  const simple = simpleStatistics.find((known) => known === name);
  if (simple !== undefined) return simple;
  const percentile = Number(percentilePattern.exec(name)?.[1] ?? "0");
  return percentile > 0 ? { percentile } : undefined;
}

export const statisticName = (statistic: Statistic): string => (typeof statistic === "string" ? statistic : `p${statistic.percentile}`);

/** The statistic over the samples; undefined when there are none, or a percentile cannot be had from them. */
export function aggregate(samples: readonly Sample[], statistic: Statistic): number | undefined {
  if (samples.length === 0) return undefined;
  if (typeof statistic !== "string") return percentileOf(samples, statistic.percentile);
  const count = samples.reduce((total, one) => total + one.count, 0);
  const sum = samples.reduce((total, one) => total + one.sum, 0);
  switch (statistic) {
    case "SampleCount":
      return count;
    case "Sum":
      return sum;
    case "Average":
      return count === 0 ? undefined : sum / count;
    case "Minimum":
      return samples.reduce((least, one) => Math.min(least, one.minimum), Infinity);
    case "Maximum":
      return samples.reduce((most, one) => Math.max(most, one.maximum), -Infinity);
  }
}

/**
 * The smallest value that at least that share of the values do not exceed. Statistic sets carry no single values: percentiles exist only
 * when a set's minimum and maximum are one; and never when a value is negative.
 */
function percentileOf(samples: readonly Sample[], percentile: number): number | undefined {
  if (samples.some(({ minimum, maximum }) => minimum !== maximum || minimum < 0)) return undefined;
  const sorted = [...samples].sort((one, other) => one.minimum - other.minimum);
  const rank = (sorted.reduce((total, one) => total + one.count, 0) * percentile) / 100;
  let passed = 0;
  for (const one of sorted) {
    passed += one.count;
    if (passed >= rank) return one.minimum;
  }
  return undefined;
}

/**
 * Fewest samples for which a percentile is statistically significant: below, `EvaluateLowSampleCountPercentile` applies.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
 */
export function significantSampleCount({ percentile }: Percentile): number {
  const share = percentile / 100;
  return share >= 0.5 ? 10 / (1 - share) : 10 / share;
}
