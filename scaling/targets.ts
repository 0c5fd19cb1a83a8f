/** Registration with target groups. https://docs.aws.amazon.com/autoscaling/ec2/userguide/attach-load-balancer-asg.html */
import type { Core } from "./core.ts";
import type { GroupState, InstanceState } from "./state.ts";

/** Unless AddToLoadBalancer is suspended; an instance that was left out stays out until somebody registers it. */
export function registerTargets(core: Core, group: GroupState, instance: InstanceState): void {
  if (group.suspended.has("AddToLoadBalancer")) return;
  for (const target of group.targetGroups.values()) {
    if (!target.removing) registerTarget(core, group, instance, target.arn);
  }
}

export function registerTarget(core: Core, group: GroupState, instance: InstanceState, targetGroupArn: string): void {
  instance.targets[targetGroupArn] = "initial";
  core.emit({ kind: "registerTargets", group: group.name, targetGroupArn, instanceIds: [instance.id] });
}

/** @returns whether there is anything to wait for. */
export function deregisterTargets(core: Core, group: GroupState, instance: InstanceState): boolean {
  for (const [targetGroupArn, state] of Object.entries(instance.targets)) {
    if (state !== "draining") deregisterTarget(core, group, instance, targetGroupArn);
  }
  return Object.keys(instance.targets).length > 0;
}

export function deregisterTarget(core: Core, group: GroupState, instance: InstanceState, targetGroupArn: string): void {
  instance.targets[targetGroupArn] = "draining";
  core.emit({ kind: "deregisterTargets", group: group.name, targetGroupArn, instanceIds: [instance.id] });
}

export function forgetTarget(instance: InstanceState, targetGroupArn: string): void {
  // rebuilt rather than deleted from: objects that lose keys become slow
  instance.targets = Object.fromEntries(Object.entries(instance.targets).filter(([arn]) => arn !== targetGroupArn));
}
