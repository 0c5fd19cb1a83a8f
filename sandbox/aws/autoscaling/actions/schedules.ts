/** Scheduled actions, one by one and in batches. */
import type { ScheduledUpdateGroupActionRequest } from "@aws-sdk/client-auto-scaling";
import { callQuotas } from "../../../../scaling/checks/quotas.ts";
import { AutoScalingError } from "../../../../scaling/error.ts";
import type { PutScheduledAction } from "../../../../scaling/types/commands.ts";
import type { ScheduledActionView } from "../../../../scaling/types/views.ts";
import { requireBatch } from "../protocol/errors.ts";
import { page } from "../protocol/paging.ts";
import { defined, type Checked } from "./api.ts";
import { groupNamed, toDate, type Actions } from "./context.ts";

type ActionMembers = Checked<ScheduledUpdateGroupActionRequest>;

const actionFrom = (group: string, action: ActionMembers): PutScheduledAction => ({
  group,
  name: action.ScheduledActionName,
  ...defined({
    startAtMs: action.StartTime?.getTime(),
    endAtMs: action.EndTime?.getTime(),
    recurrence: action.Recurrence,
    timeZone: action.TimeZone,
    minSize: action.MinSize,
    maxSize: action.MaxSize,
    desiredCapacity: action.DesiredCapacity,
  }),
});

const actionTo = (action: ScheduledActionView) => {
  const start = action.startAtMs === undefined ? undefined : toDate(action.startAtMs);
  return {
    AutoScalingGroupName: action.group,
    ScheduledActionName: action.name,
    ScheduledActionARN: action.arn,
    // `Time` is the older name of `StartTime`.
    Time: start,
    StartTime: start,
    EndTime: action.endAtMs === undefined ? undefined : toDate(action.endAtMs),
    Recurrence: action.recurrence,
    MinSize: action.minSize,
    MaxSize: action.maxSize,
    DesiredCapacity: action.desiredCapacity,
    TimeZone: action.timeZone,
  };
};

/** What of a batch was refused; the rest is done. */
function failures(names: readonly string[], attempt: (index: number) => void) {
  return names.flatMap((ScheduledActionName, index) => {
    try {
      attempt(index);
      return [];
    } catch (error) {
      if (!(error instanceof AutoScalingError)) throw error;
      return [{ ScheduledActionName, ErrorCode: error.code, ErrorMessage: error.message }];
    }
  });
}

type Names =
  | "PutScheduledUpdateGroupAction"
  | "DeleteScheduledAction"
  | "DescribeScheduledActions"
  | "BatchPutScheduledUpdateGroupAction"
  | "BatchDeleteScheduledAction";

const keyOf = ({ group, name }: ScheduledActionView) => `${group}\n${name}`;

export const scheduleActions: Actions<Names> = {
  PutScheduledUpdateGroupAction: ({ AutoScalingGroupName, Time, ...action }, { host }) => {
    const startTime = action.StartTime ?? Time;
    host.run("putScheduledAction", actionFrom(AutoScalingGroupName, { ...action, StartTime: startTime }));
    return {};
  },
  DeleteScheduledAction: ({ AutoScalingGroupName, ScheduledActionName }, { host }) => {
    host.run("deleteScheduledAction", { group: AutoScalingGroupName, name: ScheduledActionName });
    return {};
  },
  DescribeScheduledActions: (input, { host }) => {
    const from = input.StartTime?.getTime() ?? -Infinity;
    const until = input.EndTime?.getTime() ?? Infinity;
    const actions = host.model
      .scheduledActions(input.AutoScalingGroupName)
      .filter(({ name }) => input.ScheduledActionNames?.includes(name) ?? true)
      .filter(({ startAtMs }) => startAtMs === undefined || (startAtMs >= from && startAtMs <= until));
    const sorted = [...actions].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
    const { items, NextToken } = page("scheduled actions", sorted, keyOf, input, { usual: 50, most: 100 });
    return { ScheduledUpdateGroupActions: items.map(actionTo), NextToken };
  },
  BatchPutScheduledUpdateGroupAction: ({ AutoScalingGroupName, ScheduledUpdateGroupActions: actions }, context) => {
    groupNamed(context, AutoScalingGroupName);
    requireBatch("scheduledUpdateGroupActions", actions, callQuotas.scheduledActions);
    const put = (index: number) => {
      const action = actions[index];
      if (action) context.host.run("putScheduledAction", actionFrom(AutoScalingGroupName, action));
    };
    const names = actions.map(({ ScheduledActionName }) => ScheduledActionName);
    return { FailedScheduledUpdateGroupActions: failures(names, put) };
  },
  BatchDeleteScheduledAction: ({ AutoScalingGroupName, ScheduledActionNames: names }, context) => {
    groupNamed(context, AutoScalingGroupName);
    requireBatch("scheduledActionNames", names, callQuotas.scheduledActions);
    const remove = (index: number) => {
      context.host.run("deleteScheduledAction", { group: AutoScalingGroupName, name: names[index] ?? "" });
    };
    return { FailedScheduledActions: failures(names, remove) };
  },
};
