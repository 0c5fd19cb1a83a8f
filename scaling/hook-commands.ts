/** Commands about lifecycle hooks. https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html */
import { checkHook, hookHeartbeat } from "./checks/hooks.ts";
import type { Core } from "./core.ts";
import { AutoScalingError, validationError } from "./error.ts";
import { recordHeartbeat } from "./hooks.ts";
import { hookEnded } from "./lifecycle.ts";
import { testMessage } from "./notices.ts";
import { groupQuotas } from "./checks/quotas.ts";
import type { GroupState, HookWait, InstanceState } from "./state.ts";
import type { CompleteLifecycleAction, LifecycleActionReference, NamedOfGroup, PutLifecycleHook } from "./types/commands.ts";

const orAbsent = (text: string | undefined) => (text === "" ? undefined : text);

export function putHook(core: Core, group: GroupState, input: PutLifecycleHook): void {
  const before = group.hooks.get(input.name);
  const faults = checkHook({ ...input, roleArn: input.roleArn ?? before?.roleArn });
  if (faults.length > 0) throw validationError(faults.map((one) => one.message).join("; "));
  const transition = input.transition ?? before?.transition;
  if (transition === undefined) throw validationError(`Lifecycle hook ${input.name} is new and needs a LifecycleTransition`);
  if (before === undefined && group.hooks.size >= groupQuotas.hooks) {
    throw new AutoScalingError("LimitExceeded", `You have reached the limit of ${groupQuotas.hooks} lifecycle hooks in ${group.name}`);
  }
  const targetArn = input.notificationTargetArn === undefined ? before?.targetArn : orAbsent(input.notificationTargetArn);
  const roleArn = input.roleArn ?? before?.roleArn;
  group.hooks.set(input.name, {
    name: input.name,
    transition,
    heartbeatTimeoutSeconds: input.heartbeatTimeoutSeconds ?? before?.heartbeatTimeoutSeconds ?? hookHeartbeat.defaultSeconds,
    defaultResult: input.defaultResult ?? before?.defaultResult ?? "ABANDON",
    targetArn,
    roleArn,
    metadata: input.notificationMetadata ?? before?.metadata,
  });
  if (targetArn !== undefined && input.notificationTargetArn !== undefined) {
    const role = roleArn === undefined ? {} : { roleArn };
    core.emit({ kind: "publishHookMessage", group: group.name, targetArn, ...role, message: testMessage(core, group) });
  }
}

export function putLifecycleHook(core: Core, input: PutLifecycleHook): void {
  putHook(core, core.group(input.group), input);
}

/** What waits for it goes on: for launching instances ABANDON, for terminating ones CONTINUE. */
export function deleteLifecycleHook(core: Core, { group: groupName, name }: NamedOfGroup): void {
  const group = core.group(groupName);
  const hook = group.hooks.get(name);
  if (hook === undefined) throw validationError(`No Lifecycle Hook found with name: ${name}`);
  group.hooks.delete(name);
  const result = hook.transition === "autoscaling:EC2_INSTANCE_LAUNCHING" ? "ABANDON" : "CONTINUE";
  for (const instance of [...group.instances.values()]) {
    const wait = instance.waits.find((one) => one.hook === name);
    if (wait !== undefined) hookEnded(core, group, instance, wait, result, "Lifecycle Hook Deleted");
  }
}

interface Found {
  readonly group: GroupState;
  readonly instance: InstanceState;
  readonly wait: HookWait;
}

/** @throws AutoScalingError when nothing waits; boot scripts and consumers take that as done. */
function findWait(core: Core, { group: groupName, hook, token, instanceId }: LifecycleActionReference): Found {
  const group = core.group(groupName);
  if (token === undefined && instanceId === undefined) throw validationError("Either a LifecycleActionToken or an InstanceId is needed");
  const candidates = instanceId === undefined ? group.instances.values() : [group.instances.get(instanceId)];
  for (const instance of candidates) {
    const wait = instance?.waits.find((one) => one.hook === hook && (token === undefined || one.token === token));
    if (instance !== undefined && wait !== undefined) return { group, instance, wait };
  }
  const shown = token === undefined ? `instance ID ${instanceId ?? ""}` : `token ${token}`;
  throw validationError(`No active Lifecycle Action found with ${shown}`);
}

export function completeLifecycleAction(core: Core, input: CompleteLifecycleAction): void {
  if (input.result !== "CONTINUE" && input.result !== "ABANDON") {
    throw validationError(`LifecycleActionResult is "${input.result}"; it must be CONTINUE or ABANDON`);
  }
  const { group, instance, wait } = findWait(core, input);
  hookEnded(core, group, instance, wait, input.result, `Lifecycle Action Completed with ${input.result} Result`);
}

export function recordLifecycleActionHeartbeat(core: Core, input: LifecycleActionReference): void {
  const { group, instance, wait } = findWait(core, input);
  recordHeartbeat(core, group, instance, wait);
}

/** A timer of a wait has fired; a heartbeat may have moved the end meanwhile. */
export function hookTimer(core: Core, group: GroupState, ref: string): void {
  const [instanceId = "", token = ""] = ref.split(" ");
  const instance = group.instances.get(instanceId);
  const wait = instance?.waits.find((one) => one.token === token);
  if (instance === undefined || wait === undefined || wait.deadlineMs > core.nowMs) return;
  hookEnded(core, group, instance, wait, wait.defaultResult, "Heartbeat Timeout");
}
