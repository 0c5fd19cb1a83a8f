/** What can be read: plain values, in the order in which Describe* lists them. They must not be changed. */
import type {
  ActivityStatus,
  AdjustmentType,
  GroupMetricName,
  GroupTag,
  HealthStatus,
  HookResult,
  HookTransition,
  LaunchConfig,
  LifecycleState,
  ImpairmentPolicy,
  MaintenancePolicy,
  Market,
  ProcessName,
  RefreshPreferences,
  RefreshStatus,
  ResolvedTemplate,
  StepAdjustment,
  TargetTracking,
} from "./common.ts";

export interface InstanceView {
  readonly instanceId: string;
  readonly group: string;
  readonly zone: string;
  readonly subnetId: string;
  readonly instanceType: string;
  readonly imageId: string | undefined;
  /** Absent for an attached instance. */
  readonly template: ResolvedTemplate | undefined;
  readonly market: Market;
  readonly lifecycleState: LifecycleState;
  readonly healthStatus: HealthStatus;
  readonly protectedFromScaleIn: boolean;
  readonly launchedAtMs: number;
  /** Absent until it is in service for the first time. */
  readonly inServiceAtMs: number | undefined;
}

export interface SizesView {
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredCapacity: number;
}

export interface GroupView extends LaunchConfig {
  readonly name: string;
  readonly arn: string;
  readonly createdAtMs: number;
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredCapacity: number;
  readonly defaultCooldownSeconds: number;
  readonly availabilityZones: readonly string[];
  readonly subnetIds: readonly string[];
  readonly targetGroupArns: readonly string[];
  readonly healthCheckType: string;
  readonly healthCheckGracePeriodSeconds: number;
  readonly placementGroup?: string;
  readonly terminationPolicies: readonly string[];
  readonly newInstancesProtectedFromScaleIn: boolean;
  readonly capacityRebalance: boolean;
  readonly serviceLinkedRoleArn: string;
  readonly maxInstanceLifetimeSeconds?: number;
  readonly defaultInstanceWarmupSeconds?: number;
  readonly instanceMaintenancePolicy?: MaintenancePolicy;
  readonly capacityDistributionStrategy: "balanced-best-effort" | "balanced-only";
  readonly terminateHookAbandon: "terminate" | "retain";
  readonly deletionProtection: "none" | "prevent-force-deletion" | "prevent-all-deletion";
  readonly impairmentPolicy?: ImpairmentPolicy;
  readonly context?: string;
  readonly suspendedProcesses: readonly { readonly name: ProcessName; readonly reason: string }[];
  readonly enabledMetrics: readonly GroupMetricName[];
  readonly tags: readonly GroupTag[];
  /** `Delete in progress`, or absent. */
  readonly status?: string;
  readonly warmPool?: WarmPoolView;
  /** Of the group itself; the warm pool's are in `warmPoolInstances`. */
  readonly instances: readonly InstanceView[];
  readonly warmPoolInstances: readonly InstanceView[];
}

export interface WarmPoolView {
  readonly maxGroupPreparedCapacity?: number;
  readonly minSize: number;
  readonly poolState: "Stopped" | "Running" | "Hibernated";
  readonly reuseOnScaleIn: boolean;
  readonly pendingDelete: boolean;
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Activity.html */
export interface ActivityView {
  readonly activityId: string;
  readonly group: string;
  readonly groupArn: string;
  /** The group is gone. */
  readonly groupDeleted: boolean;
  /** Absent while a launch has no instance yet. */
  readonly instanceId: string | undefined;
  readonly description: string;
  readonly cause: string;
  readonly startAtMs: number;
  readonly endAtMs: number | undefined;
  readonly status: ActivityStatus;
  readonly statusMessage: string | undefined;
  /** Percent. */
  readonly progress: number;
  readonly details: Readonly<Record<string, string>>;
}

export interface ActivityFilter {
  readonly group?: string;
  readonly activityIds?: readonly string[];
  /** Default: false. */
  readonly includeDeletedGroups?: boolean;
}

export interface PolicyView {
  readonly group: string;
  readonly name: string;
  readonly arn: string;
  readonly policyType: "SimpleScaling" | "StepScaling" | "TargetTrackingScaling";
  readonly enabled: boolean;
  readonly adjustmentType?: AdjustmentType;
  readonly minAdjustmentMagnitude?: number;
  readonly scalingAdjustment?: number;
  readonly cooldownSeconds?: number;
  readonly metricAggregationType?: "Minimum" | "Maximum" | "Average";
  readonly stepAdjustments: readonly StepAdjustment[];
  readonly estimatedInstanceWarmupSeconds?: number;
  readonly targetTracking?: TargetTracking;
  /** Only target tracking's own; alarms that others pointed at the policy are CloudWatch's to list. */
  readonly alarms: readonly { readonly alarmName: string; readonly alarmArn: string }[];
}

export interface ScheduledActionView {
  readonly group: string;
  readonly name: string;
  readonly arn: string;
  /** Next start. */
  readonly startAtMs?: number;
  readonly endAtMs?: number;
  readonly recurrence?: string;
  readonly timeZone?: string;
  readonly minSize?: number;
  readonly maxSize?: number;
  readonly desiredCapacity?: number;
}

export interface HookView {
  readonly group: string;
  readonly name: string;
  readonly transition: HookTransition;
  readonly heartbeatTimeoutSeconds: number;
  /** 48 hours or 100 times the heartbeat, whichever is less. */
  readonly globalTimeoutSeconds: number;
  readonly defaultResult: HookResult;
  readonly notificationTargetArn?: string;
  readonly roleArn?: string;
  readonly notificationMetadata?: string;
}

/** A hook that an instance waits for now. */
export interface LifecycleActionView {
  readonly group: string;
  readonly hook: string;
  readonly instanceId: string;
  readonly token: string;
  readonly startedAtMs: number;
  /** When it ends without a heartbeat or completion. */
  readonly timesOutAtMs: number;
}

export interface NotificationConfigurationView {
  readonly group: string;
  readonly topicArn: string;
  readonly event: string;
}

export interface RefreshProgress {
  readonly percentageComplete: number;
  readonly instancesToUpdate: number;
}

export interface RefreshView {
  readonly instanceRefreshId: string;
  readonly group: string;
  readonly status: RefreshStatus;
  readonly statusReason?: string;
  readonly startAtMs?: number;
  readonly endAtMs?: number;
  readonly percentageComplete: number;
  readonly instancesToUpdate: number;
  /** Only with a warm pool. */
  readonly warmPoolProgress?: RefreshProgress;
  readonly livePoolProgress?: RefreshProgress;
  /** What was given, completed by the documented defaults. */
  readonly preferences: RefreshPreferences;
  readonly desiredConfiguration?: LaunchConfig;
  readonly rollback?: {
    readonly reason: string;
    readonly startAtMs: number;
    readonly percentageComplete: number;
    readonly instancesToUpdate: number;
  };
}

export interface TargetGroupView {
  readonly targetGroupArn: string;
  readonly state: "Adding" | "Added" | "InService" | "Removing" | "Removed";
}
