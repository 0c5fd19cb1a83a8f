import { checkStepPolicy } from "../../scaling/checks/steps.ts";
import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { typeOf } from "../facts/scaling.ts";
import { stepPolicy } from "../facts/step-policy.ts";
import { Value } from "../model/value.ts";

export const scalingStepsWellformed = defineRule({
  id: "scaling-steps-wellformed",
  title: "The steps of a policy meet without gap or overlap, move one way, and use percentages with a least change.",
  why: "AWS refuses some of these policies in the middle of a deployment, and takes others that do nothing for part of the metric's range.",
  severity: "high",
  level: "mandatory",
  controls: [],
  remediation: "Let each step begin where the one before it ends, the outermost without a bound, all with the same sign.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html",
  resources: {
    *policy(policy): Checking {
      const type = policy.at("policyType");
      if (type.hidden) yield hidden(type);
      if (typeOf(policy) !== "StepScaling") return;
      const arithmetic = stepPolicy(policy);
      if (arithmetic instanceof Value) return yield hidden(arithmetic);
      const { adjustmentType, minAdjustmentMagnitude, steps } = arithmetic;
      for (const { message } of checkStepPolicy({ adjustmentType, minAdjustmentMagnitude, stepAdjustments: steps }))
        yield violation(message);
      const signs = new Set(steps.map((step) => Math.sign(step.scalingAdjustment)).filter((sign) => sign !== 0));
      if (signs.size > 1 && adjustmentType !== "ExactCapacity")
        yield violation("stepAdjustments add and remove instances; make a policy for each direction");
      if (adjustmentType === "PercentChangeInCapacity" && minAdjustmentMagnitude === undefined)
        yield violation("minAdjustmentMagnitude is not set; without it a small group moves by a single instance, whatever the percentage");
    },
  },
});
