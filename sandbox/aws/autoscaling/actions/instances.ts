/** Instances of groups: describing, ending, attaching, resting, protecting. */
import { DescribeInstancesCommand, type EC2Client } from "@aws-sdk/client-ec2";
import { callQuotas } from "../../../../scaling/checks/quotas.ts";
import type { AttachedInstance } from "../../../../scaling/types/commands.ts";
import type { InstanceView } from "../../../../scaling/types/views.ts";
import { errorCode, messageOf } from "../effects/clients.ts";
import { ApiError, requireBatch } from "../protocol/errors.ts";
import { page } from "../protocol/paging.ts";
import { activityTo } from "./activities.ts";
import { groupNamed, type ActionContext, type Actions } from "./context.ts";
import { instanceTo } from "./views.ts";

type Names =
  | "DescribeAutoScalingInstances"
  | "TerminateInstanceInAutoScalingGroup"
  | "AttachInstances"
  | "DetachInstances"
  | "EnterStandby"
  | "ExitStandby"
  | "SetInstanceHealth"
  | "SetInstanceProtection";

async function attached(ec2: EC2Client, instanceId: string): Promise<AttachedInstance> {
  const answer = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] })).catch((error: unknown) => {
    if (errorCode(error) === undefined) throw new ApiError("InternalFailure", `EC2 gave no answer: ${messageOf(error)}`, { cause: error });
    throw new ApiError("ValidationError", `Invalid Instance ID(s): [${instanceId}] specified`, { cause: error });
  });
  const instance = answer.Reservations?.[0]?.Instances?.[0];
  if (instance === undefined) throw new ApiError("ValidationError", `Invalid Instance ID(s): [${instanceId}] specified`);
  return {
    instanceId,
    zone: instance.Placement?.AvailabilityZone ?? "",
    subnetId: instance.SubnetId ?? "",
    instanceType: instance.InstanceType ?? "",
    ...(instance.ImageId !== undefined && { imageId: instance.ImageId }),
    ec2State: instance.State?.Name ?? "terminated",
  };
}

const describedTo = (instance: InstanceView) => ({
  ...instanceTo(instance),
  AutoScalingGroupName: instance.group,
  HealthStatus: instance.healthStatus.toUpperCase(),
});

/** All or nothing: the model takes one instance at a time. */
function requireEndable(context: ActionContext, name: string, ids: readonly string[], decrement: boolean): void {
  const group = groupNamed(context, name);
  const members = new Set(group.instances.map(({ instanceId }) => instanceId));
  const others = ids.filter((id) => !members.has(id));
  if (others.length > 0) throw new ApiError("ValidationError", `Instance Id not found - not in the group ${name}: ${others.join(", ")}`);
  if (decrement && group.desiredCapacity - ids.length < group.minSize) {
    const left = `desired capacity ${group.desiredCapacity} less ${ids.length}`;
    throw new ApiError(
      "ValidationError",
      `Terminating instances without replacement will violate the minimum size ${group.minSize} (${left})`,
    );
  }
}

export const instanceActions: Actions<Names> = {
  DescribeAutoScalingInstances: (input, { host }) => {
    const wanted = input.InstanceIds ?? [];
    requireBatch("instanceIds", wanted, callQuotas.describedInstances);
    const found = wanted.length > 0 ? [...new Set(wanted)].flatMap((id) => host.model.instance(id) ?? []) : host.model.instances();
    const sorted = [...found].sort((one, other) => (one.instanceId < other.instanceId ? -1 : 1));
    const { items, NextToken } = page("instances", sorted, ({ instanceId }) => instanceId, input, { usual: 50, most: 50 });
    return { AutoScalingInstances: items.map(describedTo), NextToken };
  },
  TerminateInstanceInAutoScalingGroup: (input, context) => {
    const shouldDecrementDesiredCapacity = input.ShouldDecrementDesiredCapacity;
    const end = (instanceId: string) => activityTo(context.host.run("terminateInstance", { instanceId, shouldDecrementDesiredCapacity }));
    if (input.InstanceId !== undefined && input.InstanceIds === undefined) return { Activity: end(input.InstanceId) };
    const ids = input.InstanceIds ?? [];
    if (input.InstanceId !== undefined || input.AutoScalingGroupName === undefined || ids.length === 0) {
      throw new ApiError("ValidationError", "Give either InstanceId, or InstanceIds together with AutoScalingGroupName");
    }
    requireEndable(context, input.AutoScalingGroupName, ids, shouldDecrementDesiredCapacity);
    return { Activities: ids.map(end) };
  },
  AttachInstances: async ({ AutoScalingGroupName, InstanceIds = [] }, { host, ec2 }) => {
    const instances = await Promise.all(InstanceIds.map((id) => attached(ec2, id)));
    host.run("attachInstances", { group: AutoScalingGroupName, instances });
    return {};
  },
  DetachInstances: ({ AutoScalingGroupName, InstanceIds = [], ShouldDecrementDesiredCapacity }, { host }) => ({
    Activities: host
      .run("detachInstances", {
        group: AutoScalingGroupName,
        instanceIds: InstanceIds,
        shouldDecrementDesiredCapacity: ShouldDecrementDesiredCapacity,
      })
      .map(activityTo),
  }),
  EnterStandby: ({ AutoScalingGroupName, InstanceIds = [], ShouldDecrementDesiredCapacity }, { host }) => ({
    Activities: host
      .run("enterStandby", {
        group: AutoScalingGroupName,
        instanceIds: InstanceIds,
        shouldDecrementDesiredCapacity: ShouldDecrementDesiredCapacity,
      })
      .map(activityTo),
  }),
  ExitStandby: ({ AutoScalingGroupName, InstanceIds = [] }, { host }) => ({
    Activities: host.run("exitStandby", { group: AutoScalingGroupName, instanceIds: InstanceIds }).map(activityTo),
  }),
  SetInstanceHealth: ({ InstanceId, HealthStatus, ShouldRespectGracePeriod }, { host }) => {
    const shouldRespectGracePeriod = ShouldRespectGracePeriod ?? true;
    host.run("setInstanceHealth", { instanceId: InstanceId, healthStatus: HealthStatus, shouldRespectGracePeriod });
    return {};
  },
  SetInstanceProtection: ({ AutoScalingGroupName, InstanceIds, ProtectedFromScaleIn }, { host }) => {
    host.run("setInstanceProtection", {
      group: AutoScalingGroupName,
      instanceIds: InstanceIds,
      protectedFromScaleIn: ProtectedFromScaleIn,
    });
    return {};
  },
};
