/** What a group launches, in one form for the request, the group, its refreshes and its instances, so that they can be compared. */
import type {
  AutoScalingGroup,
  DesiredConfiguration,
  Instance,
  InstancesDistribution,
  MixedInstancesPolicy,
} from "@aws-sdk/client-auto-scaling";
import type { RolloutMixedInstances, RolloutRequest } from "../../contract/state-commands.ts";
import { attributesOf, instanceRequirements } from "./attributes.ts";

export interface Configuration {
  readonly templateId: string;
  readonly version: string;
  readonly mixed?: RolloutMixedInstances;
}

export function requestedConfiguration(request: RolloutRequest): Configuration {
  const { launchTemplateId: templateId, launchTemplateVersion: version, mixedInstances: mixed } = request;
  return mixed === undefined ? { templateId, version } : { templateId, version, mixed };
}

/** The API's own defaults: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html */
const defaults = { onDemandBaseCapacity: 0, onDemandPercentageAboveBase: 100, spotAllocationStrategy: "lowest-price" };

function mixedConfiguration(policy: MixedInstancesPolicy): Configuration {
  const template = policy.LaunchTemplate?.LaunchTemplateSpecification;
  const overrides = policy.LaunchTemplate?.Overrides ?? [];
  const weights = overrides.flatMap(({ InstanceType: type = "", WeightedCapacity: weight }) =>
    weight === undefined ? [] : [[type, Number(weight)] as const],
  );
  const requirements = overrides.find(({ InstanceRequirements: one }) => one !== undefined)?.InstanceRequirements;
  return {
    templateId: template?.LaunchTemplateId ?? "",
    version: template?.Version ?? "",
    mixed: {
      types: overrides.flatMap((override) => override.InstanceType ?? []),
      ...distributionOf(policy.InstancesDistribution),
      ...(weights.length === 0 ? {} : { weights: Object.fromEntries(weights) }),
      ...(requirements === undefined ? {} : { attributes: attributesOf(requirements) }),
    },
  };
}

function distributionOf(distribution: InstancesDistribution | undefined) {
  const { OnDemandAllocationStrategy: strategy, SpotMaxPrice: price } = distribution ?? {};
  return {
    onDemandBaseCapacity: distribution?.OnDemandBaseCapacity ?? defaults.onDemandBaseCapacity,
    onDemandPercentageAboveBase: distribution?.OnDemandPercentageAboveBaseCapacity ?? defaults.onDemandPercentageAboveBase,
    spotAllocationStrategy: distribution?.SpotAllocationStrategy ?? defaults.spotAllocationStrategy,
    ...(strategy === undefined ? {} : { onDemandAllocationStrategy: strategy }),
    ...(price === undefined || price === "" ? {} : { spotMaxPrice: price }),
  };
}

/** Of a group or of a refresh's desired configuration; `undefined` when it names no launch template. */
export function configurationOf(holder: AutoScalingGroup | DesiredConfiguration | undefined): Configuration | undefined {
  if (holder?.MixedInstancesPolicy) return mixedConfiguration(holder.MixedInstancesPolicy);
  const template = holder?.LaunchTemplate;
  return template ? { templateId: template.LaunchTemplateId ?? "", version: template.Version ?? "" } : undefined;
}

export function sameConfiguration(one: Configuration | undefined, other: Configuration): boolean {
  return (
    one?.templateId === other.templateId &&
    one.version === other.version &&
    JSON.stringify(mixedKey(one.mixed)) === JSON.stringify(mixedKey(other.mixed))
  );
}

/** AWS answers with its default where no strategy was given: by price for attributes, in order for types. */
const strategyOf = ({ onDemandAllocationStrategy, attributes }: RolloutMixedInstances) =>
  onDemandAllocationStrategy ?? (attributes === undefined ? "prioritized" : "lowest-price");

const mixedKey = (mixed: Configuration["mixed"]) =>
  mixed && [
    mixed.types,
    mixed.onDemandBaseCapacity,
    mixed.onDemandPercentageAboveBase,
    mixed.spotAllocationStrategy,
    strategyOf(mixed),
    mixed.spotMaxPrice,
    mixed.types.map((type) => mixed.weights?.[type]),
    mixed.attributes && attributesOf(instanceRequirements(mixed.attributes)),
  ];

/** Whether `instance` was launched as `wanted` says. */
export function runs(instance: Instance, wanted: Configuration): boolean {
  const template = instance.LaunchTemplate;
  if (template?.LaunchTemplateId !== wanted.templateId || template.Version !== wanted.version) return false;
  return wanted.mixed === undefined || wanted.mixed.types.length === 0 || wanted.mixed.types.includes(instance.InstanceType ?? "");
}

/** The form that StartInstanceRefresh takes. */
export function desiredConfiguration({ templateId, version, mixed }: Configuration): DesiredConfiguration {
  const specification = { LaunchTemplateId: templateId, Version: version };
  if (mixed === undefined) return { LaunchTemplate: specification };
  return {
    MixedInstancesPolicy: {
      LaunchTemplate: { LaunchTemplateSpecification: specification, Overrides: overridesOf(mixed) },
      InstancesDistribution: {
        OnDemandBaseCapacity: mixed.onDemandBaseCapacity,
        OnDemandPercentageAboveBaseCapacity: mixed.onDemandPercentageAboveBase,
        SpotAllocationStrategy: mixed.spotAllocationStrategy,
        ...(mixed.onDemandAllocationStrategy === undefined ? {} : { OnDemandAllocationStrategy: mixed.onDemandAllocationStrategy }),
        ...(mixed.spotMaxPrice === undefined ? {} : { SpotMaxPrice: mixed.spotMaxPrice }),
      },
    },
  };
}

function overridesOf({ types, weights, attributes }: RolloutMixedInstances) {
  if (attributes !== undefined) return [{ InstanceRequirements: instanceRequirements(attributes) }];
  return types.map((type) => {
    const weight = weights?.[type];
    return { InstanceType: type, ...(weight === undefined ? {} : { WeightedCapacity: String(weight) }) };
  });
}

export const describeConfiguration = ({ templateId, version, mixed }: Configuration): string =>
  `version ${version} of ${templateId}${mixed ? ` (${mixed.types.length === 0 ? "by attributes" : mixed.types.join(", ")})` : ""}`;
