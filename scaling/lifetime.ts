/** Maximum instance lifetime. https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-max-instance-lifetime.html */
import type { Core } from "./core.ts";
import { isActive } from "./membership.ts";
import type { GroupState, InstanceState } from "./state.ts";

/** A timer of one instance, or (without a reference) of the whole group, whose setting or whose protection has changed. */
export function lifetimeTimer(core: Core, group: GroupState, instanceId: string): void {
  const instances = instanceId === "" ? [...group.instances.values()] : [group.instances.get(instanceId)];
  for (const instance of instances) if (instance !== undefined) checkLifetime(core, group, instance);
}

function checkLifetime(core: Core, group: GroupState, instance: InstanceState): void {
  if (group.maxInstanceLifetimeSeconds === 0 || !isActive(instance) || instance.inServiceAtMs === 0) return;
  const endsAtMs = instance.inServiceAtMs + group.maxInstanceLifetimeSeconds * 1000;
  if (endsAtMs > core.nowMs) {
    core.schedule(endsAtMs, "lifetime", group.name, instance.id);
  } else if (!instance.protectedFromScaleIn && !group.toReplace.has(instance.id)) {
    group.toReplace.set(instance.id, "lifetime");
    core.touch(group);
  }
}
