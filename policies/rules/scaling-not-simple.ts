import { expect } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";

export const scalingNotSimple = defineRule({
  id: "scaling-not-simple",
  title: "Groups scale by steps or by target tracking, not by simple policies.",
  why: "A simple policy waits for its cooldown before it answers the next alarm, however high the load has risen meanwhile.",
  severity: "low",
  level: "advisory",
  controls: [],
  remediation: "Set policyType to StepScaling with steps, or to TargetTrackingScaling.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scaling-cooldowns.html",
  resources: {
    policy: (policy) =>
      expect(
        policy.at("policyType"),
        (type) => !type.missing && type.text() !== "SimpleScaling",
        'set it to "StepScaling" or "TargetTrackingScaling"',
      ),
  },
});
