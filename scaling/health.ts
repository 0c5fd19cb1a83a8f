/**
 * What makes an instance unhealthy, and when that counts.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html
 */
import type { Core } from "./core.ts";
import { at } from "./activities.ts";
import { gone, started, warmed } from "./lifecycle.ts";
import { isActive, isTerminating, isWarm } from "./membership.ts";
import type { GroupState, InstanceState } from "./state.ts";
import type { InstanceStateChanged, InstanceStatusChanged } from "./types/facts.ts";

/** Status checks may recover by themselves; "a few minutes" in the documentation, two of them here. */
const statusCheckPatienceMs = 120_000;

const reasons = {
  state: "an EC2 health check indicating it has been terminated or stopped",
  status: "an EC2 instance status checks failure",
  ebs: "EBS volume health check failure",
  elb: "an ELB system health check failure",
  user: "a user health-check",
  interruption: "an EC2 spot instance interruption notice",
} as const;
export type HealthReason = keyof typeof reasons;

export const uses = (group: GroupState, type: "ELB" | "EBS") => group.healthCheckType.split(",").some((word) => word.trim() === type);

export const graceEndsAtMs = (group: GroupState, instance: InstanceState) => instance.inServiceAtMs + group.gracePeriodSeconds * 1000;

/** Marks an instance; the replacing is done by replacement.ts. */
export function markUnhealthy(core: Core, group: GroupState, instance: InstanceState, reason: HealthReason): void {
  if (instance.health === "Unhealthy" || isTerminating(instance)) return;
  instance.health = "Unhealthy";
  group.unhealthy.add(instance.id);
  if (instance.refreshId !== undefined) group.newInstanceFailed = true;
  instance.unhealthyReason = `${at(core)}an instance was taken out of service in response to ${reasons[reason]}.`;
  core.touch(group);
}

/** EC2 reports a state. */
export function ec2StateChanged(core: Core, group: GroupState, instance: InstanceState, state: InstanceStateChanged["state"]): void {
  if (instance.ec2State === state || instance.ec2State === "terminated") return;
  instance.ec2State = state;
  switch (state) {
    case "pending":
      break;
    case "running":
      started(core, group, instance);
      break;
    case "stopping":
    case "stopped":
      if (instance.state === "Warmed:Pending:Proceed") {
        if (state === "stopped") warmed(core, group, instance);
      } else {
        leftRunning(core, group, instance);
      }
      break;
    case "shutting-down":
      leftRunning(core, group, instance);
      break;
    case "terminated":
      if (instance.state === "Terminating:Proceed" || instance.state === "Warmed:Terminating:Proceed") gone(core, group, instance);
      else leftRunning(core, group, instance);
      break;
  }
}

/** Any state but running is a failure at once, also within the grace period. */
function leftRunning(core: Core, group: GroupState, instance: InstanceState): void {
  if (group.suspended.has("HealthCheck")) return;
  const resting = instance.state === "Warmed:Stopped" || instance.state === "Warmed:Hibernated";
  if (resting && (instance.ec2State === "stopping" || instance.ec2State === "stopped")) return;
  if (instance.state === "Standby" || instance.state === "EnteringStandby" || instance.state === "Detaching") return;
  markUnhealthy(core, group, instance, "state");
}

/** Result of EC2's status checks. */
export function statusChanged(core: Core, group: GroupState, instance: InstanceState, { check, impaired }: InstanceStatusChanged): void {
  if (!impaired) {
    instance.impaired = { ...instance.impaired, [check]: 0 };
  } else if ((instance.impaired[check] ?? 0) === 0) {
    instance.impaired = { ...instance.impaired, [check]: core.nowMs };
    core.schedule(core.nowMs + statusCheckPatienceMs, "status-check", group.name, instance.id);
  }
}

/** Looks at everything that has been reported: when a wait is over, a process resumes, or a type of check is turned on. */
export function judge(core: Core, group: GroupState, instance: InstanceState): void {
  if (group.suspended.has("HealthCheck") || instance.health === "Unhealthy") return;
  if (!isActive(instance) && !isWarm(instance)) return;
  if (instance.ec2State !== "running" && instance.ec2State !== "pending") {
    leftRunning(core, group, instance);
    return;
  }
  if (instance.state !== "InService") return;
  const impairedFor = (check: "system" | "instance" | "ebs") => {
    const since = instance.impaired[check] ?? 0;
    return since > 0 && core.nowMs - since >= statusCheckPatienceMs;
  };
  const unhealthyTarget = uses(group, "ELB") && hasUnhealthyTarget(group, instance);
  const found =
    impairedFor("system") || impairedFor("instance")
      ? "status"
      : uses(group, "EBS") && impairedFor("ebs")
        ? "ebs"
        : unhealthyTarget
          ? "elb"
          : undefined;
  if (found === undefined) return;
  const graceEnds = graceEndsAtMs(group, instance);
  if (graceEnds > core.nowMs) core.schedule(graceEnds, "grace", group.name, instance.id);
  else markUnhealthy(core, group, instance, found);
}

/** Results count from when one instance of the group has passed the target group's check. */
function hasUnhealthyTarget(group: GroupState, instance: InstanceState): boolean {
  return Object.entries(instance.targets).some(([arn, state]) => state === "unhealthy" && group.targetGroups.get(arn)?.hasServed === true);
}
