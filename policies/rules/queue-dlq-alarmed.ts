import { hidden, unproved, violation, type Finding } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { deadLetterQueuesOf, redrivesOf } from "../facts/delivery.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Resource } from "../model/resource.ts";

const visibleMessages = "ApproximateNumberOfMessagesVisible";

interface Watched {
  readonly queues: ReadonlyMap<Resource<"queue">, true | Finding>;
  /** Why any queue may be watched. */
  readonly open: string | undefined;
  /** Whether an alarm names a queue that is not found, which may be one whose name is not known yet. */
  readonly unnamed: boolean;
}

/** The queues whose visible messages an alarm watches. */
function watchedBy(deployment: Deployment): Watched {
  const queues = new Map<Resource<"queue">, true | Finding>();
  let open: string | undefined;
  let unnamed = false;
  for (const alarm of deployment.all("alarm")) {
    const metric = alarm.at("metricName");
    if (metric.missing || (metric.known && metric.text() !== visibleMessages)) continue; // computed from others, or another metric
    const targets = deployment.targets(alarm, alarm.at("dimensions").at("QueueName"), "queue");
    for (const queue of targets.found)
      if (metric.known || !queues.has(queue)) queues.set(queue, metric.known ? true : hidden(metric, queue));
    open ??= targets.unproved;
    unnamed ||= targets.external.length > 0;
  }
  return { queues, open, unnamed };
}

/** Whether an alarm watches the queue, or why that cannot be told. */
function watched({ queues, open, unnamed }: Watched, queue: Resource<"queue">): true | Finding | undefined {
  const own = queues.get(queue);
  if (own !== undefined) return own;
  if (open !== undefined) return unproved(open, queue);
  return unnamed && queue.at("name").hidden ? hidden(queue.at("name"), queue) : undefined;
}

export const queueDlqAlarmed = defineRule({
  id: "queue-dlq-alarmed",
  title: "An alarm tells of messages in a dead-letter queue.",
  why: "Dead letters are nodes that nobody removed; without an alarm they expire unseen after 14 days.",
  severity: "medium",
  level: "advisory",
  controls: [],
  remediation: `Add an alarm on ${visibleMessages} of the queue, above 0.`,
  url: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/dead-letter-queues-alarms-cloudwatch.html",
  needs: "queue",
  *stack(deployment) {
    const { unproved: why } = deployment.once(redrivesOf);
    if (why !== undefined) yield unproved(why);
    for (const { deadLetters, source, unproved: open } of deployment.once(redrivesOf).redrives) {
      if (!deadLetters && open !== undefined) yield unproved(open, source);
    }
    for (const queue of deployment.once(deadLetterQueuesOf)) {
      const answer = watched(deployment.once(watchedBy), queue);
      if (answer !== true) yield answer ?? violation(`no alarm watches ${visibleMessages} of ${queue.label}; add one`, queue);
    }
  },
});
