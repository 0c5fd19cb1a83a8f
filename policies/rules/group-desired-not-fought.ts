import { hidden, unproved, violation } from "../core/finding.ts";
import { defineRule, remembered } from "../core/rule.ts";
import { policiesOf } from "../facts/scaling.ts";

export const groupDesiredNotFought = defineRule({
  id: "group-desired-not-fought",
  title: "The program does not set the desired capacity of a group that scaling policies size.",
  why: "Every deployment would set the group back to the written number, in the middle of a peak too.",
  severity: "high",
  level: "mandatory",
  controls: [],
  remediation: 'Leave desiredCapacity out, or add ignoreChanges: ["desiredCapacity"] to the group.',
  url: "https://www.pulumi.com/docs/iac/concepts/options/ignorechanges/",
  resources: { group: remembered },
  needs: "group",
  *stack(deployment, { argumentsOf }) {
    for (const [group, { policies, unproved: why }] of deployment.once(policiesOf)) {
      // Outputs always hold a desired capacity; only the arguments tell whether it was asked for.
      const desired = (argumentsOf(group.urn)?.as("group") ?? group).at("desiredCapacity");
      if (desired.missing || group.ignoreChanges.includes("desiredCapacity")) continue;
      if (policies.length === 0) {
        if (why !== undefined) yield unproved(why, group);
      } else if (desired.hidden) yield hidden(desired, group);
      else
        yield violation(
          `${desired.describe()}, but ${policies.map((one) => one.label).join(" and ")} set it too; leave it out, or ignore its changes`,
          group,
        );
    }
  },
});
