/**
 * Moves instances from zones with too many to zones with too few, and from the purchase option that a changed mixed
 * instances policy wants less of to the other; a new instance is launched before an old one goes.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html (Rebalancing activities)
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-maintenance-policy-overview-and-considerations.html (Rebalancing)
 */
import { at, sentences } from "./activities.ts";
import type { Core } from "./core.ts";
import { beginTermination } from "./lifecycle.ts";
import { countIn, isActive } from "./membership.ts";
import { onDemandShare } from "./mixed.ts";
import { activeRefresh } from "./refresh-end.ts";
import type { GroupState, InstanceState } from "./state.ts";
import { chooseForTermination } from "./termination-policy.ts";
import { foreignZone, outOfBalance } from "./zones.ts";

/** The group may exceed its size by a tenth, or by one instance, meanwhile. */
const allowance = (group: GroupState) => Math.max(1, Math.floor(group.maxSize / 10));

export function rebalance(core: Core, group: GroupState): void {
  if (!mayRebalance(group)) {
    group.rebalanceSurplus = 0;
    return;
  }
  const uneven = unevenZones(core, group) ?? unevenOptions(group);
  const settled = group.launching.size === 0 && countIn(group, "InService") === group.active;
  if (uneven === undefined) {
    if (settled) group.rebalanceSurplus = 0; // reconcile takes out what is too much, from the fullest zones
  } else if (settled && group.rebalanceSurplus > 0 && group.active > group.desiredCapacity) {
    takeOut(core, group, uneven, group.active - group.desiredCapacity);
    group.rebalanceSurplus = 0;
  } else if (settled && group.active === group.desiredCapacity) {
    group.rebalanceSurplus = Math.min(uneven.moves, allowance(group));
    group.launchCause = uneven.launchCause;
  }
}

function mayRebalance(group: GroupState): boolean {
  const suspended = group.suspended.has("AZRebalance") || group.suspended.has("Launch");
  return !suspended && !group.deleting && activeRefresh(group) === undefined && group.toReplace.size === 0;
}

interface Uneven {
  /** Where an instance goes; absent = wherever the termination policies find it. */
  readonly zone?: string;
  readonly moves: number;
  readonly launchCause: string;
  readonly why: string;
}

/** A zone that is too full although it has an instance that may go. */
function unevenZones(core: Core, group: GroupState): Uneven | undefined {
  const foreign = foreignZone(group);
  const found = foreign === undefined ? outOfBalance(core, group) : undefined;
  const zone = foreign ?? found?.from;
  if (zone === undefined || !hasMovable(group, (instance) => instance.zone === zone)) return undefined;
  const size = (one: string) => group.activeByZone.get(one) ?? 0;
  return {
    zone,
    moves: found === undefined ? size(zone) : Math.floor((size(zone) - size(found.to)) / 2),
    launchCause: balanceCause(group),
    why: `instances were launched to balance instances in zones ${zone} with other zones resulting in more than desired number of instances in the group.`,
  };
}

/** A purchase option that has more than its share, although it has an instance that may go. */
function unevenOptions(group: GroupState): Uneven | undefined {
  const { mixedInstancesPolicy } = group.config;
  if (mixedInstancesPolicy === undefined || group.active < group.desiredCapacity) return undefined;
  const surplus = group.active - group.desiredCapacity;
  const wanted = onDemandShare(mixedInstancesPolicy.instancesDistribution, group.desiredCapacity);
  const tooMany = group.active - group.activeSpot - wanted;
  // what was launched ahead belongs to the other option
  const moves = tooMany > 0 ? tooMany : group.activeSpot - (group.desiredCapacity - wanted);
  const market = tooMany > 0 ? "on-demand" : "spot";
  if (moves <= 0 || (surplus > 0 && group.rebalanceSurplus === 0)) return undefined;
  if (!hasMovable(group, (instance) => instance.market === market)) return undefined;
  const cause = "an instance was launched to match the purchase options of the group's mixed instances policy.";
  return { moves, launchCause: cause, why: "instances were launched to match the purchase options of the group's mixed instances policy." };
}

function hasMovable(group: GroupState, fits: (instance: InstanceState) => boolean): boolean {
  for (const instance of group.instances.values()) if (fits(instance) && isActive(instance) && !instance.protectedFromScaleIn) return true;
  return false;
}

function takeOut(core: Core, group: GroupState, { zone, why }: Uneven, count: number): void {
  if (group.suspended.has("Terminate")) return;
  for (const instance of chooseForTermination(core, group, count, zone)) {
    const selected = `${at(core)}instance ${instance.id} was selected for termination.`;
    beginTermination(core, group, instance, { cause: sentences(`${at(core)}${why}`, selected) });
  }
}

function balanceCause(group: GroupState): string {
  const zones = [...new Set([...group.zones, ...group.activeByZone.keys()])];
  const sizes = zones.map((zone) => group.activeByZone.get(zone) ?? 0);
  return `availability zones ${zones.join(" ")} had ${sizes.join(" ")} instances respectively. An instance was launched to aid in balancing the group's zones.`;
}
