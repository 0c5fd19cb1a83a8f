/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-adding-checkpoints-instance-refresh.html */
import type { Core } from "./core.ts";
import { putGroupEvent } from "./notices.ts";
import type { Census } from "./refresh-census.ts";
import type { RefreshState } from "./refresh-state.ts";
import type { GroupState } from "./state.ts";

/** How many more may be replaced before the next checkpoint; none while one holds. */
export function checkpointAllowance(core: Core, group: GroupState, refresh: RefreshState, census: Census): number {
  const percentages = refresh.preferences.checkpointPercentages;
  if (percentages === undefined || refresh.rollback !== undefined) return Infinity;
  if (core.nowMs < refresh.checkpointUntilMs) return 0;
  const { replaced } = refresh;
  const total = replaced + census.remaining.length;
  const needed = (percentage: number) => Math.ceil((total * percentage) / 100);
  const next = percentages[refresh.checkpoint];
  if (next === undefined) return percentages.at(-1) === 100 ? Infinity : 0;
  if (replaced < needed(next)) return needed(next) - replaced;
  if (census.settling > 0) return 0; // reached when the new ones have warmed up
  reachCheckpoint(core, group, refresh, percentages, (100 * replaced) / Math.max(1, total));
  return 0;
}

function reachCheckpoint(core: Core, group: GroupState, refresh: RefreshState, percentages: readonly number[], reached: number): void {
  while ((percentages[refresh.checkpoint + 1] ?? Infinity) <= reached) refresh.checkpoint++; // smaller ones are skipped
  const percentage = percentages[refresh.checkpoint] ?? 100;
  refresh.checkpoint++;
  const isLast = reached >= 100 || refresh.checkpoint >= percentages.length;
  const delaySeconds = refresh.preferences.checkpointDelaySeconds ?? 3600;
  putGroupEvent(core, group, "EC2 Auto Scaling Instance Refresh Checkpoint Reached", {
    InstanceRefreshId: refresh.id,
    CheckpointPercentage: String(percentage),
    CheckpointDelay: String(delaySeconds),
  });
  if (isLast) return;
  refresh.checkpointUntilMs = core.nowMs + delaySeconds * 1000;
  core.schedule(refresh.checkpointUntilMs, "refresh", group.name, refresh.id);
}

/** Whether the last checkpoint has been passed; below 100 percent the refresh ends there. */
export function isPastCheckpoints(core: Core, refresh: RefreshState): boolean {
  const percentages = refresh.preferences.checkpointPercentages;
  if (percentages === undefined || refresh.rollback !== undefined) return false;
  return refresh.checkpoint >= percentages.length && core.nowMs >= refresh.checkpointUntilMs;
}
