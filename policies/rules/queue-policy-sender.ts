import { unproved, violation, type Checking, type Finding } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { deliveriesOf } from "../facts/delivery.ts";
import { documentsOf } from "../facts/documents.ts";
import { inOtherAccount, inSameAccount, serviceContext, stranger, strangerContext } from "../facts/strangers.ts";
import type { PolicyDocument } from "../iam/document.ts";
import { decide, type AccessRequest } from "../iam/evaluate.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Resource } from "../model/resource.ts";

const service = "sns.amazonaws.com";
const action = "sqs:SendMessage";

/** What SNS asks of the queue when it delivers for a topic. */
export function delivery(topicArn: string, queueArn: string): AccessRequest {
  return { caller: { service }, action, resource: queueArn, context: serviceContext(service, topicArn) };
}

const cannotTell = (what: string) => unproved(`whether ${what} cannot be told, because a condition depends on more than the topic`);

/** What a queue's policy does for its topic and for others. */
export function judge(document: PolicyDocument, topicArn: string, queueArn: string, otherTopics: readonly string[]): Finding[] {
  const own = decide(document, delivery(topicArn, queueArn));
  const findings: Finding[] = [];
  if (own === "unknown") findings.push(cannotTell(`${topicArn} may send`));
  else if (own !== "allow")
    findings.push(
      violation(
        `${own === "deny" ? "a statement denies" : "no statement allows"} ${service} to ${action} for ${topicArn}; allow it with aws:SourceArn`,
      ),
    );
  const intruders: readonly (readonly [string, AccessRequest])[] = [
    ["every topic of the account", delivery(inSameAccount(topicArn), queueArn)],
    ["topics of other accounts", delivery(inOtherAccount(topicArn), queueArn)],
    ["callers of other accounts", { caller: stranger, action, resource: queueArn, context: strangerContext }],
  ];
  for (const [who, request] of intruders) {
    if (otherTopics.includes(String(request.context["aws:SourceArn"]))) continue;
    const decision = decide(document, request);
    if (decision === "allow") findings.push(violation(`a statement lets ${who} send; bind it to the topic with ArnEquals aws:SourceArn`));
    else if (decision === "unknown") findings.push(cannotTell(`${who} may send`));
  }
  return findings;
}

function* judgeQueue(deployment: Deployment, queue: Resource<"queue">, topicArns: readonly string[]): Checking {
  const governing = deployment.once(documentsOf).of(queue);
  const queueArn = queue.at("arn").text();
  if (governing.state === "unproved") return yield unproved(governing.why);
  if (governing.state === "invalid") return yield violation(`${governing.path} of ${governing.owner.label} is no policy document`);
  if (governing.state === "none")
    return yield violation(`${queue.label} has no policy, so that ${service} may not send to it; allow ${action} with aws:SourceArn`);
  if (queueArn === undefined) return yield unproved(`arn of ${queue.label} is known only after the deployment`);
  const said = new Map<string, Finding>();
  for (const topicArn of topicArns)
    for (const finding of judge(governing.document, topicArn, queueArn, topicArns)) said.set(finding.message, finding);
  yield* said.values();
}

export const queuePolicySender = defineRule({
  id: "queue-policy-sender",
  title: "A queue takes messages from the topics that it subscribes to, and from nobody else.",
  why: "Without the permission SNS drops each notice in silence; with too wide a one, anybody can have nodes removed.",
  severity: "critical",
  level: "mandatory",
  controls: [
    "fsbp:SQS.3",
    "checkov:CKV_AWS_168",
    "checkov:CKV_AWS_72",
    "checkov:CKV_AWS_387",
    "trivy:AWS-0097",
    "cfn-nag:SqsQueuePolicyWildcardPrincipalRule",
    "cfn-nag:SqsQueuePolicyNotPrincipalRule",
  ],
  remediation: "Allow sqs:SendMessage to sns.amazonaws.com with the condition ArnEquals aws:SourceArn = the topic's ARN.",
  url: "https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html",
  needs: "subscription",
  *stack(deployment) {
    const topics = new Map<Resource<"queue">, string[]>();
    for (const { subscription, topic, externalTopic, queue, unproved: why } of deployment.once(deliveriesOf)) {
      if (why !== undefined) yield unproved(why, subscription);
      if (!queue) continue;
      const arn = topic ? topic.at("arn").text() : externalTopic;
      if (arn === undefined) yield unproved(`the topic of ${subscription.label} is known only after the deployment`, queue);
      else topics.set(queue, [...(topics.get(queue) ?? []), arn]);
    }
    for (const [queue, arns] of topics) for (const finding of judgeQueue(deployment, queue, arns)) yield { ...finding, urn: queue.urn };
  },
});
