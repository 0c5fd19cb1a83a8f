/** A step or simple policy as the arithmetic of `scaling/` takes it. */
import type { StepPolicyArithmetic } from "../../scaling/adjustment.ts";
import { adjustmentTypes, type AdjustmentType, type StepAdjustment } from "../../scaling/types/common.ts";
import type { Resource } from "../model/resource.ts";
import type { Value } from "../model/value.ts";
import { typeOf } from "./scaling.ts";

/** The policy, or the value that cannot be read. */
export function stepPolicy(policy: Resource<"policy">): StepPolicyArithmetic | Value {
  const [adjustmentType, magnitude] = [policy.at("adjustmentType"), policy.at("minAdjustmentMagnitude")];
  const steps = typeOf(policy) === "StepScaling" ? policy.at("stepAdjustments") : policy.at("scalingAdjustment");
  const open = adjustmentType.firstHidden() ?? magnitude.firstHidden() ?? steps.firstHidden();
  if (open) return open;
  const type = adjustmentTypes.find((one) => one === adjustmentType.text()) ?? ("ChangeInCapacity" satisfies AdjustmentType);
  return {
    adjustmentType: type,
    minAdjustmentMagnitude: magnitude.number(),
    steps:
      typeOf(policy) === "StepScaling"
        ? policy.at("stepAdjustments").items().map(step)
        : [{ scalingAdjustment: policy.at("scalingAdjustment").number() ?? 0 }],
  };
}

function step(value: Value): StepAdjustment {
  const one = value as Value<Record<string, unknown>>;
  const [lower, upper] = [one.at("metricIntervalLowerBound").number(), one.at("metricIntervalUpperBound").number()];
  return {
    ...(lower === undefined ? {} : { metricIntervalLowerBound: lower }),
    ...(upper === undefined ? {} : { metricIntervalUpperBound: upper }),
    scalingAdjustment: one.at("scalingAdjustment").number() ?? 0,
  };
}
