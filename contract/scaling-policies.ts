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
  /**
   * Present = a simple policy, for parity with older groups: one step, and after each adjustment nothing happens until
   * the instances are up and the cooldown has passed. AWS advises against it.
   * https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html
   */
  readonly simple?: { readonly cooldownSeconds: number } | undefined;
}

/** Up and down on a further metric. */
export interface MetricScaling {
  /** Name within the fleet, part of the names of policies and alarms. */
  readonly name: string;
  readonly up?: StepScaling | undefined;
  readonly down?: StepScaling | undefined;
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
  | { readonly custom: ScalingMetric }
  | { readonly math: MetricMath };

/** A value calculated from metrics. https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-target-tracking-metric-math.html */
export interface MetricMath {
  /** For example `backlog / instances`. */
  readonly expression: string;
  /** What the names in the expression stand for. */
  readonly metrics: Readonly<Record<string, ScalingMetric>>;
}

export const predictiveMetricPairs = ["ASGCPUUtilization", "ASGNetworkIn", "ASGNetworkOut", "ALBRequestCount"] as const;

/** Grows ahead of a load that repeats daily or weekly. https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-predictive-scaling.html */
export interface PredictiveScaling {
  /** Value that the metric is forecast to have. */
  readonly target: number;
  /** Load and scaling metric of one name. */
  readonly predefined: (typeof predictiveMetricPairs)[number];
  /** With ALBRequestCount only: `app/<load balancer>/<id>/targetgroup/<target group>/<id>`. */
  readonly resourceLabel?: string | undefined;
  /** ForecastOnly: shows what it would do. */
  readonly mode: "ForecastOnly" | "ForecastAndScale";
  /** Seconds by which instances are launched ahead of the forecast, 0 to 3600. */
  readonly bufferSeconds: number;
  /** Present = the forecast may go beyond the group's maximum, by this percentage of it, 0 to 100. */
  readonly beyondMaximumPercent?: number | undefined;
}

/** Changes the group's sizes at a time; a size that is absent keeps its value. */
export interface ScheduledScaling {
  /** Name within the fleet. */
  readonly name: string;
  /** Five-field cron expression; absent = once, at `startTime`. */
  readonly recurrence?: string | undefined;
  /** IANA time zone of the recurrence; absent = UTC. */
  readonly timeZone?: string | undefined;
  /** ISO 8601, UTC, to the second. */
  readonly startTime?: string | undefined;
  readonly endTime?: string | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly desired?: number | undefined;
}

/** Several alarms as one. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html */
export interface CompositeAlarm {
  /** Name within the fleet. */
  readonly name: string;
  /** It is on while all, or any one, of these are. `up` and `down` are the fleet's own alarms, everything else is an alarm's name. */
  readonly when: "all" | "any";
  readonly alarms: readonly string[];
  /** Alarms while one of which it stays off, such as that of a maintenance window. */
  readonly unless: readonly string[];
  /** Whether it also stops a roll-out and sends it back. */
  readonly stopsRollout: boolean;
}

/** All policies of one fleet. */
export interface ScalingPolicies {
  /** Absent = no step policy in that direction. */
  readonly up?: StepScaling | undefined;
  readonly down?: StepScaling | undefined;
  readonly targets: readonly TargetTracking[];
  /** Step scaling on further metrics; of several policies Auto Scaling takes the one that gives the largest size. */
  readonly metrics?: readonly MetricScaling[] | undefined;
  readonly predictive?: PredictiveScaling | undefined;
  readonly schedules?: readonly ScheduledScaling[] | undefined;
  readonly composites?: readonly CompositeAlarm[] | undefined;
}
