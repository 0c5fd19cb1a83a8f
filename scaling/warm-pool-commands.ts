import { at } from "./activities.ts";
import { checkWarmPool } from "./checks/warm-pool.ts";
import type { Core } from "./core.ts";
import { AutoScalingError, validationError } from "./error.ts";
import { refuseFaults, refuseWhileDeleting } from "./groups.ts";
import { beginTermination } from "./lifecycle.ts";
import { isOfWarmPool, isTerminating } from "./membership.ts";
import type { DeleteWarmPool, PutWarmPool } from "./types/commands.ts";

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutWarmPool.html */
export function putWarmPool(core: Core, input: PutWarmPool): void {
  const group = core.group(input.group);
  refuseWhileDeleting(group);
  const before = group.warmPool;
  if (before?.deleting === true) throw new AutoScalingError("ScalingActivityInProgress", `The warm pool of ${group.name} is being deleted`);
  const { maxGroupPreparedCapacity: limit, minSize } = input;
  refuseFaults(checkWarmPool({ ...input, maxGroupPreparedCapacity: limit ?? before?.maxPrepared, minSize: minSize ?? before?.minSize }));
  if (group.config.mixedInstancesPolicy !== undefined) {
    throw validationError("You can't add a warm pool to an Auto Scaling group that has a mixed instances policy.");
  }
  group.warmPool = {
    maxPrepared: limit === undefined ? before?.maxPrepared : limit === -1 ? undefined : limit,
    minSize: minSize ?? before?.minSize ?? 0,
    poolState: input.poolState ?? before?.poolState ?? "Stopped",
    reuseOnScaleIn: input.reuseOnScaleIn ?? before?.reuseOnScaleIn ?? false,
    deleting: false,
  };
  core.touch(group);
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteWarmPool.html */
export function deleteWarmPool(core: Core, { group: name, force = false }: DeleteWarmPool): void {
  const group = core.group(name);
  const pool = group.warmPool;
  if (pool === undefined) throw validationError(`Auto Scaling group ${name} has no warm pool`);
  const members = [...group.instances.values()].filter(isOfWarmPool);
  if (!force && (members.length > 0 || group.warm > 0)) {
    throw new AutoScalingError("ResourceInUse", `The warm pool of ${name} still has instances; empty it first, or force the deletion`);
  }
  pool.deleting = true;
  for (const instance of members) {
    if (isTerminating(instance)) continue;
    const cause = `${at(core)}instance ${instance.id} was taken out of the warm pool in response to a user request.`;
    beginTermination(core, group, instance, { cause, forced: true });
  }
  core.touch(group);
}
