/** The resource types that rules look at: a short name, Pulumi's type token, and the type of its properties. */
import type * as aws from "@pulumi/aws";
import type { Unwrap } from "@pulumi/pulumi";
import type { FleetArgs } from "../../components/fleet-args.ts";
import { typeTokens } from "../../contract/type-tokens.ts";

interface States {
  /** Our component, whose arguments arrive before any of its resources is created. */
  fleet: Omit<FleetArgs, "before">;
  group: aws.autoscaling.GroupState;
  policy: aws.autoscaling.PolicyState;
  notification: aws.autoscaling.NotificationState;
  hook: aws.autoscaling.LifecycleHookState;
  launchTemplate: aws.ec2.LaunchTemplateState;
  launchConfiguration: aws.ec2.LaunchConfigurationState;
  image: aws.ec2.AmiState;
  imageCopy: aws.ec2.AmiCopyState;
  imageFromInstance: aws.ec2.AmiFromInstanceState;
  imagePermission: aws.ec2.AmiLaunchPermissionState;
  snapshot: aws.ebs.SnapshotState;
  snapshotCopy: aws.ebs.SnapshotCopyState;
  snapshotPermission: aws.ec2.SnapshotCreateVolumePermissionState;
  subnet: aws.ec2.SubnetState;
  alarm: aws.cloudwatch.MetricAlarmState;
  topic: aws.sns.TopicState;
  topicPolicy: aws.sns.TopicPolicyState;
  subscription: aws.sns.TopicSubscriptionState;
  queue: aws.sqs.QueueState;
  queuePolicy: aws.sqs.QueuePolicyState;
  queueRedrive: aws.sqs.RedrivePolicyState;
  lambda: aws.lambda.FunctionState;
  eventSource: aws.lambda.EventSourceMappingState;
  key: aws.kms.KeyState;
  keyAlias: aws.kms.AliasState;
  keyPolicy: aws.kms.KeyPolicyState;
  logGroup: aws.cloudwatch.LogGroupState;
  eventRule: aws.cloudwatch.EventRuleState;
  eventTarget: aws.cloudwatch.EventTargetState;
  role: aws.iam.RoleState;
  rolePolicy: aws.iam.RolePolicyState;
  rolePolicyAttachment: aws.iam.RolePolicyAttachmentState;
  iamPolicy: aws.iam.PolicyState;
}

export type Kind = keyof States;

/** Properties of a resource of this kind: arguments before its creation, outputs after. */
export type Props<K extends Kind> = Unwrap<States[K]>;

export const kinds: Readonly<Record<Kind, string>> = {
  fleet: typeTokens.fleet,
  group: "aws:autoscaling/group:Group",
  policy: "aws:autoscaling/policy:Policy",
  notification: "aws:autoscaling/notification:Notification",
  hook: "aws:autoscaling/lifecycleHook:LifecycleHook",
  launchTemplate: "aws:ec2/launchTemplate:LaunchTemplate",
  launchConfiguration: "aws:ec2/launchConfiguration:LaunchConfiguration",
  image: "aws:ec2/ami:Ami",
  imageCopy: "aws:ec2/amiCopy:AmiCopy",
  imageFromInstance: "aws:ec2/amiFromInstance:AmiFromInstance",
  imagePermission: "aws:ec2/amiLaunchPermission:AmiLaunchPermission",
  snapshot: "aws:ebs/snapshot:Snapshot",
  snapshotCopy: "aws:ebs/snapshotCopy:SnapshotCopy",
  snapshotPermission: "aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission",
  subnet: "aws:ec2/subnet:Subnet",
  alarm: "aws:cloudwatch/metricAlarm:MetricAlarm",
  topic: "aws:sns/topic:Topic",
  topicPolicy: "aws:sns/topicPolicy:TopicPolicy",
  subscription: "aws:sns/topicSubscription:TopicSubscription",
  queue: "aws:sqs/queue:Queue",
  queuePolicy: "aws:sqs/queuePolicy:QueuePolicy",
  queueRedrive: "aws:sqs/redrivePolicy:RedrivePolicy",
  lambda: "aws:lambda/function:Function",
  eventSource: "aws:lambda/eventSourceMapping:EventSourceMapping",
  key: "aws:kms/key:Key",
  keyAlias: "aws:kms/alias:Alias",
  keyPolicy: "aws:kms/keyPolicy:KeyPolicy",
  logGroup: "aws:cloudwatch/logGroup:LogGroup",
  eventRule: "aws:cloudwatch/eventRule:EventRule",
  eventTarget: "aws:cloudwatch/eventTarget:EventTarget",
  role: "aws:iam/role:Role",
  rolePolicy: "aws:iam/rolePolicy:RolePolicy",
  rolePolicyAttachment: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
  iamPolicy: "aws:iam/policy:Policy",
};
