/** Arithmetic of the alarms that scale. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html */
import { checkFinite, checkWhole, fault } from "./fault.ts";
import type { Fault } from "./fault.ts";

export interface AlarmArithmetic {
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
  /** Default: evaluationPeriods. */
  readonly datapointsToAlarm?: number | undefined;
  readonly threshold: number;
}

/** Periods below a minute are for high-resolution metrics. */
const shortPeriodsSeconds = [10, 20, 30];
const hourSeconds = 3600;
const longestEvaluationSeconds = { shortPeriod: 86_400, longPeriod: 604_800 };

export function checkAlarm({ periodSeconds, evaluationPeriods, datapointsToAlarm, threshold }: AlarmArithmetic): Fault[] {
  const validPeriod =
    shortPeriodsSeconds.includes(periodSeconds) || (Number.isInteger(periodSeconds) && periodSeconds > 0 && periodSeconds % 60 === 0);
  const faults = [
    ...(validPeriod ? [] : [fault("periodSeconds", periodSeconds, "10, 20, 30 or a multiple of 60")]),
    ...checkWhole("evaluationPeriods", evaluationPeriods, 1),
    ...checkFinite("threshold", threshold),
  ];
  if (faults.length > 0) return faults;
  const longest = periodSeconds < hourSeconds ? longestEvaluationSeconds.shortPeriod : longestEvaluationSeconds.longPeriod;
  if (periodSeconds * evaluationPeriods > longest) {
    const most = Math.floor(longest / periodSeconds);
    faults.push(
      fault("evaluationPeriods", evaluationPeriods, `a whole number from 1 to ${most}`, `an alarm looks back ${longest} s at most`),
    );
  }
  return [...faults, ...checkWhole("datapointsToAlarm", datapointsToAlarm, 1, evaluationPeriods)];
}

/** Thresholds of one metric: between them must be room, or the group is told to grow and to shrink at once. */
export function checkThresholds(upThreshold: number, downThreshold: number): Fault[] {
  const faults = [...checkFinite("up.threshold", upThreshold), ...checkFinite("down.threshold", downThreshold)];
  if (faults.length > 0 || upThreshold > downThreshold) return faults;
  return [fault("up.threshold", upThreshold, `a number greater than down.threshold (${downThreshold})`, "both alarms would be on at once")];
}
