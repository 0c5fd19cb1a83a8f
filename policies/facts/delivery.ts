/** The way of a notice: from topics through subscriptions to queues, and from queues to dead letters and consumers. */
import type { Deployment } from "../model/deployment.ts";
import type { Resource } from "../model/resource.ts";

export interface Delivery {
  readonly subscription: Resource<"subscription">;
  readonly topic: Resource<"topic"> | undefined;
  /** ARN of a topic outside of the stack. */
  readonly externalTopic: string | undefined;
  readonly queue: Resource<"queue"> | undefined;
  readonly unproved: string | undefined;
}

/** Subscriptions of queues. */
export function deliveriesOf(deployment: Deployment): readonly Delivery[] {
  return deployment.all("subscription").flatMap((subscription): Delivery[] => {
    const protocol = subscription.at("protocol");
    if (protocol.known && protocol.text() !== "sqs") return [];
    const topics = deployment.targets(subscription, subscription.at("topic"), "topic");
    const queues = deployment.targets(subscription, subscription.at("endpoint"), "queue");
    const why = protocol.hidden
      ? `protocol of ${subscription.label} is known only after the deployment`
      : (topics.unproved ?? queues.unproved);
    return [{ subscription, topic: topics.found[0], externalTopic: topics.external[0], queue: queues.found[0], unproved: why }];
  });
}

export interface Redrive {
  readonly source: Resource<"queue">;
  /** Where it is written: the queue or a resource of its own. */
  readonly place: Resource<"queue"> | Resource<"queueRedrive">;
  readonly deadLetters: Resource<"queue"> | undefined;
  /** ARN, when it is known. */
  readonly deadLetterArn: string | undefined;
  readonly maxReceiveCount: number | undefined;
  readonly unproved: string | undefined;
}

interface RedrivePolicy {
  readonly deadLetterTargetArn?: unknown;
  readonly maxReceiveCount?: unknown;
}

export function parseRedrive(text: string): RedrivePolicy | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

const firstHiddenArn = (deployment: Deployment) => deployment.all("queue").find((queue) => queue.at("arn").hidden);

function redriveAt(
  deployment: Deployment,
  source: Resource<"queue">,
  place: Resource<"queue"> | Resource<"queueRedrive">,
): Redrive | undefined {
  const policy = (place as Resource<"queue">).at("redrivePolicy");
  if (policy.missing || policy.raw === "") return undefined;
  const parsed = parseRedrive(policy.text() ?? "");
  const arn = typeof parsed?.deadLetterTargetArn === "string" ? parsed.deadLetterTargetArn : undefined;
  const known = arn === undefined ? undefined : deployment.identified("queue", arn);
  const targets = policy.hidden ? deployment.targets(place, policy, "queue") : undefined;
  const open = arn !== undefined && !known ? deployment.once(firstHiddenArn) : undefined;
  const why = open
    ? `arn of ${open.label} is known only after the deployment`
    : policy.hidden
      ? `${policy.path} of ${place.label} is known only after the deployment`
      : undefined;
  const count = Number(parsed?.maxReceiveCount);
  return {
    source,
    place,
    deadLetters: known ?? targets?.found[0],
    deadLetterArn: arn,
    maxReceiveCount: Number.isFinite(count) ? count : undefined,
    unproved: why,
  };
}

export interface Redrives {
  readonly redrives: readonly Redrive[];
  /** A redrive policy whose queue cannot be told. */
  readonly unproved: string | undefined;
}

export function redrivesOf(deployment: Deployment): Redrives {
  const own = deployment.all("queue").flatMap((queue) => redriveAt(deployment, queue, queue) ?? []);
  let open: string | undefined;
  const separate = deployment.all("queueRedrive").flatMap((place) => {
    const { found, unproved } = deployment.targets(place, place.at("queueUrl"), "queue");
    open ??= unproved;
    return found.flatMap((queue) => redriveAt(deployment, queue, place) ?? []);
  });
  return { redrives: [...own, ...separate], unproved: open };
}

/** Queues that hold the dead letters of queues or of subscriptions; they need no dead letters and no consumer of their own. */
export function deadLetterQueuesOf(deployment: Deployment): ReadonlySet<Resource<"queue">> {
  const { redrives } = deployment.once(redrivesOf);
  const ofSubscriptions = deployment.all("subscription").flatMap((subscription) => {
    const policy = subscription.at("redrivePolicy");
    const arn = parseRedrive(policy.text() ?? "")?.deadLetterTargetArn;
    const known = typeof arn === "string" ? deployment.identified("queue", arn) : undefined;
    return policy.hidden ? deployment.targets(subscription, policy, "queue").found : known ? [known] : [];
  });
  return new Set([
    ...redrives.flatMap(({ deadLetters, source }) => (deadLetters && deadLetters !== source ? [deadLetters] : [])),
    ...ofSubscriptions,
  ]);
}

export interface Consumer {
  readonly mapping: Resource<"eventSource">;
  readonly queue: Resource<"queue"> | undefined;
  readonly lambda: Resource<"lambda"> | undefined;
  readonly unproved: string | undefined;
}

/** Event source mappings of queues; those of other sources are left out where that can be told. */
export function consumersOf(deployment: Deployment): readonly Consumer[] {
  return deployment.all("eventSource").flatMap((mapping): Consumer[] => {
    const source = deployment.targets(mapping, mapping.at("eventSourceArn"), "queue");
    const functions = deployment.targets(mapping, mapping.at("functionName"), "lambda");
    const ofQueue = source.found.length > 0 || source.unproved !== undefined || source.external.some((arn) => arn.split(":")[2] === "sqs");
    return ofQueue
      ? [{ mapping, queue: source.found[0], lambda: functions.found[0], unproved: source.unproved ?? functions.unproved }]
      : [];
  });
}
