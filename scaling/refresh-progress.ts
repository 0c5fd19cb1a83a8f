/**
 * What Describe shows of a refresh, what it waits for, and when all has been replaced:
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html and https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html (Limitations)
 */
import type { Core } from "./core.ts";
import { isoSeconds } from "./iso-time.ts";
import type { Census } from "./refresh-census.ts";
import { isPastCheckpoints } from "./refresh-checkpoints.ts";
import { endRefresh } from "./refresh-end.ts";
import type { RefreshState } from "./refresh-state.ts";
import { countWarmPool } from "./refresh-warm-pool.ts";
import type { GroupState } from "./state.ts";

/** Waiting for something that only a person can change, or for one good instance, ends after an hour: "One-hour timeout" in the limitations. */
export const patienceMs = 3_600_000;

export function reportProgress(core: Core, group: GroupState, refresh: RefreshState, census: Census, blocked: string | undefined): void {
  const warmSettled = showWarmPool(group, refresh);
  const replacedAll = census.remaining.length === 0 || isPastCheckpoints(core, refresh);
  if (replacedAll && warmSettled && census.settling === 0 && group.active >= group.desiredCapacity) {
    finishReplacing(core, group, refresh, census);
    return;
  }
  show(refresh, Math.min(refresh.replaced, census.readyNew), refresh.replaced + census.remaining.length);
  setBlocked(core, group, refresh, blocked);
  refresh.statusReason = blocked ?? waitingReason(core, refresh, census);
  wakeAt(core, group, refresh, census.nextReadyMs);
}

/** @returns whether the warm pool is as it should be. */
function showWarmPool(group: GroupState, refresh: RefreshState): boolean {
  if (group.warmPool === undefined) return true;
  const { total, done } = countWarmPool(group, refresh);
  refresh.warm = progress(done, total);
  return done === total;
}

const progress = (done: number, total: number) => ({
  percentageComplete: total === 0 ? 100 : Math.floor((100 * done) / total),
  instancesToUpdate: total - done,
});

/** Percentage and count for Describe, both pools together; in a roll-back they tell how much of the new is still there. */
function show(refresh: RefreshState, done: number, total: number): void {
  refresh.live = progress(done, total);
  const { warm, rollback } = refresh;
  const all =
    warm === undefined ? refresh.live : { ...refresh.live, instancesToUpdate: refresh.live.instancesToUpdate + warm.instancesToUpdate };
  if (rollback === undefined) {
    refresh.percentageComplete = warm === undefined ? all.percentageComplete : Math.min(all.percentageComplete, warm.percentageComplete);
    refresh.instancesToUpdate = all.instancesToUpdate;
  } else {
    refresh.percentageComplete = Math.floor(((100 - all.percentageComplete) * rollback.percentageComplete) / 100);
    refresh.instancesToUpdate = rollback.instancesToUpdate;
  }
}

function wakeAt(core: Core, group: GroupState, refresh: RefreshState, atMs: number): void {
  const never = atMs === Infinity || atMs <= core.nowMs; // warm, but not healthy: its replacement will be heard of
  if (never || (refresh.wakeAtMs > core.nowMs && refresh.wakeAtMs <= atMs)) return;
  refresh.wakeAtMs = atMs;
  core.schedule(atMs, "refresh", group.name, refresh.id);
}

function setBlocked(core: Core, group: GroupState, refresh: RefreshState, blocked: string | undefined): void {
  if (blocked === undefined) {
    refresh.blockedSinceMs = 0;
  } else if (refresh.blockedSinceMs === 0) {
    refresh.blockedSinceMs = core.nowMs;
    core.schedule(core.nowMs + patienceMs, "refresh", group.name, refresh.id);
  }
}

function waitingReason(core: Core, refresh: RefreshState, census: Census): string | undefined {
  if (core.nowMs < refresh.checkpointUntilMs) return `Waiting at a checkpoint until ${isoSeconds(refresh.checkpointUntilMs)}.`;
  if (census.settling === 0) return undefined;
  if (census.nextReadyMs === Infinity) return "Waiting for instances to launch before continuing.";
  return `Waiting for instances to warm up before continuing. For example: ${census.example} is warming up.`;
}

function finishReplacing(core: Core, group: GroupState, refresh: RefreshState, census: Census): void {
  group.refreshSurplus = 0;
  if (refresh.status === "RollbackInProgress") {
    show(refresh, 1, 1);
    endRefresh(core, group, refresh, "RollbackSuccessful");
    return;
  }
  show(refresh, refresh.replaced, refresh.replaced + census.remaining.length);
  const bakeSeconds = refresh.preferences.bakeTimeSeconds ?? 0;
  if (bakeSeconds === 0) {
    endRefresh(core, group, refresh, "Successful");
    return;
  }
  refresh.status = "Baking";
  refresh.statusReason = `Waiting for the bake time of ${bakeSeconds} seconds to end.`;
  refresh.bakingUntilMs = core.nowMs + bakeSeconds * 1000;
  core.schedule(refresh.bakingUntilMs, "refresh", group.name, refresh.id);
}
