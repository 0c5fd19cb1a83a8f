/** Which file serves which type; each is loaded with its first use. */
import type { DataSource } from "./data-source.ts";
import type { Definition } from "./definition.ts";

export const resourceFiles: Readonly<Record<string, () => Promise<{ readonly definition: Definition }>>> = {
  "aws:autoscaling/group:Group": () => import("./autoscaling/group.ts"),
  "aws:autoscaling/lifecycleHook:LifecycleHook": () => import("./autoscaling/lifecycle-hook.ts"),
  "aws:autoscaling/notification:Notification": () => import("./autoscaling/notification.ts"),
  "aws:autoscaling/policy:Policy": () => import("./autoscaling/policy.ts"),
  "aws:autoscaling/schedule:Schedule": () => import("./autoscaling/schedule.ts"),
  "aws:cloudwatch/logGroup:LogGroup": () => import("./logs/log-group.ts"),
  "aws:cloudwatch/metricAlarm:MetricAlarm": () => import("./cloudwatch/metric-alarm.ts"),
  "aws:ec2/launchTemplate:LaunchTemplate": () => import("./ec2/launch-template.ts"),
  "aws:ec2/securityGroup:SecurityGroup": () => import("./ec2/security-group.ts"),
  "aws:iam/instanceProfile:InstanceProfile": () => import("./iam/instance-profile.ts"),
  "aws:iam/role:Role": () => import("./iam/role.ts"),
  "aws:iam/rolePolicy:RolePolicy": () => import("./iam/role-policy.ts"),
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": () => import("./iam/role-policy-attachment.ts"),
  "aws:iam/serviceLinkedRole:ServiceLinkedRole": () => import("./iam/service-linked-role.ts"),
  "aws:kms/alias:Alias": () => import("./kms/alias.ts"),
  "aws:kms/key:Key": () => import("./kms/key.ts"),
  "aws:lb/targetGroup:TargetGroup": () => import("./lb/target-group.ts"),
  "aws:sns/topic:Topic": () => import("./sns/topic.ts"),
  "aws:sns/topicPolicy:TopicPolicy": () => import("./sns/topic-policy.ts"),
  "aws:sns/topicSubscription:TopicSubscription": () => import("./sns/topic-subscription.ts"),
  "aws:sqs/queue:Queue": () => import("./sqs/queue.ts"),
  "aws:sqs/queuePolicy:QueuePolicy": () => import("./sqs/queue-policy.ts"),
  "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": () => import("./sqs/redrive-allow-policy.ts"),
  "aws:sqs/redrivePolicy:RedrivePolicy": () => import("./sqs/redrive-policy.ts"),
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": () => import("./vpc/security-group-egress-rule.ts"),
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": () => import("./vpc/security-group-ingress-rule.ts"),
};

export const functionFiles: Readonly<Record<string, () => Promise<{ readonly dataSource: DataSource }>>> = {};
