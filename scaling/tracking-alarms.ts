/**
 * The alarms that target tracking makes for itself. The documentation says only that it makes and manages them; numbers of
 * datapoints and the distance of the low threshold are what Auto Scaling is seen to create.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html
 */
import type { Core } from "./core.ts";
import type { GroupState } from "./state.ts";
import type { CustomizedMetric, MetricReference, PredefinedMetric, Statistic, TargetTracking } from "./types/common.ts";
import type { OwnedAlarm } from "./types/effects.ts";

const highPeriods = 3;
const lowPeriods = 15;
/** The group shrinks only when the metric is well below the target. */
const lowShare = 0.7;

type Measured = Pick<OwnedAlarm, "metric" | "statistic" | "unit" | "metrics" | "periodSeconds">;

/** @param keep names of the policy's alarms so far: high first, then low. */
export function trackingAlarms(
  core: Core,
  group: GroupState,
  policyArn: string,
  tracking: TargetTracking | undefined,
  keep: readonly string[],
): OwnedAlarm[] {
  if (tracking === undefined) return [];
  const measured = measure(group, tracking);
  const alarm = (kind: "High" | "Low", index: number): OwnedAlarm => {
    const alarmName = keep[index] ?? `TargetTracking-${group.name}-Alarm${kind}-${core.newId()}`;
    const high = kind === "High";
    return {
      alarmName,
      alarmArn: `arn:${core.partition}:cloudwatch:${core.region}:${core.accountId}:alarm:${alarmName}`,
      description: `DO NOT EDIT OR DELETE. For TargetTrackingScaling policy ${policyArn}.`,
      policyArn,
      ...measured,
      evaluationPeriods: high ? highPeriods : lowPeriods,
      threshold: high ? tracking.targetValue : tracking.targetValue * lowShare,
      comparisonOperator: high ? "GreaterThanThreshold" : "LessThanThreshold",
    };
  };
  return tracking.disableScaleIn === true ? [alarm("High", 0)] : [alarm("High", 0), alarm("Low", 1)];
}

function measure(group: GroupState, { predefinedMetric, customizedMetric }: TargetTracking): Measured {
  if (predefinedMetric !== undefined) return measurePredefined(group, predefinedMetric);
  if (customizedMetric !== undefined) return measureCustomized(customizedMetric);
  throw new Error("target tracking without a metric");
}

const ec2Metric = (group: GroupState, metricName: string): MetricReference => ({
  namespace: "AWS/EC2",
  metricName,
  dimensions: [{ name: "AutoScalingGroupName", value: group.name }],
});

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PredefinedMetricSpecification.html */
function measurePredefined(group: GroupState, { predefinedMetricType, resourceLabel = "" }: PredefinedMetric): Measured {
  const average = (metricName: string, periodSeconds = 60): Measured => ({
    metric: ec2Metric(group, metricName),
    statistic: "Average",
    periodSeconds,
  });
  switch (predefinedMetricType) {
    case "ASGAverageCPUUtilization":
      return average("CPUUtilization");
    case "ASGAverageCPUUtilizationHighResolution":
      return average("CPUUtilization", 10);
    case "ASGAverageNetworkIn":
      return average("NetworkIn");
    case "ASGAverageNetworkOut":
      return average("NetworkOut");
    case "ALBRequestCountPerTarget": {
      const split = resourceLabel.indexOf("targetgroup/");
      const dimensions = [
        { name: "LoadBalancer", value: resourceLabel.slice(0, split - 1) },
        { name: "TargetGroup", value: resourceLabel.slice(split) },
      ];
      return {
        metric: { namespace: "AWS/ApplicationELB", metricName: "RequestCountPerTarget", dimensions },
        statistic: "Sum",
        periodSeconds: 60,
      };
    }
  }
}

function measureCustomized(metric: CustomizedMetric): Measured {
  const periodSeconds = metric.period ?? 60;
  if (metric.metrics !== undefined) return { metrics: metric.metrics, periodSeconds };
  const { metricName = "", namespace = "", dimensions = [], unit } = metric;
  const statistic: Statistic = metric.statistic ?? "Average";
  return { metric: { namespace, metricName, dimensions }, statistic, ...(unit === undefined ? {} : { unit }), periodSeconds };
}
