import { viewActivity } from "./activities.ts";
import { hookGlobalTimeoutSeconds } from "./checks/hooks.ts";
import type { Core } from "./core.ts";
import { isOfWarmPool } from "./membership.ts";
import type { RefreshState } from "./refresh-state.ts";
import type { GroupState, HookState, InstanceState, ScheduleState } from "./state.ts";
import type {
  ActivityFilter,
  ActivityView,
  GroupView,
  HookView,
  InstanceView,
  LifecycleActionView,
  NotificationConfigurationView,
  RefreshView,
  ScheduledActionView,
  TargetGroupView,
  WarmPoolView,
} from "./types/views.ts";

/** Leaves out what is absent: a property that is there has a value. */
function present<Value extends object>(value: Value): { [Key in keyof Value]: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [Key in keyof Value]: Exclude<Value[Key], undefined>;
  };
}

export function viewInstance(instance: InstanceState): InstanceView {
  return {
    instanceId: instance.id,
    group: instance.group,
    zone: instance.zone,
    subnetId: instance.subnetId,
    instanceType: instance.instanceType,
    imageId: instance.imageId,
    template: instance.template,
    market: instance.market,
    lifecycleState: instance.state,
    healthStatus: instance.health,
    protectedFromScaleIn: instance.protectedFromScaleIn,
    launchedAtMs: instance.launchedAtMs,
    inServiceAtMs: instance.inServiceAtMs === 0 ? undefined : instance.inServiceAtMs,
  };
}

export function viewGroup(group: GroupState): GroupView {
  const instances: InstanceView[] = [];
  const warmPoolInstances: InstanceView[] = [];
  for (const instance of group.instances.values()) (isOfWarmPool(instance) ? warmPoolInstances : instances).push(viewInstance(instance));
  return {
    ...group.config,
    name: group.name,
    arn: group.arn,
    createdAtMs: group.createdAtMs,
    minSize: group.minSize,
    maxSize: group.maxSize,
    desiredCapacity: group.desiredCapacity,
    defaultCooldownSeconds: group.defaultCooldownSeconds,
    availabilityZones: group.zones,
    subnetIds: group.subnetIds,
    targetGroupArns: [...group.targetGroups.values()].filter((target) => !target.removing).map((target) => target.arn),
    healthCheckType: group.healthCheckType,
    healthCheckGracePeriodSeconds: group.gracePeriodSeconds,
    terminationPolicies: group.terminationPolicies,
    newInstancesProtectedFromScaleIn: group.protectNewInstances,
    capacityRebalance: group.capacityRebalance,
    serviceLinkedRoleArn: group.serviceLinkedRoleArn,
    capacityDistributionStrategy: group.distributionStrategy,
    terminateHookAbandon: group.terminateHookAbandon,
    deletionProtection: group.deletionProtection,
    suspendedProcesses: [...group.suspended].map(([name, reason]) => ({ name, reason })),
    enabledMetrics: [...group.metrics],
    tags: [...group.tags.values()],
    instances,
    warmPoolInstances,
    ...optionalSettings(group),
  };
}

function optionalSettings(group: GroupState): Partial<GroupView> {
  return present({
    placementGroup: group.placementGroup,
    maxInstanceLifetimeSeconds: group.maxInstanceLifetimeSeconds === 0 ? undefined : group.maxInstanceLifetimeSeconds,
    defaultInstanceWarmupSeconds: group.defaultWarmupSeconds,
    instanceMaintenancePolicy: group.maintenancePolicy,
    impairmentPolicy: group.impairmentPolicy,
    context: group.context,
    status: group.deleting ? "Delete in progress" : undefined,
    warmPool: viewWarmPool(group),
  });
}

function viewWarmPool({ warmPool }: GroupState): WarmPoolView | undefined {
  if (warmPool === undefined) return undefined;
  const { maxPrepared, minSize, poolState, reuseOnScaleIn, deleting } = warmPool;
  return {
    ...(maxPrepared === undefined ? {} : { maxGroupPreparedCapacity: maxPrepared }),
    minSize,
    poolState,
    reuseOnScaleIn,
    pendingDelete: deleting,
  };
}

export function viewActivities(core: Core, filter: ActivityFilter): ActivityView[] {
  if (filter.activityIds !== undefined) {
    const found = filter.activityIds.flatMap((id) => core.activities.get(id) ?? []);
    return found.filter((one) => filter.group === undefined || one.group === filter.group).map((one) => viewActivity(core, one));
  }
  const groups = filter.group === undefined ? [...core.state.groups.values()] : [core.state.groups.get(filter.group)];
  const past =
    filter.includeDeletedGroups === true
      ? core.state.pastActivities.filter((one) => filter.group === undefined || one.group === filter.group)
      : [];
  const all = [...past, ...groups.flatMap((group) => group?.activities ?? [])];
  return all
    .map((activity, index) => ({ activity, index }))
    .sort((one, other) => other.activity.startAtMs - one.activity.startAtMs || other.index - one.index)
    .map(({ activity }) => viewActivity(core, activity));
}

export function viewHook(group: GroupState, hook: HookState): HookView {
  return {
    group: group.name,
    name: hook.name,
    transition: hook.transition,
    heartbeatTimeoutSeconds: hook.heartbeatTimeoutSeconds,
    globalTimeoutSeconds: hookGlobalTimeoutSeconds(hook.heartbeatTimeoutSeconds),
    defaultResult: hook.defaultResult,
    ...present({ notificationTargetArn: hook.targetArn, roleArn: hook.roleArn, notificationMetadata: hook.metadata }),
  };
}

export function viewLifecycleActions(group: GroupState): LifecycleActionView[] {
  return [...group.instances.values()].flatMap((instance) =>
    instance.waits.map(({ hook, token, startedAtMs, deadlineMs }) => ({
      group: group.name,
      hook,
      instanceId: instance.id,
      token,
      startedAtMs,
      timesOutAtMs: deadlineMs,
    })),
  );
}

export function viewNotifications(group: GroupState): NotificationConfigurationView[] {
  return [...group.notifications].flatMap(([topicArn, events]) => [...events].map((event) => ({ group: group.name, topicArn, event })));
}

export function viewSchedule(group: GroupState, action: ScheduleState): ScheduledActionView {
  const { name, arn, nextAtMs, endAtMs, recurrence, timeZone, minSize, maxSize, desiredCapacity } = action;
  return {
    group: group.name,
    name,
    arn,
    startAtMs: nextAtMs,
    ...present({ endAtMs, recurrence, timeZone, minSize, maxSize, desiredCapacity }),
  };
}

export function viewRefresh(group: GroupState, refresh: RefreshState): RefreshView {
  const {
    id,
    status,
    statusReason,
    startAtMs,
    endAtMs,
    percentageComplete,
    instancesToUpdate,
    preferences,
    desiredConfiguration,
    rollback,
  } = refresh;
  return {
    instanceRefreshId: id,
    group: group.name,
    status,
    startAtMs,
    percentageComplete,
    instancesToUpdate,
    preferences,
    ...present({ statusReason, endAtMs, desiredConfiguration, rollback, warmPoolProgress: refresh.warm }),
    ...(refresh.warm === undefined ? {} : present({ livePoolProgress: refresh.live })),
  };
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LoadBalancerTargetGroupState.html */
export function viewTargetGroups(group: GroupState): TargetGroupView[] {
  return [...group.targetGroups.values()].map(({ arn, removing, hasServed }) => {
    if (removing) return { targetGroupArn: arn, state: "Removing" };
    const states = [...group.instances.values()].flatMap((instance) => instance.targets[arn] ?? []);
    if (hasServed) return { targetGroupArn: arn, state: "InService" };
    return { targetGroupArn: arn, state: states.includes("initial") ? "Adding" : "Added" };
  });
}
