/** One alarm on a simulated metric, judged by the rules of alarms/ and repeated each minute as CloudWatch repeats scaling actions. */
import { evaluate, isBreaching } from "../alarms/evaluate.ts";
import type { AlarmCondition, AlarmState, DataPoint } from "../alarms/evaluate.ts";
import { evaluatedPeriods, nextEvaluationMs } from "../alarms/schedule.ts";
import type { MetricDataQuery, Statistic } from "../types/common.ts";
import type { MathRun } from "./math.ts";
import { statisticOf, type Samples } from "./samples.ts";
import type { AlarmFigures } from "./types.ts";

export interface SimulatedAlarm extends AlarmCondition {
  readonly name: string;
  /** For readers, where the name is one that AWS makes. */
  readonly label: string;
  readonly arn: string;
  readonly policyArn: string;
  readonly metric: string;
  /** Metric math in the place of a metric; `metric` is the name of the result then. */
  readonly queries?: readonly MetricDataQuery[];
  readonly statistic: Statistic;
  readonly periodSeconds: number;
}

const minuteMs = 60_000;

export class AlarmRun {
  readonly alarm: SimulatedAlarm;
  readonly #samples: Samples;
  /** Where the alarm has to calculate its data points over the whole range. */
  readonly #math: MathRun | undefined;
  #state: AlarmState = "INSUFFICIENT_DATA";
  #nextMs: number;
  #actedMs = -Infinity;
  #lastMs: number;
  #msInAlarm = 0;
  /** Steps in a row whose value is on the same side of the threshold, up to the last one looked at. */
  #same = 0;
  #side = 0;
  #looked: number;

  constructor(alarm: SimulatedAlarm, samples: Samples, nowMs: number, math?: MathRun) {
    this.alarm = alarm;
    this.#samples = samples;
    this.#math = math?.isPointwise === false ? math : undefined;
    this.#nextMs = nextEvaluationMs(alarm, nowMs);
    this.#lastMs = nowMs;
    this.#looked = Math.max(0, Math.round((nowMs - samples.startMs) / samples.stepMs));
  }

  get state(): AlarmState {
    return this.#state;
  }

  /** @returns what the policy is told now, `value` being absent without data; undefined when it is told nothing. */
  evaluate(nowMs: number): { readonly value: number | undefined } | undefined {
    if (nowMs < this.#nextMs) return undefined;
    this.#nextMs = nextEvaluationMs(this.alarm, nowMs);
    this.#count(nowMs);
    const before = this.#state;
    const { state, value } = this.#isSettled() ? { state: before, value: this.#newest(nowMs) } : this.#judge(nowMs);
    this.#state = state;
    const changed = state !== before;
    if (!changed && Math.floor(nowMs / minuteMs) <= Math.floor(this.#actedMs / minuteMs)) return undefined;
    if (state !== "ALARM") return undefined;
    this.#actedMs = nowMs;
    return { value };
  }

  #count(nowMs: number): void {
    if (this.#state === "ALARM") this.#msInAlarm += nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    const { values, startMs, stepMs } = this.#samples;
    const { comparisonOperator, threshold } = this.alarm;
    const until = Math.round((nowMs - startMs) / stepMs);
    for (; this.#looked < until; this.#looked++) {
      const value = values[this.#looked] ?? NaN;
      const side = Number.isNaN(value) ? 0 : isBreaching(value, comparisonOperator, threshold) ? 1 : -1;
      this.#same = side === this.#side ? this.#same + 1 : 1;
      this.#side = side;
    }
  }

  /**
   * Nothing new to judge: every sample in the evaluation range is on the side that the state already stands for. A shortcut for
   * statistics that then are on that side too; the outcome is that of the whole evaluation.
   */
  #isSettled(): boolean {
    const { statistic, periodSeconds, evaluationPeriods } = this.alarm;
    if (this.#math !== undefined || statistic === "Sum" || statistic === "SampleCount" || this.#side === 0) return false;
    const steps = ((evaluationPeriods + 2) * periodSeconds * 1000) / this.#samples.stepMs;
    return this.#same > steps && this.#state === (this.#side === 1 ? "ALARM" : "OK");
  }

  #newest(nowMs: number): number | undefined {
    const periodMs = this.alarm.periodSeconds * 1000;
    return statisticOf(this.#samples, this.alarm.statistic, nowMs - periodMs, periodMs);
  }

  #judge(nowMs: number): { readonly state: AlarmState; readonly value: number | undefined } {
    const starts = evaluatedPeriods(this.alarm, nowMs);
    const { statistic, periodSeconds } = this.alarm;
    const values =
      this.#math?.points(starts) ?? starts.map((fromMs) => statisticOf(this.#samples, statistic, fromMs, periodSeconds * 1000));
    const points = starts.map((timestampMs, index): DataPoint => ({ timestampMs, value: values[index] }));
    const { state, evaluated } = evaluate(this.alarm, points, this.#state);
    return { state, value: evaluated[0]?.value };
  }

  figures(endMs: number): AlarmFigures {
    this.#count(endMs);
    const { label, metric, comparisonOperator, threshold } = this.alarm;
    const { values, stepMs } = this.#samples;
    let beyond = 0;
    for (const value of values) if (isBreaching(value, comparisonOperator, threshold)) beyond++;
    return {
      name: label,
      metric,
      direction: comparisonOperator.startsWith("Greater") ? "above" : "below",
      threshold,
      secondsBeyond: (beyond * stepMs) / 1000,
      secondsInAlarm: this.#msInAlarm / 1000,
    };
  }
}
