/**
 * Where the next instance goes: the zone with the fewest, and within it the pool that is tried first, leaving out what has
 * just failed. https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-availability-zone-balanced.html
 */
import type { Core } from "./core.ts";
import { isActive } from "./membership.ts";
import type { Pool } from "./mixed.ts";
import type { Backoff, GroupState } from "./state.ts";
import type { Market } from "./types/common.ts";

/**
 * A failed pool is left alone for so long, doubling with every further failure. AWS documents that launches are tried
 * again, not when; these figures are ours.
 */
const firstBackoffMs = 30_000;
const longestBackoffMs = 15 * 60_000;

const poolKey = (zone: string, pool: Pick<Pool, "instanceType" | "market">) => `${zone} ${pool.instanceType} ${pool.market}`;

/** Launches of one batch that fail together count as one failure. */
export function backOff(core: Core, group: GroupState, zone: string, pool: Pick<Pool, "instanceType" | "market">): void {
  const key = poolKey(zone, pool);
  const backoff: Backoff = group.backoff.get(key) ?? { failures: 0, untilMs: 0 };
  if (backoff.untilMs > core.nowMs) return;
  backoff.untilMs = core.nowMs + Math.min(longestBackoffMs, firstBackoffMs * 2 ** backoff.failures++);
  group.backoff.set(key, backoff);
  core.schedule(backoff.untilMs, "launch-retry", group.name);
}

export function launchWorked(group: GroupState, zone: string, pool: Pick<Pool, "instanceType" | "market">): void {
  if (group.backoff.size > 0) group.backoff.delete(poolKey(zone, pool));
}

function isOpen(core: Core, group: GroupState, zone: string, pool: Pool): boolean {
  if (group.backoff.size === 0) return true;
  return (group.backoff.get(poolKey(zone, pool))?.untilMs ?? 0) <= core.nowMs;
}

export interface Place {
  readonly zone: string;
  readonly subnetId: string;
  readonly pool: Pool;
}

/**
 * @param inZone how many instances each zone has; the caller counts on while it plans a batch.
 * @param turn number of the launch within the group, for spreading over subnets and pools of equal right.
 * @returns nothing when every pool has failed lately: with `balanced-only` already when those of the emptiest zone have.
 */
export function nextPlace(
  core: Core,
  group: GroupState,
  pools: readonly Pool[],
  inZone: ReadonlyMap<string, number>,
  spread: number,
  turn: number,
): Place | undefined {
  const zones = [...group.zones].sort((one, other) => (inZone.get(one) ?? 0) - (inZone.get(other) ?? 0));
  for (const zone of zones) {
    const open = pools.filter((pool) => isOpen(core, group, zone, pool));
    const pool = open[turn % Math.min(spread, open.length)];
    const subnets = subnetsIn(core, group, zone);
    const subnetId = subnets[turn % subnets.length];
    if (pool !== undefined && subnetId !== undefined) return { zone, subnetId, pool };
    if (group.distributionStrategy === "balanced-only") return undefined;
  }
  return undefined;
}

/** Those that still exist. */
const subnetsIn = (core: Core, group: GroupState, zone: string) =>
  group.subnetIds.filter((subnetId) => core.state.subnets.get(subnetId) === zone);

const hasSubnet = (core: Core, group: GroupState, zone: string) =>
  group.subnetIds.some((subnetId) => core.state.subnets.get(subnetId) === zone);

/** The fullest and the emptiest zone when they differ by more than one instance; zones that cannot launch now are not filled. */
export function outOfBalance(core: Core, group: GroupState): { readonly from: string; readonly to: string } | undefined {
  let from = "";
  let to = "";
  let most = -1;
  let least = Infinity;
  for (const zone of group.zones) {
    const size = group.activeByZone.get(zone) ?? 0;
    if (size > most) {
      most = size;
      from = zone;
    }
    if (size < least && !isClosed(core, group, zone) && hasSubnet(core, group, zone)) {
      least = size;
      to = zone;
    }
  }
  return most - least > 1 ? { from, to } : undefined;
}

/** What may leave the zone that has too many, by purchase option; nothing when zones are in balance. */
export function leavingByMarket(core: Core, group: GroupState): Record<Market, number> | undefined {
  const zone = foreignZone(group) ?? outOfBalance(core, group)?.from;
  if (zone === undefined) return undefined;
  const leaving = { "on-demand": 0, spot: 0 };
  for (const instance of group.instances.values())
    if (instance.zone === zone && isActive(instance) && !instance.protectedFromScaleIn) leaving[instance.market]++;
  return leaving;
}

function isClosed(core: Core, group: GroupState, zone: string): boolean {
  for (const [key, { untilMs }] of group.backoff) if (untilMs > core.nowMs && key.startsWith(`${zone} `)) return true;
  return false;
}

/** A zone that the group no longer names but still has instances in. */
export function foreignZone(group: GroupState): string | undefined {
  for (const [zone, count] of group.activeByZone) if (count > 0 && !group.zones.includes(zone)) return zone;
  return undefined;
}
