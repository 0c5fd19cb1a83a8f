/**
 * Commands, one per API action (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Operations.html). Fields are
 * the API's, in camel case, with the unit in the name where the API leaves it out. An absent field of an update keeps the
 * current value. Times are milliseconds since 1970, UTC.
 */
import type {
  AdjustmentType,
  GroupTag,
  HookResult,
  HookTransition,
  LaunchConfig,
  ImpairmentPolicy,
  MaintenancePolicy,
  RefreshPreferences,
  StepAdjustment,
  TargetTracking,
} from "./common.ts";

/** What create and update share. Every subnet must have been reported with `setSubnet`, every template with `setLaunchTemplate`. */
export interface GroupSettings extends LaunchConfig {
  readonly minSize?: number;
  readonly maxSize?: number;
  readonly desiredCapacity?: number;
  readonly defaultCooldownSeconds?: number;
  /** Used alone they mean the default subnet of each zone; the host then gives that subnet in `subnetIds`. */
  readonly availabilityZones?: readonly string[];
  /** VPCZoneIdentifier, split at its commas. */
  readonly subnetIds?: readonly string[];
  /** Any of EC2, ELB, EBS, comma-separated. Default: EC2. */
  readonly healthCheckType?: string;
  readonly healthCheckGracePeriodSeconds?: number;
  readonly placementGroup?: string;
  readonly terminationPolicies?: readonly string[];
  readonly newInstancesProtectedFromScaleIn?: boolean;
  readonly capacityRebalance?: boolean;
  readonly serviceLinkedRoleArn?: string;
  /** 0 clears; otherwise 86,400 (one day) and more. */
  readonly maxInstanceLifetimeSeconds?: number;
  /** -1 clears. */
  readonly defaultInstanceWarmupSeconds?: number;
  readonly instanceMaintenancePolicy?: MaintenancePolicy;
  readonly capacityDistributionStrategy?: "balanced-best-effort" | "balanced-only";
  readonly terminateHookAbandon?: "terminate" | "retain";
  readonly deletionProtection?: "none" | "prevent-force-deletion" | "prevent-all-deletion";
  readonly impairmentPolicy?: ImpairmentPolicy;
  readonly context?: string;
}

export interface CreateGroup extends GroupSettings {
  readonly name: string;
  readonly minSize: number;
  readonly maxSize: number;
  readonly targetGroupArns?: readonly string[];
  readonly tags?: readonly GroupTag[];
  readonly initialHooks?: readonly Omit<PutLifecycleHook, "group">[];
}

export interface UpdateGroup extends GroupSettings {
  readonly name: string;
}

export interface DeleteGroup {
  readonly name: string;
  /** Default: false. */
  readonly force?: boolean;
}

export interface SetDesiredCapacity {
  readonly group: string;
  readonly desiredCapacity: number;
  /** Default: false. */
  readonly honorCooldown?: boolean;
}

export interface TerminateInstance {
  readonly instanceId: string;
  readonly shouldDecrementDesiredCapacity: boolean;
}

/** One to twenty instances; attached ones must be known to the host as running and in a zone of the group. */
export interface AttachInstances {
  readonly group: string;
  readonly instances: readonly AttachedInstance[];
}

/** What the host read of an instance that is to be attached. */
export interface AttachedInstance {
  readonly instanceId: string;
  readonly zone: string;
  readonly subnetId: string;
  readonly instanceType: string;
  readonly imageId?: string;
  /** EC2's state; only `running` can be attached. */
  readonly ec2State: string;
}

export interface InstancesOfGroup {
  readonly group: string;
  readonly instanceIds: readonly string[];
}

export interface DetachInstances extends InstancesOfGroup {
  readonly shouldDecrementDesiredCapacity: boolean;
}

export type EnterStandby = DetachInstances;
export type ExitStandby = InstancesOfGroup;

export interface SetInstanceHealth {
  readonly instanceId: string;
  readonly healthStatus: string;
  /** Default: true. */
  readonly shouldRespectGracePeriod?: boolean;
}

export interface SetInstanceProtection extends InstancesOfGroup {
  readonly protectedFromScaleIn: boolean;
}

/** No names = all processes. */
export interface ScalingProcesses {
  readonly group: string;
  readonly processes?: readonly string[];
}

export interface PutScalingPolicy {
  readonly group: string;
  readonly name: string;
  /** Default: SimpleScaling. */
  readonly policyType?: string;
  readonly adjustmentType?: AdjustmentType;
  readonly minAdjustmentMagnitude?: number;
  readonly scalingAdjustment?: number;
  readonly cooldownSeconds?: number;
  readonly metricAggregationType?: "Minimum" | "Maximum" | "Average";
  readonly stepAdjustments?: readonly StepAdjustment[];
  readonly estimatedInstanceWarmupSeconds?: number;
  readonly targetTracking?: TargetTracking;
  /** Default: true. */
  readonly enabled?: boolean;
}

/** By ARN, or by name within a group. */
export interface PolicyReference {
  readonly group?: string;
  readonly policy: string;
}

/** A person's call; for an alarm's see `alarmAction` among the facts. */
export interface ExecutePolicy extends PolicyReference {
  /** Default: false. */
  readonly honorCooldown?: boolean;
  readonly metricValue?: number;
  readonly breachThreshold?: number;
}

export interface PutScheduledAction {
  readonly group: string;
  readonly name: string;
  readonly startAtMs?: number;
  readonly endAtMs?: number;
  /** Five-field cron. */
  readonly recurrence?: string;
  /** IANA name. Default: UTC. */
  readonly timeZone?: string;
  readonly minSize?: number;
  readonly maxSize?: number;
  readonly desiredCapacity?: number;
}

export interface NamedOfGroup {
  readonly group: string;
  readonly name: string;
}

export interface PutNotificationConfiguration {
  readonly group: string;
  readonly topicArn: string;
  readonly events: readonly string[];
}

export interface DeleteNotificationConfiguration {
  readonly group: string;
  readonly topicArn: string;
}

export interface PutLifecycleHook {
  readonly group: string;
  readonly name: string;
  /** Needed when the hook is new. */
  readonly transition?: HookTransition;
  /** 30 to 7,200. Default: 3,600. */
  readonly heartbeatTimeoutSeconds?: number;
  /** Default: ABANDON. */
  readonly defaultResult?: HookResult;
  /** Topic or queue; an empty string clears it. */
  readonly notificationTargetArn?: string;
  readonly roleArn?: string;
  readonly notificationMetadata?: string;
}

/** By token or by instance id. */
export interface LifecycleActionReference {
  readonly group: string;
  readonly hook: string;
  readonly token?: string;
  readonly instanceId?: string;
}

export interface CompleteLifecycleAction extends LifecycleActionReference {
  readonly result: string;
}

export interface StartInstanceRefresh {
  readonly group: string;
  /** Only `Rolling`, the default; ReplaceRootVolume is refused by name. */
  readonly strategy?: string;
  readonly desiredConfiguration?: LaunchConfig;
  readonly preferences?: RefreshPreferences;
}

export interface CancelInstanceRefresh {
  readonly group: string;
  /** Default: true. */
  readonly waitForTransitioningInstances?: boolean;
}

export interface PutWarmPool {
  readonly group: string;
  /** -1 clears. */
  readonly maxGroupPreparedCapacity?: number;
  /** Default: 0. */
  readonly minSize?: number;
  /** Default: Stopped. */
  readonly poolState?: "Stopped" | "Running" | "Hibernated";
  /** Default: false. */
  readonly reuseOnScaleIn?: boolean;
}

export interface DeleteWarmPool {
  readonly group: string;
  readonly force?: boolean;
}

export interface MetricsCollection {
  readonly group: string;
  /** None given = all. */
  readonly metrics?: readonly string[];
}

export interface TagCommand {
  readonly group: string;
  readonly tags: readonly GroupTag[];
}

/** A tag is deleted whatever its value, unless a value is given. */
export interface DeleteTags {
  readonly group: string;
  readonly tags: readonly { readonly key: string; readonly value?: string }[];
}

export interface TargetGroupsOfGroup {
  readonly group: string;
  readonly targetGroupArns: readonly string[];
}
