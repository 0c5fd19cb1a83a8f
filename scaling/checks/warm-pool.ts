import { checkOneOf, checkWhole, fault } from "./fault.ts";
import type { Fault } from "./fault.ts";

export interface WarmPoolArguments {
  readonly maxGroupPreparedCapacity?: number | undefined;
  readonly minSize?: number | undefined;
  readonly poolState?: string | undefined;
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutWarmPool.html */
export function checkWarmPool({ maxGroupPreparedCapacity, minSize, poolState }: WarmPoolArguments): Fault[] {
  const limit = maxGroupPreparedCapacity ?? -1;
  return [
    ...checkWhole("maxGroupPreparedCapacity", maxGroupPreparedCapacity, -1),
    ...checkWhole("minSize", minSize, 0),
    ...checkOneOf("poolState", poolState, ["Stopped", "Running", "Hibernated"]),
    ...(limit >= 0 && minSize !== undefined && minSize > limit
      ? [fault("minSize", minSize, `at most maxGroupPreparedCapacity (${limit})`)]
      : []),
  ];
}

/** The group that a warm pool stands beside. */
export interface PooledGroup {
  readonly maxSize: number;
  readonly minSize: number;
  /** Whether it has a mixed instances policy. */
  readonly mixed: boolean;
}

/**
 * What cannot work together. Without a limit of its own a pool and its group fill up to the group's maximum.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html
 */
export function checkPoolBeside({ maxGroupPreparedCapacity = -1, minSize = 0 }: WarmPoolArguments, group: PooledGroup): Fault[] {
  const limit = maxGroupPreparedCapacity;
  return [
    ...(group.mixed ? [fault("", "given", "absent", "a group with mixed instances takes no warm pool")] : []),
    ...(limit < 0 && minSize > group.maxSize
      ? [fault("minSize", minSize, `at most the group's maxSize (${group.maxSize}), or maxGroupPreparedCapacity given too`)]
      : []),
    ...(limit >= 0 && limit < group.minSize
      ? [
          fault(
            "maxGroupPreparedCapacity",
            limit,
            `at least the group's minSize (${group.minSize})`,
            "it counts the instances in service, and nothing would be left for the pool",
          ),
        ]
      : []),
  ];
}
