import { hidden, unproved, violation, type Finding } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { deadLetterQueuesOf, redrivesOf } from "../facts/delivery.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Resource } from "../model/resource.ts";

const visibleMessages = "ApproximateNumberOfMessagesVisible";

/** Whether an alarm watches the queue's visible messages, or why that cannot be told. */
function watched(deployment: Deployment, queue: Resource<"queue">): true | Finding | undefined {
  let open: Finding | undefined;
  for (const alarm of deployment.all("alarm")) {
    const metric = alarm.at("metricName");
    if (metric.known && metric.text() !== visibleMessages) continue;
    if (metric.missing) continue; // computed from others
    const targets = deployment.targets(alarm, alarm.at("dimensions").at("QueueName"), "queue");
    if (targets.found.includes(queue) && metric.known) return true;
    if (targets.found.includes(queue)) open ??= hidden(metric, queue);
    else if (targets.unproved !== undefined) open ??= unproved(targets.unproved, queue);
    // A queue's name may not be known yet while the dimension already holds it.
    else if (targets.external.length > 0 && queue.at("name").hidden) open ??= hidden(queue.at("name"), queue);
  }
  return open;
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
  *stack(deployment) {
    const { unproved: why } = deployment.once(redrivesOf);
    if (why !== undefined) yield unproved(why);
    for (const { deadLetters, source, unproved: open } of deployment.once(redrivesOf).redrives) {
      if (!deadLetters && open !== undefined) yield unproved(open, source);
    }
    for (const queue of deployment.once(deadLetterQueuesOf)) {
      const answer = watched(deployment, queue);
      if (answer !== true) yield answer ?? violation(`no alarm watches ${visibleMessages} of ${queue.label}; add one`, queue);
    }
  },
});
