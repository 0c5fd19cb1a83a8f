/** Commands about single instances of a group. */
import { at, endActivity, startActivity, viewActivity } from "./activities.ts";
import { callQuotas } from "./checks/quotas.ts";
import type { Core } from "./core.ts";
import { validationError } from "./error.ts";
import { refuseWhileDeleting } from "./groups.ts";
import { judge, markUnhealthy, graceEndsAtMs } from "./health.ts";
import { activityOf, beginTermination } from "./lifecycle.ts";
import { addInstance, isActive, isTerminating, removeInstance, setState } from "./membership.ts";
import type { ActivityState, GroupState, InstanceState } from "./state.ts";
import { deregisterTargets, registerTargets } from "./targets.ts";
import type {
  AttachedInstance,
  AttachInstances,
  DetachInstances,
  EnterStandby,
  ExitStandby,
  SetInstanceHealth,
  SetInstanceProtection,
  TerminateInstance,
} from "./types/commands.ts";
import type { ActivityView } from "./types/views.ts";

function instanceOf(core: Core, instanceId: string): InstanceState {
  const instance = core.instances.get(instanceId);
  if (instance === undefined) throw validationError(`Instance Id not found - No managed instance found for instance ID: ${instanceId}`);
  return instance;
}

/** All of one group, in one of the states; the refusal names each that is not. */
function instancesOf(
  group: GroupState,
  instanceIds: readonly string[],
  limit: number,
  fits: (instance: InstanceState) => boolean,
  needed: string,
): InstanceState[] {
  if (instanceIds.length === 0 || instanceIds.length > limit)
    throw validationError(`1 to ${limit} instance IDs are allowed; there are ${instanceIds.length}`);
  const missing = instanceIds.filter((id) => !group.instances.has(id));
  if (missing.length > 0) throw validationError(`The instance ${missing.join(", ")} is not part of Auto Scaling group ${group.name}.`);
  const instances = [...new Set(instanceIds)].flatMap((id) => group.instances.get(id) ?? []);
  const wrong = instances.filter((instance) => !fits(instance)).map((instance) => `${instance.id} is in ${instance.state}`);
  if (wrong.length > 0) throw validationError(`${wrong.join(", ")}; needed: ${needed}`);
  return instances;
}

function decrement(core: Core, group: GroupState, by: number): void {
  if (group.desiredCapacity - by < group.minSize) {
    throw validationError(
      `Currently, desiredSize equals minSize (${group.minSize}). Terminating, detaching or moving ${by} instance(s) without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.`,
    );
  }
  group.desiredCapacity -= by;
  core.touch(group);
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TerminateInstanceInAutoScalingGroup.html */
export function terminateInstance(core: Core, { instanceId, shouldDecrementDesiredCapacity }: TerminateInstance): ActivityView {
  const instance = instanceOf(core, instanceId);
  const group = core.groupOf(instance);
  const retained = instance.state.endsWith(":Retained");
  if (isTerminating(instance) && !retained) return viewActivity(core, activityOf(core, instance));
  const counts = isActive(instance);
  const from = group.desiredCapacity;
  if (shouldDecrementDesiredCapacity && counts) decrement(core, group, 1);
  const shrunk = shouldDecrementDesiredCapacity && counts ? `, shrinking the capacity from ${from} to ${from - 1}` : "";
  const cause = `${at(core)}instance ${instanceId} was taken out of service in response to a user request${shrunk}.`;
  return viewActivity(core, beginTermination(core, group, instance, { cause, withoutHooks: retained }));
}

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-attach-detach-instances.html */
export function attachInstances(core: Core, { group: name, instances }: AttachInstances): void {
  const group = core.group(name);
  refuseWhileDeleting(group);
  if (instances.length === 0 || instances.length > callQuotas.attachedInstances)
    throw validationError(`1 to ${callQuotas.attachedInstances} instance IDs are allowed; there are ${instances.length}`);
  refuseWithoutLaunch(group, "attached");
  for (const instance of instances) refuseAttaching(core, group, instance);
  const from = group.desiredCapacity;
  const to = from + instances.length;
  if (to > group.maxSize) {
    throw validationError(
      `AutoScalingGroup ${name} has min-size=${group.minSize}, max-size=${group.maxSize}, and desired-size=${from}. To attach ${instances.length} more instance, please update the AutoScalingGroup sizes appropriately.`,
    );
  }
  group.desiredCapacity = to;
  for (const one of instances) attach(core, group, one, from, to);
}

/** "Additional considerations" of https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html */
function refuseWithoutLaunch(group: GroupState, done: string): void {
  if (!group.suspended.has("Launch")) return;
  throw validationError(`The process Launch of ${group.name} is suspended, so that no instance can be ${done}; resume it first`);
}

function refuseAttaching(core: Core, group: GroupState, instance: AttachedInstance): void {
  const { instanceId, ec2State, zone } = instance;
  if (core.instances.has(instanceId))
    throw validationError(`Instance ${instanceId} is already part of AutoScalingGroup:${core.instances.get(instanceId)?.group ?? ""}.`);
  if (ec2State !== "running")
    throw validationError(`Instance ${instanceId} is not in correct state. Instance(s) must be in 'running' state.`);
  if (!group.zones.includes(zone))
    throw validationError(`Instance ${instanceId} is in ${zone}; the group's Availability Zones are ${group.zones.join(", ")}`);
}

function attach(
  core: Core,
  group: GroupState,
  { instanceId, zone, subnetId, instanceType, imageId }: AttachedInstance,
  from: number,
  to: number,
): void {
  const cause = `${at(core)}an instance was attached in response to a user request, increasing the capacity from ${from} to ${to}.`;
  const activity = startActivity(core, group, { kind: "attach", cause, zone, subnetId, instanceId });
  const instance: InstanceState = {
    id: instanceId,
    group: group.name,
    zone,
    subnetId,
    instanceType,
    imageId,
    template: undefined,
    market: "on-demand",
    launchedAtMs: core.nowMs,
    refreshId: undefined,
    state: "InService",
    health: "Healthy",
    protectedFromScaleIn: group.protectNewInstances,
    inServiceAtMs: core.nowMs,
    ec2State: "running",
    activityId: activity.id,
    origin: "EC2",
    destination: "AutoScalingGroup",
    waits: [],
    targets: {},
    impaired: {},
    unhealthyReason: undefined,
    terminateFailures: 0,
  };
  addInstance(core, group, instance);
  group.lastInServiceMs = core.nowMs;
  registerTargets(core, group, instance);
  core.emit({ kind: "tagInstances", instanceIds: [instanceId], set: true, group: group.name });
  endActivity(core, activity, "Successful");
  if (group.maxInstanceLifetimeSeconds > 0)
    core.schedule(core.nowMs + group.maxInstanceLifetimeSeconds * 1000, "lifetime", group.name, instanceId);
  core.touch(group);
}

export function detachInstances(core: Core, { group: name, instanceIds, shouldDecrementDesiredCapacity }: DetachInstances): ActivityView[] {
  const group = core.group(name);
  const movable = (instance: InstanceState) => instance.state === "InService" || instance.state === "Standby";
  const instances = instancesOf(group, instanceIds, callQuotas.attachedInstances, movable, "InService or Standby");
  const from = group.desiredCapacity;
  if (shouldDecrementDesiredCapacity) decrement(core, group, instances.filter(isActive).length);
  const shrunk = shouldDecrementDesiredCapacity ? `, shrinking the capacity from ${from} to ${group.desiredCapacity}` : "";
  return instances.map((instance) => {
    const activity = begin(
      core,
      group,
      instance,
      "detach",
      `${at(core)}instance ${instance.id} was detached in response to a user request${shrunk}.`,
    );
    setState(group, instance, "Detaching");
    core.touch(group);
    if (!deregisterTargets(core, group, instance)) detached(core, group, instance);
    return viewActivity(core, activity);
  });
}

/** The instance lives on, without the group. */
export function detached(core: Core, group: GroupState, instance: InstanceState): void {
  endActivity(core, activityOf(core, instance), "Successful");
  removeInstance(core, group, instance);
  core.emit({ kind: "tagInstances", instanceIds: [instance.id], set: false, group: group.name });
  core.touch(group);
}

function begin(core: Core, group: GroupState, instance: InstanceState, kind: ActivityState["kind"], cause: string): ActivityState {
  const { zone, subnetId } = instance;
  const activity = startActivity(core, group, { kind, cause, zone, subnetId, instanceId: instance.id });
  activity.progress = 50;
  instance.activityId = activity.id;
  return activity;
}

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-enter-exit-standby.html */
export function enterStandby(core: Core, { group: name, instanceIds, shouldDecrementDesiredCapacity }: EnterStandby): ActivityView[] {
  const group = core.group(name);
  const instances = instancesOf(
    group,
    instanceIds,
    callQuotas.attachedInstances,
    (instance) => instance.state === "InService",
    "InService",
  );
  const from = group.desiredCapacity;
  if (shouldDecrementDesiredCapacity) decrement(core, group, instances.length);
  const shrunk = shouldDecrementDesiredCapacity ? `, shrinking the capacity from ${from} to ${group.desiredCapacity}` : "";
  return instances.map((instance) => {
    const activity = begin(
      core,
      group,
      instance,
      "standby",
      `${at(core)}instance ${instance.id} was moved to standby in response to a user request${shrunk}.`,
    );
    setState(group, instance, "EnteringStandby");
    group.toReplace.delete(instance.id);
    core.touch(group);
    if (!deregisterTargets(core, group, instance)) inStandby(core, group, instance);
    return viewActivity(core, activity);
  });
}

export function inStandby(core: Core, group: GroupState, instance: InstanceState): void {
  setState(group, instance, "Standby");
  endActivity(core, activityOf(core, instance), "Successful");
  core.touch(group);
}

export function exitStandby(core: Core, { group: name, instanceIds }: ExitStandby): ActivityView[] {
  const group = core.group(name);
  const instances = instancesOf(group, instanceIds, callQuotas.attachedInstances, (instance) => instance.state === "Standby", "Standby");
  refuseWithoutLaunch(group, "returned to service");
  const from = group.desiredCapacity;
  const to = from + instances.length;
  if (to > group.maxSize) {
    throw validationError(
      `AutoScalingGroup ${name} has min-size=${group.minSize}, max-size=${group.maxSize}, and desired-size=${from}. To exit ${instances.length} more instance from standby, please update the AutoScalingGroup sizes appropriately.`,
    );
  }
  group.desiredCapacity = to;
  return instances.map((instance) => {
    const cause = `${at(core)}instance ${instance.id} was moved out of standby in response to a user request, increasing the capacity from ${from} to ${to}.`;
    const activity = begin(core, group, instance, "in-service", cause);
    setState(group, instance, "InService");
    instance.inServiceAtMs = core.nowMs; // the grace period begins anew
    group.lastInServiceMs = core.nowMs;
    registerTargets(core, group, instance);
    endActivity(core, activity, "Successful");
    judge(core, group, instance);
    if (instance.health === "Unhealthy") group.unhealthy.add(instance.id); // since before the standby
    core.touch(group);
    return viewActivity(core, activity);
  });
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SetInstanceHealth.html */
export function setInstanceHealth(core: Core, { instanceId, healthStatus, shouldRespectGracePeriod = true }: SetInstanceHealth): void {
  const instance = instanceOf(core, instanceId);
  const group = core.groupOf(instance);
  if (healthStatus === "Healthy") {
    if (isTerminating(instance)) throw validationError(`Instance ${instanceId} is terminating and cannot become healthy again`);
    instance.health = "Healthy";
    instance.unhealthyReason = undefined;
    group.unhealthy.delete(instanceId);
    group.toReplace.delete(instanceId);
  } else if (healthStatus !== "Unhealthy") {
    throw validationError(`Valid instance health states are: [Healthy, Unhealthy]; "${healthStatus}" was given`);
  } else if (!shouldRespectGracePeriod || (instance.inServiceAtMs > 0 && graceEndsAtMs(group, instance) <= core.nowMs)) {
    markUnhealthy(core, group, instance, "user");
  }
  core.touch(group);
}

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-instance-protection.html */
export function setInstanceProtection(core: Core, { group: name, instanceIds, protectedFromScaleIn }: SetInstanceProtection): void {
  const group = core.group(name);
  const protectable = (instance: InstanceState) => !isTerminating(instance) && instance.state !== "Detaching";
  for (const instance of instancesOf(group, instanceIds, callQuotas.protectedInstances, protectable, "not terminating"))
    instance.protectedFromScaleIn = protectedFromScaleIn;
  core.schedule(core.nowMs, "lifetime", name); // protection may have held back some that are overdue
  core.touch(group);
}
