import { list, object, same } from "../codec.ts";
import type { Codec } from "../codec.ts";
import type { Context } from "../context.ts";
import { byInput } from "../definition.ts";
import type { Definition } from "../definition.ts";
import type { CheckFailure } from "../../protocol/provider.ts";
import type { Properties } from "../../protocol/values.ts";
import { unlessNotFound } from "./find-group.ts";

/** Bounds are text, so that none stays distinct from 0. */
const bound: Codec = { encode: (value) => Number(value), decode: (wire) => String(wire) };

const metricStat = (withPeriod: boolean) =>
  object({
    metric: object({ dimensions: list(object(same("name", "value"))), metricName: true, namespace: true }),
    stat: true,
    unit: true,
    ...(withPeriod ? { period: true as const } : {}),
  });
const queries = (withPeriod: boolean) =>
  list(object({ ...same("expression", "id", "label", "returnData"), metricStat: metricStat(withPeriod) }));

const customized = object({
  metricDimensions: ["Dimensions", list(object(same("name", "value")))],
  metrics: queries(true),
  ...same("metricName", "namespace", "period", "statistic", "unit"),
});
const predefined = object(same("predefinedMetricType", "resourceLabel"));
const customizedQueries = object({ metricDataQueries: queries(false) });

const predictive = object({
  maxCapacityBreachBehavior: true,
  maxCapacityBuffer: bound,
  mode: true,
  schedulingBufferTime: bound,
  metricSpecification: [
    "MetricSpecifications",
    {
      encode: (value) => [predictiveMetric.encode(value)],
      decode: (wire) => predictiveMetric.decode((wire as unknown[])[0]),
    },
  ],
});
const predictiveMetric = object({
  customizedCapacityMetricSpecification: customizedQueries,
  customizedLoadMetricSpecification: customizedQueries,
  customizedScalingMetricSpecification: customizedQueries,
  predefinedLoadMetricSpecification: predefined,
  predefinedMetricPairSpecification: predefined,
  predefinedScalingMetricSpecification: predefined,
  targetValue: true,
});

const parameters = object({
  ...same("adjustmentType", "cooldown", "enabled", "estimatedInstanceWarmup", "metricAggregationType", "minAdjustmentMagnitude"),
  autoscalingGroupName: "AutoScalingGroupName",
  name: "PolicyName",
  policyType: true,
  predictiveScalingConfiguration: predictive,
  scalingAdjustment: true,
  stepAdjustments: list(object({ metricIntervalLowerBound: bound, metricIntervalUpperBound: bound, scalingAdjustment: true })),
  targetTrackingConfiguration: object({
    customizedMetricSpecification: customized,
    disableScaleIn: true,
    predefinedMetricSpecification: predefined,
    targetValue: true,
  }),
});

/** Which properties belong to which type of policy; another type refuses them. */
const only: Readonly<Record<string, readonly string[]>> = {
  cooldown: ["SimpleScaling"],
  scalingAdjustment: ["SimpleScaling"],
  stepAdjustments: ["StepScaling"],
  metricAggregationType: ["StepScaling"],
  estimatedInstanceWarmup: ["StepScaling", "TargetTrackingScaling"],
  targetTrackingConfiguration: ["TargetTrackingScaling"],
  predictiveScalingConfiguration: ["PredictiveScaling"],
};
const needed: Readonly<Record<string, readonly string[]>> = {
  SimpleScaling: ["adjustmentType", "scalingAdjustment"],
  StepScaling: ["adjustmentType", "stepAdjustments"],
  TargetTrackingScaling: ["targetTrackingConfiguration"],
  PredictiveScaling: ["predictiveScalingConfiguration"],
};

function validate(inputs: Properties): CheckFailure[] {
  const type = inputs["policyType"] as string;
  const required = needed[type];
  if (required === undefined)
    return [{ property: "policyType", reason: `policyType is ${JSON.stringify(type)}; allowed are ${Object.keys(needed).join(", ")}` }];
  const absent = required.filter((key) => inputs[key] === undefined);
  const foreign = Object.keys(only).filter((key) => inputs[key] !== undefined && !only[key]?.includes(type));
  return [
    ...absent.map((property) => ({ property, reason: `${property} is missing; a policy of type ${type} needs it` })),
    ...foreign.map((property) => ({
      property,
      reason: `${property} is for policies of type ${only[property]?.join(" or ") ?? ""}, not ${type}`,
    })),
  ];
}

async function put(inputs: Properties, context: Context): Promise<void> {
  await context.aws("autoscaling", "PutScalingPolicy", parameters.encode(inputs));
}

export const definition: Definition = {
  token: "aws:autoscaling/policy:Policy",
  naming: { maxLength: 255 },
  defaults: { enabled: true, policyType: "SimpleScaling" },
  nestedDefaults: {
    predictiveScalingConfiguration: { maxCapacityBreachBehavior: "HonorMaxCapacity", mode: "ForecastOnly" },
    "targetTrackingConfiguration.customizedMetricSpecification.metrics": { returnData: true },
    targetTrackingConfiguration: { disableScaleIn: false },
  },
  sets: ["stepAdjustments", "targetTrackingConfiguration.customizedMetricSpecification.metrics"],
  validate,
  preview: (inputs) => ({ metricAggregationType: inputs["policyType"] === "StepScaling" ? "Average" : "" }),
  async create(inputs, context) {
    await put(inputs, context);
    return inputs["name"] as string;
  },
  find: byInput("name"),
  async read(id, state, context) {
    const AutoScalingGroupName = state["autoscalingGroupName"];
    const page = await unlessNotFound(context.aws("autoscaling", "DescribePolicies", { AutoScalingGroupName, PolicyNames: [id] }));
    const policy = page?.ScalingPolicies?.[0];
    if (policy === undefined) return undefined;
    return {
      ...parameters.decodeAll(policy),
      metricAggregationType: policy.MetricAggregationType ?? "",
      arn: policy.PolicyARN,
    };
  },
  async update({ news }, context) {
    await put(news, context);
  },
  async delete(id, state, context) {
    const AutoScalingGroupName = state["autoscalingGroupName"];
    await unlessNotFound(context.aws("autoscaling", "DeletePolicy", { AutoScalingGroupName, PolicyName: id }));
  },
};
