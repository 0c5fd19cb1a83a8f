/**
 * Notices to topics and events to EventBridge, one of each per outcome.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-sns-notifications.html
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html
 */
import { noticeEvents } from "../contract/notices.ts";
import type { InstanceNotice, InstancePlace } from "../contract/notices.ts";
import type { Core } from "./core.ts";
import { isoTime } from "./iso-time.ts";
import type { ActivityState, GroupState } from "./state.ts";
import { activityDetails, describeActivity } from "./activities.ts";

type Outcome = "launch" | "launchError" | "terminate" | "terminateError";

const detailTypes: Readonly<Record<Outcome, string>> = {
  launch: "EC2 Instance Launch Successful",
  launchError: "EC2 Instance Launch Unsuccessful",
  terminate: "EC2 Instance Terminate Successful",
  terminateError: "EC2 Instance Terminate Unsuccessful",
};

const subjects: Readonly<Record<Outcome, string>> = {
  launch: "launch",
  launchError: "failed launch",
  terminate: "termination",
  terminateError: "failed termination",
};

/** Says how a launch or termination went, while the activity still is in progress (the documented status of these messages). */
export function announce(core: Core, group: GroupState, activity: ActivityState, outcome: Outcome, places?: Places): void {
  if (core.briefEvents) {
    const detail = { EC2InstanceId: activity.instanceId ?? "", Origin: places?.origin, Destination: places?.destination };
    core.emit({ kind: "putEvent", detailType: detailTypes[outcome], resources: [], detail, atMs: core.nowMs });
    return;
  }
  const failed = outcome === "launchError" || outcome === "terminateError";
  const common = {
    Description: describeActivity(activity),
    Cause: activity.cause,
    StartTime: isoTime(activity.startAtMs),
    EndTime: isoTime(core.nowMs),
    StatusCode: failed ? "Failed" : "InProgress",
    StatusMessage: activity.statusMessage ?? "",
    Details: activityDetails(activity),
    ActivityId: activity.id,
    RequestId: activity.id,
    AutoScalingGroupName: group.name,
    EC2InstanceId: activity.instanceId ?? "",
    ...(places === undefined ? {} : { Origin: places.origin, Destination: places.destination }),
  };
  const resources = activity.instanceId === undefined ? [group.arn] : [group.arn, instanceArn(core, activity.instanceId)];
  core.emit({ kind: "putEvent", detailType: detailTypes[outcome], resources, detail: common, atMs: core.nowMs });
  const event = noticeEvents[outcome];
  for (const [topicArn, events] of group.notifications) {
    if (!events.has(event)) continue;
    const notice: InstanceNotice = {
      ...common,
      Event: event,
      AccountId: core.accountId,
      AutoScalingGroupARN: group.arn,
      Service: "AWS Auto Scaling",
      Time: common.EndTime,
      Progress: failed ? 100 : 50,
    };
    core.emit({
      kind: "publishNotice",
      group: group.name,
      serviceLinkedRoleArn: group.serviceLinkedRoleArn,
      topicArn,
      subject: `Auto Scaling: ${subjects[outcome]} for group "${group.name}"`,
      notice,
    });
  }
}

export interface Places {
  readonly origin: InstancePlace;
  readonly destination: InstancePlace;
}

function instanceArn(core: Core, instanceId: string): string {
  return `arn:${core.partition}:ec2:${core.region}:${core.accountId}:instance/${instanceId}`;
}

/** The message that a topic or a hook's target gets when it is configured. */
export function testMessage(core: Core, group: GroupState) {
  return {
    Event: noticeEvents.test,
    AccountId: core.accountId,
    RequestId: core.newId(),
    AutoScalingGroupARN: group.arn,
    AutoScalingGroupName: group.name,
    Service: "AWS Auto Scaling",
    Time: isoTime(core.nowMs),
  } as const;
}

/** An event that concerns the group as a whole. */
export function putGroupEvent(core: Core, group: GroupState, detailType: string, detail: Record<string, unknown>): void {
  core.emit({
    kind: "putEvent",
    detailType,
    resources: [group.arn],
    detail: { ...detail, AutoScalingGroupName: group.name },
    atMs: core.nowMs,
  });
}
