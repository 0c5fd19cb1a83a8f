import { checkWhole, fault } from "./fault.ts";
import type { Fault } from "./fault.ts";

export interface Sizes {
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredCapacity?: number | undefined;
}

/** min ≤ desired ≤ max, whole numbers. https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-capacity-limits.html */
export function checkSizes({ minSize, maxSize, desiredCapacity }: Sizes): Fault[] {
  const faults = [
    ...checkWhole("minSize", minSize, 0),
    ...checkWhole("maxSize", maxSize, 0),
    ...checkWhole("desiredCapacity", desiredCapacity, 0),
  ];
  if (faults.length > 0) return faults;
  if (minSize > maxSize) return [fault("minSize", minSize, `a whole number from 0 to maxSize (${maxSize})`)];
  if (desiredCapacity === undefined || (desiredCapacity >= minSize && desiredCapacity <= maxSize)) return [];
  return [fault("desiredCapacity", desiredCapacity, `a whole number from minSize (${minSize}) to maxSize (${maxSize})`)];
}
