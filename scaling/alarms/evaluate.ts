/**
 * From the data points of the evaluation range to an alarm's state.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";

export const comparisonOperators = [
  "GreaterThanOrEqualToThreshold",
  "GreaterThanThreshold",
  "LessThanThreshold",
  "LessThanOrEqualToThreshold",
] as const;
export type ComparisonOperator = (typeof comparisonOperators)[number];

export const missingDataTreatments = ["breaching", "notBreaching", "ignore", "missing"] as const;
export type MissingDataTreatment = (typeof missingDataTreatments)[number];

/** When an alarm goes where; the metric itself is not part of it. */
export interface AlarmCondition {
  readonly comparisonOperator: ComparisonOperator;
  readonly threshold: number;
  /** N: data points that are evaluated. */
  readonly evaluationPeriods: number;
  /** M: data points that must breach, 1 to N. */
  readonly datapointsToAlarm: number;
  readonly treatMissingData: MissingDataTreatment;
}

/** One period's statistic; `value` is undefined for a missing one. */
export interface DataPoint {
  /** Beginning of the period. */
  readonly timestampMs: number;
  readonly value: number | undefined;
}

export interface Evaluation {
  readonly state: AlarmState;
  /** Real data points that were evaluated, newest first. */
  readonly evaluated: readonly DataPoint[];
  /** Those of them that breach. */
  readonly breaching: number;
  /** Missing data points that took part, as what `treatMissingData` says. */
  readonly filled: number;
}

/**
 * Periods that are looked at. AWS says only that they are more than the evaluation periods and gives examples with two more, which is what
 * is used here for every period length.
 */
export const evaluationRange = (evaluationPeriods: number): number => evaluationPeriods + 2;

export function isBreaching(value: number, operator: ComparisonOperator, threshold: number): boolean {
  switch (operator) {
    case "GreaterThanOrEqualToThreshold":
      return value >= threshold;
    case "GreaterThanThreshold":
      return value > threshold;
    case "LessThanThreshold":
      return value < threshold;
    case "LessThanOrEqualToThreshold":
      return value <= threshold;
  }
}

/** @param points the evaluation range, oldest first. @param current the state before, which `ignore` may keep. */
export function evaluate(condition: AlarmCondition, points: readonly DataPoint[], current: AlarmState): Evaluation {
  const { comparisonOperator, threshold, evaluationPeriods, datapointsToAlarm } = condition;
  const breaches = ({ value }: DataPoint) => value !== undefined && isBreaching(value, comparisonOperator, threshold);
  const newestFirst = points.toReversed();
  const real = newestFirst.filter(({ value }) => value !== undefined).slice(0, evaluationPeriods);
  const breaching = real.filter(breaches).length;
  const filled = evaluationPeriods - real.length;
  const result = (state: AlarmState): Evaluation => ({ state, evaluated: real, breaching, filled });
  if (filled === 0) return result(breaching >= datapointsToAlarm ? "ALARM" : "OK");
  switch (condition.treatMissingData) {
    case "breaching":
      return result(breaching + filled >= datapointsToAlarm ? "ALARM" : "OK");
    case "notBreaching":
      return result(breaching >= datapointsToAlarm ? "ALARM" : "OK");
    case "missing":
    case "ignore":
      return result(sparse());
  }

  /** Too few real data points, and nothing to put in the place of the others. */
  function sparse(): AlarmState {
    const keep = condition.treatMissingData === "ignore";
    if (real.length === 0) return keep ? current : "INSUFFICIENT_DATA";
    if (breaching >= datapointsToAlarm) return "ALARM";
    if (breaching < real.length) return "OK";
    // Only breaching ones, but fewer than M: an alarm when the oldest is as old as M periods, so that a later one would have shown it wrong.
    if (keep) return current;
    const age = newestFirst.findLastIndex(breaches) + 1;
    return age >= datapointsToAlarm ? "ALARM" : "OK";
  }
}
