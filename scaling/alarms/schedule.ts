/**
 * When an alarm is evaluated, and on which periods.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
 */
import { evaluationRange } from "./evaluate.ts";

const minuteMs = 60_000;
const daySeconds = 86_400;

export interface Window {
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
}

/** Multi-day alarms once an hour, those with periods under a minute every ten seconds, all others every minute. */
export function evaluationIntervalMs({ periodSeconds, evaluationPeriods }: Window): number {
  if (periodSeconds * evaluationPeriods > daySeconds) return 60 * minuteMs;
  return periodSeconds < 60 ? 10_000 : minuteMs;
}

/** The next time at which the alarm is evaluated, after `nowMs`. */
export function nextEvaluationMs(window: Window, nowMs: number): number {
  const interval = evaluationIntervalMs(window);
  return (Math.floor(nowMs / interval) + 1) * interval;
}

/**
 * Beginnings of the periods in the evaluation range, oldest first. Periods end at the evaluation, not at multiples of their length: an alarm
 * with a period of five minutes looks at minutes 1 to 5 at the end of minute 5, and at minutes 2 to 6 at the end of minute 6.
 */
export function evaluatedPeriods(window: Window, nowMs: number): number[] {
  const interval = evaluationIntervalMs(window);
  const end = Math.floor(nowMs / interval) * interval;
  const count = evaluationRange(window.evaluationPeriods);
  return Array.from({ length: count }, (_, index) => end - (count - index) * window.periodSeconds * 1000);
}
