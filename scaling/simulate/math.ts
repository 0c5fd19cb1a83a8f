/** A value that target tracking calculates from several metrics. */
import { evaluateMath, mathFaults, type Series } from "../alarms/math/evaluate.ts";
import { evaluationRange } from "../alarms/evaluate.ts";
import type { MetricDataQuery, Statistic } from "../types/common.ts";
import { statisticOf, type Samples } from "./samples.ts";

/** Auto Scaling takes a period for each metric; the settings have none, which is a minute. */
const periodSeconds = 60;
/** These look at more than one period: their value depends on where the series begins. */
const acrossPeriods = /\b(?:AVG|DIFF|FILL|MAX|METRICS|MIN|RATE|SUM)\b/i;

interface Input {
  readonly id: string;
  readonly statistic: Statistic;
  readonly samples: Samples;
}

/** The queries of an alarm over simulated metrics; its values are also kept, one per step, to be shown. */
export class MathRun {
  readonly values: Float64Array;
  readonly #startMs: number;
  readonly #stepMs: number;
  readonly #inputs: readonly Input[];
  readonly #expressions: ReadonlyMap<string, string>;
  readonly #result: string;
  /** Each period's value follows from that period alone. */
  readonly isPointwise: boolean;

  /** @param samplesOf those of a metric, by its name. */
  constructor(queries: readonly MetricDataQuery[], { values, startMs, stepMs }: Samples, samplesOf: (metric: string) => Samples) {
    this.values = new Float64Array(values.length).fill(NaN);
    this.#startMs = startMs;
    this.#stepMs = stepMs;
    this.#inputs = queries.flatMap(({ id, metricStat }) =>
      metricStat === undefined ? [] : [{ id, statistic: metricStat.stat as Statistic, samples: samplesOf(metricStat.metric.metricName) }],
    );
    this.#expressions = new Map(queries.flatMap(({ id, expression }) => (expression === undefined ? [] : [[id, expression] as const])));
    this.#result = queries.find(({ returnData }) => returnData !== false)?.id ?? "";
    const wholePeriods = stepMs === periodSeconds * 1000;
    this.isPointwise = wholePeriods && ![...this.#expressions.values()].some((expression) => acrossPeriods.test(expression));
  }

  /** After all metrics have their sample of this step. */
  sample(step: number): void {
    const endMs = this.#startMs + (step + 1) * this.#stepMs;
    const count = this.isPointwise ? 1 : evaluationRange(3);
    const starts = Array.from({ length: count }, (_, index) => endMs - (count - index) * periodSeconds * 1000);
    this.values[step] = this.points(starts).at(-1) ?? NaN;
  }

  /** The value of each period, as it is over all of them. */
  points(startsMs: readonly number[]): Series {
    const metrics = new Map(
      this.#inputs.map(({ id, statistic, samples }) => [
        id,
        startsMs.map((fromMs) => statisticOf(samples, statistic, fromMs, periodSeconds * 1000)),
      ]),
    );
    return evaluateMath({ metrics, expressions: this.#expressions, periodSeconds, length: startsMs.length }, this.#result);
  }
}

/** What of an expression the local CloudWatch, and so the simulator, does not calculate. */
export const expressionFaults = (metrics: readonly string[], expression: string): string[] =>
  mathFaults(metrics, new Map([["result", expression]]));
