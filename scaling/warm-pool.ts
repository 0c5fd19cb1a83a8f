/** Instances that are prepared ahead. https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html */
import { at, startActivity } from "./activities.ts";
import type { Core } from "./core.ts";
import { launchInstances } from "./launching.ts";
import { beginTermination, started } from "./lifecycle.ts";
import { isWarm, setState } from "./membership.ts";
import type { GroupState, InstanceState } from "./state.ts";

/** Size that the pool should have: what is missing from the prepared capacity, at least its minimum. */
export function warmPoolTarget(group: GroupState): number {
  const pool = group.warmPool;
  if (pool === undefined || pool.deleting) return 0;
  return Math.max(pool.minSize, (pool.maxPrepared ?? group.maxSize) - group.desiredCapacity, 0);
}

export function reconcileWarmPool(core: Core, group: GroupState): void {
  const pool = group.warmPool;
  if (pool === undefined || group.deleting) return;
  const target = warmPoolTarget(group);
  if (group.warm < target && !group.suspended.has("Launch")) {
    const [from, to] = [group.warm, target];
    const cause = () =>
      `${at(core)}an instance was launched into the warm pool in response to a difference between desired and actual warm pool capacity, increasing the capacity from ${from} to ${to}.`;
    launchInstances(core, group, { count: target - group.warm, warm: true, cause });
  } else if (group.warm > target && !group.suspended.has("Terminate")) {
    shrinkWarmPool(core, group, group.warm - target);
  }
  if (pool.deleting && ![...group.instances.values()].some((one) => one.state.startsWith("Warmed:")) && group.warm === 0)
    group.warmPool = undefined;
}

/** Those that are least ready go first. */
function shrinkWarmPool(core: Core, group: GroupState, count: number): void {
  const readiness = (instance: InstanceState) => (instance.state.startsWith("Warmed:Pending") ? 0 : 1);
  const candidates = [...group.instances.values()].filter(isWarm).sort((one, other) => readiness(one) - readiness(other));
  for (const instance of candidates.slice(0, count)) {
    const cause = `${at(core)}an instance was taken out of the warm pool in response to a difference between desired and actual warm pool capacity.`;
    beginTermination(core, group, instance, { cause });
  }
}

const resting = new Set(["Warmed:Running", "Warmed:Stopped", "Warmed:Hibernated"]);

/** Scale-out takes prepared instances first, for the zones with the fewest. */
export function takeFromWarmPool(core: Core, group: GroupState, count: number, cause: () => string): void {
  if (group.warmPool === undefined || group.warm === 0) return;
  const ready = [...group.instances.values()].filter((instance) => resting.has(instance.state) && instance.health === "Healthy");
  for (let taken = 0; taken < count && ready.length > 0; taken++) {
    const inZone = (instance: InstanceState) => group.activeByZone.get(instance.zone) ?? 0;
    const next = ready.reduce((best, instance) => (inZone(instance) < inZone(best) ? instance : best));
    ready.splice(ready.indexOf(next), 1);
    moveIntoGroup(core, group, next, cause());
  }
}

function moveIntoGroup(core: Core, group: GroupState, instance: InstanceState, cause: string): void {
  const { zone, subnetId } = instance;
  instance.origin = "WarmPool";
  instance.destination = "AutoScalingGroup";
  instance.protectedFromScaleIn = group.protectNewInstances; // "moves an instance from a warm pool … inherits": ec2-auto-scaling-instance-protection.html
  instance.activityId = startActivity(core, group, { kind: "from-warm", cause, zone, subnetId, instanceId: instance.id }).id;
  setState(group, instance, "Pending");
  if (instance.ec2State === "running") started(core, group, instance);
  else core.emit({ kind: "start", group: group.name, instanceIds: [instance.id] });
}
