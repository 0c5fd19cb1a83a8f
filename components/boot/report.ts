import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { bootFailures, bootLogGroup } from "../../contract/boot.ts";
import { fitName } from "../../contract/naming.ts";
import type { FleetArgs } from "../fleet-args.ts";
import { fleetTags } from "../tags.ts";
import { needsBootScript } from "./values.ts";

/** So many failed boots within so long are no accident of one instance. */
const alarmingFailures = 5;
const alarmWindowSeconds = 1800;
const usualRetentionDays = 30;

/** Where failed boots are told. Stands before the group, whose first instance may fail. */
export function createBootReport(name: string, args: FleetArgs, parent: pulumi.Resource): pulumi.Resource[] {
  if (!needsBootScript(args)) return [];
  const tags = fleetTags(args.identity);
  const logs = new aws.cloudwatch.LogGroup(
    `${name}-boot-log`,
    { name: bootLogGroup(name), retentionInDays: args.boot?.logRetentionDays ?? usualRetentionDays, tags },
    { parent },
  );
  const actions = args.alertTopicArn === undefined ? [] : [args.alertTopicArn];
  new aws.cloudwatch.MetricAlarm(
    fitName(`${name}-boot-failures-alarm`, "alarm"),
    {
      alarmDescription: `${alarmingFailures} or more instances failed to boot within ${alarmWindowSeconds / 60} minutes: npm run ops -- why INSTANCE`,
      namespace: bootFailures.namespace,
      metricName: bootFailures.name,
      dimensions: { [bootFailures.dimension]: name },
      statistic: "Sum",
      comparisonOperator: "GreaterThanOrEqualToThreshold",
      threshold: alarmingFailures,
      period: alarmWindowSeconds,
      evaluationPeriods: 1,
      treatMissingData: "notBreaching", // only failures are counted
      alarmActions: actions,
      okActions: actions,
      tags,
    },
    { parent },
  );
  return [logs];
}
