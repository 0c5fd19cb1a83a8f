import { hidden, unproved, violation, type Finding } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { directionsOf, policiesOf, type Direction } from "../facts/scaling.ts";

const words: Readonly<Record<Direction, string>> = { out: "adds instances", in: "removes instances" };

export const scalingOutAndInExist = defineRule({
  id: "scaling-out-and-in-exist",
  title: "A group that scales can grow and shrink.",
  why: "A group that only grows costs its peak for ever; one that only shrinks ends at its minimum.",
  severity: "medium",
  level: "mandatory",
  controls: [],
  remediation: "Add the policy and alarm for the other direction, or use target tracking.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/scale-your-group.html",
  needs: "policy",
  *stack(deployment) {
    for (const [group, { policies, unproved: why }] of deployment.once(policiesOf)) {
      if (policies.length === 0) continue;
      const directions = policies.map(directionsOf);
      const present = new Set(directions.flatMap((one) => [...(one ?? [])]));
      const open = policies[directions.indexOf(undefined)];
      for (const direction of ["out", "in"] as const) {
        if (present.has(direction)) continue;
        let found: Finding = violation(`${group.label} has no policy that ${words[direction]}; add one`, group);
        if (why !== undefined) found = unproved(why, group);
        else if (open) found = hidden(open.props.firstHidden() ?? open.at("policyType"), group);
        yield found;
      }
    }
  },
});
