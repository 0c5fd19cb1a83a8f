import { checkSizes } from "../../scaling/checks/sizes.ts";
import { integer, texts } from "../core/config.ts";
import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";

export const groupSizeBounds = defineRule({
  id: "group-size-bounds",
  title: "A group's sizes are in order, capped, and in production never below two.",
  why: "A maximum without a cap is a bill without a cap, and a group that may shrink to one has an outage with each replacement.",
  severity: "high",
  level: "mandatory",
  controls: [],
  remediation: "Set minSize ≤ desiredCapacity ≤ maxSize within the limits of this rule's options.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-capacity-limits.html",
  options: {
    maximum: integer("The largest maxSize that is allowed.", 100, { minimum: 1 }),
    productionMinimum: integer("The smallest minSize in a production stack.", 2, { minimum: 0 }),
    production: texts("Names of the stacks that count as production.", ["production"]),
  },
  resources: {
    *group(group, { config, stack }): Checking {
      const [minSize, maxSize, desiredCapacity] = [group.at("minSize"), group.at("maxSize"), group.at("desiredCapacity")];
      for (const one of [minSize, maxSize, desiredCapacity]) if (one.hidden) yield hidden(one);
      const [min, max, desired] = [minSize.number(), maxSize.number(), desiredCapacity.number()];
      for (const { message } of checkSizes({ minSize: min ?? 0, maxSize: max ?? Infinity, desiredCapacity: desired }))
        if (!message.startsWith("maxSize is Infinity")) yield violation(message);
      if ((max ?? 0) > config.maximum) yield violation(`${maxSize.describe()}; allowed is ${config.maximum} at most`);
      if (stack !== undefined && config.production.includes(stack) && (min ?? Infinity) < config.productionMinimum)
        yield violation(`${minSize.describe()}; in ${stack} at least ${config.productionMinimum} instances stay`);
    },
  },
});
