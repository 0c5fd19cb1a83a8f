/**
 * Scaling activities: one per launch, termination or move, with the cause in the documented words.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-verify-scaling-activity.html
 */
import type { Core } from "./core.ts";
import { isoSeconds } from "./iso-time.ts";
import type { ActivityKind, ActivityState, GroupState } from "./state.ts";
import type { ActivityView } from "./types/views.ts";

/** Old ones are cut off in batches, so that each activity is moved a bounded number of times. */
const pruneBatch = 256;

export interface ActivityStart {
  readonly kind: ActivityKind;
  readonly cause: string;
  readonly zone: string;
  readonly subnetId: string;
  readonly instanceId?: string;
  readonly alarmArn?: string | undefined;
}

export function startActivity(core: Core, group: GroupState, start: ActivityStart): ActivityState {
  const activity: ActivityState = {
    id: core.newId(),
    group: group.name,
    kind: start.kind,
    cause: start.cause,
    startAtMs: core.nowMs,
    zone: start.zone,
    subnetId: start.subnetId,
    instanceId: start.instanceId,
    endAtMs: undefined,
    status: "InProgress",
    statusMessage: undefined,
    progress: 0,
    alarmArn: start.alarmArn,
    groupArn: undefined,
  };
  group.activities.push(activity);
  core.activities.set(activity.id, activity);
  prune(core, group.activities);
  return activity;
}

export function endActivity(core: Core, activity: ActivityState, status: "Successful" | "Failed" | "Cancelled", message?: string): void {
  activity.status = status;
  activity.endAtMs = core.nowMs;
  activity.progress = 100;
  activity.statusMessage = message;
}

function prune(core: Core, activities: ActivityState[]): void {
  const oldest = activities[pruneBatch];
  if (oldest === undefined || oldest.startAtMs >= core.nowMs - core.activitiesKeptMs) return;
  for (const gone of activities.splice(0, pruneBatch)) core.activities.delete(gone.id);
}

/** Activities of a group outlive it. */
export function keepPastActivities(core: Core, group: GroupState): void {
  for (const activity of group.activities) {
    activity.groupArn = group.arn;
    core.state.pastActivities.push(activity);
  }
  prune(core, core.state.pastActivities);
}

const verbs: Readonly<Record<ActivityKind, string>> = {
  launch: "Launching a new EC2 instance",
  "warm-launch": "Launching a new EC2 instance into warm pool",
  "from-warm": "Launching a new EC2 instance from warm pool",
  terminate: "Terminating EC2 instance",
  "warm-terminate": "Terminating EC2 instance from warm pool",
  "warm-return": "Returning EC2 instance to warm pool",
  standby: "Moving EC2 instance to Standby",
  "in-service": "Moving EC2 instance out of Standby",
  attach: "Attaching an existing EC2 instance",
  detach: "Detaching EC2 instance",
  equilibrium: "Could not scale to desired capacity because all remaining instances are protected from scale-in.",
};

export function describeActivity(activity: ActivityState): string {
  const subject = activity.instanceId === undefined ? verbs[activity.kind] : `${verbs[activity.kind]}: ${activity.instanceId}`;
  return activity.statusMessage === undefined ? subject : `${subject}.  Status Reason: ${activity.statusMessage}`;
}

export function activityDetails(activity: ActivityState): Record<string, string> {
  return {
    ...(activity.subnetId === "" ? {} : { "Subnet ID": activity.subnetId }),
    ...(activity.zone === "" ? {} : { "Availability Zone": activity.zone }),
    ...(activity.alarmArn === undefined ? {} : { "Invoked Alarm Arn": activity.alarmArn }),
  };
}

export function viewActivity(core: Core, activity: ActivityState): ActivityView {
  const groupArn = activity.groupArn ?? core.state.groups.get(activity.group)?.arn ?? "";
  return {
    activityId: activity.id,
    group: activity.group,
    groupArn,
    groupDeleted: activity.groupArn !== undefined,
    instanceId: activity.instanceId,
    description: describeActivity(activity),
    cause: activity.cause,
    startAtMs: activity.startAtMs,
    endAtMs: activity.endAtMs,
    status: activity.status,
    statusMessage: activity.statusMessage,
    progress: activity.progress,
    details: activityDetails(activity),
  };
}

/** `At 2026-01-01T00:00:00Z `, the beginning of every sentence of a cause. */
export function at(core: Core): string {
  return `At ${isoSeconds(core.nowMs)} `;
}

/** Sentences of a cause stand two spaces apart. */
export const sentences = (first: string, second: string): string => (first === "" ? second : `${first}  ${second}`);
