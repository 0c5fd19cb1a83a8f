/**
 * Instance refresh: replaces the instances of a group step by step.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html
 */
import { at, sentences } from "./activities.ts";
import type { Core } from "./core.ts";
import { isoSeconds } from "./iso-time.ts";
import { beginTermination } from "./lifecycle.ts";
import { isActive } from "./membership.ts";
import { putGroupEvent } from "./notices.ts";
import { activeRefresh, endRefresh, startRollback } from "./refresh-end.ts";
import { remainingOf } from "./refresh-scope.ts";
import type { RefreshState } from "./refresh-state.ts";
import { healthyRange, isReady } from "./replacement.ts";
import type { HealthyRange } from "./replacement.ts";
import type { GroupState, InstanceState } from "./state.ts";

/** "keeps retrying for an hour", and the longest that a refresh may take: the page named above, Limitations. */
const patienceMs = 3_600_000;
const longestMs = 14 * 86_400_000;

/** Counted once per step. */
interface Census {
  readonly range: HealthyRange;
  /** Still to be replaced. */
  remaining: InstanceState[];
  ready: number;
  /** New instances that are ready. */
  readyNew: number;
  /** Active but not ready yet, launches included. */
  settling: number;
  example: string;
  nextReadyMs: number;
}

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
  const census = countInstances(core, group, refresh);
  const blocked = replaceSome(core, group, refresh, census);
  reportProgress(core, group, refresh, census, blocked);
}

/** The refresh leaves `Pending`. */
export function beginRefresh(core: Core, group: GroupState, refreshId: string): void {
  const refresh = activeRefresh(group);
  if (refresh?.id !== refreshId || refresh.status !== "Pending") return;
  refresh.status = "InProgress";
  putGroupEvent(core, group, "EC2 Auto Scaling Instance Refresh Started", { InstanceRefreshId: refresh.id });
  core.schedule(core.nowMs + longestMs, "refresh", group.name, refresh.id);
  core.touch(group);
}

/** @returns whether the refresh has ended here. */
function giveUp(core: Core, group: GroupState, refresh: RefreshState): boolean {
  const alarm = refresh.preferences.alarms?.find((name) => core.state.alarms.get(name) === "ALARM");
  const late = (sinceMs: number) => sinceMs > 0 && core.nowMs - sinceMs >= patienceMs;
  const startedMs = refresh.rollback?.startAtMs ?? refresh.startAtMs;
  const reason =
    alarm !== undefined && refresh.status !== "RollbackInProgress"
      ? `The CloudWatch alarm ${alarm} is in ALARM state.`
      : late(refresh.failingSinceMs)
        ? "New instances did not pass their health checks or could not be launched for an hour."
        : late(refresh.blockedSinceMs)
          ? (refresh.statusReason ?? "No instance could be replaced for an hour.")
          : core.nowMs - startedMs >= longestMs
            ? "The instance refresh did not finish within 14 days."
            : undefined;
  if (reason === undefined) return false;
  if (refresh.status === "RollbackInProgress") endRefresh(core, group, refresh, "RollbackFailed", reason);
  else if (refresh.preferences.autoRollback && refresh.desiredConfiguration !== undefined) startRollback(core, group, refresh, reason);
  else endRefresh(core, group, refresh, "Failed", reason);
  return true;
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

function countInstances(core: Core, group: GroupState, refresh: RefreshState): Census {
  const { minHealthyPercentage, maxHealthyPercentage = 100, instanceWarmupSeconds } = refresh.preferences;
  const range = rangeOf(group.desiredCapacity, minHealthyPercentage, maxHealthyPercentage, refresh.maxIsExplicit);
  const remaining = remainingOf(core, group, refresh);
  const census: Census = { range, remaining, ready: 0, readyNew: 0, settling: group.launching.size, example: "", nextReadyMs: Infinity };
  for (const launch of group.launching.values()) if (launch.warm) census.settling--;
  for (const instance of group.instances.values()) {
    if (!isActive(instance)) continue;
    const isNew = isOfThisRound(refresh, instance);
    if (isReady(core, instance, isNew ? instanceWarmupSeconds : 0)) {
      census.ready++;
      if (!isNew) continue;
      census.readyNew++;
      if (instance.inServiceAtMs > refresh.failingSinceMs) refresh.failingSinceMs = 0; // a good one since then
      continue;
    }
    census.settling++;
    census.example = instance.id;
    if (instance.inServiceAtMs > 0 && instance.state === "InService") {
      census.nextReadyMs = Math.min(census.nextReadyMs, instance.inServiceAtMs + instanceWarmupSeconds * 1000);
    }
  }
  return census;
}

/**
 * Without an explicit maximum at least one instance is taken out at a time, also where the minimum leaves no room; with
 * one, a new instance is launched first instead (MaxHealthyPercentage in API_RefreshPreferences.html).
 */
export function rangeOf(desired: number, minPercent: number, maxPercent: number, maxIsExplicit: boolean): HealthyRange {
  if (maxIsExplicit) return healthyRange(desired, minPercent, maxPercent);
  return { min: Math.min(Math.ceil((desired * minPercent) / 100), Math.max(0, desired - 1)), max: desired };
}

/** Launched by this refresh, or by its roll-back. */
export function isOfThisRound(refresh: RefreshState, instance: InstanceState): boolean {
  return instance.refreshId === (refresh.rollback === undefined ? refresh.id : `${refresh.id} back`);
}

/** @returns what keeps the refresh from replacing anything, when something does that only a person can change. */
function replaceSome(core: Core, group: GroupState, refresh: RefreshState, census: Census): string | undefined {
  const allowance = checkpointAllowance(core, group, refresh, census);
  const movable = census.remaining.filter((instance) => isActive(instance) && !waitsForProtection(refresh, instance));
  fullestZoneFirst(group, movable);
  const count = Math.min(movable.length, allowance);
  group.refreshSurplus = Math.max(0, Math.min(census.range.max - group.desiredCapacity, count));
  group.launchCause = "an instance was launched in response to an instance refresh.";
  let taken = 0;
  for (const instance of movable) {
    if (taken === count) break;
    const serves = isReady(core, instance, 0);
    if (serves && census.ready <= census.range.min) continue;
    if (serves) census.ready--;
    refresh.replaced++;
    taken++;
    takeOut(core, group, instance);
  }
  if (taken > 0) {
    census.settling += taken;
    census.remaining = census.remaining.filter((instance) => isActive(instance) || instance.state === "Standby");
    group.refreshSurplus = Math.max(0, Math.min(census.range.max - group.desiredCapacity, count - taken));
  }
  if (movable.length > 0 || census.settling > 0 || census.remaining.length === 0) return undefined;
  return census.remaining.some((instance) => instance.state === "Standby")
    ? "Waiting for instances in Standby to be returned to service."
    : "Waiting for scale-in protection to be removed from instances.";
}

/** In the order in which taking them out keeps the zones balanced. */
function fullestZoneFirst(group: GroupState, instances: InstanceState[]): void {
  const left = new Map(group.activeByZone);
  const place = new Map<InstanceState, number>();
  for (const instance of instances) {
    const inZone = left.get(instance.zone) ?? 0;
    place.set(instance, -inZone);
    left.set(instance.zone, inZone - 1);
  }
  instances.sort((one, other) => (place.get(one) ?? 0) - (place.get(other) ?? 0));
}

function waitsForProtection(refresh: RefreshState, instance: InstanceState): boolean {
  return instance.protectedFromScaleIn && refresh.preferences.scaleInProtectedInstances === "Wait";
}

function takeOut(core: Core, group: GroupState, instance: InstanceState): void {
  const reason = `${at(core)}an instance was taken out of service in response to an instance refresh.`;
  beginTermination(core, group, instance, { cause: sentences(reason, `${at(core)}instance ${instance.id} was selected for termination.`) });
}

/**
 * How many more may be replaced before the next checkpoint; none while one holds.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-adding-checkpoints-instance-refresh.html
 */
function checkpointAllowance(core: Core, group: GroupState, refresh: RefreshState, census: Census): number {
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

function reportProgress(core: Core, group: GroupState, refresh: RefreshState, census: Census, blocked: string | undefined): void {
  const done = Math.min(refresh.replaced, census.readyNew);
  const checkpoints = refresh.preferences.checkpointPercentages;
  const atLastCheckpoint =
    refresh.rollback === undefined &&
    checkpoints !== undefined &&
    refresh.checkpoint >= checkpoints.length &&
    core.nowMs >= refresh.checkpointUntilMs;
  const complete = census.settling === 0 && group.active >= group.desiredCapacity && (census.remaining.length === 0 || atLastCheckpoint);
  if (complete) {
    finishReplacing(core, group, refresh, census);
    return;
  }
  show(refresh, done, refresh.replaced + census.remaining.length);
  setBlocked(core, group, refresh, blocked);
  refresh.statusReason = blocked ?? waitingReason(core, refresh, census);
  wakeAt(core, group, refresh, census.nextReadyMs);
}

/** Percentage and count for Describe; in a roll-back they tell how much of the new is still there. */
function show(refresh: RefreshState, done: number, total: number): void {
  const share = total === 0 ? 1 : done / total;
  if (refresh.rollback === undefined) {
    refresh.percentageComplete = Math.floor(share * 100);
    refresh.instancesToUpdate = total - done;
  } else {
    refresh.percentageComplete = Math.floor((1 - share) * refresh.rollback.percentageComplete);
    refresh.instancesToUpdate = refresh.rollback.instancesToUpdate;
  }
}

function wakeAt(core: Core, group: GroupState, refresh: RefreshState, atMs: number): void {
  if (atMs === Infinity || (refresh.wakeAtMs > core.nowMs && refresh.wakeAtMs <= atMs)) return;
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

/** When a new instance has failed there is an hour until one must be good. */
function noticeFailures(core: Core, group: GroupState, refresh: RefreshState): void {
  if (!group.newInstanceFailed) return;
  group.newInstanceFailed = false;
  if (refresh.failingSinceMs > 0) return;
  refresh.failingSinceMs = core.nowMs;
  core.schedule(core.nowMs + patienceMs, "refresh", group.name, refresh.id);
}
