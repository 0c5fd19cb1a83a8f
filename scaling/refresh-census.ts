/** What a step of a refresh finds: https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html (Core concepts: minimum healthy percentage, instance warmup) */
import type { Core } from "./core.ts";
import { isActive } from "./membership.ts";
import { remainingOf } from "./refresh-scope.ts";
import type { RefreshState } from "./refresh-state.ts";
import { healthyRange, isReady } from "./replacement.ts";
import type { HealthyRange } from "./replacement.ts";
import type { GroupState, InstanceState } from "./state.ts";

/** Counted once per step. */
export interface Census {
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

export function countInstances(core: Core, group: GroupState, refresh: RefreshState): Census {
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
function isOfThisRound(refresh: RefreshState, instance: InstanceState): boolean {
  return instance.refreshId === (refresh.rollback === undefined ? refresh.id : `${refresh.id} back`);
}
