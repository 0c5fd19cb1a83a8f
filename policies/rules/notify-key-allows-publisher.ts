import { unproved, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { deliveriesOf } from "../facts/delivery.ts";
import { documentsOf } from "../facts/documents.ts";
import { serviceContext } from "../facts/strangers.ts";
import { accountOf, decide, type AccessRequest, type Caller } from "../iam/evaluate.ts";
import type { RequestContext } from "../iam/condition.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Resource } from "../model/resource.ts";
import type { Value } from "../model/value.ts";

/** Who publishes or delivers to an encrypted topic or queue, and so uses its key. */
interface Publisher {
  readonly what: string;
  readonly caller: Caller;
  readonly context: RequestContext;
}

const actions = ["kms:GenerateDataKey", "kms:Decrypt"] as const;
const partitionOf = (arn: string) => arn.split(":")[1] ?? "aws";
const regionOf = (arn: string) => arn.split(":")[3] ?? "";

/** Auto Scaling publishes under the role of the group: its own, or the account's default one. */
function autoScaling(group: Resource<"group">, topicArn: string): Publisher | string {
  const role = group.at("serviceLinkedRoleArn");
  if (role.hidden) return `${role.path} of ${group.label} is known only after the deployment`;
  const account = accountOf(topicArn);
  const standard = `arn:${partitionOf(topicArn)}:iam::${account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`;
  const arn = role.text() ?? standard;
  return {
    what: `Auto Scaling, which publishes as ${arn},`,
    caller: { arn, allowedByOwnPolicies: false },
    context: {
      "aws:PrincipalArn": arn,
      "aws:PrincipalAccount": accountOf(arn),
      "aws:PrincipalIsAWSService": "false",
      "aws:SecureTransport": "true",
      "aws:SourceAccount": null,
      "aws:SourceArn": null,
      "kms:CallerAccount": accountOf(arn),
      "kms:ViaService": `sns.${regionOf(topicArn)}.amazonaws.com`,
      "kms:EncryptionContext:aws:sns:topicArn": topicArn,
    },
  };
}

function service(name: string, what: string, sourceArn: string): Publisher {
  return { what, caller: { service: name }, context: { ...serviceContext(name, sourceArn), "kms:CallerAccount": accountOf(sourceArn) } };
}

/** Why the key of a topic or queue does not let a publisher in; nothing when it does, or when there is no key. */
function* judge(deployment: Deployment, subject: Resource<"topic"> | Resource<"queue">, publisher: Publisher): Checking {
  const keyId: Value = (subject as Resource<"topic">).at("kmsMasterKeyId");
  if (keyId.missing || keyId.raw === "") return;
  const alias = deployment.targets(subject, keyId, "keyAlias", "key");
  const key = alias.found.flatMap(
    (one) => one.as("key") ?? deployment.targets(one, (one as Resource<"keyAlias">).at("targetKeyId"), "key").found,
  )[0];
  if (!key) {
    const name = keyId.text() ?? "";
    if (/^alias\/aws\//.test(name) && "service" in publisher.caller)
      return yield violation(`${publisher.what} cannot use ${name}, whose policy cannot be changed; use a key of your own`);
    return yield unproved(alias.unproved ?? `the policy of key ${name} of ${subject.label} is not part of this stack`);
  }
  const governing = deployment.once(documentsOf).of(key);
  if (governing.state === "unproved") return yield unproved(governing.why);
  if (governing.state === "invalid") return yield violation(`${governing.path} of ${governing.owner.label} is no policy document`);
  const resource = key.at("arn").text() ?? "*";
  for (const action of actions) {
    const request: AccessRequest = { caller: publisher.caller, action, resource, context: publisher.context };
    const decision = governing.state === "none" ? "silent" : decide(governing.document, request);
    if (decision === "unknown")
      yield unproved(
        `whether ${publisher.what} may ${action} with ${key.label} cannot be told, because a condition depends on more than the publisher`,
      );
    else if (decision !== "allow")
      yield violation(
        `the policy of ${key.label} does not let ${publisher.what} ${action}, so that nothing arrives at ${subject.label}; allow ${actions.join(" and ")}`,
      );
  }
}

function* notifications(deployment: Deployment): Checking {
  for (const notification of deployment.all("notification")) {
    const [topic] = deployment.targets(notification, notification.at("topicArn"), "topic").found;
    if (!topic || topic.at("kmsMasterKeyId").missing) continue;
    const arn = topic.at("arn").text();
    const groups = deployment.targets(notification, notification.at("groupNames"), "group");
    if (groups.unproved !== undefined) yield unproved(groups.unproved, topic);
    if (arn === undefined) yield unproved(`arn of ${topic.label} is known only after the deployment`, topic);
    for (const group of groups.found) {
      const publisher = arn === undefined ? undefined : autoScaling(group, arn);
      if (typeof publisher === "string") yield unproved(publisher, topic);
      else if (publisher) for (const finding of judge(deployment, topic, publisher)) yield { ...finding, urn: topic.urn };
    }
  }
}

function* alarms(deployment: Deployment): Checking {
  for (const alarm of deployment.all("alarm")) {
    for (const topic of deployment
      .targets(alarm, alarm.at("alarmActions"), "topic", "policy")
      .found.flatMap((one) => one.as("topic") ?? [])) {
      if (topic.at("kmsMasterKeyId").missing) continue;
      const arn = alarm.at("arn").text();
      if (arn === undefined) yield unproved(`arn of ${alarm.label} is known only after the deployment`, topic);
      else
        for (const finding of judge(deployment, topic, service("cloudwatch.amazonaws.com", "CloudWatch", arn)))
          yield { ...finding, urn: topic.urn };
    }
  }
}

function* queues(deployment: Deployment): Checking {
  for (const { topic, externalTopic, queue, subscription, unproved: why } of deployment.once(deliveriesOf)) {
    if (why !== undefined) yield unproved(why, subscription);
    if (!queue || queue.at("kmsMasterKeyId").missing) continue;
    const arn = topic ? topic.at("arn").text() : externalTopic;
    if (arn === undefined) yield unproved(`the topic of ${subscription.label} is known only after the deployment`, queue);
    else for (const finding of judge(deployment, queue, service("sns.amazonaws.com", "SNS", arn))) yield { ...finding, urn: queue.urn };
  }
}

export const notifyKeyAllowsPublisher = defineRule({
  id: "notify-key-allows-publisher",
  title: "The key of an encrypted topic or queue lets its publisher use it.",
  why: "A publisher that may not use the key is refused by KMS, and the notice is lost with no error anywhere: encrypting a topic blindly stops its delivery.",
  severity: "critical",
  level: "mandatory",
  controls: [],
  remediation:
    "Allow kms:GenerateDataKey* and kms:Decrypt in the key's policy to Auto Scaling's service-linked role, cloudwatch.amazonaws.com or sns.amazonaws.com.",
  url: "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
  *stack(deployment) {
    const said = new Set<string>();
    for (const finding of [...notifications(deployment), ...alarms(deployment), ...queues(deployment)]) {
      const key = `${finding.urn ?? ""} ${finding.message}`;
      if (!said.has(key)) yield finding;
      said.add(key);
    }
  },
});
