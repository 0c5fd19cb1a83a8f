/**
 * Which instance goes when a group scales in.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html
 */
import type { Core } from "./core.ts";
import { popHeap, pushHeap } from "./heap.ts";
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
  const pools = eligiblePools(group, onlyZone);
  const criteria = ranking(core, group);
  const inZone = new Map(group.activeByZone);
  let spot = group.activeSpot;
  let active = group.active;
  const chosen: InstanceState[] = [];
  while (chosen.length < count) {
    const next = takeBest(candidatesOf(pools, marketToShrink(group, active, spot), inZone), criteria);
    if (next === undefined) break;
    chosen.push(next);
    inZone.set(next.zone, (inZone.get(next.zone) ?? 0) - 1);
    active--;
    if (next.market === "spot") spot--;
  }
  return chosen;
}

/** Instances of one zone and purchase option that may go. */
interface Pool {
  readonly zone: string;
  readonly market: Market;
  /** In order of launching. */
  readonly instances: InstanceState[];
  /** Made once the first was looked for, since most calls look into one pool only. */
  ranked: Ranked | undefined;
}

/** The instances of a pool that are left, as a heap of their indices: groups are large, and objects for each would cost more than the choice. */
interface Ranked {
  readonly heap: number[];
  /** A row for each instance: what each criterion says, then the time of its launch. */
  readonly keys: Float64Array;
  readonly width: number;
  readonly isBefore: (one: number, other: number) => boolean;
}

function eligiblePools(group: GroupState, onlyZone: string | undefined): Pool[] {
  const pools: Pool[] = [];
  for (const instance of group.instances.values()) {
    const { zone, market } = instance;
    if (!isActive(instance) || instance.protectedFromScaleIn || (onlyZone !== undefined && zone !== onlyZone)) continue;
    const pool = pools.find((one) => one.zone === zone && one.market === market);
    if (pool === undefined) pools.push({ zone, market, instances: [instance], ranked: undefined });
    else pool.instances.push(instance);
  }
  return pools;
}

/** Of the purchase option that should shrink, if it has any to give; of those the ones in the fullest zones. */
function candidatesOf(pools: readonly Pool[], market: Market | undefined, inZone: ReadonlyMap<string, number>): Pool[] {
  const filled = pools.filter(({ instances, ranked }) => (ranked?.heap ?? instances).length > 0);
  const fitting = market === undefined ? filled : filled.filter((pool) => pool.market === market);
  const candidates = fitting.length > 0 ? fitting : filled;
  const most = candidates.reduce((highest, pool) => Math.max(highest, inZone.get(pool.zone) ?? 0), 0);
  return candidates.filter((pool) => inZone.get(pool.zone) === most);
}

/** The instance that comes first by the criteria in turn, taken out of its pool; the one launched first when they leave several. */
function takeBest(pools: readonly Pool[], criteria: readonly Criterion[]): InstanceState | undefined {
  let home: Pool | undefined;
  let best: Ranked | undefined;
  for (const pool of pools) {
    const ranked = (pool.ranked ??= rank(pool.instances, criteria));
    if (ranked.heap.length === 0 || (best !== undefined && compare(ranked, best) >= 0)) continue;
    best = ranked;
    home = pool;
  }
  const index = best === undefined ? undefined : popHeap(best.heap, best.isBefore);
  return index === undefined ? undefined : home?.instances[index];
}

function rank(instances: readonly InstanceState[], criteria: readonly Criterion[]): Ranked {
  const width = criteria.length + 1;
  const keys = new Float64Array(instances.length * width);
  const isBefore = (one: number, other: number) => compareRows(keys, one, keys, other, width) < 0;
  const heap: number[] = [];
  for (let index = 0; index < instances.length; index++) {
    const instance = instances[index] as InstanceState;
    for (let column = 0; column < criteria.length; column++) keys[index * width + column] = (criteria[column] as Criterion)(instance);
    keys[index * width + criteria.length] = instance.launchedAtMs;
    pushHeap(heap, index, isBefore);
  }
  return { heap, keys, width, isBefore };
}

/** Which of two pools has the instance that goes first: below 0 the first pool, above 0 the second. */
const compare = (one: Ranked, other: Ranked): number => compareRows(one.keys, one.heap[0] ?? 0, other.keys, other.heap[0] ?? 0, one.width);

/** By each key in turn, and at last in the order of launching. */
function compareRows(keys: Float64Array, one: number, otherKeys: Float64Array, other: number, width: number): number {
  for (let column = 0; column < width; column++) {
    const key = keys[one * width + column] ?? 0;
    const against = otherKeys[other * width + column] ?? 0;
    if (key !== against) return key < against ? -1 : 1;
  }
  return one - other;
}

function marketToShrink(group: GroupState, active: number, spot: number): Market | undefined {
  const { mixedInstancesPolicy } = launchConfigOf(group).config;
  if (mixedInstancesPolicy === undefined) return undefined;
  return active - spot > onDemandShare(mixedInstancesPolicy.instancesDistribution, active - 1) ? "on-demand" : "spot";
}

/** A rule that orders instances: the lowest value goes first. */
type Criterion = (instance: InstanceState) => number;

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
        return leastWanted(group);
      case "Default":
        return [...leastWanted(group), oldestTemplate(core, group), closestToHour(core)];
      default:
        return []; // OldestLaunchConfiguration: no instance here has a launch configuration
    }
  });
}

const closestToHour =
  (core: Core): Criterion =>
  (instance) =>
    hourMs - ((core.nowMs - instance.launchedAtMs) % hourMs);

/**
 * Other templates than the group's before its own: the one whose version was made first, attached instances (which have
 * none) at the very front. Of its own the lowest version first.
 */
function oldestTemplate(core: Core, group: GroupState): Criterion {
  const current = resolveTemplate(core, mainSpecification(launchConfigOf(group).config))?.template.launchTemplateId;
  const madeMs = (id: string, version: number) => core.state.templates.get(id)?.versions[version]?.createdAtMs ?? 0;
  return ({ template }) => {
    if (template === undefined) return -Infinity;
    const { launchTemplateId, version } = template;
    return launchTemplateId === current ? version : madeMs(launchTemplateId, version) - beforeAllVersionsMs;
  };
}

/** More than any time in milliseconds, so that every other template comes before version 1. */
const beforeAllVersionsMs = Number.MAX_SAFE_INTEGER;

/** Types that the group no longer has first, then from the end of its order of preference; without overrides all are alike. */
function leastWanted(group: GroupState): Criterion[] {
  const overrides = overridesOf(launchConfigOf(group).config);
  if (overrides.length === 0) return [];
  const preference = new Map(overrides.map((override, index) => [override.instanceType, index]));
  return [(instance) => -(preference.get(instance.instanceType) ?? overrides.length)];
}
