/** What a group launches beside one instance type: settings say it, the group gets it, a roll-out brings it. */

/** A range; without `max` upwards of `min`. */
export interface AtLeast {
  readonly min: number;
  readonly max?: number | undefined;
}

/**
 * Instance types by what they have, in the place of their names; the image's architecture always applies.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/create-mixed-instances-group-attribute-based-instance-type-selection.html
 */
export interface InstanceAttributes {
  readonly vCpus: AtLeast;
  readonly memoryMiB: AtLeast;
  /** Names with `*`, such as `m7i.*`; absent = every type. */
  readonly allowedTypes?: readonly string[] | undefined;
  readonly excludedTypes?: readonly string[] | undefined;
  readonly generations?: readonly ("current" | "previous")[] | undefined;
  /** Absent = excluded, as AWS has it. */
  readonly burstable?: "included" | "required" | "excluded" | undefined;
  readonly localStorage?: "included" | "required" | "excluded" | undefined;
}

export const spotAllocationStrategies = [
  "price-capacity-optimized",
  "capacity-optimized",
  "capacity-optimized-prioritized",
  "lowest-price",
] as const;

export const onDemandAllocationStrategies = ["prioritized", "lowest-price"] as const;

/** Other types beside the group's own, and how purchase options are mixed. */
export interface MixedInstances {
  /** Instance types in order of preference, the fleet's own among them; empty with `attributes`. */
  readonly types: readonly string[];
  /** What each type counts towards the group's sizes, 1 to 999; all types or none. */
  readonly weights?: Readonly<Record<string, number>> | undefined;
  /** What sizes count: absent = instances; `units` with weights, `vcpu` and `memory-mib` with attributes. */
  readonly capacityUnits?: "units" | "vcpu" | "memory-mib" | undefined;
  readonly attributes?: InstanceAttributes | undefined;
  /** Instances that are always on demand. */
  readonly onDemandBaseCapacity: number;
  /** Share of on-demand instances above the base, 0 to 100. */
  readonly onDemandPercentageAboveBase: number;
  /** Absent = prioritized: in the order of the types. */
  readonly onDemandAllocationStrategy?: (typeof onDemandAllocationStrategies)[number] | undefined;
  readonly spotAllocationStrategy: (typeof spotAllocationStrategies)[number];
  /** USD an hour, for example `0.05`; absent = the on-demand price, which AWS recommends. */
  readonly spotMaxPrice?: string | undefined;
  /** Whether a spot instance at risk is replaced before it is taken; absent = when there is any spot. */
  readonly capacityRebalance?: boolean | undefined;
}

/** Whether some instances may be spot. */
export const hasSpot = ({ onDemandPercentageAboveBase }: Pick<MixedInstances, "onDemandPercentageAboveBase">): boolean =>
  onDemandPercentageAboveBase < 100;
