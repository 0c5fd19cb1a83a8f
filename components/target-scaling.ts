import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { TargetPolicyOutput } from "../contract/fleets-output.ts";
import { fitName } from "../contract/naming.ts";
import type { MetricMath, PredictiveScaling, ScalingMetric, TargetMetric, TargetTracking } from "../contract/scaling-policies.ts";

/** A target tracking policy; Auto Scaling makes its alarms. */
export function createTargetTracking(
  name: string,
  tracking: TargetTracking,
  groupName: pulumi.Input<string>,
  parent: pulumi.Resource,
): pulumi.Output<TargetPolicyOutput> {
  const policy = new aws.autoscaling.Policy(
    fitName(`${name}-${tracking.name}`, "scalingPolicy"),
    {
      autoscalingGroupName: groupName,
      policyType: "TargetTrackingScaling",
      targetTrackingConfiguration: {
        targetValue: tracking.target,
        disableScaleIn: !tracking.scaleIn,
        ...targetMetric(tracking.metric, groupName),
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
    return { predefinedMetricSpecification: { predefinedMetricType: metric.predefined, ...labelOf(metric.resourceLabel) } };
  }
  if ("math" in metric) return { customizedMetricSpecification: { metrics: mathQueries(metric.math, groupName) } };
  const { namespace, name, statistic } = metric.custom;
  const metricDimensions = dimensionsOf(metric.custom, groupName);
  return { customizedMetricSpecification: { namespace, metricName: name, statistic, metricDimensions } };
}

const labelOf = (resourceLabel: string | undefined) => (resourceLabel === undefined ? {} : { resourceLabel });

const dimensionsOf = ({ dimensions }: ScalingMetric, groupName: pulumi.Input<string>) =>
  Object.entries(dimensions ?? { AutoScalingGroupName: groupName }).map(([name, value]) => ({ name, value }));

type Query = aws.types.input.autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetric;

/** The metrics under their names, and the expression, which alone gives data. */
function mathQueries({ expression, metrics }: MetricMath, groupName: pulumi.Input<string>): Query[] {
  let id = "result";
  while (Object.hasOwn(metrics, id)) id += "_";
  return [
    ...Object.entries(metrics).map(([name, metric]) => ({
      id: name,
      metricStat: {
        metric: { namespace: metric.namespace, metricName: metric.name, dimensions: dimensionsOf(metric, groupName) },
        stat: metric.statistic,
      },
      returnData: false,
    })),
    { id, expression, returnData: true },
  ];
}

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/predictive-scaling-create-policy.html */
export function createPredictive(name: string, policy: PredictiveScaling, groupName: pulumi.Input<string>, parent: pulumi.Resource): void {
  const { beyondMaximumPercent: buffer } = policy;
  new aws.autoscaling.Policy(
    fitName(`${name}-predictive`, "scalingPolicy"),
    {
      autoscalingGroupName: groupName,
      policyType: "PredictiveScaling",
      predictiveScalingConfiguration: {
        mode: policy.mode,
        schedulingBufferTime: String(policy.bufferSeconds),
        ...(buffer === undefined ? {} : { maxCapacityBreachBehavior: "IncreaseMaxCapacity", maxCapacityBuffer: String(buffer) }),
        metricSpecification: {
          targetValue: policy.target,
          predefinedMetricPairSpecification: { predefinedMetricType: policy.predefined, ...labelOf(policy.resourceLabel) },
        },
      },
    },
    { parent },
  );
}
