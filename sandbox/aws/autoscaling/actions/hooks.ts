/** Lifecycle hooks and the actions that instances wait for. */
import type { LifecycleHookSpecification } from "@aws-sdk/client-auto-scaling";
import type { PutLifecycleHook } from "../../../../scaling/types/commands.ts";
import type { HookResult, HookTransition } from "../../../../scaling/types/common.ts";
import { defined, type Checked } from "./api.ts";
import { groupNamed, type Actions } from "./context.ts";

/** `Transition` of an initial hook and of a later one have the same values; the model refuses others by name. */
export const hookFrom = (hook: Checked<LifecycleHookSpecification>): Omit<PutLifecycleHook, "group"> => ({
  name: hook.LifecycleHookName,
  ...defined({
    transition: hook.LifecycleTransition as HookTransition | undefined,
    heartbeatTimeoutSeconds: hook.HeartbeatTimeout,
    defaultResult: hook.DefaultResult as HookResult | undefined,
    notificationTargetArn: hook.NotificationTargetARN,
    roleArn: hook.RoleARN,
    notificationMetadata: hook.NotificationMetadata,
  }),
});

type Names =
  | "PutLifecycleHook"
  | "DeleteLifecycleHook"
  | "DescribeLifecycleHooks"
  | "DescribeLifecycleHookTypes"
  | "CompleteLifecycleAction"
  | "RecordLifecycleActionHeartbeat";

const transitions: readonly HookTransition[] = ["autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"];

export const hookActions: Actions<Names> = {
  PutLifecycleHook: (input, { host }) => {
    const { LifecycleTransition, ...rest } = input;
    const hook = hookFrom({ ...rest, LifecycleTransition: LifecycleTransition ?? "" });
    const { transition, ...withoutTransition } = hook;
    host.run("putLifecycleHook", {
      ...withoutTransition,
      group: input.AutoScalingGroupName,
      ...(LifecycleTransition !== undefined && transition !== undefined && { transition }),
    });
    return {};
  },
  DeleteLifecycleHook: ({ AutoScalingGroupName, LifecycleHookName }, { host }) => {
    host.run("deleteLifecycleHook", { group: AutoScalingGroupName, name: LifecycleHookName });
    return {};
  },
  DescribeLifecycleHooks: ({ AutoScalingGroupName, LifecycleHookNames }, context) => {
    groupNamed(context, AutoScalingGroupName);
    const hooks = context.host.model.hooks(AutoScalingGroupName).filter(({ name }) => LifecycleHookNames?.includes(name) ?? true);
    return {
      LifecycleHooks: hooks.map((hook) => ({
        LifecycleHookName: hook.name,
        AutoScalingGroupName: hook.group,
        LifecycleTransition: hook.transition,
        NotificationTargetARN: hook.notificationTargetArn,
        RoleARN: hook.roleArn,
        NotificationMetadata: hook.notificationMetadata,
        HeartbeatTimeout: hook.heartbeatTimeoutSeconds,
        GlobalTimeout: hook.globalTimeoutSeconds,
        DefaultResult: hook.defaultResult,
      })),
    };
  },
  DescribeLifecycleHookTypes: () => ({ LifecycleHookTypes: [...transitions] }),
  CompleteLifecycleAction: (input, { host }) => {
    host.run("completeLifecycleAction", {
      group: input.AutoScalingGroupName,
      hook: input.LifecycleHookName,
      result: input.LifecycleActionResult,
      ...defined({ token: input.LifecycleActionToken, instanceId: input.InstanceId }),
    });
    return {};
  },
  RecordLifecycleActionHeartbeat: (input, { host }) => {
    host.run("recordLifecycleActionHeartbeat", {
      group: input.AutoScalingGroupName,
      hook: input.LifecycleHookName,
      ...defined({ token: input.LifecycleActionToken, instanceId: input.InstanceId }),
    });
    return {};
  },
};
