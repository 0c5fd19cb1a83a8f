/**
 * The way of an instance through its states, from EC2's answer to a launch until it is gone.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
 */
import { at, endActivity, startActivity } from "./activities.ts";
import type { Core } from "./core.ts";
import { beginHooks } from "./hooks.ts";
import { addInstance, isOfWarmPool, isTerminating, removeInstance, removeLaunch, setState } from "./membership.ts";
import { announce } from "./notices.ts";
import type { ActivityState, GroupState, HookWait, InstanceState, LaunchState } from "./state.ts";
import { deregisterTargets, registerTargets } from "./targets.ts";
import type { HookResult, LifecycleState } from "./types/common.ts";
import type { InstanceLaunched } from "./types/facts.ts";

/** Progress in percent, as the documentation's examples show it. */
const progress = { launched: 30, hooks: 40, draining: 50 } as const;

/** EC2 has accepted a launch. */
export function launched(core: Core, group: GroupState, launch: LaunchState, fact: InstanceLaunched): void {
  removeLaunch(group, launch);
  const instance: InstanceState = {
    id: fact.instanceId,
    group: group.name,
    zone: launch.zone,
    subnetId: launch.subnetId,
    instanceType: fact.instanceType ?? launch.instanceType,
    imageId: fact.imageId ?? launch.imageId,
    template: launch.template,
    market: launch.market,
    launchedAtMs: core.nowMs,
    refreshId: launch.refreshId,
    state: launch.warm ? "Warmed:Pending" : "Pending",
    health: "Healthy",
    protectedFromScaleIn: group.protectNewInstances,
    inServiceAtMs: 0,
    ec2State: "pending",
    activityId: launch.activityId,
    origin: "EC2",
    destination: launch.warm ? "WarmPool" : "AutoScalingGroup",
    waits: [],
    targets: {},
    impaired: {},
    unhealthyReason: undefined,
    terminateFailures: 0,
  };
  addInstance(core, group, instance);
  const activity = activityOf(core, instance);
  activity.instanceId = instance.id;
  activity.status = "PreInService";
  activity.progress = progress.launched;
  core.touch(group);
}

/** The instance runs, for the first time or again after its rest in the warm pool. */
export function started(core: Core, group: GroupState, instance: InstanceState): void {
  if (instance.state !== "Pending" && instance.state !== "Warmed:Pending") return;
  if (!beginHooks(core, group, instance, "autoscaling:EC2_INSTANCE_LAUNCHING")) {
    proceed(core, group, instance);
    return;
  }
  setState(group, instance, instance.state === "Pending" ? "Pending:Wait" : "Warmed:Pending:Wait");
  const activity = activityOf(core, instance);
  activity.status = "MidLifecycleAction";
  activity.progress = progress.hooks;
  core.touch(group);
}

/** One hook has been completed, has timed out, or is gone. */
export function hookEnded(core: Core, group: GroupState, instance: InstanceState, wait: HookWait, result: HookResult, how: string): void {
  instance.waits = instance.waits.filter((other) => other !== wait);
  if (result === "ABANDON") {
    instance.waits = []; // abandoning stops the other hooks too
    abandoned(core, group, instance, wait, how);
  } else if (instance.waits.length === 0) {
    proceed(core, group, instance);
  }
}

function abandoned(core: Core, group: GroupState, instance: InstanceState, wait: HookWait, how: string): void {
  const message = `Instance failed to complete user's Lifecycle Action: Lifecycle Action with token ${wait.token} was abandoned: ${how}`;
  if (!isTerminating(instance)) {
    if (activityOf(core, instance).kind !== "warm-return") launchGivenUp(core, group, instance, message);
    const cause = `${at(core)}an instance was taken out of service in response to a failed lifecycle action.`;
    beginTermination(core, group, instance, { cause });
  } else if (group.terminateHookAbandon === "retain" && instance.ec2State !== "terminated") {
    setState(group, instance, isOfWarmPool(instance) ? "Warmed:Terminating:Retained" : "Terminating:Retained");
    endActivity(core, activityOf(core, instance), "Cancelled", message);
    core.touch(group);
  } else {
    proceed(core, group, instance);
  }
}

/** A launch that never came into service: its activity ends here, the termination has one of its own. */
function launchGivenUp(core: Core, group: GroupState, instance: InstanceState, message: string): void {
  const activity = activityOf(core, instance);
  if (activity.endAtMs !== undefined) return;
  endActivity(core, activity, "Cancelled", message);
  announce(core, group, activity, "launchError", instance);
  if (instance.refreshId !== undefined) group.newInstanceFailed = true;
}

/** All hooks of the present transition are done. */
function proceed(core: Core, group: GroupState, instance: InstanceState): void {
  switch (instance.state) {
    case "Pending":
    case "Pending:Wait":
      setState(group, instance, "Pending:Proceed");
      enterService(core, group, instance);
      break;
    case "Warmed:Pending":
    case "Warmed:Pending:Wait":
      setState(group, instance, "Warmed:Pending:Proceed");
      enterWarmPool(core, group, instance);
      break;
    case "Terminating":
    case "Terminating:Wait":
      setState(group, instance, "Terminating:Proceed");
      orderTermination(core, group, instance);
      break;
    case "Warmed:Terminating":
    case "Warmed:Terminating:Wait":
      setState(group, instance, "Warmed:Terminating:Proceed");
      orderTermination(core, group, instance);
      break;
    default:
      throw new Error(`${instance.id} is ${instance.state} and waits for no hook`);
  }
}

function enterService(core: Core, group: GroupState, instance: InstanceState): void {
  registerTargets(core, group, instance);
  setState(group, instance, "InService");
  instance.inServiceAtMs = core.nowMs;
  group.lastInServiceMs = core.nowMs;
  const activity = activityOf(core, instance);
  announce(core, group, activity, "launch", instance);
  endActivity(core, activity, "Successful");
  group.failingSinceMs = 0;
  const impaired = Object.values(instance.impaired).some((sinceMs) => sinceMs > 0);
  if (impaired) core.schedule(core.nowMs + group.gracePeriodSeconds * 1000, "grace", group.name, instance.id);
  if (group.maxInstanceLifetimeSeconds > 0)
    core.schedule(core.nowMs + group.maxInstanceLifetimeSeconds * 1000, "lifetime", group.name, instance.id);
  core.touch(group);
}

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/warm-pool-instance-lifecycle.html */
function enterWarmPool(core: Core, group: GroupState, instance: InstanceState): void {
  const poolState = group.warmPool?.poolState ?? "Stopped";
  if (poolState === "Running") {
    warmed(core, group, instance);
  } else {
    core.emit({ kind: "stop", group: group.name, instanceIds: [instance.id], hibernate: poolState === "Hibernated" });
  }
  core.touch(group);
}

/** The instance has come to rest in the warm pool. */
export function warmed(core: Core, group: GroupState, instance: InstanceState): void {
  if (instance.state !== "Warmed:Pending:Proceed") return;
  const poolState = group.warmPool?.poolState ?? "Stopped";
  const resting = instance.ec2State === "running" ? "Running" : poolState === "Hibernated" ? "Hibernated" : "Stopped";
  setState(group, instance, `Warmed:${resting}`);
  const activity = activityOf(core, instance);
  if (activity.kind !== "warm-return") announce(core, group, activity, "launch", instance);
  endActivity(core, activity, "Successful");
  core.touch(group);
}

export interface Termination {
  readonly cause: string;
  /** Forced deletion: neither hooks nor draining. */
  readonly forced?: boolean;
  /** They have run before: the instance was retained. */
  readonly withoutHooks?: boolean;
  readonly alarmArn?: string | undefined;
}

/** Takes an instance out: deregistered and drained first, then the hooks, then the call to EC2. */
export function beginTermination(
  core: Core,
  group: GroupState,
  instance: InstanceState,
  { cause, forced = false, withoutHooks = forced, alarmArn }: Termination,
): ActivityState {
  const ofWarmPool = isOfWarmPool(instance);
  giveUpRunningActivity(core, group, instance);
  instance.waits = [];
  instance.origin = ofWarmPool ? "WarmPool" : "AutoScalingGroup";
  instance.destination = "EC2";
  const activity = startActivity(core, group, {
    kind: ofWarmPool ? "warm-terminate" : "terminate",
    cause,
    zone: instance.zone,
    subnetId: instance.subnetId,
    instanceId: instance.id,
    alarmArn,
  });
  instance.activityId = activity.id;
  group.toReplace.delete(instance.id);
  setState(group, instance, ofWarmPool ? "Warmed:Terminating" : "Terminating");
  core.touch(group);
  const draining = deregisterTargets(core, group, instance);
  if (withoutHooks) {
    instance.targets = {};
    proceed(core, group, instance);
  } else if (draining && instance.ec2State === "running") {
    activity.status = "WaitingForELBConnectionDraining";
    activity.progress = progress.draining;
  } else {
    drained(core, group, instance);
  }
  return activity;
}

/** What was going on with an instance that is to be terminated now. */
function giveUpRunningActivity(core: Core, group: GroupState, instance: InstanceState): void {
  // One that is no longer remembered has ended long ago.
  const activity = core.activities.get(instance.activityId);
  if (activity === undefined || activity.endAtMs !== undefined) return;
  const message = `${instance.id} was terminated before this was done.`;
  if (activity.kind === "launch" || activity.kind === "warm-launch" || activity.kind === "from-warm")
    launchGivenUp(core, group, instance, message);
  else endActivity(core, activity, "Cancelled", message);
}

/**
 * Scale-in with a reuse policy: the instance leaves service and rests in the warm pool. Its hooks are those of a
 * termination. https://docs.aws.amazon.com/autoscaling/ec2/userguide/warm-pool-instance-lifecycle.html
 */
export function returnToWarmPool(core: Core, group: GroupState, instance: InstanceState, cause: string): void {
  instance.origin = "AutoScalingGroup";
  instance.destination = "WarmPool";
  const { zone, subnetId } = instance;
  instance.activityId = startActivity(core, group, { kind: "warm-return", cause, zone, subnetId, instanceId: instance.id }).id;
  setState(group, instance, "Warmed:Pending");
  core.touch(group);
  if (deregisterTargets(core, group, instance)) activityOf(core, instance).status = "WaitingForELBConnectionDraining";
  else drained(core, group, instance);
}

/** No target group holds the departing instance any more; now its hooks. */
export function drained(core: Core, group: GroupState, instance: InstanceState): void {
  instance.targets = {};
  const activity = activityOf(core, instance);
  activity.status = "InProgress";
  if (!beginHooks(core, group, instance, "autoscaling:EC2_INSTANCE_TERMINATING")) {
    proceed(core, group, instance);
    return;
  }
  activity.status = "MidLifecycleAction";
  activity.progress = progress.hooks;
  setState(group, instance, `${instance.state}:Wait` as LifecycleState);
  core.touch(group);
}

/** EC2 is asked, unless somebody has terminated the instance already. */
function orderTermination(core: Core, group: GroupState, instance: InstanceState): void {
  activityOf(core, instance).status = "InProgress";
  if (instance.ec2State === "terminated") {
    gone(core, group, instance);
  } else if (instance.ec2State !== "shutting-down") {
    core.emit({ kind: "terminate", group: group.name, instanceIds: [instance.id] });
  }
}

/** EC2 has terminated the instance and nothing more is to be done for it. */
export function gone(core: Core, group: GroupState, instance: InstanceState): void {
  const activity = activityOf(core, instance);
  setState(group, instance, "Terminated");
  announce(core, group, activity, "terminate", instance);
  endActivity(core, activity, "Successful");
  removeInstance(core, group, instance);
  core.touch(group);
}

/** EC2 refused to terminate; seconds to the next attempt double up to ten minutes (AWS documents only that it tries again). */
export function terminationRefused(core: Core, group: GroupState, instance: InstanceState, message: string): void {
  if (instance.state !== "Terminating:Proceed" && instance.state !== "Warmed:Terminating:Proceed") return;
  const activity = activityOf(core, instance);
  endActivity(core, activity, "Failed", message);
  announce(core, group, activity, "terminateError", instance);
  const waitSeconds = Math.min(600, 15 * 2 ** instance.terminateFailures++);
  core.schedule(core.nowMs + waitSeconds * 1000, "terminate-retry", group.name, instance.id);
}

export function retryTermination(core: Core, group: GroupState, instance: InstanceState): void {
  if (instance.state !== "Terminating:Proceed" && instance.state !== "Warmed:Terminating:Proceed") return;
  const failed = activityOf(core, instance);
  const { kind, cause, zone, subnetId } = failed;
  instance.activityId = startActivity(core, group, { kind, cause, zone, subnetId, instanceId: instance.id }).id;
  orderTermination(core, group, instance);
}

export function activityOf(core: Core, instance: InstanceState): ActivityState {
  const activity = core.activities.get(instance.activityId);
  if (activity === undefined) throw new Error(`activity ${instance.activityId} of instance ${instance.id} is not known`);
  return activity;
}
