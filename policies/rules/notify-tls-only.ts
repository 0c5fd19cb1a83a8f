import { hidden, unproved, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { strangerContext } from "../facts/strangers.ts";
import { parsePolicy } from "../iam/document.ts";
import { accountOf, decide } from "../iam/evaluate.ts";
import type { Value } from "../model/value.ts";

/** A caller of the resource's own account, whose policies allow everything, without TLS: only a denial stops it. */
function* check(policy: Value, service: "sns" | "sqs", action: string): Checking {
  if (policy.hidden) return yield hidden(policy);
  const document = parsePolicy(policy.raw);
  if (!document) return yield violation(policy.missing ? `${policy.path} is not set` : `${policy.path} is no policy document`);
  const resource =
    document.flatMap((one) => one.resources ?? []).find((one) => !/[*?]/.test(one)) ?? `arn:aws:${service}:us-east-1:111122223333:any`;
  const arn = `arn:aws:iam::${accountOf(resource)}:role/any`;
  const context = {
    ...strangerContext,
    "aws:SecureTransport": "false",
    "aws:PrincipalArn": arn,
    "aws:PrincipalAccount": accountOf(resource),
  };
  const decision = decide(document, { caller: { arn, allowedByOwnPolicies: true }, action, resource, context });
  if (decision === "unknown") yield unproved(`whether ${policy.path} denies ${action} without TLS cannot be told from its conditions`);
  else if (decision !== "deny")
    yield violation(`${policy.path} does not deny ${action} without TLS; add a statement that denies it when aws:SecureTransport is false`);
}

export const notifyTlsOnly = defineRule({
  id: "notify-tls-only",
  title: "Topics and queues refuse requests without TLS.",
  why: "A request in the clear shows its signature and its message to everyone on the way.",
  severity: "medium",
  level: "advisory",
  controls: ["cdk-nag:SNS3", "cdk-nag:SQS4"],
  remediation: 'Deny the actions to everyone with the condition Bool aws:SecureTransport = "false".',
  url: "https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html",
  resources: {
    topicPolicy: (topicPolicy) => check(topicPolicy.at("policy"), "sns", "sns:Publish"),
    queuePolicy: (queuePolicy) => check(queuePolicy.at("policy"), "sqs", "sqs:SendMessage"),
  },
});
