import { texts } from "../core/config.ts";
import { unproved, violation, type Finding } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Resource } from "../model/resource.ts";

interface Path {
  readonly subscription: Resource<"subscription">;
  readonly topics: readonly Resource<"topic">[];
  readonly externalTopics: readonly string[];
  readonly topicUnproved: string | undefined;
}

function subscriptionPaths(deployment: Deployment): Path[] {
  return deployment.all("subscription").map((subscription) => {
    const targets = deployment.targets(subscription, subscription.at("topic"), "topic");
    return { subscription, topics: targets.found, externalTopics: targets.external, topicUnproved: targets.unproved };
  });
}

/** Why a subscription takes nothing to a queue; undefined when it does. */
function fault(deployment: Deployment, { subscription }: Path, declared: readonly string[]): Finding | undefined {
  const protocol = subscription.at("protocol");
  if (protocol.hidden) return unproved(`${protocol.path} of ${subscription.label} is not known yet`);
  if (protocol.text() !== "sqs") return violation(`${subscription.label} has protocol ${protocol.text() ?? "none"}, not sqs`);
  const { found, external, unproved: why } = deployment.targets(subscription, subscription.at("endpoint"), "queue");
  if (found.length > 0 || external.some((arn) => declared.includes(arn))) return undefined;
  if (why !== undefined) return unproved(why);
  return violation(`${subscription.label} leads to ${external.join(", ") || "nothing"}, which is no queue of this stack`);
}

/** Whether the topic of a notification leads to a queue; the reason when it does not. */
function follow(deployment: Deployment, notification: Resource<"notification">, declared: readonly string[]): Finding | undefined {
  const topicArn = notification.at("topicArn");
  const { found, external, unproved: why } = deployment.targets(notification, topicArn, "topic");
  const [topic] = found;
  const [outside] = external;
  if (topic === undefined && outside === undefined) return why === undefined ? violation("topicArn is not set") : unproved(why);
  const paths = deployment.once(subscriptionPaths);
  const ours = paths.filter((path) => (topic ? path.topics.includes(topic) : path.externalTopics.includes(outside ?? "")));
  const faults = ours.map((path) => fault(deployment, path, declared));
  if (faults.includes(undefined)) return undefined;
  const open =
    faults.find((one) => one?.kind === "unproved") ??
    paths.flatMap((path) => (path.topicUnproved === undefined ? [] : unproved(path.topicUnproved)))[0];
  if (open) return open;
  const where = topic ? topic.label : `topic ${outside ?? ""}`;
  const reasons = faults.flatMap((one) => one?.message ?? []);
  return violation(reasons.length > 0 ? `${where} reaches no queue: ${reasons.join("; ")}` : `${where} has no subscription in this stack`);
}

export const notifyReachesQueue = defineRule({
  id: "notify-reaches-queue",
  title: "Every notification of a group leads through its topic and a subscription to a queue.",
  why: "A notice that is published but never queued is lost when nobody listens at that moment; a queue keeps it until the consumer has done its work.",
  severity: "high",
  level: "mandatory",
  controls: [],
  remediation:
    "Subscribe a queue to the topic with protocol sqs, or declare the queue outside of this stack in the option `externalQueues`.",
  url: "https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html",
  options: { externalQueues: texts("ARNs of queues outside of this stack that count as reached.") },
  needs: "notification",
  *stack(deployment, { config }) {
    for (const notification of deployment.all("notification")) {
      const found = follow(deployment, notification, config.externalQueues);
      if (found) yield { ...found, urn: notification.urn };
    }
  },
});
