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
