/**
 * Mixed instances: how many are on demand and which pools are tried first. Prices and capacities are EC2's; where a
 * strategy depends on them the order of the overrides decides.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/allocation-strategies.html
 */
import type { Core } from "./core.ts";
import type { GroupState } from "./state.ts";
import { mainSpecification, overridesOf, resolveTemplate } from "./templates.ts";
import type { InstancesDistribution, LaunchConfig, Market, ResolvedTemplate } from "./types/common.ts";

/** One kind of instance that a launch may take. */
export interface Pool {
  readonly template: ResolvedTemplate;
  readonly instanceType: string;
  readonly imageId: string | undefined;
  /** From an override; otherwise the template's own are used. */
  readonly typeFromOverride: boolean;
  readonly imageFromOverride: boolean;
  readonly market: Market;
}

/** Number of on-demand instances among `total`: the base, then the percentage of the rest, rounded up. */
export function onDemandShare(distribution: InstancesDistribution | undefined, total: number): number {
  const base = distribution?.onDemandBaseCapacity ?? 0;
  const percentage = distribution?.onDemandPercentageAboveBaseCapacity ?? 100;
  return Math.min(total, base + Math.ceil((Math.max(0, total - base) * percentage) / 100));
}

/**
 * The purchase option of the next instance of a group that grows to `total`.
 * @param leaving how many instances of each option an overfull zone can give up, for a launch in their place: one of another
 * option would be over its share and go again itself. Counted down.
 */
export function nextMarket(group: GroupState, config: LaunchConfig, total: number, leaving?: Record<Market, number>): Market {
  if (config.mixedInstancesPolicy === undefined) return "on-demand";
  const onDemand = group.active - group.activeSpot;
  const share = onDemandShare(config.mixedInstancesPolicy.instancesDistribution, total);
  const [market, other]: [Market, Market] = onDemand < share ? ["on-demand", "spot"] : ["spot", "on-demand"];
  if (leaving === undefined) return market;
  const chosen = leaving[market] <= 0 && leaving[other] > 0 ? other : market;
  leaving[chosen]--;
  return chosen;
}

/** Pools in the order in which they are tried; empty when a template is gone. */
export function poolsOf(core: Core, config: LaunchConfig, market: Market): Pool[] {
  const specification = mainSpecification(config);
  const overrides = overridesOf(config);
  if (overrides.length === 0) {
    const found = resolveTemplate(core, specification);
    if (found === undefined) return [];
    const plainSpot = config.mixedInstancesPolicy === undefined && found.facts.spot === true;
    const { instanceType = "", imageId } = found.facts;
    const common = { template: found.template, instanceType, imageId, typeFromOverride: false, imageFromOverride: false };
    return [{ ...common, market: plainSpot ? "spot" : market }];
  }
  return overrides.flatMap((override) => {
    const found = resolveTemplate(core, override.launchTemplateSpecification ?? specification);
    if (found === undefined) return [];
    const { instanceType, imageId = found.facts.imageId } = override;
    const imageFromOverride = override.imageId !== undefined;
    return [{ template: found.template, instanceType, imageId, typeFromOverride: true, imageFromOverride, market }];
  });
}

/** Pools among which spot instances are spread by turns: with `lowest-price` the first N, otherwise only the first. */
export function spreadOver(config: LaunchConfig, market: Market, pools: readonly Pool[]): number {
  const distribution = config.mixedInstancesPolicy?.instancesDistribution;
  if (market !== "spot" || (distribution?.spotAllocationStrategy ?? "lowest-price") !== "lowest-price") return 1;
  return Math.max(1, Math.min(pools.length, distribution?.spotInstancePools ?? 2));
}
