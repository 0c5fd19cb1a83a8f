/** Attributes of instance types between our form and the API's. */
import type { InstanceRequirements } from "@aws-sdk/client-auto-scaling";
import type { AtLeast, InstanceAttributes } from "../../contract/mixed-instances.ts";

const range = ({ min, max }: AtLeast) => ({ Min: min, ...(max === undefined ? {} : { Max: max }) });

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRequirements.html */
export function instanceRequirements({ vCpus, memoryMiB, ...given }: InstanceAttributes): InstanceRequirements {
  const { allowedTypes, excludedTypes, generations, burstable, localStorage } = given;
  return {
    VCpuCount: range(vCpus),
    MemoryMiB: range(memoryMiB),
    ...(allowedTypes === undefined ? {} : { AllowedInstanceTypes: [...allowedTypes] }),
    ...(excludedTypes === undefined ? {} : { ExcludedInstanceTypes: [...excludedTypes] }),
    ...(generations === undefined ? {} : { InstanceGenerations: [...generations] }),
    ...(burstable === undefined ? {} : { BurstablePerformance: burstable }),
    ...(localStorage === undefined ? {} : { LocalStorage: localStorage }),
  };
}

const atLeast = (given: { readonly Min?: number | undefined; readonly Max?: number | undefined } | undefined): AtLeast => ({
  min: given?.Min ?? 0,
  ...(given?.Max === undefined ? {} : { max: given.Max }),
});

const sorted = <T extends string>(list: readonly T[] | undefined): T[] | undefined => (list?.length ? [...list].sort() : undefined);

/** What our form knows of them, in one order, so that two can be compared. */
export function attributesOf(given: InstanceRequirements): InstanceAttributes {
  return {
    vCpus: atLeast(given.VCpuCount),
    memoryMiB: atLeast(given.MemoryMiB),
    allowedTypes: sorted(given.AllowedInstanceTypes),
    excludedTypes: sorted(given.ExcludedInstanceTypes),
    generations: sorted(given.InstanceGenerations),
    burstable: given.BurstablePerformance,
    localStorage: given.LocalStorage,
  };
}
