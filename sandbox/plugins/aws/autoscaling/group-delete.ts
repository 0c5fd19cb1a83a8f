import { isCode } from "../clients.ts";
import type { Context } from "../context.ts";
import type { Properties } from "../../protocol/values.ts";
import { findGroup, unlessNotFound } from "./find-group.ts";
import { deleteWarmPool, statesOf } from "./group-attachments.ts";

/** SetInstanceProtection takes fifty instances at a time. */
const protectionBatch = 50;

/** Takes the capacity to 0 and waits until the instances have gone through their terminating hooks. */
async function drain(name: string, protectedInstances: readonly string[], context: Context): Promise<void> {
  const AutoScalingGroupName = name;
  await context.aws("autoscaling", "UpdateAutoScalingGroup", { AutoScalingGroupName, MinSize: 0, MaxSize: 0, DesiredCapacity: 0 });
  for (let first = 0; first < protectedInstances.length; first += protectionBatch) {
    const InstanceIds = protectedInstances.slice(first, first + protectionBatch);
    await context.aws("autoscaling", "SetInstanceProtection", { AutoScalingGroupName, InstanceIds, ProtectedFromScaleIn: false });
  }
  let left = "";
  await context.waitFor(
    `the instances of the group ${name} are gone`,
    async () => {
      const instances = (await findGroup(name, context))?.Instances ?? [];
      left = statesOf(instances);
      return instances.length === 0 ? true : undefined;
    },
    () => left,
  );
}

export async function deleteGroup(name: string, state: Properties, context: Context): Promise<void> {
  const force = state["forceDelete"] === true;
  const group = await findGroup(name, context);
  if (group === undefined) return;
  if (group.WarmPoolConfiguration !== undefined) await deleteWarmPool(name, force || state["forceDeleteWarmPool"] === true, context);
  const guarded = (group.Instances ?? []).filter((one) => one.ProtectedFromScaleIn).map((one) => one.InstanceId ?? "");
  if (!force) await drain(name, guarded, context);
  let refusal = "";
  await context.waitFor(
    `the group ${name} may be deleted`,
    async () => {
      try {
        await unlessNotFound(context.aws("autoscaling", "DeleteAutoScalingGroup", { AutoScalingGroupName: name, ForceDelete: force }));
        return true;
      } catch (error) {
        if (!isCode(error, "ResourceInUse", "ResourceInUseFault", "ScalingActivityInProgress", "ScalingActivityInProgressFault"))
          throw error;
        refusal = (error as Error).message;
        return undefined;
      }
    },
    () => refusal,
  );
  await context.waitFor(`the group ${name} is gone`, async () => ((await findGroup(name, context)) === undefined ? true : undefined));
}
