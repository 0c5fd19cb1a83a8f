/** What an alarm measures, and when it is on. */
import type { Resource } from "../model/resource.ts";
import type { Value } from "../model/value.ts";

export type Side = "above" | "below";

/** Undefined for what is neither: not known, or an anomaly band. */
export function comparisonOf(alarm: Resource<"alarm">): { readonly side: Side; readonly inclusive: boolean } | undefined {
  switch (alarm.at("comparisonOperator").text()) {
    case "GreaterThanThreshold":
      return { side: "above", inclusive: false };
    case "GreaterThanOrEqualToThreshold":
      return { side: "above", inclusive: true };
    case "LessThanThreshold":
      return { side: "below", inclusive: false };
    case "LessThanOrEqualToThreshold":
      return { side: "below", inclusive: true };
    default:
      return undefined;
  }
}

/** Whether the alarm computes its metric from others instead of naming one. */
export const usesMath = (alarm: Resource<"alarm">) => !alarm.at("metricQueries").missing;

/** The properties that tell which metric an alarm watches. */
export const metricProperties = (alarm: Resource<"alarm">): Value[] => [
  alarm.at("namespace"),
  alarm.at("metricName"),
  alarm.at("statistic"),
  alarm.at("extendedStatistic"),
  alarm.at("dimensions"),
];

/** Equal for alarms on the same metric. The group that a dimension names is compared elsewhere, since its name may not be known yet. */
export function metricKey(alarm: Resource<"alarm">): string {
  const [namespace, metric, statistic, extended, dimensions] = metricProperties(alarm);
  const keys = (dimensions?.keys() ?? [])
    .sort()
    .map((key) => [key, key === "AutoScalingGroupName" ? "" : (dimensions as Value<Record<string, string>>).at(key).text()]);
  return JSON.stringify([namespace?.text(), metric?.text(), statistic?.text(), extended?.text(), keys]);
}

/** Seconds until the alarm goes on: the periods that must breach. */
export function windowSeconds(alarm: Resource<"alarm">): number | undefined {
  const period = alarm.at("period").number();
  const periods = alarm.at("evaluationPeriods").number();
  return period === undefined || periods === undefined ? undefined : period * periods;
}
