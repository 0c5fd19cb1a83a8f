/** A drill's view of a group through AWS. */
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  DescribePoliciesCommand,
  DescribeScalingActivitiesCommand,
} from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient, DescribeAlarmsCommand, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import type { AwsSession } from "../account.ts";
import { calling } from "../aws-calls.ts";
import type { AlarmLook, DrillPorts } from "./ports.ts";

type Views = Pick<DrillPorts, "group" | "activities" | "refreshes" | "alarms" | "metric">;

export function groupViews(session: AwsSession, name: string): Views {
  const scaling = new AutoScalingClient(session.clientArguments);
  const cloudWatch = new CloudWatchClient(session.clientArguments);
  const AutoScalingGroupName = name;
  return {
    group: () =>
      calling(`DescribeAutoScalingGroups of ${name}`, async () => {
        const page = await scaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }));
        return page.AutoScalingGroups?.[0];
      }),
    activities: () =>
      calling(`DescribeScalingActivities of ${name}`, async () => {
        const page = await scaling.send(new DescribeScalingActivitiesCommand({ AutoScalingGroupName, MaxRecords: 100 }));
        return page.Activities ?? [];
      }),
    refreshes: () =>
      calling(`DescribeInstanceRefreshes of ${name}`, async () => {
        const page = await scaling.send(new DescribeInstanceRefreshesCommand({ AutoScalingGroupName, MaxRecords: 10 }));
        return page.InstanceRefreshes ?? [];
      }),
    alarms: () => calling(`DescribeAlarms of ${name}`, () => alarmsOf(scaling, cloudWatch, name)),
    metric: (fromMs, toMs) => calling(`GetMetricStatistics of ${name}`, () => cpuOf(cloudWatch, name, fromMs, toMs)),
  };
}

/** The alarms of the group's policies, those that target tracking made among them. */
async function alarmsOf(scaling: AutoScalingClient, cloudWatch: CloudWatchClient, name: string): Promise<AlarmLook[]> {
  const { ScalingPolicies: policies = [] } = await scaling.send(new DescribePoliciesCommand({ AutoScalingGroupName: name }));
  const names = [...new Set(policies.flatMap(({ Alarms: alarms = [] }) => alarms.flatMap(({ AlarmName: alarm }) => alarm ?? [])))];
  if (names.length === 0) return [];
  const { MetricAlarms: alarms = [] } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: names, MaxRecords: 100 }));
  return alarms.map((alarm) => ({
    name: alarm.AlarmName ?? "",
    state: alarm.StateValue ?? "unknown",
    reason: alarm.StateReason ?? "no reason given",
    changedMs: alarm.StateUpdatedTimestamp?.getTime() ?? 0,
  }));
}

const periodSeconds = 60;

async function cpuOf(client: CloudWatchClient, group: string, fromMs: number, toMs: number) {
  const { Datapoints: points = [] } = await client.send(
    new GetMetricStatisticsCommand({
      Namespace: "AWS/EC2",
      MetricName: "CPUUtilization",
      Dimensions: [{ Name: "AutoScalingGroupName", Value: group }],
      StartTime: new Date(fromMs),
      EndTime: new Date(toMs),
      Period: periodSeconds,
      Statistics: ["Average"],
    }),
  );
  return points
    .map(({ Timestamp: time, Average: value = 0 }) => ({ atMs: time?.getTime() ?? 0, value }))
    .sort((one, other) => one.atMs - other.atMs);
}
