/** Notices, hook messages, events, group metrics and the alarms that target tracking owns. */
import { DeleteAlarmsCommand, PutMetricAlarmCommand, type CloudWatchClient, type MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import type { MetricDataQuery as ModelQuery, MetricReference } from "../../../../scaling/types/common.ts";
import type { OwnedAlarm } from "../../../../scaling/types/effects.ts";
import { DeliveryError, type AwsDeps } from "../../deps.ts";
import { orAway } from "./clients.ts";
import { PartyAway, type Performers } from "./performer.ts";

type MessageKinds = "publishNotice" | "publishHookMessage" | "putEvent" | "putGroupMetrics" | "ensureAlarm" | "deleteAlarm";

export interface MessageOptions {
  readonly deps: AwsDeps;
  readonly cloudWatch: CloudWatchClient;
  /** The role that a group publishes with. */
  readonly serviceLinkedRole: (group: string) => string;
}

/** A refused message is lost, as it is on AWS; a party that gives no answer is asked again. */
async function deliver(send: Promise<void>): Promise<readonly never[]> {
  try {
    await send;
  } catch (error) {
    if (error instanceof DeliveryError) throw error;
    throw new PartyAway(error instanceof Error ? error.message : String(error), { cause: error });
  }
  return [];
}

export function messagePerformers({ deps, cloudWatch, serviceLinkedRole }: MessageOptions): Pick<Performers, MessageKinds> {
  return {
    publishNotice: ({ serviceLinkedRoleArn: roleArn, topicArn, subject, notice }) =>
      deliver(deps.publish({ topicArn, subject, message: JSON.stringify(notice) }, { principal: { roleArn } })),
    publishHookMessage: ({ group, targetArn, roleArn, message }) => {
      const sender = { principal: { roleArn: roleArn ?? serviceLinkedRole(group) } };
      const body = JSON.stringify(message);
      return deliver(
        targetArn.split(":")[2] === "sqs"
          ? deps.sendToQueue(targetArn, body, sender)
          : deps.publish({ topicArn: targetArn, subject: `Auto Scaling:  Lifecycle action for group "${group}"`, message: body }, sender),
      );
    },
    putEvent: ({ detailType, resources, detail }) => deliver(deps.putEvent({ source: "aws.autoscaling", detailType, detail, resources })),
    putGroupMetrics: ({ group, values, atMs }) => {
      const dimensions = { AutoScalingGroupName: group };
      const metrics = Object.entries(values).map(([name, value]) => ({ name, dimensions, value, timestampMs: atMs, unit: "None" }));
      deps.putMetricData("AWS/AutoScaling", metrics);
      return Promise.resolve([]);
    },
    ensureAlarm: async ({ alarm }) => {
      await orAway(cloudWatch.send(new PutMetricAlarmCommand(alarmInput(alarm))));
      return [];
    },
    deleteAlarm: async ({ alarmName }) => {
      await orAway(cloudWatch.send(new DeleteAlarmsCommand({ AlarmNames: [alarmName] })));
      return [];
    },
  };
}

const metricOf = (metric: MetricReference) => ({
  Namespace: metric.namespace,
  MetricName: metric.metricName,
  Dimensions: metric.dimensions.map(({ name, value }) => ({ Name: name, Value: value })),
});

const queryOf = (query: ModelQuery, periodSeconds: number): MetricDataQuery => ({
  Id: query.id,
  Expression: query.expression,
  Label: query.label,
  ReturnData: query.returnData,
  ...(query.metricStat && {
    MetricStat: {
      Metric: metricOf(query.metricStat.metric),
      Stat: query.metricStat.stat,
      Unit: query.metricStat.unit as never,
      Period: query.metricStat.period ?? periodSeconds,
    },
  }),
});

function alarmInput(alarm: OwnedAlarm) {
  return {
    AlarmName: alarm.alarmName,
    AlarmDescription: alarm.description,
    AlarmActions: [alarm.policyArn],
    ComparisonOperator: alarm.comparisonOperator,
    EvaluationPeriods: alarm.evaluationPeriods,
    Threshold: alarm.threshold,
    ...(alarm.metrics
      ? { Metrics: alarm.metrics.map((query) => queryOf(query, alarm.periodSeconds)) }
      : {
          ...(alarm.metric && metricOf(alarm.metric)),
          Period: alarm.periodSeconds,
          Statistic: alarm.statistic,
          Unit: alarm.unit as never,
        }),
  };
}
