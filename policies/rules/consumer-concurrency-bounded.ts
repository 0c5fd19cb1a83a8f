import { hidden, unproved, violation } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { consumersOf } from "../facts/delivery.ts";

export const consumerConcurrencyBounded = defineRule({
  id: "consumer-concurrency-bounded",
  title: "The number of a consumer's executions at once is bounded.",
  why: "When a large group goes at once, an unbounded consumer floods the Chef server and takes the account's concurrency from all other functions.",
  severity: "medium",
  level: "advisory",
  controls: ["checkov:CKV_AWS_115", "cdk-nag:LambdaConcurrency", "cfn-nag:LambdaFunctionReservedConcurrentExecutions"],
  remediation: "Set scalingConfig.maximumConcurrency on the mapping, or reservedConcurrentExecutions on the function.",
  url: "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html",
  needs: "eventSource",
  *stack(deployment) {
    for (const { mapping, lambda, unproved: why } of deployment.once(consumersOf)) {
      const most = mapping.at("scalingConfig").at("maximumConcurrency");
      const reserved = lambda?.at("reservedConcurrentExecutions");
      // -1 stands for no reservation.
      if (most.number() !== undefined || (reserved?.number() ?? -1) >= 0) continue;
      if (most.hidden) yield hidden(most, mapping);
      else if (reserved?.hidden === true) yield hidden(reserved, mapping);
      else if (!lambda) yield unproved(why ?? `the function of ${mapping.label} is not part of this stack`, mapping);
      else
        yield violation(
          `${mapping.label} sets no scalingConfig.maximumConcurrency, and its function reserves nothing; set one of them`,
          mapping,
        );
    }
  },
});
