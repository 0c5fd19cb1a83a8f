import { hasSpot } from "../../contract/mixed-instances.ts";
import type { AtLeast, InstanceAttributes, MixedInstances } from "../../contract/mixed-instances.ts";
import { checkWhole, fault, within } from "./fault.ts";
import type { Fault } from "./fault.ts";
import { checkCount, groupQuotas } from "./quotas.ts";

/** WeightedCapacity: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchTemplateOverrides.html */
const largestWeight = 999;

/** @param instanceType the fleet's own */
export function checkMixed(mixed: MixedInstances, instanceType: string): Fault[] {
  return [
    ...checkChoice(mixed, instanceType),
    ...checkWeights(mixed),
    ...(mixed.attributes === undefined ? [] : within("attributes", checkAttributes(mixed.attributes))),
    ...checkWhole("onDemandBaseCapacity", mixed.onDemandBaseCapacity, 0),
    ...checkWhole("onDemandPercentageAboveBase", mixed.onDemandPercentageAboveBase, 0, 100),
    ...checkSpot(mixed),
  ];
}

function checkChoice({ types, attributes, onDemandAllocationStrategy: strategy }: MixedInstances, instanceType: string): Fault[] {
  if (attributes !== undefined) {
    return [
      ...(types.length === 0 ? [] : [fault("types", types, "absent, since attributes are given")]),
      ...(strategy === "prioritized"
        ? [fault("onDemandAllocationStrategy", strategy, "lowest-price, since attributes have no order")]
        : []),
    ];
  }
  const twice = types.filter((type, index) => types.indexOf(type) !== index);
  return [
    ...(types.includes(instanceType) ? [] : [fault("types", types, `a list with ${instanceType}, the fleet's instanceType, among them`)]),
    ...twice.map((type) => fault("types", type, "each type once")),
    ...checkCount("types", types.length, groupQuotas.instanceTypes, "instance types"),
  ];
}

/** With weights the sizes no longer count instances, which the settings must say. */
function checkWeights({ types, weights, capacityUnits, attributes }: MixedInstances): Fault[] {
  const units = capacityUnits ?? "instances";
  if (weights === undefined) {
    if (units === "instances") return [];
    if (units === "units") return [fault("weights", undefined, "a weight for each type, since capacityUnits is units")];
    return attributes === undefined
      ? [fault("capacityUnits", units, "absent, or units with weights", "only attributes can be counted so")]
      : [];
  }
  const unweighted = types.filter((type) => weights[type] === undefined);
  return [
    ...(units === "units"
      ? []
      : [fault("capacityUnits", capacityUnits, "units, since weights are given", "the group's sizes then count units, not instances")]),
    ...unweighted.map((type) => fault(`weights["${type}"]`, undefined, "a weight for each type, or for none")),
    ...Object.entries(weights).flatMap(([type, weight]) => [
      ...checkWhole(`weights["${type}"]`, weight, 1, largestWeight),
      ...(types.includes(type) ? [] : [fault(`weights["${type}"]`, weight, "a weight of one of the types")]),
    ]),
  ];
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRequirements.html */
function checkAttributes({ vCpus, memoryMiB, allowedTypes, excludedTypes }: InstanceAttributes): Fault[] {
  return [
    ...within("vCpus", checkRange(vCpus)),
    ...within("memoryMiB", checkRange(memoryMiB)),
    ...(allowedTypes !== undefined && excludedTypes !== undefined
      ? [fault("excludedTypes", excludedTypes, "absent, since allowedTypes are given")]
      : []),
    ...checkCount("allowedTypes", allowedTypes?.length ?? 0, groupQuotas.typesByAttributes, "instance types"),
    ...checkCount("excludedTypes", excludedTypes?.length ?? 0, groupQuotas.typesByAttributes, "instance types"),
  ];
}

function checkRange({ min, max }: AtLeast): Fault[] {
  return [
    ...checkWhole("min", min, 0),
    ...checkWhole("max", max, 1),
    ...(max !== undefined && max < min ? [fault("max", max, `at least min (${min})`)] : []),
  ];
}

function checkSpot(mixed: MixedInstances): Fault[] {
  const { capacityRebalance, spotMaxPrice, onDemandPercentageAboveBase: share } = mixed;
  const price = spotMaxPrice === undefined || /^(?!0*\.?0*$)\d+(?:\.\d+)?$/.test(spotMaxPrice);
  const why = `onDemandPercentageAboveBase is ${share}, so that there is no spot instance`;
  return [
    ...(price ? [] : [fault("spotMaxPrice", spotMaxPrice, "a price in USD an hour, such as 0.05")]),
    ...(hasSpot(mixed) || spotMaxPrice === undefined ? [] : [fault("spotMaxPrice", spotMaxPrice, "absent", why)]),
    ...(hasSpot(mixed) || capacityRebalance !== true ? [] : [fault("capacityRebalance", true, "false or absent", why)]),
  ];
}
