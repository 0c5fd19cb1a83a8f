/** Words that commands, facts, effects and views share. Spelled as the API spells them. */

/**
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/warm-pool-instance-lifecycle.html
 * `Launching` is not among them: a launch has no instance id until EC2 has answered, and is an activity until then.
 */
export type LifecycleState =
  | "Pending"
  | "Pending:Wait"
  | "Pending:Proceed"
  | "InService"
  | "EnteringStandby"
  | "Standby"
  | "Detaching"
  | "Terminating"
  | "Terminating:Wait"
  | "Terminating:Proceed"
  | "Terminating:Retained"
  | "Terminated"
  | "Warmed:Pending"
  | "Warmed:Pending:Wait"
  | "Warmed:Pending:Proceed"
  | "Warmed:Running"
  | "Warmed:Stopped"
  | "Warmed:Hibernated"
  | "Warmed:Terminating"
  | "Warmed:Terminating:Wait"
  | "Warmed:Terminating:Proceed"
  | "Warmed:Terminating:Retained";

export type HealthStatus = "Healthy" | "Unhealthy";

/** What a group launches as: paid by use, or spare capacity that EC2 may take back. */
export type Market = "on-demand" | "spot";

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html */
export const processNames = [
  "AddToLoadBalancer",
  "AlarmNotification",
  "AZRebalance",
  "HealthCheck",
  "InstanceRefresh",
  "Launch",
  "ReplaceUnhealthy",
  "ScheduledActions",
  "Terminate",
] as const;
export type ProcessName = (typeof processNames)[number];

/** The named ones; a Lambda function's ARN is refused by name. */
export const terminationPolicyNames = [
  "AllocationStrategy",
  "ClosestToNextInstanceHour",
  "Default",
  "NewestInstance",
  "OldestInstance",
  "OldestLaunchConfiguration",
  "OldestLaunchTemplate",
] as const;
export type TerminationPolicy = (typeof terminationPolicyNames)[number];

export const healthCheckTypes = ["EC2", "ELB", "EBS"] as const;

export const adjustmentTypes = ["ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"] as const;
export type AdjustmentType = (typeof adjustmentTypes)[number];

export type HookTransition = "autoscaling:EC2_INSTANCE_LAUNCHING" | "autoscaling:EC2_INSTANCE_TERMINATING";
export type HookResult = "CONTINUE" | "ABANDON";

export type ActivityStatus =
  | "PendingSpotBidPlacement"
  | "PreInService"
  | "InProgress"
  | "MidLifecycleAction"
  | "WaitingForELBConnectionDraining"
  | "WaitingForInstanceWarmup"
  | "Successful"
  | "Failed"
  | "Cancelled";

export type RefreshStatus =
  | "Pending"
  | "InProgress"
  | "Successful"
  | "Failed"
  | "Cancelling"
  | "Cancelled"
  | "RollbackInProgress"
  | "RollbackFailed"
  | "RollbackSuccessful"
  | "Baking";

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_EnableMetricsCollection.html */
export const groupMetricNames = [
  "GroupMinSize",
  "GroupMaxSize",
  "GroupDesiredCapacity",
  "GroupInServiceInstances",
  "GroupPendingInstances",
  "GroupStandbyInstances",
  "GroupTerminatingInstances",
  "GroupTotalInstances",
  "GroupInServiceCapacity",
  "GroupPendingCapacity",
  "GroupStandbyCapacity",
  "GroupTerminatingCapacity",
  "GroupTotalCapacity",
  "WarmPoolDesiredCapacity",
  "WarmPoolWarmedCapacity",
  "WarmPoolPendingCapacity",
  "WarmPoolTerminatingCapacity",
  "WarmPoolTotalCapacity",
  "GroupAndWarmPoolDesiredCapacity",
  "GroupAndWarmPoolTotalCapacity",
] as const;
export type GroupMetricName = (typeof groupMetricNames)[number];

/** By id or by name, exactly one. `version` is a number in digits, `$Latest` or `$Default` (the default). */
export interface LaunchTemplateSpecification {
  readonly launchTemplateId?: string;
  readonly launchTemplateName?: string;
  readonly version?: string;
}

/** A specification after resolution: both names, and a plain number. */
export interface ResolvedTemplate {
  readonly launchTemplateId: string;
  readonly launchTemplateName: string;
  readonly version: number;
}

export interface LaunchTemplateOverride {
  readonly instanceType: string;
  readonly launchTemplateSpecification?: LaunchTemplateSpecification;
  readonly imageId?: string;
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html */
export interface InstancesDistribution {
  readonly onDemandAllocationStrategy?: "prioritized" | "lowest-price";
  readonly onDemandBaseCapacity?: number;
  readonly onDemandPercentageAboveBaseCapacity?: number;
  readonly spotAllocationStrategy?: "lowest-price" | "capacity-optimized" | "capacity-optimized-prioritized" | "price-capacity-optimized";
  readonly spotInstancePools?: number;
  readonly spotMaxPrice?: string;
}

export interface MixedInstancesPolicy {
  readonly launchTemplate: {
    readonly launchTemplateSpecification: LaunchTemplateSpecification;
    readonly overrides?: readonly LaunchTemplateOverride[];
  };
  readonly instancesDistribution?: InstancesDistribution;
}

/** What a group launches: exactly one of the two. */
export interface LaunchConfig {
  readonly launchTemplate?: LaunchTemplateSpecification;
  readonly mixedInstancesPolicy?: MixedInstancesPolicy;
}

/** Kept for who asks: a shift is begun by the Application Recovery Controller, which is no part of the model. */
export interface ImpairmentPolicy {
  readonly zonalShiftEnabled?: boolean;
  readonly impairedZoneHealthCheckBehavior?: "IgnoreUnhealthy" | "ReplaceUnhealthy";
}

/** Percentages of the desired capacity, 0-100 and 100-200, at most 100 apart; -1 and -1 clear. */
export interface MaintenancePolicy {
  readonly minHealthyPercentage: number;
  readonly maxHealthyPercentage: number;
}

export interface GroupTag {
  readonly key: string;
  readonly value: string;
  readonly propagateAtLaunch: boolean;
}

export interface StepAdjustment {
  /** Relative to the alarm's threshold; absent = minus infinity. */
  readonly metricIntervalLowerBound?: number;
  /** Absent = plus infinity. */
  readonly metricIntervalUpperBound?: number;
  readonly scalingAdjustment: number;
}

export interface MetricDimension {
  readonly name: string;
  readonly value: string;
}

export type Statistic = "Average" | "Maximum" | "Minimum" | "SampleCount" | "Sum";

export interface MetricReference {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: readonly MetricDimension[];
}

/** One line of metric math, or one metric that the math refers to. */
export interface MetricDataQuery {
  readonly id: string;
  readonly expression?: string;
  readonly metricStat?: { readonly metric: MetricReference; readonly stat: string; readonly unit?: string; readonly period?: number };
  readonly label?: string;
  readonly returnData?: boolean;
}

export interface CustomizedMetric {
  readonly metricName?: string;
  readonly namespace?: string;
  readonly dimensions?: readonly MetricDimension[];
  readonly statistic?: Statistic;
  readonly unit?: string;
  /** Seconds: 10, 30 or 60 (the default). */
  readonly period?: number;
  readonly metrics?: readonly MetricDataQuery[];
}

export interface PredefinedMetric {
  readonly predefinedMetricType:
    | "ASGAverageCPUUtilization"
    | "ASGAverageCPUUtilizationHighResolution"
    | "ASGAverageNetworkIn"
    | "ASGAverageNetworkOut"
    | "ALBRequestCountPerTarget";
  readonly resourceLabel?: string;
}

/** Exactly one of the two metrics. */
export interface TargetTracking {
  readonly predefinedMetric?: PredefinedMetric;
  readonly customizedMetric?: CustomizedMetric;
  readonly targetValue: number;
  /** Default: false. */
  readonly disableScaleIn?: boolean;
}

/** Absent values take the defaults of understand-instance-refresh-default-values.html in the user guide. */
export interface RefreshPreferences {
  readonly minHealthyPercentage?: number;
  readonly maxHealthyPercentage?: number;
  readonly instanceWarmupSeconds?: number;
  readonly checkpointPercentages?: readonly number[];
  readonly checkpointDelaySeconds?: number;
  readonly skipMatching?: boolean;
  readonly autoRollback?: boolean;
  readonly scaleInProtectedInstances?: "Refresh" | "Ignore" | "Wait";
  readonly standbyInstances?: "Terminate" | "Ignore" | "Wait";
  readonly alarms?: readonly string[];
  readonly bakeTimeSeconds?: number;
}
