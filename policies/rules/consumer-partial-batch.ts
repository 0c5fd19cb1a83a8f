import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import type { Resource } from "../model/resource.ts";

const report = "ReportBatchItemFailures";
const defaultBatchSize = 10;

/** Undefined when the source is not known yet. */
function readsQueue(mapping: Resource<"eventSource">): boolean | undefined {
  const arn = mapping.at("eventSourceArn");
  return arn.hidden ? undefined : arn.text()?.split(":")[2] === "sqs";
}

const reports = (mapping: Resource<"eventSource">) => mapping.at("functionResponseTypes").texts().includes(report);

export const consumerPartialBatch = defineRule({
  id: "consumer-partial-batch",
  title: "A function that takes several messages at once says which of them failed.",
  why: "Otherwise one bad message brings the whole batch back, and those that were done are done again.",
  severity: "medium",
  level: "advisory",
  controls: ["powertools:batch"],
  remediation: "Add ReportBatchItemFailures to functionResponseTypes and return batchItemFailures, or set batchSize to 1.",
  url: "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",
  resources: {
    *eventSource(mapping): Checking {
      const [types, size] = [mapping.at("functionResponseTypes"), mapping.at("batchSize")];
      if (readsQueue(mapping) === false || reports(mapping) || size.number() === 1) return;
      const open = types.firstHidden();
      if (open) yield hidden(open);
      else if (size.hidden) yield hidden(size);
      else if (readsQueue(mapping) === undefined) yield hidden(mapping.at("eventSourceArn"));
      else
        yield violation(
          `functionResponseTypes lacks ${report}, and batchSize is ${size.number() ?? defaultBatchSize}${size.missing ? " by default" : ""}; add it, or take one message at a time`,
        );
    },
  },
  repairs: {
    eventSource: (mapping) => {
      const types = mapping.at("functionResponseTypes");
      const needed = readsQueue(mapping) === true && !reports(mapping) && !types.firstHidden() && mapping.at("batchSize").number() !== 1;
      return needed ? [{ path: ["functionResponseTypes"], value: [...types.texts(), report] }] : [];
    },
  },
});
