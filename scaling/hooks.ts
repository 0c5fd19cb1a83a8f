/**
 * Waiting for lifecycle hooks. https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html
 * What follows from a completed or abandoned wait is decided in lifecycle.ts.
 */
import type { HookMessage } from "../contract/notices.ts";
import { hookGlobalTimeoutSeconds } from "./checks/hooks.ts";
import type { Core } from "./core.ts";
import { isoTime } from "./iso-time.ts";
import { putGroupEvent } from "./notices.ts";
import type { GroupState, HookState, HookWait, InstanceState } from "./state.ts";
import type { HookTransition } from "./types/common.ts";

/** @returns whether there is a hook to wait for; all hooks of a transition run at the same time. */
export function beginHooks(core: Core, group: GroupState, instance: InstanceState, transition: HookTransition): boolean {
  for (const hook of group.hooks.values()) {
    if (hook.transition === transition) instance.waits.push(beginWait(core, group, instance, hook));
  }
  return instance.waits.length > 0;
}

function beginWait(core: Core, group: GroupState, instance: InstanceState, hook: HookState): HookWait {
  const globalDeadlineMs = core.nowMs + hookGlobalTimeoutSeconds(hook.heartbeatTimeoutSeconds) * 1000;
  const wait: HookWait = {
    hook: hook.name,
    token: core.newId(),
    startedAtMs: core.nowMs,
    heartbeatTimeoutSeconds: hook.heartbeatTimeoutSeconds,
    globalDeadlineMs,
    defaultResult: hook.defaultResult,
    deadlineMs: Math.min(core.nowMs + hook.heartbeatTimeoutSeconds * 1000, globalDeadlineMs),
  };
  core.schedule(wait.deadlineMs, "hook", group.name, `${instance.id} ${wait.token}`);
  sendHookMessages(core, group, instance, hook, wait);
  return wait;
}

/** To the hook's target if it has one, and always to EventBridge. */
function sendHookMessages(core: Core, group: GroupState, instance: InstanceState, hook: HookState, wait: HookWait): void {
  const detail = {
    LifecycleActionToken: wait.token,
    AutoScalingGroupName: group.name,
    LifecycleHookName: hook.name,
    EC2InstanceId: instance.id,
    LifecycleTransition: hook.transition,
    ...(hook.metadata === undefined ? {} : { NotificationMetadata: hook.metadata }),
    Origin: instance.origin,
    Destination: instance.destination,
  };
  const launching = hook.transition === "autoscaling:EC2_INSTANCE_LAUNCHING";
  putGroupEvent(core, group, launching ? "EC2 Instance-launch Lifecycle Action" : "EC2 Instance-terminate Lifecycle Action", detail);
  if (hook.targetArn === undefined) return;
  const message: HookMessage = {
    ...detail,
    AccountId: core.accountId,
    RequestId: core.newId(),
    Service: "AWS Auto Scaling",
    Time: isoTime(core.nowMs),
  };
  const role = hook.roleArn === undefined ? {} : { roleArn: hook.roleArn };
  core.emit({ kind: "publishHookMessage", group: group.name, targetArn: hook.targetArn, ...role, message });
}

/** A heartbeat begins the timeout anew, up to the global one. */
export function recordHeartbeat(core: Core, group: GroupState, instance: InstanceState, wait: HookWait): void {
  wait.deadlineMs = Math.min(core.nowMs + wait.heartbeatTimeoutSeconds * 1000, wait.globalDeadlineMs);
  core.schedule(wait.deadlineMs, "hook", group.name, `${instance.id} ${wait.token}`);
}
