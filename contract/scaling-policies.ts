/** Scaling policies as plain values: what the settings say, the components make and the simulator runs. */

/** A CloudWatch metric; without dimensions that of the group's instances together. */
export interface ScalingMetric {
  readonly namespace: string;
  readonly name: string;
  readonly statistic: "Average" | "Minimum" | "Maximum" | "Sum" | "SampleCount";
  readonly dimensions?: Readonly<Record<string, string>> | undefined;
}

/** One step; bounds are relative to the alarm's threshold, absent = unbounded. */
export interface ScalingStep {
  readonly lower?: number | undefined;
  readonly upper?: number | undefined;
  readonly adjustment: number;
}

export type ScalingDirection = "up" | "down";

/** One direction: the alarm, and what the policy does when it is on. */
export interface StepScaling {
  readonly metric: ScalingMetric;
  /** Up: on at this value or above it; down: at it or below. */
  readonly threshold: number;
  /** 10, 20, 30 or a multiple of 60. */
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
  /** How many of them must be beyond the threshold. */
  readonly datapointsToAlarm: number;
  /** What periods without data count as. */
  readonly missingData: "breaching" | "notBreaching" | "ignore" | "missing";
  readonly adjustmentType: "ChangeInCapacity" | "PercentChangeInCapacity" | "ExactCapacity";
  /** With percentages only: change by at least so many instances. */
  readonly minAdjustmentMagnitude?: number | undefined;
  readonly steps: readonly ScalingStep[];
}

export const predefinedMetrics = [
  "ASGAverageCPUUtilization",
  "ASGAverageNetworkIn",
  "ASGAverageNetworkOut",
  "ALBRequestCountPerTarget",
] as const;

/** Keeps a metric near a value; Auto Scaling makes and owns the alarms. */
export interface TargetTracking {
  /** Name of the policy within the fleet. */
  readonly name: string;
  readonly target: number;
  /** `false` = only grows. */
  readonly scaleIn: boolean;
  readonly metric: TargetMetric;
}

export type TargetMetric =
  | {
      readonly predefined: (typeof predefinedMetrics)[number];
      /** With ALBRequestCountPerTarget only: `app/<load balancer>/<id>/targetgroup/<target group>/<id>`. */
      readonly resourceLabel?: string | undefined;
    }
  | { readonly custom: ScalingMetric };

/** All policies of one fleet. */
export interface ScalingPolicies {
  /** Absent = no step policy in that direction. */
  readonly up?: StepScaling | undefined;
  readonly down?: StepScaling | undefined;
  readonly targets: readonly TargetTracking[];
}
