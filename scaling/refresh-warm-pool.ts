/**
 * Instances of the warm pool serve nobody: a refresh replaces them all at once, beside those of the group.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html (Updating instances in a warm pool)
 */
import { at } from "./activities.ts";
import type { Core } from "./core.ts";
import { beginTermination } from "./lifecycle.ts";
import { isWarm } from "./membership.ts";
import { matches } from "./refresh-scope.ts";
import type { RefreshState } from "./refresh-state.ts";
import type { GroupState, InstanceState } from "./state.ts";

export function replaceWarmPool(core: Core, group: GroupState, refresh: RefreshState): void {
  if (group.warmPool === undefined) return;
  for (const instance of group.instances.values()) {
    if (!isWarm(instance) || !isOld(core, group, refresh, instance)) continue;
    refresh.warmReplaced++;
    beginTermination(core, group, instance, {
      cause: `${at(core)}an instance was taken out of the warm pool in response to an instance refresh.`,
    });
  }
}

function isOld(core: Core, group: GroupState, refresh: RefreshState, instance: InstanceState): boolean {
  if (refresh.rollback !== undefined) return instance.refreshId === refresh.id;
  if (instance.refreshId === refresh.id) return false;
  return !(refresh.preferences.skipMatching && matches(core, refresh.desiredConfiguration ?? group.config, instance));
}

/** Replaced ones, and how many of their successors have come to rest; those that scale-out took count as done. */
export function countWarmPool(group: GroupState, refresh: RefreshState): { readonly total: number; readonly done: number } {
  let unsettled = 0;
  for (const launch of group.launching.values()) if (launch.warm) unsettled++;
  for (const instance of group.instances.values()) if (instance.state.startsWith("Warmed:Pending")) unsettled++;
  return { total: refresh.warmReplaced, done: Math.max(0, refresh.warmReplaced - unsettled) };
}
