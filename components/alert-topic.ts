import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { fitName } from "../contract/naming.ts";
import type { Account } from "./account.ts";
import { alertTopicPolicy } from "./notice-policies.ts";
import type { Tags } from "./tags.ts";

/** A topic that exists, or an address that gets a topic of its own and has to confirm its subscription once. */
export type AlertChoice = { readonly topicArn: string } | { readonly email: string };

export interface AlertTopicArgs {
  readonly alerts: AlertChoice;
  readonly account: Account;
  /** Key whose policy lets CloudWatch in. */
  readonly keyArn: pulumi.Input<string>;
  readonly tags: Tags;
}

export interface AlertTopic {
  readonly topicArn: pulumi.Output<string>;
}

export function createAlertTopic(name: string, { alerts, account, keyArn, tags }: AlertTopicArgs, parent: pulumi.Resource): AlertTopic {
  if ("topicArn" in alerts) return { topicArn: pulumi.output(alerts.topicArn) };
  const topic = new aws.sns.Topic(fitName(`${name}-alerts`, "topic"), { kmsMasterKeyId: keyArn, tags }, { parent });
  const policy = pulumi
    .all([topic.arn, account.partition, account.accountId])
    .apply(([topicArn, partition, accountId]) => alertTopicPolicy({ topicArn, partition, accountId, region: account.region }));
  new aws.sns.TopicPolicy(`${name}-alerts-policy`, { arn: topic.arn, policy }, { parent });
  new aws.sns.TopicSubscription(`${name}-alerts-email`, { topic: topic.arn, protocol: "email", endpoint: alerts.email }, { parent });
  return { topicArn: topic.arn };
}
