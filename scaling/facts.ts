/** What the world tells. Unknown and repeated facts change nothing. */
import { alarmAction } from "./policies.ts";
import type { Core } from "./core.ts";
import { ec2StateChanged, judge, markUnhealthy, statusChanged, uses } from "./health.ts";
import { detached, inStandby } from "./instance-commands.ts";
import { launchRefused } from "./launching.ts";
import { drained, launched, terminationRefused } from "./lifecycle.ts";
import { isActive } from "./membership.ts";
import { activeRefresh } from "./refresh-end.ts";
import type { GroupState, InstanceState, LaunchState } from "./state.ts";
import { forgetTarget } from "./targets.ts";
import type {
  AlarmAction,
  AlarmStateChanged,
  InstanceLaunched,
  InstanceStateChanged,
  InstanceStatusChanged,
  LaunchFailed,
  SpotNotice,
  SubnetFact,
  TargetHealthChanged,
  TerminateFailed,
} from "./types/facts.ts";
import { launchWorked } from "./zones.ts";

interface LaunchOfGroup {
  readonly group: GroupState;
  readonly launch: LaunchState;
}

function findLaunch(core: Core, activityId: string): LaunchOfGroup | undefined {
  const group = core.state.groups.get(core.activities.get(activityId)?.group ?? "");
  const launch = group?.launching.get(activityId);
  return group === undefined || launch === undefined ? undefined : { group, launch };
}

/** Groups that missed it may launch there again. */
export function onSubnet(core: Core, { subnetId, zone }: SubnetFact): void {
  core.state.subnets.set(subnetId, zone);
  for (const group of core.state.groups.values()) if (group.subnetIds.includes(subnetId)) core.touch(group);
}

export function onInstanceLaunched(core: Core, fact: InstanceLaunched): void {
  const found = findLaunch(core, fact.activityId);
  if (found === undefined || core.instances.has(fact.instanceId)) return;
  const { group, launch } = found;
  launchWorked(group, launch.zone, launch);
  launched(core, group, launch, fact);
}

export function onLaunchFailed(core: Core, fact: LaunchFailed): void {
  const found = findLaunch(core, fact.activityId);
  if (found === undefined) return;
  launchRefused(core, found.group, found.launch, fact);
}

function withInstance(core: Core, instanceId: string, act: (group: GroupState, instance: InstanceState) => void): void {
  const instance = core.instances.get(instanceId);
  if (instance !== undefined) act(core.groupOf(instance), instance);
}

export function onInstanceStateChanged(core: Core, { instanceId, state }: InstanceStateChanged): void {
  withInstance(core, instanceId, (group, instance) => ec2StateChanged(core, group, instance, state));
}

export function onInstanceStatusChanged(core: Core, fact: InstanceStatusChanged): void {
  withInstance(core, fact.instanceId, (group, instance) => statusChanged(core, group, instance, fact));
}

export function onTerminateFailed(core: Core, { instanceId, code, message }: TerminateFailed): void {
  withInstance(core, instanceId, (group, instance) => terminationRefused(core, group, instance, message === "" ? code : message));
}

export function onTargetHealthChanged(core: Core, { instanceId, targetGroupArn, state }: TargetHealthChanged): void {
  withInstance(core, instanceId, (group, instance) => {
    const known = instance.targets[targetGroupArn];
    if (known === undefined || known === state) return;
    if (state === "unused") {
      forgetTarget(instance, targetGroupArn);
      targetGone(core, group, instance, targetGroupArn);
    } else if (known !== "draining") {
      instance.targets[targetGroupArn] = state;
      if (state === "healthy") firstHealthy(core, group, targetGroupArn);
      if (state === "unhealthy" && uses(group, "ELB")) judge(core, group, instance);
    }
  });
}

/** From now on the target group's checks count, also those that have failed before. */
function firstHealthy(core: Core, group: GroupState, targetGroupArn: string): void {
  const target = group.targetGroups.get(targetGroupArn);
  if (target === undefined || target.hasServed) return;
  target.hasServed = true;
  for (const instance of group.instances.values()) judge(core, group, instance);
}

/** A deregistration has ended; whatever waited for it goes on. */
function targetGone(core: Core, group: GroupState, instance: InstanceState, targetGroupArn: string): void {
  const target = group.targetGroups.get(targetGroupArn);
  if (target?.removing === true && ![...group.instances.values()].some((other) => targetGroupArn in other.targets)) {
    group.targetGroups.delete(targetGroupArn);
  }
  if (Object.keys(instance.targets).length > 0) return;
  switch (instance.state) {
    case "Terminating":
    case "Warmed:Terminating":
    case "Warmed:Pending": // on its way back to the warm pool
      drained(core, group, instance);
      break;
    case "Detaching":
      detached(core, group, instance);
      break;
    case "EnteringStandby":
      inStandby(core, group, instance);
      break;
    default:
      break; // in service, or already beyond: only the load balancer has lost it
  }
}

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-capacity-rebalancing.html */
export function onSpotNotice(core: Core, { instanceId, kind }: SpotNotice): void {
  withInstance(core, instanceId, (group, instance) => {
    if (!isActive(instance)) return;
    if (!group.capacityRebalance) return; // what EC2 then terminates is found by the health check
    if (kind === "interruption") markUnhealthy(core, group, instance, "interruption");
    else if (!group.toReplace.has(instanceId)) group.toReplace.set(instanceId, "rebalance-recommendation");
    core.touch(group);
  });
}

export function onAlarmAction(core: Core, fact: AlarmAction): void {
  alarmAction(core, fact);
}

export function onAlarmStateChanged(core: Core, { alarmName, state }: AlarmStateChanged): void {
  if (state === "OK") core.state.alarms.delete(alarmName);
  else core.state.alarms.set(alarmName, state);
  for (const group of core.state.groups.values()) {
    if (activeRefresh(group)?.preferences.alarms?.includes(alarmName) === true) core.touch(group);
  }
}
