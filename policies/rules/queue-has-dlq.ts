import { integer } from "../core/config.ts";
import { hidden, unproved, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { deadLetterQueuesOf, redrivesOf, type Redrive } from "../facts/delivery.ts";

/** What SQS keeps a message for when the argument is left out: 4 days. */
const defaultRetentionSeconds = 345_600;

function* judgeTarget({ source, deadLetters, deadLetterArn, unproved: why }: Redrive): Checking {
  if (!deadLetters) {
    if (why !== undefined) yield unproved(why, source);
    else if (deadLetterArn === undefined)
      yield violation("redrivePolicy names no deadLetterTargetArn; name the queue for dead letters", source);
    return; // a queue of another stack
  }
  if (deadLetters === source) return yield violation(`${source.label} is its own dead-letter queue; give it another`, source);
  const [own, theirs] = [source.at("messageRetentionSeconds"), deadLetters.at("messageRetentionSeconds")];
  const open = [own, theirs].find((one) => one.hidden);
  const [seconds, kept] = [own.number() ?? defaultRetentionSeconds, theirs.number() ?? defaultRetentionSeconds];
  if (open) yield hidden(open, source);
  else if (kept < seconds)
    yield violation(
      `${deadLetters.label} keeps messages for ${kept} s, ${source.label} for ${seconds} s, counted from the first sending; keep dead letters at least as long`,
      source,
    );
}

export const queueHasDlq = defineRule({
  id: "queue-has-dlq",
  title: "A queue hands what cannot be worked on to a dead-letter queue, after enough tries and for long enough.",
  why: "A message that always fails is tried until it expires, in front of all others, and is then gone.",
  severity: "high",
  level: "mandatory",
  controls: ["cdk-nag:SQS3", "cdk-nag:SQSRedrivePolicy", "steampipe:sqs_queue_dead_letter_queue_configured"],
  remediation: "Set redrivePolicy with deadLetterTargetArn and maxReceiveCount.",
  url: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html",
  options: {
    receives: integer("The least maxReceiveCount: fewer tries turn a short outage of the consumer into dead letters.", 5, {
      minimum: 1,
      maximum: 1000,
    }),
  },
  needs: "queue",
  *stack(deployment, { config }) {
    const { redrives, unproved: why } = deployment.once(redrivesOf);
    const deadLetters = deployment.once(deadLetterQueuesOf);
    for (const queue of deployment.all("queue")) {
      const own = redrives.filter(({ source }) => source === queue);
      for (const redrive of own) {
        yield* judgeTarget(redrive);
        const { maxReceiveCount, unproved: open } = redrive;
        if (open !== undefined) yield unproved(open, queue);
        else if ((maxReceiveCount ?? 0) < config.receives)
          yield violation(`maxReceiveCount is ${maxReceiveCount ?? "not set"}; allowed is ${config.receives} or more`, queue);
      }
      if (own.length > 0 || deadLetters.has(queue)) continue;
      yield why === undefined ? violation(`${queue.label} has no redrivePolicy; give it a dead-letter queue`, queue) : unproved(why, queue);
    }
  },
});
