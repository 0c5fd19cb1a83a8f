/**
 * Replacing instances one by one or several at once, for any reason but a refresh: unhealthy, too old, or about to be
 * interrupted. How many at a time is the maintenance policy's business.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-maintenance-policy-overview-and-considerations.html
 */
import { at, sentences } from "./activities.ts";
import type { Core } from "./core.ts";
import { beginTermination } from "./lifecycle.ts";
import { countIn, isActive, isWarm } from "./membership.ts";
import type { GroupState, InstanceState } from "./state.ts";

export interface HealthyRange {
  /** Instances that stay ready while others are replaced. */
  readonly min: number;
  /** Instances that may exist meanwhile. */
  readonly max: number;
}

/**
 * Counts for the two percentages of the desired capacity. When no instance could ever be replaced within them, one more
 * than desired may exist: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html
 * (MaxHealthyPercentage).
 */
export function healthyRange(desired: number, minPercent: number, maxPercent: number): HealthyRange {
  const min = Math.ceil((desired * minPercent) / 100);
  const max = Math.floor((desired * maxPercent) / 100);
  return min >= desired && max <= desired ? { min, max: desired + 1 } : { min, max: Math.max(max, desired) };
}

/** Whether the instance counts as ready: in service, healthy and past its warm-up. */
export function isReady(core: Core, instance: InstanceState, warmupSeconds: number): boolean {
  return instance.state === "InService" && instance.health === "Healthy" && instance.inServiceAtMs + warmupSeconds * 1000 <= core.nowMs;
}

/** Terminates what may go now, and asks for launches ahead where the policy wants them; `surplus` holds how many. */
export function replaceInstances(core: Core, group: GroupState): void {
  collectUnhealthy(group);
  if (group.toReplace.size === 0 || group.deleting || group.suspended.has("Terminate")) {
    if (group.toReplace.size === 0) group.replacementSurplus = 0;
    return;
  }
  if (group.maintenancePolicy === undefined) replaceWithoutPolicy(core, group);
  else replaceWithPolicy(core, group, group.maintenancePolicy.minHealthyPercentage, group.maintenancePolicy.maxHealthyPercentage);
}

function collectUnhealthy(group: GroupState): void {
  for (const id of group.unhealthy) {
    const instance = group.instances.get(id);
    if (instance === undefined || instance.health === "Healthy" || !(isActive(instance) || isWarm(instance))) group.unhealthy.delete(id);
    else if (!group.suspended.has("ReplaceUnhealthy")) {
      group.toReplace.set(id, "unhealthy");
      group.unhealthy.delete(id);
    }
  }
}

/**
 * Without a policy: unhealthy ones are terminated at once and replaced; too old ones likewise, one at a time or up to a
 * tenth of the group; of endangered spot instances the replacement comes first, a tenth beyond the desired capacity at most.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-max-instance-lifetime.html
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-capacity-rebalancing.html
 */
function replaceWithoutPolicy(core: Core, group: GroupState): void {
  const inService = countIn(group, "InService");
  let missing = group.desiredCapacity - inService;
  let spare = inService - group.desiredCapacity;
  let ahead = 0;
  for (const [id, cause] of group.toReplace) {
    const instance = group.instances.get(id);
    if (instance === undefined) {
      group.toReplace.delete(id);
    } else if (cause === "unhealthy") {
      takeOut(core, group, instance);
    } else if (cause === "lifetime") {
      if (missing++ < Math.max(1, Math.floor(group.desiredCapacity / 10))) takeOut(core, group, instance);
    } else if (spare-- > 0) {
      takeOut(core, group, instance);
    } else {
      ahead++;
    }
  }
  group.replacementSurplus = Math.min(ahead, Math.max(1, Math.floor(group.desiredCapacity / 10)));
}

/** An instance that is found unhealthy still serves a little: it counts and stays until its turn, unless EC2 has lost it. */
function replaceWithPolicy(core: Core, group: GroupState, minPercent: number, maxPercent: number): void {
  const range = healthyRange(group.desiredCapacity, minPercent, maxPercent);
  let serving = countServing(core, group);
  for (const id of group.toReplace.keys()) {
    const instance = group.instances.get(id);
    if (instance === undefined) {
      group.toReplace.delete(id);
    } else if (!serves(core, group, instance)) {
      takeOut(core, group, instance);
    } else if (serving > range.min) {
      serving--;
      takeOut(core, group, instance);
    }
  }
  const room = range.max - group.desiredCapacity - group.refreshSurplus;
  group.replacementSurplus = Math.max(0, Math.min(room, group.toReplace.size));
}

function serves(core: Core, group: GroupState, instance: InstanceState): boolean {
  const warmAtMs = instance.inServiceAtMs + (group.defaultWarmupSeconds ?? 0) * 1000;
  return instance.state === "InService" && instance.ec2State === "running" && warmAtMs <= core.nowMs;
}

/** Looks again when the next one has warmed up. */
function countServing(core: Core, group: GroupState): number {
  let serving = 0;
  let nextWarmMs = Infinity;
  for (const instance of group.instances.values()) {
    if (serves(core, group, instance)) serving++;
    else if (instance.state === "InService")
      nextWarmMs = Math.min(nextWarmMs, instance.inServiceAtMs + (group.defaultWarmupSeconds ?? 0) * 1000);
  }
  if (
    nextWarmMs > core.nowMs &&
    nextWarmMs !== Infinity &&
    !(group.replacementWakeMs > core.nowMs && group.replacementWakeMs <= nextWarmMs)
  ) {
    group.replacementWakeMs = nextWarmMs;
    core.schedule(nextWarmMs, "replacement", group.name);
  }
  return serving;
}

export function takeOut(core: Core, group: GroupState, instance: InstanceState): void {
  const cause = group.toReplace.get(instance.id);
  if (cause === "unhealthy" && isActive(instance)) group.unhealthyToReplace++;
  beginTermination(core, group, instance, { cause: causeOf(core, instance, cause) });
}

function causeOf(core: Core, instance: InstanceState, cause: string | undefined): string {
  if (cause === "lifetime") {
    const reached = `${at(core)}an instance was taken out of service in response to reaching the maximum instance lifetime.`;
    return sentences(reached, `${at(core)}instance ${instance.id} was selected for termination.`);
  }
  if (cause === "rebalance-recommendation") {
    return `${at(core)}an instance was taken out of service in response to an EC2 instance rebalance recommendation.`;
  }
  return instance.unhealthyReason ?? `${at(core)}an instance was taken out of service in response to a health check failure.`;
}
