import { texts } from "../core/config.ts";
import { hidden, unproved, violation, type Finding } from "../core/finding.ts";
import { defineRule, remembered, type Context } from "../core/rule.ts";
import { consumersOf, deadLetterQueuesOf, deliveriesOf, redrivesOf } from "../facts/delivery.ts";
import { fleetOf } from "../facts/boot.ts";
import type { Deployment, Targets } from "../model/deployment.ts";
import type { Resource } from "../model/resource.ts";

interface Consumed {
  readonly queues: ReadonlyMap<Resource<"queue">, true | Finding>;
  /** Why any queue may be read. */
  readonly open: string | undefined;
}

function consumedBy(deployment: Deployment): Consumed {
  const queues = new Map<Resource<"queue">, true | Finding>();
  let open: string | undefined;
  for (const { mapping, queue, unproved: why } of deployment.once(consumersOf)) {
    const enabled = mapping.at("enabled");
    if (!queue) open ??= why;
    else if (enabled.flag() !== false && queues.get(queue) !== true) queues.set(queue, enabled.hidden ? hidden(enabled, queue) : true);
  }
  return { queues, open };
}

/** Whether something reads the queue, or why that cannot be told. */
function consumed({ queues, open }: Consumed, queue: Resource<"queue">): true | Finding | undefined {
  return queues.get(queue) ?? (open === undefined ? undefined : unproved(open, queue));
}

/** The groups whose notices go to each topic. */
function publishersOf(deployment: Deployment): ReadonlyMap<Resource<"topic">, readonly Targets<"group">[]> {
  const publishers = new Map<Resource<"topic">, Targets<"group">[]>();
  for (const notification of deployment.all("notification")) {
    for (const topic of deployment.targets(notification, notification.at("topicArn"), "topic").found) {
      publishers.set(topic, [...(publishers.get(topic) ?? []), deployment.targets(notification, notification.at("groupNames"), "group")]);
    }
  }
  return publishers;
}

/** Ways of provisioning that leave no node on a Chef server. */
const withoutChefServer = new Set(["none", "chef-solo", "managed-node"]);

/**
 * Whether all that the queue hears of are fleets that register their nodes nowhere, so that there is nothing to remove
 * and its messages may expire.
 */
function nothingToRemove(deployment: Deployment, queue: Resource<"queue">, context: Pick<Context, "argumentsOf">): boolean | Finding {
  const deliveries = deployment.once(deliveriesOf).filter((one) => one.queue === queue);
  const topics = deliveries.flatMap(({ topic }) => topic ?? []);
  const groups = topics.flatMap((topic) => deployment.once(publishersOf).get(topic) ?? []);
  if (groups.length === 0 || groups.some(({ external }) => external.length > 0)) return false;
  const provisioning = groups.flatMap(({ found }) => found.map((group) => fleetOf(deployment.lineage(group), context)?.at("provisioning")));
  if (!provisioning.every((one) => one?.hidden === true || withoutChefServer.has(one?.text() ?? ""))) return false;
  const [open] = [...deliveries, ...groups].flatMap(({ unproved: why }) => why ?? []);
  const hiddenOne = provisioning.find((one) => one?.hidden);
  if (hiddenOne) return hidden(hiddenOne, queue);
  return open === undefined ? true : unproved(open, queue);
}

export const queueHasConsumer = defineRule({
  id: "queue-has-consumer",
  title: "Every queue has a consumer, unless it only hears of fleets that register their nodes nowhere.",
  why: "A queue that nobody reads fills for 14 days and then forgets, oldest first.",
  severity: "high",
  level: "mandatory",
  controls: [],
  remediation: "Add an enabled event source mapping, or declare the worker that reads the queue in `workers`.",
  url: "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
  options: {
    workers: texts("Names of queue resources, or of their parents, that a worker outside of this stack reads."),
  },
  resources: { fleet: remembered },
  needs: "queue",
  *stack(deployment, context) {
    const { config } = context;
    const deadLetters = deployment.once(deadLetterQueuesOf);
    const open = deployment.once(redrivesOf).redrives.find((one) => !one.deadLetters && one.unproved !== undefined);
    const subscribed = deployment.once(deliveriesOf);
    for (const queue of deployment.all("queue")) {
      const declared = deployment.lineage(queue).some((one) => config.workers.includes(one.name));
      if (declared || deadLetters.has(queue)) continue;
      const answer = consumed(deployment.once(consumedBy), queue);
      if (answer === true) continue;
      const needless = answer ?? nothingToRemove(deployment, queue, context);
      if (needless === true) continue;
      const notified = subscribed.some((one) => one.queue === queue);
      if (needless !== false) yield needless;
      // It may turn out to be a queue of dead letters.
      else if (!notified && open?.unproved !== undefined) yield unproved(open.unproved, queue);
      else
        yield violation(`${queue.label} has no consumer; map it to a function, or declare its worker in queue-has-consumer.workers`, queue);
    }
  },
});
