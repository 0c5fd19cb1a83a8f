/** Settings of what a group launches beside its own type, and of what it keeps ready. */
import { z } from "zod";
import { onDemandAllocationStrategies, spotAllocationStrategies } from "../contract/mixed-instances.ts";
import { instanceType, oneOf, text, whole, yesNo } from "./leaves.ts";

const range = (what: string, largest: number, example: number) =>
  z
    .strictObject({
      min: whole(0, largest, { description: `Fewest ${what}.`, example }),
      max: whole(1, largest, { description: `Most ${what}; absent = any number.`, example: example * 2 }).exactOptional(),
    })
    .meta({ description: `How many ${what}.` });

const typePatterns = (description: string) =>
  z
    .array(text(/^[a-z0-9*.-]{1,30}$/, "a type such as m7i.*, * allowed", { description: "Types.", example: "m7i.*" }))
    .min(1)
    .exactOptional()
    .meta({ description });

const presence = (what: string, example: "included" | "excluded") =>
  oneOf(["included", "required", "excluded"], { description: what, example }).exactOptional();

const attributes = z
  .strictObject({
    vCpus: range("vCPUs", 1024, 2),
    memoryMiB: range("MiB of memory", 25_165_824, 8192),
    within: oneOf(["family", "architecture"], {
      description:
        "How close to the bake type: `family` the sizes of the fleet's own type, `architecture` every type with the image's architecture. The policy image-instance-type-match must be set likewise.",
      example: "family",
    }).default("family"),
    allowedTypes: typePatterns("Types among which is chosen, in the place of `within`."),
    excludedTypes: typePatterns("With `within: architecture`: types that are not chosen."),
    generations: z
      .array(oneOf(["current", "previous"], { description: "Generation.", example: "current" }))
      .min(1)
      .exactOptional()
      .meta({ description: "Generations of types; absent = all." }),
    burstable: presence("Types with CPU credits; absent = excluded.", "included"),
    localStorage: presence("Types with local disks; absent = included.", "included"),
  })
  .meta({ description: "Types by what they have, in the place of `types`." });

export type AttributesSettings = z.infer<typeof attributes>;

export const mixedInstances = z
  .strictObject({
    types: z
      .array(instanceType("An instance type."))
      .min(1)
      .exactOptional()
      .meta({ description: "Types in order of preference, the fleet's own among them." }),
    attributes: attributes.exactOptional(),
    weights: z
      .record(instanceType("An instance type."), whole(1, 999, { description: "Its weight.", example: 2 }))
      .exactOptional()
      .meta({ description: "What each type counts towards the sizes; with `capacityUnits: units`.", examples: [{ "t3.small": 1 }] }),
    capacityUnits: oneOf(["units", "vcpu", "memory-mib"], {
      description: "What the sizes count: units with weights, vcpu or memory-mib with attributes; absent = instances.",
      example: "units",
    }).exactOptional(),
    onDemandBaseCapacity: whole(0, 10_000, { description: "Instances that are always on demand.", example: 2 }).default(0),
    onDemandPercentageAboveBase: whole(0, 100, { description: "Share of on-demand instances above the base.", example: 100 }).default(100),
    onDemandAllocationStrategy: oneOf(onDemandAllocationStrategies, {
      description: "How on-demand instances are chosen; absent = prioritized, or lowest-price with attributes.",
      example: "prioritized",
    }).exactOptional(),
    spotAllocationStrategy: oneOf(spotAllocationStrategies, {
      description: "How spot instances are chosen.",
      example: "price-capacity-optimized",
    }).default("price-capacity-optimized"),
    spotMaxPrice: text(/^\d+(?:\.\d+)?$/, "a price such as 0.05", {
      description: "USD an hour, in quotes; absent = the on-demand price, which AWS recommends.",
      example: "0.05",
    }).exactOptional(),
    capacityRebalance: yesNo({
      description: "Whether a spot instance at risk is replaced before it is taken; absent = when there is any spot.",
      example: true,
    }).exactOptional(),
  })
  .meta({ description: "Other types beside `instanceType`; absent = none." });

export const warmPool = z
  .strictObject({
    state: oneOf(["Stopped", "Running", "Hibernated"], { description: "How its instances wait.", example: "Stopped" }).default("Stopped"),
    min: whole(0, 10_000, { description: "Fewest instances in the pool; absent = 0.", example: 2 }).exactOptional(),
    maxPrepared: whole(0, 10_000, {
      description: "Most instances in pool and group together; absent = the group's maximum.",
      example: 4,
    }).exactOptional(),
    reuse: yesNo({
      description: "Whether an instance that is no longer needed goes back to the pool; what removes departed nodes leaves it alone.",
      example: false,
    }).default(false),
  })
  .meta({ description: "Instances that have booted and wait, for fleets that boot slowly; absent = none." });

export const groupOptions = z
  .strictObject({
    maxLifetimeDays: whole(1, 365, {
      description: "Days after which an instance is replaced; absent = never.",
      example: 30,
    }).exactOptional(),
    zoneDistribution: oneOf(["balanced-best-effort", "balanced-only"], {
      description: "Whether a zone without capacity is made up for in the others; absent = balanced-best-effort.",
      example: "balanced-best-effort",
    }).exactOptional(),
    scaleInProtection: yesNo({
      description: "Whether new instances are spared by scale-in until somebody takes their protection away; absent = no.",
      example: false,
    }).exactOptional(),
    terminationPolicies: z
      .array(
        text(/^[A-Z][A-Za-z]+$|^arn:.+$/, "a termination policy such as OldestInstance", { description: "A policy.", example: "Default" }),
      )
      .min(1)
      .exactOptional()
      .meta({ description: "Which instance goes first; absent = OldestLaunchTemplate, then Default." }),
  })
  .meta({ description: "Options of the group that few need." });
