/** Scaling activities and the processes that can be suspended. */
import { processNames } from "../../../../scaling/types/common.ts";
import type { ActivityView } from "../../../../scaling/types/views.ts";
import { ApiError } from "../protocol/errors.ts";
import { page } from "../protocol/paging.ts";
import { toDate, type Actions } from "./context.ts";

/** The API writes whole seconds for ends, milliseconds for starts. */
const wholeSecond = (milliseconds: number) => new Date(Math.floor(milliseconds / 1000) * 1000);

export const activityTo = (activity: ActivityView) => ({
  ActivityId: activity.activityId,
  AutoScalingGroupName: activity.group,
  Description: activity.description,
  Cause: activity.cause,
  StartTime: toDate(activity.startAtMs),
  EndTime: activity.endAtMs === undefined ? undefined : wholeSecond(Math.max(activity.endAtMs, activity.startAtMs + 999)),
  StatusCode: activity.status,
  StatusMessage: activity.statusMessage,
  Progress: activity.progress,
  Details: JSON.stringify(activity.details),
  AutoScalingGroupState: activity.groupDeleted ? "Deleted" : undefined,
  AutoScalingGroupARN: activity.groupArn,
});

type ActivityFilters = Readonly<Record<string, (activity: ActivityView, values: readonly string[]) => boolean>>;

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeScalingActivities.html */
const filters: ActivityFilters = {
  StartTimeLowerBound: ({ startAtMs }, [value = ""]) => startAtMs >= timeOf(value),
  StartTimeUpperBound: ({ startAtMs }, [value = ""]) => startAtMs <= timeOf(value),
  Status: ({ status }, values) => values.includes(status),
};

/** A time without an offset is UTC. */
function timeOf(value: string): number {
  const time = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(value) ? value : `${value}Z`);
  if (Number.isNaN(time)) throw new ApiError("ValidationError", `The filter value '${value}' is not a time in ISO 8601`);
  return time;
}

/** How long the API knows of an activity. */
const keptMs = 42 * 86_400_000;

type Names = "DescribeScalingActivities" | "SuspendProcesses" | "ResumeProcesses" | "DescribeScalingProcessTypes";

export const activityActions: Actions<Names> = {
  DescribeScalingActivities: (input, { host }) => {
    const matches = (input.Filters ?? []).map(({ Name, Values }) => {
      const filter = filters[Name ?? ""];
      if (filter === undefined) {
        throw new ApiError(
          "ValidationError",
          `The filter name ${Name ?? ""} is not valid; it must be one of ${Object.keys(filters).join(", ")}`,
        );
      }
      if (Name === "Status" && input.AutoScalingGroupName === undefined) {
        throw new ApiError("ValidationError", "The filter Status can only be used together with AutoScalingGroupName");
      }
      return (activity: ActivityView) => filter(activity, Values ?? []);
    });
    const oldestMs = host.model.now() - keptMs;
    const activities = host.model
      .activities({
        ...(input.AutoScalingGroupName !== undefined && { group: input.AutoScalingGroupName }),
        ...(input.ActivityIds && input.ActivityIds.length > 0 && { activityIds: input.ActivityIds }),
        includeDeletedGroups: input.IncludeDeletedGroups ?? false,
      })
      .filter((activity) => activity.startAtMs >= oldestMs && matches.every((match) => match(activity)));
    const { items, NextToken } = page(
      "activities",
      activities,
      ({ activityId }) => activityId,
      input,
      { usual: 100, most: 100 },
      "newest first",
    );
    return { Activities: items.map(activityTo), NextToken };
  },
  SuspendProcesses: ({ AutoScalingGroupName, ScalingProcesses }, { host }) => {
    host.run("suspendProcesses", { group: AutoScalingGroupName, ...(ScalingProcesses && { processes: ScalingProcesses }) });
    return {};
  },
  ResumeProcesses: ({ AutoScalingGroupName, ScalingProcesses }, { host }) => {
    host.run("resumeProcesses", { group: AutoScalingGroupName, ...(ScalingProcesses && { processes: ScalingProcesses }) });
    return {};
  },
  DescribeScalingProcessTypes: () => ({ Processes: processNames.map((ProcessName) => ({ ProcessName })) }),
};
