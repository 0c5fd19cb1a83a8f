import { texts } from "../core/config.ts";
import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { typeTokens } from "../../contract/type-tokens.ts";
import type { AnyResource } from "../model/resource.ts";

const rolledOutElsewhere = (group: AnyResource) => group.ignoreChanges.includes("launchTemplate");

export const groupReplacesOnNewImage = defineRule({
  id: "group-replaces-on-new-image",
  title: "A new image or template version reaches the instances that already run.",
  why: "Without a refresh a group keeps its old instances for months, and the new image is first tried at the next peak.",
  severity: "medium",
  level: "advisory",
  controls: [],
  remediation:
    'Add instanceRefresh to the group, or roll out with a resource listed in the option `rollouts` and ignoreChanges: ["launchTemplate"].',
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html",
  options: { rollouts: texts("Type tokens of resources that roll out new versions by themselves.", [typeTokens.rollout]) },
  resources: {
    *group(group): Checking {
      const refresh = group.at("instanceRefresh");
      if (rolledOutElsewhere(group)) return; // judged with the stack
      if (refresh.hidden) yield hidden(refresh);
      else if (refresh.missing) yield violation(`${refresh.path} is not set; a new image would reach new instances only`);
    },
  },
  needs: "group",
  *stack(deployment, { config }) {
    const present = deployment.resources.some(({ facts }) => config.rollouts.includes(facts.type));
    for (const group of deployment.all("group")) {
      if (!rolledOutElsewhere(group) || present || !group.at("instanceRefresh").missing) continue;
      yield violation(
        `changes of launchTemplate are ignored, and the stack has no ${config.rollouts.join(" or ")} that brings them to the instances`,
        group,
      );
    }
  },
  repairs: {
    group: (group) =>
      rolledOutElsewhere(group) || !group.at("instanceRefresh").missing
        ? []
        : [{ path: ["instanceRefresh"], value: { strategy: "Rolling" } }],
  },
});
