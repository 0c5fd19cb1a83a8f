/**
 * What PutScalingPolicy refuses of step adjustments, and what it takes although it cannot do what it says.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html
 */
import { adjustmentTypes } from "../types/common.ts";
import type { AdjustmentType, StepAdjustment } from "../types/common.ts";
import { checkFinite, checkOneOf, checkWhole, fault } from "./fault.ts";
import type { Fault } from "./fault.ts";

/** Quota "Step adjustments per step scaling policy", not adjustable: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html */
export const maxStepsPerPolicy = 20;

export interface StepPolicyArguments {
  readonly adjustmentType: AdjustmentType;
  readonly minAdjustmentMagnitude?: number | undefined;
  readonly stepAdjustments: readonly StepAdjustment[];
}

/** Everything that is wrong with a step policy by itself. Paths: `adjustmentType`, `minAdjustmentMagnitude`, `stepAdjustments[n]…`. */
export function checkStepPolicy(policy: StepPolicyArguments): Fault[] {
  return [
    ...checkOneOf("adjustmentType", policy.adjustmentType, adjustmentTypes),
    ...checkMagnitude(policy.adjustmentType, policy.minAdjustmentMagnitude),
    ...checkSteps(policy.stepAdjustments, policy.adjustmentType),
  ];
}

/** MinAdjustmentMagnitude belongs to percentages only. */
export function checkMagnitude(adjustmentType: string, magnitude: number | undefined): Fault[] {
  if (magnitude === undefined) return [];
  if (adjustmentType !== "PercentChangeInCapacity") {
    return [
      fault("minAdjustmentMagnitude", magnitude, "absent", `adjustmentType is ${adjustmentType}, and only PercentChangeInCapacity uses it`),
    ];
  }
  return checkWhole("minAdjustmentMagnitude", magnitude, 1);
}

function checkSteps(steps: readonly StepAdjustment[], adjustmentType: AdjustmentType): Fault[] {
  if (steps.length === 0 || steps.length > maxStepsPerPolicy) {
    return [fault("stepAdjustments", steps, `1 to ${maxStepsPerPolicy} steps`, `there are ${steps.length}`)];
  }
  const each = steps.flatMap((step, index) => checkStep(step, index, adjustmentType));
  return each.length > 0 ? each : checkCoverage(steps);
}

function checkStep(step: StepAdjustment, index: number, adjustmentType: AdjustmentType): Fault[] {
  const path = `stepAdjustments[${index}]`;
  const { metricIntervalLowerBound: lower, metricIntervalUpperBound: upper, scalingAdjustment } = step;
  const faults = [
    ...checkFinite(`${path}.metricIntervalLowerBound`, lower),
    ...checkFinite(`${path}.metricIntervalUpperBound`, upper),
    ...checkWhole(`${path}.scalingAdjustment`, scalingAdjustment, adjustmentType === "ExactCapacity" ? 0 : -Infinity),
  ];
  if (lower === undefined && upper === undefined) faults.push(fault(path, step, "a lower bound, an upper bound, or both"));
  if (lower !== undefined && upper !== undefined && !(lower < upper)) {
    faults.push(fault(`${path}.metricIntervalUpperBound`, upper, `a number greater than the lower bound (${lower})`));
  }
  return faults;
}

interface Interval {
  readonly index: number;
  readonly from: number;
  readonly to: number;
}

/** No two steps overlap, none leaves a gap to the next, and what reaches below or above zero reaches to infinity. */
function checkCoverage(steps: readonly StepAdjustment[]): Fault[] {
  const intervals = steps
    .map((step, index): Interval => ({
      index,
      from: step.metricIntervalLowerBound ?? -Infinity,
      to: step.metricIntervalUpperBound ?? Infinity,
    }))
    .sort((one, other) => one.from - other.from || one.to - other.to);
  const faults: Fault[] = [];
  let previous: Interval | undefined;
  for (const interval of intervals) {
    if (previous !== undefined) faults.push(...checkNeighbours(previous, interval));
    previous = previous === undefined || interval.to > previous.to ? interval : previous;
  }
  const first = intervals[0];
  const last = previous;
  if (first !== undefined && first.from < 0 && first.from !== -Infinity) {
    const path = `stepAdjustments[${first.index}].metricIntervalLowerBound`;
    faults.push(fault(path, first.from, "absent in the lowest step", "a negative lower bound needs a step that reaches to minus infinity"));
  }
  if (last !== undefined && last.to > 0 && last.to !== Infinity) {
    const path = `stepAdjustments[${last.index}].metricIntervalUpperBound`;
    faults.push(fault(path, last.to, "absent in the highest step", "a positive upper bound needs a step that reaches to infinity"));
  }
  return faults;
}

function checkNeighbours(before: Interval, after: Interval): Fault[] {
  if (after.from === before.to) return [];
  const path = `stepAdjustments[${after.index}].metricIntervalLowerBound`;
  const value = after.from === -Infinity ? undefined : after.from;
  const allowed = before.to === Infinity ? "no further step" : `${before.to}, where stepAdjustments[${before.index}] ends`;
  return [fault(path, value, allowed, after.from < before.to ? "the steps overlap" : "there is a gap between the steps")];
}

/**
 * Whether every step moves the size the way the policy is meant to, and lies on its side of the threshold. Auto Scaling
 * takes a policy that does not, and then scales in on its scale-out alarm.
 */
export function checkDirection(policy: StepPolicyArguments, direction: "up" | "down"): Fault[] {
  return policy.stepAdjustments.flatMap((step, index) => {
    const path = `stepAdjustments[${index}]`;
    const { metricIntervalLowerBound: lower, metricIntervalUpperBound: upper, scalingAdjustment } = step;
    const wrongSign = policy.adjustmentType !== "ExactCapacity" && (direction === "up" ? scalingAdjustment < 0 : scalingAdjustment > 0);
    const wrongSide = direction === "up" ? lower === undefined || lower < 0 : upper === undefined || upper > 0;
    return [
      ...(wrongSign
        ? [
            fault(
              `${path}.scalingAdjustment`,
              scalingAdjustment,
              direction === "up" ? "0 or more" : "0 or less",
              `this policy scales ${direction}`,
            ),
          ]
        : []),
      ...(wrongSide
        ? [
            direction === "up"
              ? fault(`${path}.metricIntervalLowerBound`, lower, "0 or more", "the alarm that scales up fires above its threshold only")
              : fault(`${path}.metricIntervalUpperBound`, upper, "0 or less", "the alarm that scales down fires below its threshold only"),
          ]
        : []),
    ];
  });
}
