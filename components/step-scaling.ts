import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { StepPolicyOutput } from "../contract/fleets-output.ts";
import { fitName } from "../contract/naming.ts";
import type { ScalingDirection, ScalingStep, StepScaling } from "../contract/scaling-policies.ts";
import type { Tags } from "./tags.ts";

/** One direction on one metric. */
export interface StepScalingArgs {
  readonly direction: ScalingDirection;
  readonly step: StepScaling;
  /** Name of the metric within the fleet; absent for its first one. */
  readonly of?: string | undefined;
  readonly groupName: pulumi.Input<string>;
  readonly tags: Tags;
}

export interface StepParts {
  readonly alarm: aws.cloudwatch.MetricAlarm;
  readonly output: pulumi.Output<StepPolicyOutput>;
}

const comparison = { up: "GreaterThanOrEqualToThreshold", down: "LessThanOrEqualToThreshold" } as const;

/** How the policy itself aggregates the metric to find its step; it knows three ways. */
const aggregation = { Average: "Average", Minimum: "Minimum", Maximum: "Maximum", Sum: "Average", SampleCount: "Average" } as const;

/** A step or simple policy and the alarm that triggers it. */
export function createStepScaling(name: string, args: StepScalingArgs, parent: pulumi.Resource): StepParts {
  const { direction, step, of } = args;
  const short = of === undefined ? `${name}-${direction}` : `${name}-${of}-${direction}`;
  const policy = new aws.autoscaling.Policy(
    fitName(short, "scalingPolicy"),
    {
      autoscalingGroupName: args.groupName,
      adjustmentType: step.adjustmentType,
      ...(step.simple === undefined ? stepPolicy(step) : simplePolicy(step, step.simple)),
      ...(step.minAdjustmentMagnitude === undefined ? {} : { minAdjustmentMagnitude: step.minAdjustmentMagnitude }),
    },
    { parent },
  );
  const alarm = createAlarm(`${short}-alarm`, args, policy, parent);
  const output = pulumi.all([policy.arn, alarm.name]).apply(([policyArn, alarmName]) => ({
    kind: "step" as const,
    direction,
    ...(of === undefined ? {} : { of }),
    policyArn,
    alarmName,
    ...step,
  }));
  return { alarm, output };
}

const stepPolicy = ({ metric, steps }: StepScaling) => ({
  policyType: "StepScaling",
  metricAggregationType: aggregation[metric.statistic],
  stepAdjustments: steps.map(stepAdjustment),
});

const simplePolicy = ({ steps }: StepScaling, { cooldownSeconds }: NonNullable<StepScaling["simple"]>) => ({
  policyType: "SimpleScaling",
  cooldown: cooldownSeconds,
  scalingAdjustment: steps[0]?.adjustment ?? 0,
});

/** The provider takes bounds as strings, since an absent one means infinity. */
function stepAdjustment({ lower, upper, adjustment }: ScalingStep): aws.types.input.autoscaling.PolicyStepAdjustment {
  return {
    scalingAdjustment: adjustment,
    ...(lower === undefined ? {} : { metricIntervalLowerBound: String(lower) }),
    ...(upper === undefined ? {} : { metricIntervalUpperBound: String(upper) }),
  };
}

function createAlarm(
  name: string,
  { direction, step, groupName, tags }: StepScalingArgs,
  policy: aws.autoscaling.Policy,
  parent: pulumi.Resource,
): aws.cloudwatch.MetricAlarm {
  const { metric } = step;
  return new aws.cloudwatch.MetricAlarm(
    fitName(name, "alarm"),
    {
      alarmDescription: `Scales ${direction}: ${metric.name} (${metric.statistic}) ${direction === "up" ? ">=" : "<="} ${step.threshold}`,
      namespace: metric.namespace,
      metricName: metric.name,
      statistic: metric.statistic,
      dimensions: metric.dimensions ?? { AutoScalingGroupName: groupName },
      comparisonOperator: comparison[direction],
      threshold: step.threshold,
      period: step.periodSeconds,
      evaluationPeriods: step.evaluationPeriods,
      datapointsToAlarm: step.datapointsToAlarm,
      treatMissingData: step.missingData,
      alarmActions: [policy.arn],
      tags,
    },
    { parent },
  );
}
