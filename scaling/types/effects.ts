/**
 * What the model wants done. The host takes effects in order and reports the outcome as facts; an effect that it has taken
 * is its own to finish, also across a restart (take a snapshot only together with what was taken).
 */
import type { HookMessage, Notice } from "../../contract/notices.ts";
import type { GroupTag, Market, MetricReference, MetricDataQuery, ResolvedTemplate, Statistic } from "./common.ts";

/** One RunInstances call. Answer with `instanceLaunched` or `launchFailed` for each activity, then `instanceStateChanged` to `running`. */
export interface LaunchEffect {
  readonly kind: "launch";
  readonly group: string;
  /** One instance per activity; its length is the count. */
  readonly activityIds: readonly string[];
  readonly zone: string;
  readonly subnetId: string;
  readonly template: ResolvedTemplate;
  /** From an override; absent = the template's own. */
  readonly instanceType?: string;
  readonly imageId?: string;
  readonly market: Market;
  readonly spotMaxPrice?: string;
  readonly placementGroup?: string;
  /** Those with `propagateAtLaunch`, and `aws:autoscaling:groupName`. They win over the template's. */
  readonly tags: readonly GroupTag[];
}

/** Answer with `instanceStateChanged` (`terminated`), or `terminateFailed`. */
export interface TerminateEffect {
  readonly kind: "terminate";
  readonly group: string;
  readonly instanceIds: readonly string[];
}

/** An instance goes to rest in the warm pool. Answer with `instanceStateChanged` (`stopped`). */
export interface StopEffect {
  readonly kind: "stop";
  readonly group: string;
  readonly instanceIds: readonly string[];
  readonly hibernate: boolean;
}

/** An instance leaves the warm pool. Answer with `instanceStateChanged` (`running`). */
export interface StartEffect {
  readonly kind: "start";
  readonly group: string;
  readonly instanceIds: readonly string[];
}

/** Answer with `targetHealthChanged` for each. */
export interface RegisterTargetsEffect {
  readonly kind: "registerTargets";
  readonly group: string;
  readonly targetGroupArn: string;
  readonly instanceIds: readonly string[];
}

/** Answer with `targetHealthChanged` (`unused`) when the draining is over. */
export interface DeregisterTargetsEffect {
  readonly kind: "deregisterTargets";
  readonly group: string;
  readonly targetGroupArn: string;
  readonly instanceIds: readonly string[];
}

/** Tags of an instance that was attached (`set`) or detached (not `set`): `aws:autoscaling:groupName`. */
export interface TagInstancesEffect {
  readonly kind: "tagInstances";
  readonly instanceIds: readonly string[];
  readonly set: boolean;
  readonly group: string;
}

/** A message to the topic of a notification configuration. Subject: `Auto Scaling: launch for group "…"` and alike. */
export interface PublishNoticeEffect {
  readonly kind: "publishNotice";
  readonly group: string;
  /** The group's role at that moment: its last notices are sent when the group itself is gone. */
  readonly serviceLinkedRoleArn: string;
  readonly topicArn: string;
  readonly subject: string;
  readonly notice: Notice;
}

/** A message to a hook's topic or queue, sent with the hook's role. */
export interface PublishHookMessageEffect {
  readonly kind: "publishHookMessage";
  readonly group: string;
  readonly targetArn: string;
  readonly roleArn?: string;
  readonly message: HookMessage | HookTestMessage;
}

/** Sent once to a hook's target when it is configured. */
export interface HookTestMessage {
  readonly Event: "autoscaling:TEST_NOTIFICATION";
  readonly AccountId: string;
  readonly AutoScalingGroupARN: string;
  readonly AutoScalingGroupName: string;
  readonly RequestId: string;
  readonly Service: "AWS Auto Scaling";
  readonly Time: string;
}

/** An event for the default bus; source is always `aws.autoscaling`. */
export interface PutEventEffect {
  readonly kind: "putEvent";
  readonly detailType: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
  readonly atMs: number;
}

/** Namespace AWS/AutoScaling, dimension AutoScalingGroupName, unit None; once a minute while enabled. */
export interface PutGroupMetricsEffect {
  readonly kind: "putGroupMetrics";
  readonly group: string;
  readonly values: Readonly<Record<string, number>>;
  readonly atMs: number;
}

/** Target tracking creates, changes and owns its alarms. */
export interface EnsureAlarmEffect {
  readonly kind: "ensureAlarm";
  readonly alarm: OwnedAlarm;
}

export interface OwnedAlarm {
  readonly alarmName: string;
  readonly alarmArn: string;
  readonly description: string;
  readonly policyArn: string;
  readonly metric?: MetricReference;
  readonly statistic?: Statistic;
  readonly unit?: string;
  /** Metric math in the place of `metric`. */
  readonly metrics?: readonly MetricDataQuery[];
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
  readonly threshold: number;
  readonly comparisonOperator: "GreaterThanThreshold" | "LessThanThreshold";
}

export interface DeleteAlarmEffect {
  readonly kind: "deleteAlarm";
  readonly alarmName: string;
}

export type Effect =
  | LaunchEffect
  | TerminateEffect
  | StopEffect
  | StartEffect
  | RegisterTargetsEffect
  | DeregisterTargetsEffect
  | TagInstancesEffect
  | PublishNoticeEffect
  | PublishHookMessageEffect
  | PutEventEffect
  | PutGroupMetricsEffect
  | EnsureAlarmEffect
  | DeleteAlarmEffect;
