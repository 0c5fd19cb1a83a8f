import { choice } from "../core/config.ts";
import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { parseRedrive } from "../facts/delivery.ts";

/** Protocols for which SNS keeps what it cannot deliver. */
const firstParty = new Set(["sqs", "lambda", "http", "https", "firehose"]);

export const subscriptionDlq = defineRule({
  id: "subscription-dlq",
  title: "What a subscription cannot deliver goes to a dead-letter queue.",
  why: "SNS gives a message up after its last try, for instance while a queue's policy is wrong, and says so nowhere.",
  severity: "medium",
  level: "advisory",
  controls: ["cdk-nag:SNSRedrivePolicy"],
  remediation: "Set redrivePolicy with the ARN of a dead-letter queue.",
  url: "https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html",
  options: {
    rawMessageDelivery: choice(
      "Whether messages reach a queue as they were published (`raw`), in SNS's envelope (`envelope`), or as the program says (`any`); the consumer must expect the same.",
      ["any", "raw", "envelope"],
      "any",
    ),
  },
  resources: {
    *subscription(subscription, { config }): Checking {
      const [protocol, redrive, raw] = [
        subscription.at("protocol"),
        subscription.at("redrivePolicy"),
        subscription.at("rawMessageDelivery"),
      ];
      if (protocol.hidden) return yield hidden(protocol);
      if (!firstParty.has(protocol.text() ?? "")) return;
      // With the stack, a value that is not known yet can be told from its dependencies.
      if (!redrive.hidden && typeof parseRedrive(redrive.text() ?? "")?.deadLetterTargetArn !== "string")
        yield violation(`${redrive.path} names no dead-letter queue; set deadLetterTargetArn in it`);
      if (config.rawMessageDelivery === "any" || protocol.text() !== "sqs") return;
      const wanted = config.rawMessageDelivery === "raw";
      if (raw.hidden) yield hidden(raw);
      else if ((raw.flag() ?? false) !== wanted) yield violation(`${raw.describe()}; the consumer expects ${wanted}`);
    },
  },
  needs: "subscription",
  *stack(deployment) {
    for (const subscription of deployment.all("subscription")) {
      const redrive = subscription.at("redrivePolicy");
      if (redrive.hidden && deployment.targets(subscription, redrive, "queue").found.length === 0) yield hidden(redrive, subscription);
    }
  },
});
