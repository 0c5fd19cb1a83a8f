/**
 * Moves instances from zones with too many to zones with too few, launching before terminating.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html (Rebalancing activities)
 */
import { at, sentences } from "./activities.ts";
import type { Core } from "./core.ts";
import { beginTermination } from "./lifecycle.ts";
import { countIn, isActive } from "./membership.ts";
import { activeRefresh } from "./refresh-end.ts";
import type { GroupState } from "./state.ts";
import { chooseForTermination } from "./termination-policy.ts";
import { foreignZone, outOfBalance } from "./zones.ts";

/** The group may exceed its size by a tenth, or by one instance, meanwhile. */
const allowance = (group: GroupState) => Math.max(1, Math.floor(group.maxSize / 10));

export function rebalance(core: Core, group: GroupState): void {
  if (!mayRebalance(group)) {
    group.rebalanceSurplus = 0;
    return;
  }
  const uneven = unevenZones(core, group);
  const settled = group.launching.size === 0 && countIn(group, "InService") === group.active;
  if (uneven === undefined) {
    if (settled) group.rebalanceSurplus = 0; // reconcile takes out what is too much, from the fullest zones
  } else if (settled && group.rebalanceSurplus > 0 && group.active > group.desiredCapacity) {
    takeFrom(core, group, uneven.from, group.active - group.desiredCapacity);
    group.rebalanceSurplus = 0;
  } else if (settled && group.active === group.desiredCapacity) {
    group.rebalanceSurplus = Math.min(uneven.moves, allowance(group));
    group.launchCause = balanceCause(group);
  }
}

function mayRebalance(group: GroupState): boolean {
  const suspended = group.suspended.has("AZRebalance") || group.suspended.has("Launch");
  return !suspended && !group.deleting && activeRefresh(group) === undefined && group.toReplace.size === 0;
}

interface Uneven {
  readonly from: string;
  readonly moves: number;
}

/** Zones that are too full although they have an instance that may go. */
function unevenZones(core: Core, group: GroupState): Uneven | undefined {
  const foreign = foreignZone(group);
  if (foreign !== undefined) return hasMovable(group, foreign) ? { from: foreign, moves: group.activeByZone.get(foreign) ?? 0 } : undefined;
  const found = outOfBalance(core, group);
  if (found === undefined || !hasMovable(group, found.from)) return undefined;
  const difference = (group.activeByZone.get(found.from) ?? 0) - (group.activeByZone.get(found.to) ?? 0);
  return { from: found.from, moves: Math.floor(difference / 2) };
}

function hasMovable(group: GroupState, zone: string): boolean {
  for (const instance of group.instances.values())
    if (instance.zone === zone && isActive(instance) && !instance.protectedFromScaleIn) return true;
  return false;
}

function takeFrom(core: Core, group: GroupState, zone: string, count: number): void {
  if (group.suspended.has("Terminate")) return;
  for (const instance of chooseForTermination(core, group, count, zone)) {
    const launched = `${at(core)}instances were launched to balance instances in zones ${zone} with other zones resulting in more than desired number of instances in the group.`;
    const selected = `${at(core)}instance ${instance.id} was selected for termination.`;
    beginTermination(core, group, instance, { cause: sentences(launched, selected) });
  }
}

function balanceCause(group: GroupState): string {
  const zones = [...new Set([...group.zones, ...group.activeByZone.keys()])];
  const sizes = zones.map((zone) => group.activeByZone.get(zone) ?? 0);
  return `availability zones ${zones.join(" ")} had ${sizes.join(" ")} instances respectively. An instance was launched to aid in balancing the group's zones.`;
}
