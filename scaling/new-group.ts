import type { Core } from "./core.ts";
import type { GroupState } from "./state.ts";
import type { CreateGroup } from "./types/commands.ts";
import type { LaunchConfig } from "./types/common.ts";

/** A group with the API's defaults: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html */
export function newGroup(
  core: Core,
  input: CreateGroup,
  config: LaunchConfig,
  { subnetIds, zones }: { readonly subnetIds: string[]; readonly zones: string[] },
): GroupState {
  return {
    name: input.name,
    arn: core.arn(`autoScalingGroup:${core.newId()}:autoScalingGroupName/${input.name}`),
    createdAtMs: core.nowMs,
    config,
    minSize: input.minSize,
    maxSize: input.maxSize,
    desiredCapacity: 0,
    defaultCooldownSeconds: 300,
    zones,
    subnetIds,
    targetGroups: new Map((input.targetGroupArns ?? []).map((arn) => [arn, { arn, removing: false, hasServed: true }])),
    healthCheckType: "EC2",
    gracePeriodSeconds: 0,
    placementGroup: undefined,
    terminationPolicies: ["Default"],
    protectNewInstances: false,
    capacityRebalance: false,
    serviceLinkedRoleArn: `arn:${core.partition}:iam::${core.accountId}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`,
    maxInstanceLifetimeSeconds: 0,
    defaultWarmupSeconds: undefined,
    maintenancePolicy: undefined,
    distributionStrategy: "balanced-best-effort",
    terminateHookAbandon: "terminate",
    deletionProtection: "none",
    impairmentPolicy: undefined,
    context: undefined,
    suspended: new Map(),
    metrics: new Set(),
    tags: new Map((input.tags ?? []).map((tag) => [tag.key, tag])),
    deleting: false,
    hooks: new Map(),
    notifications: new Map(),
    policies: new Map(),
    schedules: new Map(),
    warmPool: undefined,
    refreshes: [],
    ...emptyRuntime(),
  };
}

/** What changes as the group lives. */
function emptyRuntime() {
  return {
    instances: new Map(),
    launching: new Map(),
    activities: [],
    active: 0,
    activeByZone: new Map(),
    activeSpot: 0,
    warm: 0,
    warmByZone: new Map(),
    counts: new Map(),
    replacementSurplus: 0,
    replacementWakeMs: 0,
    refreshSurplus: 0,
    rebalanceSurplus: 0,
    changeCause: "",
    changeAlarmArn: undefined,
    newInstanceFailed: false,
    metricsDueMs: 0,
    launchCause: undefined,
    unhealthyToReplace: 0,
    cooldownUntilMs: 0,
    cooldownSecondsDue: undefined,
    lastInServiceMs: 0,
    backoff: new Map(),
    failingSinceMs: 0,
    unhealthy: new Set<string>(),
    toReplace: new Map(),
  };
}
