/**
 * Cooldown of simple scaling policies.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scaling-cooldowns.html
 */
import type { Core } from "./core.ts";
import { countIn } from "./membership.ts";
import type { GroupState } from "./state.ts";

/** Launches, hooks or terminations are going on. */
function isChanging(group: GroupState): boolean {
  if (group.launching.size > 0) return true;
  return countIn(group, "Pending", "Pending:Wait", "Pending:Proceed", "Terminating", "Terminating:Wait", "Terminating:Proceed") > 0;
}

/** From the start of a simple policy's activities until its cooldown is over. */
export function inCooldown(core: Core, group: GroupState): boolean {
  return group.cooldownSecondsDue !== undefined || group.cooldownUntilMs > core.nowMs;
}

/** A simple policy waits for every running activity, health check replacements included, and for the cooldown. */
export function mustWait(core: Core, group: GroupState): boolean {
  return inCooldown(core, group) || isChanging(group);
}

/** The cooldown begins when the activities of the policy have ended. */
export function beginCooldown(core: Core, group: GroupState): void {
  if (group.cooldownSecondsDue === undefined || isChanging(group)) return;
  group.cooldownUntilMs = core.nowMs + group.cooldownSecondsDue * 1000;
  group.cooldownSecondsDue = undefined;
}
