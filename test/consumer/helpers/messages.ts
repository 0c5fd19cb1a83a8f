import type { Ownership } from "../../../consumer/message.ts";

export const ours: Ownership = { accountId: "123456789012", namePrefix: "shop-staging-web-v1" };
export const group = "shop-staging-web-v1-app-group-0a1b2c3";

/** A terminate notice as Auto Scaling publishes it. */
export const notice = (instanceId: string, changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  Progress: 50,
  AccountId: ours.accountId,
  Description: `Terminating EC2 instance: ${instanceId}`,
  RequestId: "4e4a5f6b-0000-4000-8000-000000000001",
  EndTime: "2026-11-21T03:00:10.000Z",
  AutoScalingGroupARN: `arn:aws:autoscaling:eu-west-1:${ours.accountId}:autoScalingGroup:x:autoScalingGroupName/${group}`,
  ActivityId: "4e4a5f6b-0000-4000-8000-000000000001",
  StartTime: "2026-11-21T03:00:00.000Z",
  Service: "AWS Auto Scaling",
  Time: "2026-11-21T03:00:10.000Z",
  EC2InstanceId: instanceId,
  StatusCode: "InProgress",
  StatusMessage: "",
  Details: { "Subnet ID": "subnet-1", "Availability Zone": "eu-west-1a" },
  AutoScalingGroupName: group,
  Cause: "a test",
  Event: "autoscaling:EC2_INSTANCE_TERMINATE",
  Origin: "AutoScalingGroup",
  Destination: "EC2",
  ...changes,
});

/** As SNS delivers it without raw delivery. */
export const wrapped = (message: unknown): string =>
  JSON.stringify({
    Type: "Notification",
    MessageId: "m-1",
    TopicArn: `arn:aws:sns:eu-west-1:${ours.accountId}:notices`,
    Subject: `Auto Scaling: termination for group "${group}"`,
    Message: JSON.stringify(message),
    Timestamp: "2026-11-21T03:00:11.000Z",
    SignatureVersion: "1",
  });

/** A terminating hook's message. */
export const hookMessage = (instanceId: string, changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  LifecycleHookName: "drain",
  AccountId: ours.accountId,
  RequestId: "4e4a5f6b-0000-4000-8000-000000000002",
  LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
  AutoScalingGroupName: group,
  Service: "AWS Auto Scaling",
  Time: "2026-11-21T03:00:00.000Z",
  EC2InstanceId: instanceId,
  LifecycleActionToken: "4e4a5f6b-0000-4000-8000-000000000003",
  Origin: "AutoScalingGroup",
  Destination: "EC2",
  ...changes,
});
