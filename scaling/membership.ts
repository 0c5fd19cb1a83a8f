/**
 * Who counts where: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html.
 * All changes of an instance's state go through here, so that counting never needs a look at every instance.
 */
import type { Core } from "./core.ts";
import type { GroupState, InstanceState, LaunchState } from "./state.ts";
import type { LifecycleState } from "./types/common.ts";

/** These count towards the desired capacity; so do launches that EC2 has not answered. */
const activeStates: ReadonlySet<LifecycleState> = new Set(["Pending", "Pending:Wait", "Pending:Proceed", "InService"]);
/** These count towards the warm pool's size. */
const warmStates: ReadonlySet<LifecycleState> = new Set([
  "Warmed:Pending",
  "Warmed:Pending:Wait",
  "Warmed:Pending:Proceed",
  "Warmed:Running",
  "Warmed:Stopped",
  "Warmed:Hibernated",
]);

export const isActive = (instance: InstanceState): boolean => activeStates.has(instance.state);
export const isWarm = (instance: InstanceState): boolean => warmStates.has(instance.state);
/** In the warm pool or on the way out of it to termination. */
export const isOfWarmPool = (instance: InstanceState): boolean => instance.state.startsWith("Warmed:");
export const isTerminating = (instance: InstanceState): boolean => instance.state.includes("Terminat");

const add = <Key>(counts: Map<Key, number>, key: Key, change: number) => counts.set(key, (counts.get(key) ?? 0) + change);

function count(group: GroupState, instance: InstanceState, change: 1 | -1): void {
  add(group.counts, instance.state, change);
  if (activeStates.has(instance.state)) {
    group.active += change;
    add(group.activeByZone, instance.zone, change);
    if (instance.market === "spot") group.activeSpot += change;
  } else if (warmStates.has(instance.state)) {
    group.warm += change;
    add(group.warmByZone, instance.zone, change);
  }
}

export function setState(group: GroupState, instance: InstanceState, state: LifecycleState): void {
  count(group, instance, -1);
  instance.state = state;
  count(group, instance, 1);
}

export function addInstance(core: Core, group: GroupState, instance: InstanceState): void {
  group.instances.set(instance.id, instance);
  core.instances.set(instance.id, instance);
  count(group, instance, 1);
}

export function removeInstance(core: Core, group: GroupState, instance: InstanceState): void {
  group.instances.delete(instance.id);
  core.instances.delete(instance.id);
  group.toReplace.delete(instance.id);
  count(group, instance, -1);
}

export function addLaunch(group: GroupState, launch: LaunchState): void {
  group.launching.set(launch.activityId, launch);
  countLaunch(group, launch, 1);
}

export function removeLaunch(group: GroupState, launch: LaunchState): void {
  group.launching.delete(launch.activityId);
  countLaunch(group, launch, -1);
}

function countLaunch(group: GroupState, launch: LaunchState, change: 1 | -1): void {
  if (launch.warm) {
    group.warm += change;
    add(group.warmByZone, launch.zone, change);
    return;
  }
  group.active += change;
  add(group.activeByZone, launch.zone, change);
  if (launch.market === "spot") group.activeSpot += change;
}

/** Number of instances in any of these states. */
export function countIn(group: GroupState, ...states: readonly LifecycleState[]): number {
  return states.reduce((sum, state) => sum + (group.counts.get(state) ?? 0), 0);
}
