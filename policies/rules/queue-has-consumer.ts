import { texts } from "../core/config.ts";
import { hidden, unproved, violation, type Finding } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { consumersOf, deadLetterQueuesOf, deliveriesOf, redrivesOf } from "../facts/delivery.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Resource } from "../model/resource.ts";

/** Whether something reads the queue, or why that cannot be told. */
function consumed(deployment: Deployment, queue: Resource<"queue">): true | Finding | undefined {
  let open: Finding | undefined;
  for (const { mapping, queue: source, unproved: why } of deployment.once(consumersOf)) {
    const enabled = mapping.at("enabled");
    if (source === queue && enabled.hidden) open ??= hidden(enabled, queue);
    else if (source === queue && enabled.flag() !== false) return true;
    else if (!source && why !== undefined) open ??= unproved(why, queue);
  }
  return open;
}

export const queueHasConsumer = defineRule({
  id: "queue-has-consumer",
  title: "Every queue that gets notices has a consumer.",
  why: "A queue that nobody reads fills for 14 days and then forgets, oldest first.",
  severity: "high",
  level: "mandatory",
  controls: [],
  remediation: "Add an enabled event source mapping, or declare the worker that reads the queue in `workers`.",
  url: "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
  options: {
    workers: texts("Names of queue resources, or of their parents, that a worker outside of this stack reads."),
  },
  *stack(deployment, { config }) {
    const deadLetters = deployment.once(deadLetterQueuesOf);
    const open = deployment.once(redrivesOf).redrives.find((one) => !one.deadLetters && one.unproved !== undefined);
    const subscribed = deployment.once(deliveriesOf);
    for (const queue of deployment.all("queue")) {
      const declared = deployment.lineage(queue).some((one) => config.workers.includes(one.name));
      if (declared || deadLetters.has(queue)) continue;
      const answer = consumed(deployment, queue);
      if (answer === true) continue;
      const notified = subscribed.some((one) => one.queue === queue);
      if (answer) yield answer;
      // It may turn out to be a queue of dead letters.
      else if (!notified && open?.unproved !== undefined) yield unproved(open.unproved, queue);
      else
        yield violation(`${queue.label} has no consumer; map it to a function, or declare its worker in queue-has-consumer.workers`, queue);
    }
  },
});
