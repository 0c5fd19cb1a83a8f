/** The scaling policies of one fleet together, with faults under the names that settings and components give them. */
import type { ScalingDirection, ScalingPolicies, StepScaling, TargetTracking } from "../../contract/scaling-policies.ts";
import { checkAlarm, checkThresholds } from "./alarms.ts";
import { fault, within } from "./fault.ts";
import type { Fault } from "./fault.ts";
import { checkDirection, checkStepPolicy } from "./steps.ts";
import { checkTargetTracking } from "./tracking.ts";

/** Paths: `up.…`, `down.…`, `targets[n].…`. */
export function checkPolicies({ up, down, targets }: ScalingPolicies): Fault[] {
  return [
    ...(up ? within("up", checkStepScaling(up, "up")) : []),
    ...(down ? within("down", checkStepScaling(down, "down")) : []),
    ...(up && down && sameMetric(up, down) ? checkThresholds(up.threshold, down.threshold) : []),
    ...targets.flatMap((target, index) => within(`targets[${index}]`, checkTarget(target))),
    ...checkWhole({ up, down, targets }),
  ];
}

/** A fleet that scales can do so in both directions, and each target has a name of its own. */
function checkWhole({ up, down, targets }: ScalingPolicies): Fault[] {
  const duplicates = targets.flatMap((target, index) =>
    targets.findIndex((other) => other.name === target.name) === index
      ? []
      : [fault(`targets[${index}].name`, target.name, "each name once")],
  );
  if (targets.length > 0 || (up === undefined) === (down === undefined)) return duplicates;
  const missing = up === undefined ? "up" : "down";
  return [...duplicates, fault(missing, undefined, "a policy in each direction, or target tracking", "the group would only move one way")];
}

function sameMetric({ metric: one }: StepScaling, { metric: other }: StepScaling): boolean {
  const key = ({ namespace, name, statistic, dimensions }: StepScaling["metric"]) =>
    JSON.stringify([namespace, name, statistic, Object.entries(dimensions ?? {}).sort()]);
  return key(one) === key(other);
}

export function checkStepScaling(scaling: StepScaling, direction: ScalingDirection): Fault[] {
  const { adjustmentType, minAdjustmentMagnitude } = scaling;
  const stepAdjustments = scaling.steps.map(({ lower, upper, adjustment }) => ({
    ...(lower === undefined ? {} : { metricIntervalLowerBound: lower }),
    ...(upper === undefined ? {} : { metricIntervalUpperBound: upper }),
    scalingAdjustment: adjustment,
  }));
  const policy = { adjustmentType, minAdjustmentMagnitude, stepAdjustments };
  const faults = checkStepPolicy(policy);
  return [...checkAlarm(scaling), ...renamed(faults.length > 0 ? faults : checkDirection(policy, direction), stepNames)];
}

const stepNames = {
  stepAdjustments: "steps",
  metricIntervalLowerBound: "lower",
  metricIntervalUpperBound: "upper",
  scalingAdjustment: "adjustment",
} as const;

function checkTarget({ target, metric }: TargetTracking): Fault[] {
  const faults =
    "predefined" in metric
      ? checkTargetTracking({
          targetValue: target,
          predefinedMetric: {
            predefinedMetricType: metric.predefined,
            ...(metric.resourceLabel === undefined ? {} : { resourceLabel: metric.resourceLabel }),
          },
        })
      : checkTargetTracking({
          targetValue: target,
          customizedMetric: { metricName: metric.custom.name, namespace: metric.custom.namespace, statistic: metric.custom.statistic },
        });
  return renamed(faults, { targetValue: "target", predefinedMetric: "metric", predefinedMetricType: "predefined" });
}

/** Faults under other property names; each name of the path is looked up by itself, and so is each one in the sentence. */
export function renamed(faults: readonly Fault[], names: Readonly<Record<string, string>>): Fault[] {
  const rename = (text: string) => text.replace(/[A-Za-z]+/g, (word) => (Object.hasOwn(names, word) ? String(names[word]) : word));
  return faults.map((one) => ({ ...one, path: rename(one.path), message: rename(one.message), allowed: rename(one.allowed) }));
}
