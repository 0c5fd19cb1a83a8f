/**
 * What an alarm says when its state changes: the message to a topic, and the event on the default bus.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
 */
import type { AlarmState } from "../../../scaling/alarms/evaluate.ts";
import type { BusEvent } from "../deps.ts";
import type { Alarm, AlarmStatus, MetricAlarm } from "./alarm.ts";
import { queryOutput } from "./alarm.ts";

export interface Change {
  readonly alarm: Alarm;
  readonly before: AlarmStatus;
  readonly after: AlarmStatus;
  /** Composite alarms: the children whose change caused this one. */
  readonly children: readonly { readonly arn: string; readonly state: AlarmState; readonly atMs: number }[];
}

/** `2026-11-02T14:49:02.612+0000`. */
export const timeWithOffset = (timeMs: number): string => new Date(timeMs).toISOString().replace("Z", "+0000");

/** CloudWatch writes regions by their long names into messages. */
const regionNames: Readonly<Record<string, string>> = {
  "eu-west-1": "EU (Ireland)",
  "eu-west-2": "EU (London)",
  "eu-west-3": "EU (Paris)",
  "eu-central-1": "EU (Frankfurt)",
  "eu-north-1": "EU (Stockholm)",
  "eu-south-1": "EU (Milan)",
  "us-east-1": "US East (N. Virginia)",
  "us-east-2": "US East (Ohio)",
  "us-west-1": "US West (N. California)",
  "us-west-2": "US West (Oregon)",
  "ap-southeast-1": "Asia Pacific (Singapore)",
  "ap-southeast-2": "Asia Pacific (Sydney)",
  "ap-northeast-1": "Asia Pacific (Tokyo)",
  "ca-central-1": "Canada (Central)",
  "sa-east-1": "South America (Sao Paulo)",
};

const regionName = (region: string) => regionNames[region] ?? region;

export function topicMessage({ alarm, before, after, children }: Change, place: { readonly accountId: string; readonly region: string }) {
  const message = {
    AlarmName: alarm.name,
    AlarmDescription: alarm.description ?? null,
    AWSAccountId: place.accountId,
    AlarmConfigurationUpdatedTimestamp: timeWithOffset(alarm.configuredMs),
    NewStateValue: after.state,
    NewStateReason: after.reason,
    StateChangeTime: timeWithOffset(after.transitionedMs),
    Region: regionName(place.region),
    AlarmArn: alarm.arn,
    OldStateValue: before.state,
    OKActions: alarm.okActions,
    AlarmActions: alarm.alarmActions,
    InsufficientDataActions: alarm.insufficientDataActions,
    ...(alarm.kind === "MetricAlarm"
      ? { Trigger: trigger(alarm) }
      : {
          AlarmRule: alarm.ruleText,
          TriggeringChildren: children.map(({ arn, state, atMs }) => ({
            Arn: arn,
            State: { Value: state, Timestamp: timeWithOffset(atMs) },
          })),
        }),
  };
  // A subject holds 100 characters at most.
  const subject = `${after.state}: "${alarm.name}" in ${regionName(place.region)}`;
  return { subject: subject.length > 100 ? `${subject.slice(0, 97)}...` : subject, message: JSON.stringify(message) };
}

function trigger(alarm: MetricAlarm) {
  const { metric } = alarm;
  const common = {
    Period: alarm.periodSeconds,
    EvaluationPeriods: alarm.evaluationPeriods,
    DatapointsToAlarm: alarm.datapointsToAlarm,
    ComparisonOperator: alarm.comparisonOperator,
    Threshold: alarm.threshold,
    TreatMissingData: alarm.treatMissingData,
    EvaluateLowSampleCountPercentile: alarm.lowSamples ?? "",
  };
  if (metric === undefined) return { ...common, Metrics: alarm.queries.map(queryOutput) };
  const isPercentile = metric.statistic.startsWith("p");
  return {
    MetricName: metric.name,
    Namespace: metric.namespace,
    StatisticType: isPercentile ? "ExtendedStatistic" : "Statistic",
    ...(isPercentile ? { ExtendedStatistic: metric.statistic } : { Statistic: simpleName(metric.statistic) }),
    Unit: metric.unit ?? null,
    Dimensions: Object.entries(metric.dimensions).map(([name, value]) => ({ value, name })),
    ...common,
  };
}

/** `SampleCount` is `SAMPLE_COUNT` in messages, `Average` is `AVERAGE`. */
const simpleName = (statistic: string) => statistic.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();

const eventState = (status: AlarmStatus) => ({
  value: status.state,
  reason: status.reason,
  ...(status.reasonData === undefined ? {} : { reasonData: status.reasonData }),
  timestamp: timeWithOffset(status.updatedMs),
});

export function stateChangeEvent({ alarm, before, after }: Change): BusEvent {
  const configuration =
    alarm.kind === "CompositeAlarm"
      ? { alarmRule: alarm.ruleText }
      : {
          ...(alarm.description === undefined ? {} : { description: alarm.description }),
          metrics: eventMetrics(alarm),
        };
  return {
    source: "aws.cloudwatch",
    detailType: "CloudWatch Alarm State Change",
    resources: [alarm.arn],
    detail: { alarmName: alarm.name, state: eventState(after), previousState: eventState(before), configuration },
  };
}

function eventMetrics(alarm: MetricAlarm) {
  const { metric } = alarm;
  if (metric !== undefined) {
    const { namespace, name, dimensions, statistic, periodSeconds } = metric;
    // AWS names the one metric of a plain alarm by a random id.
    return [
      { id: alarm.arn, metricStat: { metric: { namespace, name, dimensions }, period: periodSeconds, stat: statistic }, returnData: true },
    ];
  }
  return alarm.queries.map(({ id, expression, label, returnData, stat, periodSeconds }) => ({
    id,
    ...(expression === undefined ? {} : { expression }),
    ...(label === undefined ? {} : { label }),
    ...(stat === undefined
      ? {}
      : {
          metricStat: {
            metric: { namespace: stat.identity.namespace, name: stat.identity.name, dimensions: stat.identity.dimensions },
            period: periodSeconds,
            stat: stat.statistic,
          },
        }),
    returnData,
  }));
}
