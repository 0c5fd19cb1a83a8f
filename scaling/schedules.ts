/** Scheduled actions. https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html */
import { changeDesiredCapacity } from "./capacity.ts";
import { checkSchedule } from "./checks/schedule.ts";
import type { Core } from "./core.ts";
import { nextCronTime, parseCron } from "./cron.ts";
import { groupQuotas } from "./checks/quotas.ts";
import { AutoScalingError, validationError } from "./error.ts";
import { refuseFaults } from "./groups.ts";
import type { GroupState, ScheduleState } from "./state.ts";
import type { NamedOfGroup, PutScheduledAction } from "./types/commands.ts";

/** An existing action keeps what is not given. */
export function putScheduledAction(core: Core, input: PutScheduledAction): void {
  const group = core.group(input.group);
  const before = group.schedules.get(input.name);
  const merged = {
    startAtMs: input.startAtMs ?? (input.recurrence === undefined ? before?.startAtMs : undefined),
    endAtMs: input.endAtMs ?? before?.endAtMs,
    recurrence: input.recurrence ?? before?.recurrence,
    timeZone: input.timeZone ?? before?.timeZone,
    minSize: input.minSize ?? before?.minSize,
    maxSize: input.maxSize ?? before?.maxSize,
    desiredCapacity: input.desiredCapacity ?? before?.desiredCapacity,
  };
  refuseFaults(checkSchedule(merged, core.nowMs));
  const nextAtMs = merged.startAtMs ?? nextTime(merged, core.nowMs);
  if (nextAtMs === undefined)
    throw validationError(`The scheduled action ${input.name} would never run: its recurrence has no time before its end`);
  for (const other of group.schedules.values()) {
    if (other.name !== input.name && other.nextAtMs === nextAtMs) {
      throw new AutoScalingError(
        "AlreadyExists",
        `The scheduled action ${other.name} starts at the same time, ${new Date(nextAtMs).toISOString()}`,
      );
    }
  }
  if (before === undefined && group.schedules.size >= groupQuotas.scheduledActions) {
    throw new AutoScalingError(
      "LimitExceeded",
      `You have reached the limit of ${groupQuotas.scheduledActions} scheduled actions in ${group.name}`,
    );
  }
  const arn =
    before?.arn ??
    core.arn(`scheduledUpdateGroupAction:${core.newId()}:autoScalingGroupName/${group.name}:scheduledActionName/${input.name}`);
  group.schedules.set(input.name, { name: input.name, arn, ...merged, nextAtMs });
  core.schedule(nextAtMs, "schedule", group.name, input.name);
}

/** Next time of a recurrence after `afterMs`, before its end. */
function nextTime(
  { recurrence, timeZone, endAtMs }: Pick<ScheduleState, "recurrence" | "timeZone" | "endAtMs">,
  afterMs: number,
): number | undefined {
  if (recurrence === undefined) return undefined;
  const next = nextCronTime(parseCron(recurrence), afterMs, timeZone);
  return next === undefined || (endAtMs !== undefined && next >= endAtMs) ? undefined : next;
}

export function deleteScheduledAction(core: Core, { group: groupName, name }: NamedOfGroup): void {
  if (!core.group(groupName).schedules.delete(name)) throw validationError(`Scheduled action name not found: ${name}`);
}

/** Runs an action that is due, and plans its next time or forgets it. One that falls into a suspension is left out. */
export function runScheduledAction(core: Core, group: GroupState, name: string): void {
  const action = group.schedules.get(name);
  if (action === undefined || action.nextAtMs > core.nowMs) return;
  if (!group.suspended.has("ScheduledActions")) apply(core, group, action);
  const next = nextTime(action, core.nowMs);
  if (next === undefined) {
    group.schedules.delete(name);
    return;
  }
  action.nextAtMs = next;
  core.schedule(next, "schedule", group.name, name);
}

/** What is not given stays; sizes that do not fit what the group has now are not applied. */
function apply(core: Core, group: GroupState, action: ScheduleState): void {
  const { minSize = group.minSize, maxSize = group.maxSize, desiredCapacity = group.desiredCapacity } = action;
  if (minSize > maxSize) return;
  group.minSize = minSize;
  group.maxSize = maxSize;
  const desired = Math.min(Math.max(desiredCapacity, minSize), maxSize);
  changeDesiredCapacity(
    core,
    group,
    desired,
    `a scheduled action update of AutoScalingGroup constraints to min: ${minSize}, max: ${maxSize}, desired: ${desired}`,
  );
}
