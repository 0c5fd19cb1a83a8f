/**
 * Brings a group to its desired capacity. Runs for every group that was touched, after each command, fact or timer.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-capacity-limits.html
 */
import { at, endActivity, sentences, startActivity } from "./activities.ts";
import { clampCapacity } from "./adjustment.ts";
import type { Core } from "./core.ts";
import { differenceCause, launchInstances } from "./launching.ts";
import { beginTermination, returnToWarmPool } from "./lifecycle.ts";
import { isActive } from "./membership.ts";
import type { GroupState, InstanceState } from "./state.ts";
import { chooseForTermination } from "./termination-policy.ts";
import { takeFromWarmPool } from "./warm-pool.ts";

export function reconcile(core: Core, group: GroupState): void {
  if (group.deleting) return;
  const target = group.desiredCapacity + group.replacementSurplus + group.refreshSurplus + group.rebalanceSurplus;
  if (group.active < target) scaleOut(core, group, target);
  else if (group.active > target) scaleIn(core, group, target);
  if (group.active === target) settled(group);
}

/** The next difference has another cause than the last change of the desired capacity. */
function settled(group: GroupState): void {
  group.changeCause = "";
  group.changeAlarmArn = undefined;
  group.unhealthyToReplace = 0;
}

function scaleOut(core: Core, group: GroupState, target: number): void {
  if (group.suspended.has("Launch")) return;
  const from = group.active;
  let difference: string | undefined; // one text for all launches of the batch
  const cause = (): string => {
    if (group.unhealthyToReplace > 0) {
      group.unhealthyToReplace--;
      return `${at(core)}an instance was launched in response to an unhealthy instance needing to be replaced.`;
    }
    if (group.launchCause !== undefined && group.changeCause === "") return `${at(core)}${group.launchCause}`;
    return (difference ??= differenceCause(core, group, from, target));
  };
  takeFromWarmPool(core, group, target - group.active, cause);
  if (group.active < target)
    launchInstances(core, group, { count: target - group.active, warm: false, cause, alarmArn: group.changeAlarmArn });
}

function scaleIn(core: Core, group: GroupState, target: number): void {
  if (group.suspended.has("Terminate")) return;
  const from = group.active;
  const chosen = chooseForTermination(core, group, from - target);
  for (const instance of chosen) {
    const reason = `${at(core)}an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from ${from} to ${target}.`;
    const selected = `${at(core)}instance ${instance.id} was selected for termination.`;
    const cause = sentences(group.changeCause, `${reason}  ${selected}`);
    if (
      group.warmPool?.reuseOnScaleIn === true &&
      !group.warmPool.deleting &&
      instance.state === "InService" &&
      instance.health === "Healthy"
    ) {
      returnToWarmPool(core, group, instance, cause);
    } else {
      beginTermination(core, group, instance, { cause, alarmArn: group.changeAlarmArn });
    }
  }
  if (chosen.length < from - target) sayProtected(core, group);
}

/**
 * What is protected stays although the desired capacity has fallen; the activities say so once for each change of it.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-instance-protection.html
 */
function sayProtected(core: Core, group: GroupState): void {
  const stays = (instance: InstanceState) => !isActive(instance) || instance.protectedFromScaleIn;
  if (group.changeCause === "" || group.launching.size > 0 || ![...group.instances.values()].every(stays)) return;
  const cause = sentences(group.changeCause, `${at(core)}group reached equilibrium.`);
  const activity = startActivity(core, group, { kind: "equilibrium", cause, zone: "", subnetId: "", alarmArn: group.changeAlarmArn });
  endActivity(core, activity, "Cancelled");
  group.changeCause = "";
  group.changeAlarmArn = undefined;
}

/** Sets the desired capacity, within the limits, and remembers why. */
export function changeDesiredCapacity(core: Core, group: GroupState, desired: number, why: string, alarmArn?: string): void {
  const next = clampCapacity(desired, { min: group.minSize, max: group.maxSize });
  if (next !== group.desiredCapacity) {
    group.changeCause = `${at(core)}${why} changing the desired capacity from ${group.desiredCapacity} to ${next}.`;
    group.changeAlarmArn = alarmArn;
    group.desiredCapacity = next;
  }
  core.touch(group);
}
