import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { AtLeast, InstanceAttributes, MixedInstances } from "../contract/mixed-instances.ts";

type Policy = aws.types.input.autoscaling.GroupMixedInstancesPolicy;
type Override = aws.types.input.autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverride;
type Requirements = aws.types.input.autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideInstanceRequirements;

export function mixedInstancesPolicy(mixed: MixedInstances, launchTemplateId: pulumi.Input<string>, version: pulumi.Input<string>): Policy {
  const { onDemandAllocationStrategy, spotMaxPrice } = mixed;
  return {
    launchTemplate: { launchTemplateSpecification: { launchTemplateId, version }, overrides: overrides(mixed) },
    instancesDistribution: {
      onDemandBaseCapacity: mixed.onDemandBaseCapacity,
      onDemandPercentageAboveBaseCapacity: mixed.onDemandPercentageAboveBase,
      spotAllocationStrategy: mixed.spotAllocationStrategy,
      ...(onDemandAllocationStrategy === undefined ? {} : { onDemandAllocationStrategy }),
      ...(spotMaxPrice === undefined ? {} : { spotMaxPrice }),
    },
  };
}

function overrides({ types, weights, attributes }: MixedInstances): Override[] {
  if (attributes !== undefined) return [{ instanceRequirements: requirements(attributes) }];
  return types.map((instanceType) => {
    const weight = weights?.[instanceType];
    return { instanceType, ...(weight === undefined ? {} : { weightedCapacity: String(weight) }) };
  });
}

const range = ({ min, max }: AtLeast) => ({ min, ...(max === undefined ? {} : { max }) });

function requirements({ vCpus, memoryMiB, ...given }: InstanceAttributes): Requirements {
  const { allowedTypes, excludedTypes, generations, burstable, localStorage } = given;
  return {
    vcpuCount: range(vCpus),
    memoryMib: range(memoryMiB),
    ...(allowedTypes === undefined ? {} : { allowedInstanceTypes: [...allowedTypes] }),
    ...(excludedTypes === undefined ? {} : { excludedInstanceTypes: [...excludedTypes] }),
    ...(generations === undefined ? {} : { instanceGenerations: [...generations] }),
    ...(burstable === undefined ? {} : { burstablePerformance: burstable }),
    ...(localStorage === undefined ? {} : { localStorage }),
  };
}
