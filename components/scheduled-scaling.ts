import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { ScheduledScaling } from "../contract/scaling-policies.ts";

/** The provider takes an absent size for 0; this leaves it as it is. */
const keep = -1;

/** @param nowMs a start that has passed is no longer sent: AWS refuses it, and the recurrence goes on without. */
export function createScheduled(
  name: string,
  action: ScheduledScaling,
  groupName: pulumi.Input<string>,
  nowMs: number,
  parent: pulumi.Resource,
): void {
  const { recurrence, timeZone, startTime, endTime, min = keep, max = keep, desired = keep } = action;
  new aws.autoscaling.Schedule(
    `${name}-${action.name}`,
    {
      scheduledActionName: action.name,
      autoscalingGroupName: groupName,
      minSize: min,
      maxSize: max,
      desiredCapacity: desired,
      ...(recurrence === undefined ? {} : { recurrence }),
      ...(timeZone === undefined ? {} : { timeZone }),
      ...(startTime === undefined || Date.parse(startTime) <= nowMs ? {} : { startTime }),
      ...(endTime === undefined ? {} : { endTime }),
    },
    { parent },
  );
}
