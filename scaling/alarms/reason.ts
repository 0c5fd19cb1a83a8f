/** The sentences in which CloudWatch gives the reason of a state, as they stand in DescribeAlarms and in messages. */
import type { AlarmCondition, AlarmState, DataPoint, Evaluation } from "./evaluate.ts";

const phrases: Readonly<Record<AlarmCondition["comparisonOperator"], string>> = {
  GreaterThanOrEqualToThreshold: "greater than or equal to",
  GreaterThanThreshold: "greater than",
  LessThanThreshold: "less than",
  LessThanOrEqualToThreshold: "less than or equal to",
};

/** Always with a decimal point, as CloudWatch writes doubles: 80 is `80.0`. */
export const decimal = (value: number): string => (Number.isInteger(value) && Math.abs(value) < 1e7 ? value.toFixed(1) : String(value));

const twoDigits = (value: number) => String(value).padStart(2, "0");

/** `02/11/26 14:39:00`: day, month, year. */
function shortTime(timestampMs: number): string {
  const at = new Date(timestampMs);
  const date = [at.getUTCDate(), at.getUTCMonth() + 1, at.getUTCFullYear() % 100].map(twoDigits).join("/");
  return `${date} ${[at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(twoDigits).join(":")}`;
}

const plural = (count: number) => (count === 1 ? "1 datapoint" : `${count} datapoints`);

export function stateReason(condition: AlarmCondition, evaluation: Evaluation, previous: AlarmState): string {
  const { comparisonOperator, threshold, evaluationPeriods, datapointsToAlarm, treatMissingData } = condition;
  const { state, evaluated, breaching, filled } = evaluation;
  const phrase = `${phrases[comparisonOperator]} the threshold (${decimal(threshold)})`;
  if (state === "INSUFFICIENT_DATA") return `Insufficient Data: ${plural(filled)} ${filled === 1 ? "was" : "were"} unknown.`;
  if (evaluated.length === 0) {
    const treated = treatMissingData === "breaching" ? "Breaching" : "NonBreaching";
    return `Threshold Crossed: no datapoints were received for ${evaluationPeriods} period${evaluationPeriods === 1 ? "" : "s"} and ${plural(filled)} ${filled === 1 ? "was" : "were"} treated as [${treated}].`;
  }
  const isAlarm = state === "ALARM";
  const count = isAlarm ? Math.max(breaching, 1) : evaluated.length - breaching;
  const shown = evaluated.map((point: DataPoint) => `${decimal(point.value ?? 0)} (${shortTime(point.timestampMs)})`).join(", ");
  const minimum = isAlarm ? datapointsToAlarm : evaluationPeriods - datapointsToAlarm + 1;
  const transition = isAlarm ? "OK -> ALARM" : "ALARM -> OK";
  const suffix = previous === state ? "" : ` (minimum ${plural(minimum)} for ${transition} transition)`;
  return (
    `Threshold Crossed: ${count} out of the last ${plural(evaluated.length)} [${shown}] ` +
    `${count === 1 ? "was" : "were"} ${isAlarm ? "" : "not "}${phrase}${suffix}.`
  );
}
