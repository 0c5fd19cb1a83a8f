/**
 * Which instance goes when a group scales in.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html
 */
import type { Core } from "./core.ts";
import { isActive } from "./membership.ts";
import { onDemandShare } from "./mixed.ts";
import type { GroupState, InstanceState } from "./state.ts";
import { launchConfigOf, mainSpecification, overridesOf, resolveTemplate } from "./templates.ts";
import type { Market } from "./types/common.ts";

const hourMs = 3_600_000;

/**
 * The instances to terminate, at most `count`. Zones are balanced first whatever the policies say: each comes from the
 * zones that then have the most, and, of a mixed group, from the purchase option that is over its share. Protected
 * instances are never among them.
 * @param onlyZone for rebalancing.
 */
export function chooseForTermination(core: Core, group: GroupState, count: number, onlyZone?: string): InstanceState[] {
  const mayGo = (instance: InstanceState) =>
    isActive(instance) && !instance.protectedFromScaleIn && (onlyZone === undefined || instance.zone === onlyZone);
  const eligible = [...group.instances.values()].filter(mayGo);
  const inZone = new Map(group.activeByZone);
  let spot = group.activeSpot;
  let active = group.active;
  const rank = ranking(core, group);
  const chosen: InstanceState[] = [];
  while (chosen.length < count && eligible.length > 0) {
    const candidates = fromFullestZones(ofMarket(eligible, marketToShrink(group, active, spot)), inZone);
    const next = best(candidates, rank);
    chosen.push(next);
    eligible.splice(eligible.indexOf(next), 1);
    inZone.set(next.zone, (inZone.get(next.zone) ?? 0) - 1);
    active--;
    if (next.market === "spot") spot--;
  }
  return chosen;
}

function marketToShrink(group: GroupState, active: number, spot: number): Market | undefined {
  const { mixedInstancesPolicy } = launchConfigOf(group).config;
  if (mixedInstancesPolicy === undefined) return undefined;
  return active - spot > onDemandShare(mixedInstancesPolicy.instancesDistribution, active - 1) ? "on-demand" : "spot";
}

/** Those of the purchase option that should shrink, or all when it has none to give. */
function ofMarket(instances: readonly InstanceState[], market: Market | undefined): readonly InstanceState[] {
  const fitting = market === undefined ? instances : instances.filter((instance) => instance.market === market);
  return fitting.length > 0 ? fitting : instances;
}

function fromFullestZones(instances: readonly InstanceState[], inZone: ReadonlyMap<string, number>): InstanceState[] {
  const most = instances.reduce((highest, instance) => Math.max(highest, inZone.get(instance.zone) ?? 0), 0);
  return instances.filter((instance) => inZone.get(instance.zone) === most);
}

/** A rule that orders instances: the lowest value goes first. */
type Criterion = (instance: InstanceState) => number;

/** The instance that comes first by the criteria in turn; the one launched first when they leave several. */
function best(instances: readonly InstanceState[], criteria: readonly Criterion[]): InstanceState {
  let [first] = instances;
  if (first === undefined) throw new Error("there is no instance to choose from");
  for (const instance of instances) {
    for (const criterion of criteria) {
      const difference = criterion(instance) - criterion(first);
      if (difference < 0) first = instance;
      if (difference !== 0) break;
    }
  }
  return first;
}

function ranking(core: Core, group: GroupState): Criterion[] {
  return group.terminationPolicies.flatMap((name): Criterion[] => {
    switch (name) {
      case "OldestInstance":
        return [(instance) => instance.launchedAtMs];
      case "NewestInstance":
        return [(instance) => -instance.launchedAtMs];
      case "OldestLaunchTemplate":
        return [oldestTemplate(core, group)];
      case "ClosestToNextInstanceHour":
        return [closestToHour(core)];
      case "AllocationStrategy":
        return [leastWanted(group)];
      case "Default":
        return [leastWanted(group), oldestTemplate(core, group), closestToHour(core)];
      default:
        return []; // OldestLaunchConfiguration: no instance here has a launch configuration
    }
  });
}

const closestToHour =
  (core: Core): Criterion =>
  (instance) =>
    hourMs - ((core.nowMs - instance.launchedAtMs) % hourMs);

/** Other templates than the group's before its own, of its own the lowest version first; attached instances have none. */
function oldestTemplate(core: Core, group: GroupState): Criterion {
  const { config } = launchConfigOf(group);
  const current = resolveTemplate(core, mainSpecification(config))?.template.launchTemplateId;
  return ({ template }) => (template === undefined ? -2 : template.launchTemplateId === current ? template.version : -1);
}

/** Types that the group no longer has first, then from the end of its order of preference. */
function leastWanted(group: GroupState): Criterion {
  const overrides = overridesOf(launchConfigOf(group).config);
  if (overrides.length === 0) return () => 0;
  const preference = new Map(overrides.map((override, index) => [override.instanceType, index]));
  return (instance) => -(preference.get(instance.instanceType) ?? overrides.length);
}
