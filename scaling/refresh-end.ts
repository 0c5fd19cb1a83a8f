/** How a refresh ends, and the event that tells: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html */
import type { Core } from "./core.ts";
import { putGroupEvent } from "./notices.ts";
import type { RefreshState } from "./refresh-state.ts";
import type { GroupState } from "./state.ts";

type FinalStatus = "Successful" | "Failed" | "Cancelled" | "RollbackSuccessful" | "RollbackFailed";

const eventNames: Readonly<Record<FinalStatus, string>> = {
  Successful: "Succeeded",
  Failed: "Failed",
  Cancelled: "Cancelled",
  RollbackSuccessful: "Rollback Succeeded",
  RollbackFailed: "Rollback Failed",
};

const active: ReadonlySet<string> = new Set(["Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress"]);

/** A group has at most one refresh that has not ended, its newest. */
export function activeRefresh(group: GroupState): RefreshState | undefined {
  const newest = group.refreshes.at(-1);
  return newest !== undefined && active.has(newest.status) ? newest : undefined;
}

/** Success makes the desired configuration the group's own; after anything else the group keeps what it had. */
export function endRefresh(core: Core, group: GroupState, refresh: RefreshState, status: FinalStatus, reason?: string): void {
  refresh.status = status;
  refresh.statusReason = reason;
  refresh.endAtMs = core.nowMs;
  group.refreshSurplus = 0;
  group.launchCause = undefined;
  if (status === "Successful" && refresh.desiredConfiguration !== undefined) group.config = refresh.desiredConfiguration;
  putGroupEvent(core, group, `EC2 Auto Scaling Instance Refresh ${eventNames[status]}`, { InstanceRefreshId: refresh.id });
  core.touch(group);
}

/**
 * The new instances are replaced by ones of the group's own configuration, which the refresh has not changed; the old
 * ones that are left stay. https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html
 */
export function startRollback(core: Core, group: GroupState, refresh: RefreshState, reason: string): void {
  const { percentageComplete, instancesToUpdate } = refresh;
  refresh.rollback = { reason, startAtMs: core.nowMs, percentageComplete, instancesToUpdate };
  refresh.status = "RollbackInProgress";
  refresh.statusReason = reason;
  refresh.blockedSinceMs = 0;
  refresh.failingSinceMs = 0;
  refresh.checkpointUntilMs = 0;
  refresh.replaced = 0;
  refresh.warmReplaced = 0;
  group.newInstanceFailed = false;
  putGroupEvent(core, group, "EC2 Auto Scaling Instance Refresh Rollback Started", { InstanceRefreshId: refresh.id });
  core.touch(group);
}
