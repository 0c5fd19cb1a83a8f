/** Notification configurations, metrics collection, and the lists of names that never change. */
import { adjustmentTypes, groupMetricNames, terminationPolicyNames } from "../../../../scaling/types/common.ts";
import { ApiError } from "../protocol/errors.ts";
import { page } from "../protocol/paging.ts";
import type { Actions } from "./context.ts";

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingNotificationTypes.html */
const notificationTypes = [
  "autoscaling:EC2_INSTANCE_LAUNCH",
  "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
  "autoscaling:EC2_INSTANCE_TERMINATE",
  "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
  "autoscaling:TEST_NOTIFICATION",
];

/** Quotas of an account that nobody had raised. https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html */
const groupQuota = 500;
const launchConfigurationQuota = 200;

type Names =
  | "PutNotificationConfiguration"
  | "DeleteNotificationConfiguration"
  | "DescribeNotificationConfigurations"
  | "DescribeAutoScalingNotificationTypes"
  | "EnableMetricsCollection"
  | "DisableMetricsCollection"
  | "DescribeMetricCollectionTypes"
  | "DescribeAdjustmentTypes"
  | "DescribeTerminationPolicyTypes"
  | "DescribeAccountLimits";

/** The only one there is. */
const granularity = "1Minute";

interface ConfigurationKey {
  readonly group: string;
  readonly topicArn: string;
  readonly event: string;
}
const keyOf = ({ group, topicArn, event }: ConfigurationKey) => `${group}\n${topicArn}\n${event}`;

export const notificationActions: Actions<Names> = {
  PutNotificationConfiguration: ({ AutoScalingGroupName, TopicARN, NotificationTypes }, { host }) => {
    host.run("putNotificationConfiguration", { group: AutoScalingGroupName, topicArn: TopicARN, events: NotificationTypes });
    return {};
  },
  DeleteNotificationConfiguration: ({ AutoScalingGroupName, TopicARN }, { host }) => {
    host.run("deleteNotificationConfiguration", { group: AutoScalingGroupName, topicArn: TopicARN });
    return {};
  },
  DescribeNotificationConfigurations: (input, { host }) => {
    const names = input.AutoScalingGroupNames ?? [];
    const all =
      names.length > 0 ? names.flatMap((name) => host.model.notificationConfigurations(name)) : host.model.notificationConfigurations();
    const sorted = [...all].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
    const { items, NextToken } = page("notifications", sorted, keyOf, input, { usual: 50, most: 100 });
    const NotificationConfigurations = items.map(({ group, topicArn, event }) => ({
      AutoScalingGroupName: group,
      TopicARN: topicArn,
      NotificationType: event,
    }));
    return { NotificationConfigurations, NextToken };
  },
  DescribeAutoScalingNotificationTypes: () => ({ AutoScalingNotificationTypes: [...notificationTypes] }),
  EnableMetricsCollection: ({ AutoScalingGroupName, Granularity, Metrics }, { host }) => {
    if (Granularity !== granularity) {
      throw new ApiError("ValidationError", `The Granularity value ${Granularity} is not valid; it must be ${granularity}`);
    }
    host.run("enableMetricsCollection", { group: AutoScalingGroupName, ...(Metrics && { metrics: Metrics }) });
    return {};
  },
  DisableMetricsCollection: ({ AutoScalingGroupName, Metrics }, { host }) => {
    host.run("disableMetricsCollection", { group: AutoScalingGroupName, ...(Metrics && { metrics: Metrics }) });
    return {};
  },
  DescribeMetricCollectionTypes: () => ({
    Metrics: groupMetricNames.map((Metric) => ({ Metric })),
    Granularities: [{ Granularity: granularity }],
  }),
  DescribeAdjustmentTypes: () => ({ AdjustmentTypes: adjustmentTypes.map((AdjustmentType) => ({ AdjustmentType })) }),
  DescribeTerminationPolicyTypes: () => ({ TerminationPolicyTypes: [...terminationPolicyNames] }),
  DescribeAccountLimits: (_input, { host }) => ({
    MaxNumberOfAutoScalingGroups: groupQuota,
    MaxNumberOfLaunchConfigurations: launchConfigurationQuota,
    NumberOfAutoScalingGroups: host.model.groupNames().length,
    NumberOfLaunchConfigurations: 0,
  }),
};
