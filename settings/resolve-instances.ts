import { parseInstanceType } from "../contract/instance-types.ts";
import type { InstanceAttributes, MixedInstances } from "../contract/mixed-instances.ts";
import type { FleetSettingsInput } from "./fleet-schema.ts";
import type { AttributesSettings } from "./instances-schema.ts";

type MixedInput = NonNullable<FleetSettingsInput["mixedInstances"]>;

/** Values of the settings that go straight to the group, under the provider's names. */
export interface GroupValues {
  readonly healthCheckGracePeriod: number;
  /** Seconds. */
  readonly maxInstanceLifetime?: number;
  readonly availabilityZoneDistribution?: { readonly capacityDistributionStrategy: string };
  readonly protectFromScaleIn?: boolean;
  readonly terminationPolicies?: string[];
}

const daySeconds = 86_400;

export function resolveGroup(given: FleetSettingsInput["group"]): Omit<GroupValues, "healthCheckGracePeriod"> {
  const { maxLifetimeDays, zoneDistribution, scaleInProtection, terminationPolicies } = given;
  return {
    ...(maxLifetimeDays === undefined ? {} : { maxInstanceLifetime: maxLifetimeDays * daySeconds }),
    ...(zoneDistribution === undefined ? {} : { availabilityZoneDistribution: { capacityDistributionStrategy: zoneDistribution } }),
    ...(scaleInProtection === undefined ? {} : { protectFromScaleIn: scaleInProtection }),
    ...(terminationPolicies === undefined ? {} : { terminationPolicies }),
  };
}

export function resolveMixed(
  { types = [], attributes, onDemandAllocationStrategy, ...same }: MixedInput,
  instanceType: string,
): MixedInstances {
  // A group that chooses by attributes has no order to follow, and AWS then takes this strategy alone.
  const strategy = onDemandAllocationStrategy ?? (attributes === undefined ? undefined : "lowest-price");
  return {
    ...same,
    types,
    ...(strategy === undefined ? {} : { onDemandAllocationStrategy: strategy }),
    ...(attributes === undefined ? {} : { attributes: resolveAttributes(attributes, instanceType) }),
  };
}

/** The image runs on the sizes of the family that it was baked on. */
function resolveAttributes({ within, ...given }: AttributesSettings, instanceType: string): InstanceAttributes {
  if (within === "architecture" || given.allowedTypes !== undefined) return given;
  return { ...given, allowedTypes: [`${parseInstanceType(instanceType)?.family ?? instanceType}.*`] };
}
