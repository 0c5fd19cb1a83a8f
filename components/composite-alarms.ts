import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { fitName } from "../contract/naming.ts";
import type { CompositeAlarm, ScalingDirection } from "../contract/scaling-policies.ts";
import type { Tags } from "./tags.ts";

export interface CompositeAlarmArgs {
  readonly composite: CompositeAlarm;
  /** Names of the fleet's own alarms. */
  readonly own: Readonly<Partial<Record<ScalingDirection, pulumi.Output<string>>>>;
  readonly alertTopicArn: pulumi.Input<string>;
  readonly tags: Tags;
}

/** Tells operators of several alarms at once; it cannot scale: CloudWatch takes scaling policies as actions of metric alarms only. */
export function createCompositeAlarm(name: string, args: CompositeAlarmArgs, parent: pulumi.Resource): aws.cloudwatch.CompositeAlarm {
  const { composite, own, alertTopicArn, tags } = args;
  const nameOf = (alarm: string): pulumi.Input<string> => (alarm === "up" || alarm === "down" ? own[alarm] : undefined) ?? alarm;
  const names = (list: readonly string[]) => pulumi.all(list.map(nameOf));
  return new aws.cloudwatch.CompositeAlarm(
    `${name}-${composite.name}`,
    {
      alarmName: fitName(`${name}-${composite.name}`, "alarm"),
      alarmDescription: `On while ${composite.when} of: ${composite.alarms.join(", ")}`,
      alarmRule: pulumi
        .all([names(composite.alarms), names(composite.unless)])
        .apply(([alarms, unless]) => compositeRule(composite.when, alarms, unless)),
      alarmActions: [alertTopicArn],
      okActions: [alertTopicArn],
      tags,
    },
    { parent },
  );
}

const inAlarm = (name: string) => `ALARM("${name.replace(/["\\]/g, "\\$&")}")`;

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html */
export function compositeRule(when: CompositeAlarm["when"], alarms: readonly string[], unless: readonly string[]): string {
  const all = alarms.map(inAlarm);
  const on = when === "all" || all.length === 1 ? all.join(" AND ") : `(${all.join(" OR ")})`;
  return [on, ...unless.map((name) => `NOT ${inAlarm(name)}`)].join(" AND ");
}
