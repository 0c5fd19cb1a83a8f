import { hidden, unproved, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { consumersOf, type Consumer } from "../facts/delivery.ts";

/** AWS's recommendation: room for the retries of a throttled function. */
const factor = 6;
const defaultVisibilitySeconds = 30;
const defaultTimeoutSeconds = 3;

function* judge({ mapping, queue, lambda, unproved: why }: Consumer): Checking {
  if (!queue || !lambda)
    return yield unproved(why ?? `the ${queue ? "function" : "queue"} of ${mapping.label} is not part of this stack`, mapping);
  const [visibility, timeout, batching] = [
    queue.at("visibilityTimeoutSeconds"),
    lambda.at("timeout"),
    mapping.at("maximumBatchingWindowInSeconds"),
  ];
  const open = [visibility, timeout, batching].find((one) => one.hidden);
  if (open) return yield hidden(open, queue);
  const needed = factor * (timeout.number() ?? defaultTimeoutSeconds) + (batching.number() ?? 0);
  const given = visibility.number() ?? defaultVisibilitySeconds;
  if (given < needed)
    yield violation(
      `visibilityTimeoutSeconds is ${given}${visibility.missing ? " by default" : ""}; allowed is ${needed} or more: ${factor} times the timeout of ${lambda.label} (${timeout.number() ?? defaultTimeoutSeconds} s) and the batching window`,
      queue,
    );
}

export const queueVisibility = defineRule({
  id: "queue-visibility",
  title: "A message stays hidden for as long as its function may work on it, and retry.",
  why: "A message that is visible again too early is worked on twice at once, and reaches the dead letters although it was done.",
  severity: "high",
  level: "mandatory",
  controls: ["cdk-nag:LambdaEventSourceSQSVisibilityTimeout"],
  remediation: "Set visibilityTimeoutSeconds to six times the function's timeout plus the batching window.",
  url: "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
  needs: "eventSource",
  *stack(deployment) {
    for (const consumer of deployment.once(consumersOf)) yield* judge(consumer);
  },
});
