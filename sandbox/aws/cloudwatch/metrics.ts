/** The metrics themselves: samples by namespace, name and dimensions, kept as long as CloudWatch keeps their resolution. */
import { aggregate } from "../../../scaling/alarms/statistics.ts";
import type { Sample, Statistic } from "../../../scaling/alarms/statistics.ts";

export type Dimensions = Readonly<Record<string, string>>;

export interface MetricIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Dimensions;
}

export interface StoredSample extends Sample {
  readonly unit: string;
}

export interface Metric extends MetricIdentity {
  readonly samples: StoredSample[];
  newestMs: number;
}

/** Dimensions in any order are one metric. */
export const metricKey = ({ namespace, name, dimensions }: MetricIdentity): string =>
  JSON.stringify([namespace, name, Object.entries(dimensions).sort(([one], [other]) => (one < other ? -1 : 1))]);

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * How long which resolution stays: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention
 * Single samples for three hours (high-resolution points), minutes for 15 days, five minutes for 63 days, hours for 455 days.
 */
const resolutions: readonly { readonly olderThanMs: number; readonly bucketMs: number }[] = [
  { olderThanMs: 3 * hourMs, bucketMs: 60_000 },
  { olderThanMs: 15 * dayMs, bucketMs: 300_000 },
  { olderThanMs: 63 * dayMs, bucketMs: hourMs },
];
const longestMs = 455 * dayMs;

/** Samples after which a metric is compacted: often enough to bound memory, seldom enough to cost nothing. */
const compactEvery = 2048;

/** ListMetrics names a metric for two weeks after its last data point. */
export const listedForMs = 14 * dayMs;

export class MetricStore {
  readonly #metrics = new Map<string, Metric>();

  put(identity: MetricIdentity, stored: StoredSample, nowMs: number): void {
    const key = metricKey(identity);
    let metric = this.#metrics.get(key);
    if (metric === undefined) {
      metric = { ...identity, samples: [], newestMs: stored.timestampMs };
      this.#metrics.set(key, metric);
    }
    // Samples mostly come in order; a late one finds its place.
    const { samples } = metric;
    if (stored.timestampMs >= metric.newestMs) samples.push(stored);
    else samples.splice(firstAtOrAfter(samples, stored.timestampMs + 1), 0, stored);
    metric.newestMs = Math.max(metric.newestMs, stored.timestampMs);
    if (samples.length % compactEvery === 0) compact(metric, nowMs);
  }

  find(identity: MetricIdentity): Metric | undefined {
    return this.#metrics.get(metricKey(identity));
  }

  all(): IterableIterator<Metric> {
    return this.#metrics.values();
  }

  /** Samples with `fromMs` <= time < `toMs`, of one unit when it is given. */
  between(identity: MetricIdentity, fromMs: number, toMs: number, unit?: string): StoredSample[] {
    const samples = this.find(identity)?.samples ?? [];
    const found = samples.slice(firstAtOrAfter(samples, fromMs), firstAtOrAfter(samples, toMs));
    return unit === undefined ? found : found.filter((one) => one.unit === unit);
  }

  /** The statistic of each period that begins at one of `starts`. */
  series(
    identity: MetricIdentity,
    starts: readonly number[],
    periodSeconds: number,
    statistic: Statistic,
    unit?: string,
  ): (number | undefined)[] {
    return starts.map((start) => aggregate(this.between(identity, start, start + periodSeconds * 1000, unit), statistic));
  }
}

function firstAtOrAfter(samples: readonly Sample[], timeMs: number): number {
  let low = 0;
  let high = samples.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((samples[middle]?.timestampMs ?? 0) < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Old samples become one set for each minute, five minutes, hour; the oldest go. */
function compact(metric: Metric, nowMs: number): void {
  const merged: StoredSample[] = [];
  for (const one of metric.samples) {
    const age = nowMs - one.timestampMs;
    if (age > longestMs) continue;
    const bucketMs = resolutions.findLast(({ olderThanMs }) => age > olderThanMs)?.bucketMs;
    const timestampMs = bucketMs === undefined ? one.timestampMs : Math.floor(one.timestampMs / bucketMs) * bucketMs;
    const last = merged.at(-1);
    if (bucketMs !== undefined && last?.timestampMs === timestampMs && last.unit === one.unit) {
      merged[merged.length - 1] = {
        timestampMs,
        unit: one.unit,
        count: last.count + one.count,
        sum: last.sum + one.sum,
        minimum: Math.min(last.minimum, one.minimum),
        maximum: Math.max(last.maximum, one.maximum),
      };
    } else {
      merged.push({ ...one, timestampMs });
    }
  }
  metric.samples.splice(0, metric.samples.length, ...merged);
}
