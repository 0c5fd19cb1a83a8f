import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { ScalingOutput, StepPolicyOutput, TargetPolicyOutput } from "../contract/fleets-output.ts";
import type {
  ScalingDirection,
  ScalingPolicies,
  ScalingStep,
  StepScaling,
  TargetMetric,
  TargetTracking,
} from "../contract/scaling-policies.ts";
import { fitName } from "../contract/naming.ts";
import { typeTokens } from "../contract/type-tokens.ts";
import { checkPolicies } from "../scaling/checks/policies.ts";
import type { Tags } from "./tags.ts";

export interface ScalingAlarmsArgs extends ScalingPolicies {
  readonly groupName: pulumi.Input<string>;
  readonly size: { readonly min: number; readonly max: number };
  /** Seconds that a new instance's metrics are left out, the group's default warm-up. */
  readonly warmupSeconds: number;
  readonly tags: Tags;
}

type PolicyOutput = StepPolicyOutput | TargetPolicyOutput;

/** Scaling policies of one group, each step policy with the alarm that triggers it. Stands after the group. */
export class ScalingAlarms extends pulumi.ComponentResource {
  /** What the policies are, for operators and the simulator. */
  readonly scaling: pulumi.Output<ScalingOutput>;

  constructor(name: string, args: ScalingAlarmsArgs, opts?: pulumi.ComponentResourceOptions) {
    super(typeTokens.scalingAlarms, name, args, opts);
    refuseFaults(name, args, this);
    const policies: pulumi.Output<PolicyOutput>[] = [
      ...(args.up ? [createStepScaling(name, "up", args.up, args, this)] : []),
      ...(args.down ? [createStepScaling(name, "down", args.down, args, this)] : []),
      ...args.targets.map((target) => createTargetTracking(name, target, args, this)),
    ];
    this.scaling = pulumi.all(policies).apply((all): ScalingOutput => ({ policies: all }));
    this.registerOutputs({ scaling: this.scaling });
  }
}

function refuseFaults(name: string, args: ScalingAlarmsArgs, parent: ScalingAlarms): void {
  const faults = checkPolicies(args);
  if (faults.length === 0) return;
  throw new pulumi.ResourceError(`Scaling ${name} cannot be built:\n${faults.map((one) => `- ${one.message}`).join("\n")}`, parent, true);
}

const comparison = { up: "GreaterThanOrEqualToThreshold", down: "LessThanOrEqualToThreshold" } as const;

/** How the policy itself aggregates the metric to find its step; it knows three ways. */
const aggregation = { Average: "Average", Minimum: "Minimum", Maximum: "Maximum", Sum: "Average", SampleCount: "Average" } as const;

function createStepScaling(
  name: string,
  direction: ScalingDirection,
  step: StepScaling,
  args: ScalingAlarmsArgs,
  parent: pulumi.Resource,
): pulumi.Output<StepPolicyOutput> {
  const policy = new aws.autoscaling.Policy(
    fitName(`${name}-${direction}`, "scalingPolicy"),
    {
      autoscalingGroupName: args.groupName,
      policyType: "StepScaling",
      adjustmentType: step.adjustmentType,
      metricAggregationType: aggregation[step.metric.statistic],
      stepAdjustments: step.steps.map(stepAdjustment),
      ...(step.minAdjustmentMagnitude === undefined ? {} : { minAdjustmentMagnitude: step.minAdjustmentMagnitude }),
    },
    { parent },
  );
  const alarm = createAlarm(name, direction, step, args, policy, parent);
  return pulumi.all([policy.arn, alarm.name]).apply(([policyArn, alarmName]) => stepOutput(direction, step, policyArn, alarmName));
}

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
  direction: ScalingDirection,
  step: StepScaling,
  args: ScalingAlarmsArgs,
  policy: aws.autoscaling.Policy,
  parent: pulumi.Resource,
): aws.cloudwatch.MetricAlarm {
  return new aws.cloudwatch.MetricAlarm(
    fitName(`${name}-${direction}-alarm`, "alarm"),
    {
      alarmDescription: `Scales ${direction}: ${step.metric.name} (${step.metric.statistic}) ${direction === "up" ? ">=" : "<="} ${step.threshold}`,
      namespace: step.metric.namespace,
      metricName: step.metric.name,
      statistic: step.metric.statistic,
      dimensions: step.metric.dimensions ?? { AutoScalingGroupName: args.groupName },
      comparisonOperator: comparison[direction],
      threshold: step.threshold,
      period: step.periodSeconds,
      evaluationPeriods: step.evaluationPeriods,
      datapointsToAlarm: step.datapointsToAlarm,
      treatMissingData: step.missingData,
      alarmActions: [policy.arn],
      tags: args.tags,
    },
    { parent },
  );
}

function stepOutput(direction: ScalingDirection, step: StepScaling, policyArn: string, alarmName: string): StepPolicyOutput {
  return { kind: "step", direction, policyArn, alarmName, ...step };
}

function createTargetTracking(
  name: string,
  tracking: TargetTracking,
  args: ScalingAlarmsArgs,
  parent: pulumi.Resource,
): pulumi.Output<TargetPolicyOutput> {
  const policy = new aws.autoscaling.Policy(
    fitName(`${name}-${tracking.name}`, "scalingPolicy"),
    {
      autoscalingGroupName: args.groupName,
      policyType: "TargetTrackingScaling",
      targetTrackingConfiguration: {
        targetValue: tracking.target,
        disableScaleIn: !tracking.scaleIn,
        ...targetMetric(tracking.metric, args.groupName),
      },
    },
    { parent },
  );
  return policy.arn.apply((policyArn): TargetPolicyOutput => ({ kind: "target", policyArn, ...tracking }));
}

type MetricSpecification = Pick<
  aws.types.input.autoscaling.PolicyTargetTrackingConfiguration,
  "predefinedMetricSpecification" | "customizedMetricSpecification"
>;

function targetMetric(metric: TargetMetric, groupName: pulumi.Input<string>): MetricSpecification {
  if ("predefined" in metric) {
    const label = metric.resourceLabel === undefined ? {} : { resourceLabel: metric.resourceLabel };
    return { predefinedMetricSpecification: { predefinedMetricType: metric.predefined, ...label } };
  }
  const { namespace, name, statistic, dimensions } = metric.custom;
  const metricDimensions = Object.entries(dimensions ?? { AutoScalingGroupName: groupName }).map(([key, value]) => ({ name: key, value }));
  return { customizedMetricSpecification: { namespace, metricName: name, statistic, metricDimensions } };
}
