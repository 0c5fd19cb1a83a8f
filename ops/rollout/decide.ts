/** Whether a roll-out starts a refresh, joins a running one, has nothing to do, or must not begin. Pure. */
import type { AutoScalingGroup, InstanceRefresh, InstanceRefreshStatus } from "@aws-sdk/client-auto-scaling";
import { configurationOf, describeConfiguration, runs, sameConfiguration, type Configuration } from "./configuration.ts";

export type Decision =
  | { readonly kind: "unchanged" }
  | { readonly kind: "start" }
  | { readonly kind: "attach"; readonly refreshId: string }
  | { readonly kind: "refuse"; readonly reason: string };

const running: ReadonlySet<InstanceRefreshStatus> = new Set(["Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress"]);
/** A cancelled one counts: somebody ended it on purpose, and the next deployment must not begin it again unasked. */
const unsuccessful: ReadonlySet<InstanceRefreshStatus> = new Set(["Failed", "Cancelled", "RollbackFailed", "RollbackSuccessful"]);

const isIn = (statuses: ReadonlySet<InstanceRefreshStatus>, refresh: InstanceRefresh) =>
  refresh.Status !== undefined && statuses.has(refresh.Status);

export const isRunning = (refresh: InstanceRefresh): boolean => isIn(running, refresh);

/** Why it stopped, as AWS says, without the full stop at its end; empty when AWS gives no reason. */
export function reasonOf({ StatusReason, RollbackDetails }: InstanceRefresh): string {
  const reasons = [StatusReason, RollbackDetails?.RollbackReason].flatMap((reason) => reason?.trim().replace(/\.$/, "") || []);
  return [...new Set(reasons)].join("; ");
}

/** The operations command line, as a message names it to who knows the stack better than it does. */
export const opsRollout = "npm run ops -- rollout --stack …";

/** How to try a version again that failed before; the variable reaches a command that `pulumi up` runs, too. */
export const retryVariable = "FLEET_ROLLOUT_RETRY";

export const retryAdvice = (version: string): string =>
  `try it once more with "${retryVariable}=1 pulumi up" or "${opsRollout} --to ${version} --retry"`;

/**
 * @param refreshes of the group, newest first, as DescribeInstanceRefreshes gives them
 * @param retry whether a version that failed before may be tried again
 */
export function decide(group: AutoScalingGroup, refreshes: readonly InstanceRefresh[], wanted: Configuration, retry: boolean): Decision {
  const current = refreshes.find(isRunning);
  if (current) return besideRunning(group, current, wanted);
  const instances = group.Instances ?? [];
  if (sameConfiguration(configurationOf(group), wanted) && instances.every((instance) => runs(instance, wanted))) {
    return { kind: "unchanged" };
  }
  const last = refreshes.find((refresh) => sameConfiguration(configurationOf(refresh.DesiredConfiguration), wanted));
  if (!retry && last && isIn(unsuccessful, last)) return { kind: "refuse", reason: failedBefore(group, last, wanted) };
  return { kind: "start" };
}

function besideRunning(group: AutoScalingGroup, current: InstanceRefresh, wanted: Configuration): Decision {
  const target = configurationOf(current.DesiredConfiguration);
  const refreshId = current.InstanceRefreshId ?? "";
  if (sameConfiguration(target, wanted) && current.Status !== "Cancelling") return { kind: "attach", refreshId };
  const name = group.AutoScalingGroupName ?? "";
  return {
    kind: "refuse",
    reason:
      `Group ${name} has instance refresh ${refreshId} under way (${current.Status ?? "unknown"}, ${current.PercentageComplete ?? 0} %) ` +
      `to ${target ? describeConfiguration(target) : "its own template"}; a group takes one at a time. ` +
      `Wait for its end, or send it back with "${opsRollout} --cancel", then run the same command again.`,
  };
}

function failedBefore(group: AutoScalingGroup, last: InstanceRefresh, wanted: Configuration): string {
  const name = group.AutoScalingGroupName ?? "";
  return (
    `Group ${name} is not sent to ${describeConfiguration(wanted)} again: its roll-out ended as ${last.Status ?? "unknown"} ` +
    `(${reasonOf(last) || "no reason given"}; refresh ${last.InstanceRefreshId ?? ""}). Deploy a version without the fault, or, ` +
    `when the cause lay elsewhere and is gone, ${retryAdvice(wanted.version)}.`
  );
}
