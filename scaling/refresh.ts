/**
 * Instance refresh: replaces the instances of a group step by step.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html
 */
import type { Core } from "./core.ts";
import { putGroupEvent } from "./notices.ts";
import { countInstances } from "./refresh-census.ts";
import { activeRefresh, endRefresh, startRollback } from "./refresh-end.ts";
import { patienceMs, reportProgress } from "./refresh-progress.ts";
import { replaceSome } from "./refresh-replace.ts";
import type { RefreshState } from "./refresh-state.ts";
import { replaceWarmPool } from "./refresh-warm-pool.ts";
import type { GroupState } from "./state.ts";

/** "Total duration" in the limitations of the page named above. */
const longestMs = 14 * 86_400_000;

/** One step of the group's refresh: whatever can be done now is done, and the status tells what is waited for. */
export function stepRefresh(core: Core, group: GroupState): void {
  const refresh = activeRefresh(group);
  if (refresh === undefined) {
    group.refreshSurplus = 0;
    group.launchCause = undefined;
    return;
  }
  if (refresh.status === "Pending") return; // begins with its timer
  if (refresh.status === "Cancelling") {
    stepCancelling(core, group, refresh);
    return;
  }
  if (group.suspended.has("InstanceRefresh") || group.suspended.has("Launch") || group.suspended.has("Terminate")) {
    refresh.statusReason = "Instance refresh is paused: a process that it needs is suspended.";
    return;
  }
  noticeFailures(core, group, refresh);
  if (giveUp(core, group, refresh)) return;
  if (refresh.status === "Baking") {
    stepBaking(core, group, refresh);
    return;
  }
  replaceWarmPool(core, group, refresh);
  const census = countInstances(core, group, refresh);
  const blocked = replaceSome(core, group, refresh, census);
  reportProgress(core, group, refresh, census, blocked);
}

/** The refresh leaves `Pending`. */
export function beginRefresh(core: Core, group: GroupState, refreshId: string): void {
  const refresh = activeRefresh(group);
  if (refresh?.id !== refreshId || refresh.status !== "Pending") return;
  refresh.status = "InProgress";
  group.newInstanceFailed = false; // what failed before is no fault of this refresh
  putGroupEvent(core, group, "EC2 Auto Scaling Instance Refresh Started", { InstanceRefreshId: refresh.id });
  core.schedule(core.nowMs + longestMs, "refresh", group.name, refresh.id);
  core.touch(group);
}

/** @returns whether the refresh has ended here. */
function giveUp(core: Core, group: GroupState, refresh: RefreshState): boolean {
  const reason = refresh.status === "RollbackInProgress" ? timedOut(core, refresh) : (alarming(core, refresh) ?? timedOut(core, refresh));
  if (reason === undefined) return false;
  if (refresh.status === "RollbackInProgress") endRefresh(core, group, refresh, "RollbackFailed", reason);
  else if (refresh.preferences.autoRollback) startRollback(core, group, refresh, reason);
  else endRefresh(core, group, refresh, "Failed", reason);
  return true;
}

function alarming(core: Core, { preferences }: RefreshState): string | undefined {
  const alarm = preferences.alarms?.find((name) => core.state.alarms.get(name) === "ALARM");
  return alarm === undefined ? undefined : `The CloudWatch alarm ${alarm} is in ALARM state.`;
}

function timedOut(core: Core, refresh: RefreshState): string | undefined {
  if (refresh.status === "Baking") return undefined; // nothing is replaced any more
  const late = (sinceMs: number) => sinceMs > 0 && core.nowMs - sinceMs >= patienceMs;
  if (late(refresh.failingSinceMs)) return "New instances did not pass their health checks or could not be launched for an hour.";
  if (late(refresh.blockedSinceMs)) return refresh.statusReason;
  const startedMs = refresh.rollback?.startAtMs ?? refresh.startAtMs;
  return core.nowMs - startedMs >= longestMs ? "The instance refresh did not finish within 14 days." : undefined;
}

function stepCancelling(core: Core, group: GroupState, refresh: RefreshState): void {
  group.refreshSurplus = 0;
  const moving =
    group.launching.size > 0 ||
    [...group.instances.values()].some(
      (instance) => /^(Pending|Terminating)/.test(instance.state) && instance.state !== "Terminating:Retained",
    );
  if (!moving) endRefresh(core, group, refresh, "Cancelled", "Cancelled by a user request.");
}

function stepBaking(core: Core, group: GroupState, refresh: RefreshState): void {
  if (core.nowMs >= refresh.bakingUntilMs) endRefresh(core, group, refresh, "Successful");
}

/** When a new instance has failed there is an hour until one must be good. */
function noticeFailures(core: Core, group: GroupState, refresh: RefreshState): void {
  if (!group.newInstanceFailed) return;
  group.newInstanceFailed = false;
  if (refresh.failingSinceMs > 0) return;
  refresh.failingSinceMs = core.nowMs;
  core.schedule(core.nowMs + patienceMs, "refresh", group.name, refresh.id);
}
