import type { TargetTracking } from "../types/common.ts";
import { fault } from "./fault.ts";
import type { Fault } from "./fault.ts";

const predefinedMetrics = [
  "ASGAverageCPUUtilization",
  "ASGAverageCPUUtilizationHighResolution",
  "ASGAverageNetworkIn",
  "ASGAverageNetworkOut",
  "ALBRequestCountPerTarget",
];

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TargetTrackingConfiguration.html */
export function checkTargetTracking({ predefinedMetric, customizedMetric, targetValue }: TargetTracking): Fault[] {
  const faults: Fault[] = [];
  if ((predefinedMetric === undefined) === (customizedMetric === undefined)) {
    faults.push(fault("predefinedMetric", predefinedMetric, "either a predefined or a customized metric"));
  }
  if (!(Number.isFinite(targetValue) && targetValue > 0)) faults.push(fault("targetValue", targetValue, "a number greater than 0"));
  if (predefinedMetric !== undefined) {
    const { predefinedMetricType, resourceLabel } = predefinedMetric;
    if (!predefinedMetrics.includes(predefinedMetricType)) {
      faults.push(fault("predefinedMetric.predefinedMetricType", predefinedMetricType, predefinedMetrics.join(", ")));
    }
    faults.push(
      ...checkResourceLabel("predefinedMetric.resourceLabel", resourceLabel, predefinedMetricType === "ALBRequestCountPerTarget"),
    );
  }
  if (customizedMetric !== undefined) faults.push(...checkCustomized(customizedMetric));
  return faults;
}

/** `app/<name>/<id>/targetgroup/<name>/<id>`: the tails of the load balancer's and the target group's ARNs. */
export function checkResourceLabel(path: string, label: string | undefined, needed: boolean): Fault[] {
  if (!needed) return label === undefined ? [] : [fault(path, label, "absent for this metric")];
  if (label !== undefined && /^app\/[^/]+\/[0-9a-f]+\/targetgroup\/[^/]+\/[0-9a-f]+$/.test(label)) return [];
  return [fault(path, label, "app/<load balancer>/<id>/targetgroup/<target group>/<id>")];
}

function checkCustomized({ metrics, metricName, namespace, statistic, period }: NonNullable<TargetTracking["customizedMetric"]>): Fault[] {
  const faults: Fault[] = [];
  const path = "customizedMetric";
  if (metrics !== undefined) {
    const returned = metrics.filter((query) => query.returnData !== false);
    if (returned.length !== 1) faults.push(fault(`${path}.metrics`, metrics, "exactly one entry that returns data"));
    metrics.forEach((query, index) => {
      if ((query.expression === undefined) === (query.metricStat === undefined)) {
        faults.push(fault(`${path}.metrics[${index}]`, query, "either an expression or a metric"));
      }
    });
    if (metricName !== undefined) faults.push(fault(`${path}.metricName`, metricName, "absent when metrics are given"));
  } else {
    if (metricName === undefined) faults.push(fault(`${path}.metricName`, metricName, "the metric's name"));
    if (namespace === undefined) faults.push(fault(`${path}.namespace`, namespace, "the metric's namespace"));
    if (statistic === undefined) faults.push(fault(`${path}.statistic`, statistic, "Average, Maximum, Minimum, SampleCount, Sum"));
  }
  if (period !== undefined && ![10, 30, 60].includes(period)) faults.push(fault(`${path}.period`, period, "10, 30, 60"));
  return faults;
}
