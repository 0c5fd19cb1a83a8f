import type * as pulumi from "@pulumi/pulumi";

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

export interface StepScaling {
  readonly metric: ScalingMetric;
  readonly threshold: number;
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly missingData: "breaching" | "notBreaching" | "ignore" | "missing";
  readonly adjustmentType: "ChangeInCapacity" | "PercentChangeInCapacity" | "ExactCapacity";
  readonly minAdjustmentMagnitude?: number | undefined;
  readonly steps: readonly ScalingStep[];
}

/** Keeps a metric near a value; Auto Scaling makes and owns the alarms. */
export interface TargetTracking {
  /** Name of the policy within the fleet. */
  readonly name: string;
  readonly target: number;
  /** `false` = only grows. */
  readonly scaleIn: boolean;
  readonly metric:
    | { readonly predefined: "ASGAverageCPUUtilization" | "ASGAverageNetworkIn" | "ASGAverageNetworkOut" }
    | { readonly predefined: "ALBRequestCountPerTarget"; readonly resourceLabel: pulumi.Input<string> }
    | { readonly custom: ScalingMetric };
}

export interface ScalingAlarmsArgs {
  readonly groupName: pulumi.Input<string>;
  readonly size: { readonly min: number; readonly max: number };
  /** Seconds that a new instance's metrics are left out, the group's default warm-up. */
  readonly warmupSeconds: number;
  /** Absent = no step policy in that direction. */
  readonly up?: StepScaling | undefined;
  readonly down?: StepScaling | undefined;
  readonly targets: readonly TargetTracking[];
}
