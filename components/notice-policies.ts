import { policyDocument } from "./policy-document.ts";
import type { PolicyStatement } from "./policy-document.ts";

/** Nothing is taken over an unencrypted connection. */
function tlsOnly(action: string, resource: string): PolicyStatement {
  return {
    Sid: "TlsOnly",
    Effect: "Deny",
    Principal: "*",
    Action: action,
    Resource: resource,
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  };
}

/** The topic takes notices from the stack's own Auto Scaling role only; a role of another account cannot be it. */
export function noticeTopicPolicy(topicArn: string, publisherArn: string): string {
  return policyDocument([
    { Sid: "AutoScaling", Effect: "Allow", Principal: { AWS: publisherArn }, Action: "sns:Publish", Resource: topicArn },
    tlsOnly("sns:Publish", topicArn),
  ]);
}

export interface AlertTopicFacts {
  readonly topicArn: string;
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
}

/** The topic takes alerts from CloudWatch alarms of this account and region only. */
export function alertTopicPolicy({ topicArn, partition, region, accountId }: AlertTopicFacts): string {
  return policyDocument([
    {
      Sid: "Alarms",
      Effect: "Allow",
      Principal: { Service: "cloudwatch.amazonaws.com" },
      Action: "sns:Publish",
      Resource: topicArn,
      Condition: {
        StringEquals: { "aws:SourceAccount": accountId },
        ArnLike: { "aws:SourceArn": `arn:${partition}:cloudwatch:${region}:${accountId}:alarm:*` },
      },
    },
    tlsOnly("sns:Publish", topicArn),
  ]);
}

/** The queue takes messages from its topic only. */
export function queuePolicy(queueArn: string, topicArn: string, accountId: string): string {
  return policyDocument([
    {
      Sid: "NoticeTopic",
      Effect: "Allow",
      Principal: { Service: "sns.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: queueArn,
      Condition: { ArnEquals: { "aws:SourceArn": topicArn }, StringEquals: { "aws:SourceAccount": accountId } },
    },
    tlsOnly("sqs:*", queueArn),
  ]);
}

export interface KeyFacts {
  readonly partition: string;
  readonly accountId: string;
  readonly publisherArn: string;
}

/**
 * Who may use the key of the topics. An encrypted topic calls KMS with its publisher's permissions: without the second
 * and third statement notices and alerts would vanish, with nothing said anywhere.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
 */
export function topicKeyPolicy({ partition, accountId, publisherArn }: KeyFacts): string {
  const use = ["kms:GenerateDataKey*", "kms:Decrypt"];
  return policyDocument([
    {
      Sid: "Account",
      Effect: "Allow",
      Principal: { AWS: `arn:${partition}:iam::${accountId}:root` },
      Action: "kms:*",
      Resource: "*",
    },
    { Sid: "AutoScaling", Effect: "Allow", Principal: { AWS: publisherArn }, Action: use, Resource: "*" },
    {
      Sid: "Alarms",
      Effect: "Allow",
      Principal: { Service: "cloudwatch.amazonaws.com" },
      Action: use,
      Resource: "*",
      Condition: { StringEquals: { "aws:SourceAccount": accountId } },
    },
  ]);
}
