import { fault } from "./fault.ts";
import type { Fault } from "./fault.ts";

/** Of one group; nobody raises them. https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html */
export const groupQuotas = {
  hooks: 50,
  topics: 10,
  policies: 50,
  scheduledActions: 125,
  targetGroups: 50,
  latticeTargetGroups: 5,
  /** As of most resources: https://docs.aws.amazon.com/tag-editor/latest/userguide/reference.html */
  tags: 50,
  /** Named in a mixed instances policy: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchTemplateOverrides.html */
  instanceTypes: 40,
  /** Allowed or excluded by name: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRequirements.html */
  typesByAttributes: 400,
} as const;

/** Of one call, from the same page and those of the actions. */
export const callQuotas = {
  attachedInstances: 20,
  protectedInstances: 50,
  describedInstances: 50,
  targetGroups: 10,
  scheduledActions: 50,
} as const;

/** @param what plural of what is counted */
export function checkCount(path: string, count: number, most: number, what: string): Fault[] {
  return count <= most ? [] : [fault(path, `${count} ${what}`, `at most ${most}`, "a quota that cannot be raised")];
}
