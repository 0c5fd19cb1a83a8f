import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { fitName } from "../contract/naming.ts";
import type { Tags } from "./tags.ts";

export interface QueueAlarmArgs {
  readonly queue: aws.sqs.Queue;
  readonly deadLetters: aws.sqs.Queue;
  readonly alertTopicArn: pulumi.Input<string>;
  readonly maxAgeSeconds: number;
  readonly tags: Tags;
}

/** SQS reports once a minute; five minutes ride out a gap in its reports. */
const periodSeconds = 300;

/** Tells operators that nobody works on notices, and that some could not be worked on. */
export function createQueueAlarms(name: string, args: QueueAlarmArgs, parent: pulumi.Resource): void {
  createAlarm(
    `${name}-age-alarm`,
    {
      alarmDescription: `Notices wait for more than ${args.maxAgeSeconds} s: is the consumer running?`,
      metricName: "ApproximateAgeOfOldestMessage",
      dimensions: { QueueName: args.queue.name },
      threshold: args.maxAgeSeconds,
    },
    args,
    parent,
  );
  createAlarm(
    `${name}-dead-letters-alarm`,
    {
      alarmDescription: "Notices could not be worked on and are in the dead-letter queue: look at them, then redrive them",
      metricName: "ApproximateNumberOfMessagesVisible",
      dimensions: { QueueName: args.deadLetters.name },
      threshold: 0,
    },
    args,
    parent,
  );
}

function createAlarm(
  name: string,
  alarm: aws.cloudwatch.MetricAlarmArgs,
  { alertTopicArn, tags }: QueueAlarmArgs,
  parent: pulumi.Resource,
): void {
  new aws.cloudwatch.MetricAlarm(
    fitName(name, "alarm"),
    {
      ...alarm,
      namespace: "AWS/SQS",
      statistic: "Maximum",
      comparisonOperator: "GreaterThanThreshold",
      period: periodSeconds,
      evaluationPeriods: 1,
      treatMissingData: "notBreaching", // a queue that nothing has touched for hours reports nothing
      alarmActions: [alertTopicArn],
      okActions: [alertTopicArn],
      tags,
    },
    { parent },
  );
}
