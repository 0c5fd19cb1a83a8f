/**
 * The arithmetic of capacity: which step a metric selects, how an adjustment is rounded, what the limits leave of it.
 * Pure numbers, no state; the model, the proofs about policies and the simulator all count with these.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html
 */
import type { AdjustmentType, StepAdjustment } from "./types/common.ts";

/**
 * The step for a metric that is `difference` away from the alarm's threshold (metric minus threshold), if any.
 * Above the threshold the lower bound is inclusive and the upper exclusive; below it is the other way round. At the
 * threshold itself a step that begins there is taken before one that ends there.
 */
export function selectStep<Step extends StepBounds>(steps: readonly Step[], difference: number): Step | undefined {
  const from = (step: Step) => step.metricIntervalLowerBound ?? -Infinity;
  const to = (step: Step) => step.metricIntervalUpperBound ?? Infinity;
  const above = difference >= 0 ? steps.find((step) => from(step) <= difference && difference < to(step)) : undefined;
  return above ?? (difference <= 0 ? steps.find((step) => from(step) < difference && difference <= to(step)) : undefined);
}

type StepBounds = Pick<StepAdjustment, "metricIntervalLowerBound" | "metricIntervalUpperBound">;

/** A percentage's change: towards zero, but never to zero (12.7 is 12, 0.67 is 1, -0.58 is -1, -6.67 is -6). */
export function roundChange(change: number): number {
  if (change > 0 && change < 1) return 1;
  if (change < 0 && change > -1) return -1;
  const whole = Math.trunc(change);
  return whole === 0 ? 0 : whole; // no -0
}

export interface Adjustment {
  readonly type: AdjustmentType;
  readonly value: number;
  /** Only with PercentChangeInCapacity: change by at least so many instances, unless the percentage is 0. */
  readonly minMagnitude?: number | undefined;
}

/** Capacity that the adjustment asks for, before limits; not below 0. */
export function adjustCapacity(current: number, { type, value, minMagnitude = 0 }: Adjustment): number {
  switch (type) {
    case "ExactCapacity":
      return value;
    case "ChangeInCapacity":
      return Math.max(0, current + value);
    case "PercentChangeInCapacity": {
      const change = roundChange((current * value) / 100);
      if (value === 0) return current;
      const magnitude = Math.max(Math.abs(change), minMagnitude);
      return Math.max(0, current + Math.sign(value) * magnitude);
    }
  }
}

export interface CapacityLimits {
  readonly min: number;
  readonly max: number;
}

/** `capacity` within the group's limits. https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-capacity-limits.html */
export function clampCapacity(capacity: number, { min, max }: CapacityLimits): number {
  return Math.min(Math.max(capacity, min), max);
}

export interface StepPolicyArithmetic {
  readonly adjustmentType: AdjustmentType;
  readonly minAdjustmentMagnitude?: number | undefined;
  readonly steps: readonly StepAdjustment[];
}

/**
 * Size of a group after one alarm of a step policy, all instances warmed up: the step for `difference`, rounded and
 * limited. The same size when no step covers the difference.
 */
export function sizeAfterStep(size: number, difference: number, policy: StepPolicyArithmetic, limits: CapacityLimits): number {
  const step = selectStep(policy.steps, difference);
  if (step === undefined) return size;
  const adjustment = { type: policy.adjustmentType, value: step.scalingAdjustment, minMagnitude: policy.minAdjustmentMagnitude };
  return clampCapacity(adjustCapacity(size, adjustment), limits);
}

/**
 * Number of instances that bring a metric to its target, the metric being an average or a share per instance: capacity in
 * proportion to the metric, rounded up, so that the target is met rather than missed.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html
 */
export function proportionalCapacity(capacity: number, metricValue: number, targetValue: number): number {
  // 1e-9: 3 * 60 / 60 must not become 4 through the last bit of a floating-point product
  return Math.max(0, Math.ceil((capacity * metricValue) / targetValue - 1e-9));
}
