import { checkOneOf, checkWhole, fault, within } from "./fault.ts";
import type { Fault } from "./fault.ts";

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html */
export const hookHeartbeat = { leastSeconds: 30, mostSeconds: 7200, defaultSeconds: 3600 } as const;

/** An instance waits at most 48 hours, and at most 100 heartbeats: https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html */
export function hookGlobalTimeoutSeconds(heartbeatTimeoutSeconds: number): number {
  return Math.min(48 * 3600, 100 * heartbeatTimeoutSeconds);
}

export const hookTransitions = ["autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"] as const;

export interface HookArguments {
  readonly name: string;
  readonly transition?: string | undefined;
  readonly heartbeatTimeoutSeconds?: number | undefined;
  readonly defaultResult?: string | undefined;
  readonly notificationTargetArn?: string | undefined;
  readonly roleArn?: string | undefined;
}

export function checkHook(hook: HookArguments): Fault[] {
  const target = hook.notificationTargetArn ?? "";
  const validName = /^[A-Za-z0-9\-_/]{1,255}$/.test(hook.name);
  return [
    ...(validName ? [] : [fault("name", hook.name, "1 to 255 letters, digits, -, _ and /")]),
    ...checkOneOf("transition", hook.transition, hookTransitions),
    ...checkWhole("heartbeatTimeoutSeconds", hook.heartbeatTimeoutSeconds, hookHeartbeat.leastSeconds, hookHeartbeat.mostSeconds),
    ...checkOneOf("defaultResult", hook.defaultResult, ["CONTINUE", "ABANDON"]),
    ...(target === "" || /^arn:[^:]+:(sns|sqs):/.test(target)
      ? []
      : [fault("notificationTargetArn", target, "the ARN of an SNS topic or SQS queue")]),
    // "FIFO queues are not compatible with lifecycle hooks": prepare-for-lifecycle-notifications.html
    ...(/^arn:[^:]+:sqs:.*\.fifo$/.test(target) ? [fault("notificationTargetArn", target, "a standard queue")] : []),
    ...(target !== "" && (hook.roleArn ?? "") === ""
      ? [fault("roleArn", hook.roleArn, "a role that may publish to notificationTargetArn")]
      : []),
  ];
}

/** Hooks that a group is created with: all that have a target have the same, with the same role. https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html */
export function checkInitialHooks(hooks: readonly HookArguments[]): Fault[] {
  const [first, ...others] = hooks.flatMap((hook, index) => ((hook.notificationTargetArn ?? "") === "" ? [] : [{ hook, index }]));
  return [
    ...hooks.flatMap((hook, index) => within(`lifecycleHooks[${index}]`, checkHook(hook))),
    ...others.flatMap(({ hook, index }) =>
      (["notificationTargetArn", "roleArn"] as const).flatMap((member) => {
        const [value, wanted] = [hook[member], first?.hook[member]];
        if (value === wanted) return [];
        const why = "hooks with different targets are put one by one after the group is created";
        return [
          fault(`lifecycleHooks[${index}].${member}`, value, `${wanted ?? "absent"}, as for lifecycleHooks[${first?.index ?? 0}]`, why),
        ];
      }),
    ),
  ];
}
