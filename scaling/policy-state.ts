import type { AdjustmentType, StepAdjustment, TargetTracking } from "./types/common.ts";

export interface PolicyState {
  readonly name: string;
  readonly arn: string;
  readonly policyType: "SimpleScaling" | "StepScaling" | "TargetTrackingScaling";
  readonly enabled: boolean;
  readonly adjustmentType: AdjustmentType | undefined;
  readonly minAdjustmentMagnitude: number | undefined;
  readonly scalingAdjustment: number | undefined;
  readonly cooldownSeconds: number | undefined;
  readonly metricAggregationType: "Minimum" | "Maximum" | "Average" | undefined;
  readonly stepAdjustments: readonly StepAdjustment[];
  readonly estimatedInstanceWarmupSeconds: number | undefined;
  readonly targetTracking: TargetTracking | undefined;
  /** Target tracking's own: high, and low unless scale-in is disabled. */
  readonly alarmNames: readonly string[];
  /** Whether the low alarm is on, and what capacity its metric asks for; scale-in waits until every such policy agrees. */
  lowCapacity: { readonly size: number; readonly untilMs: number } | undefined;
}
