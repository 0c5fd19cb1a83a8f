/**
 * Shapes of what Auto Scaling publishes.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-sns-notifications.html
 */

/** Event names of a notification configuration (DescribeAutoScalingNotificationTypes). */
export const noticeEvents = {
  launch: "autoscaling:EC2_INSTANCE_LAUNCH",
  launchError: "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
  terminate: "autoscaling:EC2_INSTANCE_TERMINATE",
  terminateError: "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
  test: "autoscaling:TEST_NOTIFICATION",
} as const;

export type NoticeEvent = (typeof noticeEvents)[keyof typeof noticeEvents];

/** `Origin` and `Destination` of newer messages: where an instance comes from and goes to. */
export type InstancePlace = "EC2" | "AutoScalingGroup" | "WarmPool";

/** Published once per configuring of notifications; names no instance. */
export interface TestNotice {
  readonly Event: typeof noticeEvents.test;
  readonly AccountId: string;
  readonly RequestId: string;
  readonly AutoScalingGroupARN: string;
  readonly AutoScalingGroupName: string;
  readonly Service: "AWS Auto Scaling";
  readonly Time: string;
}

/** One launch or termination, or its error. Times are ISO 8601 with milliseconds. */
export interface InstanceNotice {
  readonly Event: Exclude<NoticeEvent, typeof noticeEvents.test>;
  readonly AccountId: string;
  readonly RequestId: string;
  readonly ActivityId: string;
  readonly AutoScalingGroupARN: string;
  readonly AutoScalingGroupName: string;
  readonly EC2InstanceId: string;
  readonly Service: "AWS Auto Scaling";
  readonly Description: string;
  readonly Cause: string;
  readonly StartTime: string;
  readonly EndTime: string;
  readonly Time: string;
  readonly StatusCode: string;
  readonly StatusMessage: string;
  readonly Progress: number;
  readonly Details: { readonly "Subnet ID"?: string; readonly "Availability Zone"?: string; readonly "Invoked Alarm Arn"?: string };
  readonly Origin?: InstancePlace;
  readonly Destination?: InstancePlace;
}

/** A lifecycle hook's message through SNS or SQS. */
export interface HookMessage {
  readonly LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING" | "autoscaling:EC2_INSTANCE_TERMINATING";
  readonly LifecycleHookName: string;
  readonly LifecycleActionToken: string;
  readonly AutoScalingGroupName: string;
  readonly EC2InstanceId: string;
  readonly AccountId: string;
  readonly RequestId: string;
  readonly Service: "AWS Auto Scaling";
  readonly Time: string;
  readonly NotificationMetadata?: string;
  readonly Origin?: InstancePlace;
  readonly Destination?: InstancePlace;
}

export type Notice = TestNotice | InstanceNotice;

/** An EC2 instance id: `i-` and 8 or 17 hexadecimal digits. */
export const instanceIdPattern = /^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;
