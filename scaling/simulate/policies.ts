/** A fleet's policies as commands to the model, and the alarms that run them. */
import type { StepPolicyOutput, TargetPolicyOutput } from "../../contract/fleets-output.ts";
import type { ScalingMetric, ScheduledScaling } from "../../contract/scaling-policies.ts";
import type { CustomizedMetric } from "../types/common.ts";
import type { PutScalingPolicy, PutScheduledAction } from "../types/commands.ts";
import type { OwnedAlarm } from "../types/effects.ts";
import type { SimulatedAlarm } from "./alarm.ts";
import { simulatedGroup as group } from "./host.ts";
import type { SimulatedFleet } from "./types.ts";

const policyName = ({ direction, of }: StepPolicyOutput) => (of === undefined ? direction : `${of} ${direction}`);

export function stepPolicy(policy: StepPolicyOutput): PutScalingPolicy {
  const { adjustmentType, minAdjustmentMagnitude, steps, simple } = policy;
  const common = {
    group,
    name: policyName(policy),
    adjustmentType,
    ...(minAdjustmentMagnitude === undefined ? {} : { minAdjustmentMagnitude }),
  };
  if (simple !== undefined) {
    const scalingAdjustment = steps[0]?.adjustment ?? 0;
    return { ...common, policyType: "SimpleScaling", cooldownSeconds: simple.cooldownSeconds, scalingAdjustment };
  }
  const stepAdjustments = steps.map(({ lower, upper, adjustment }) => ({
    scalingAdjustment: adjustment,
    ...(lower === undefined ? {} : { metricIntervalLowerBound: lower }),
    ...(upper === undefined ? {} : { metricIntervalUpperBound: upper }),
  }));
  return { ...common, policyType: "StepScaling", stepAdjustments };
}

export function stepAlarm(policy: StepPolicyOutput, policyArn: string): SimulatedAlarm {
  const name = policyName(policy);
  return {
    name,
    label: name,
    arn: `arn:aws:cloudwatch:us-east-1:123456789012:alarm:${name}`,
    policyArn,
    metric: policy.metric.name,
    statistic: policy.metric.statistic,
    periodSeconds: policy.periodSeconds,
    comparisonOperator: policy.direction === "up" ? "GreaterThanOrEqualToThreshold" : "LessThanOrEqualToThreshold",
    threshold: policy.threshold,
    evaluationPeriods: policy.evaluationPeriods,
    datapointsToAlarm: policy.datapointsToAlarm,
    treatMissingData: policy.missingData,
  };
}

const customized = ({ namespace, name, statistic, dimensions = {} }: ScalingMetric): CustomizedMetric => ({
  namespace,
  metricName: name,
  statistic,
  dimensions: Object.entries(dimensions).map(([key, value]) => ({ name: key, value })),
});

/** @returns undefined for metric math, which a simulation has no metrics for. */
export function targetPolicy({ name, target, scaleIn, metric }: TargetPolicyOutput): PutScalingPolicy | undefined {
  if ("math" in metric) return undefined;
  const measured =
    "custom" in metric
      ? { customizedMetric: customized(metric.custom) }
      : {
          predefinedMetric: {
            predefinedMetricType: metric.predefined,
            ...(metric.resourceLabel === undefined ? {} : { resourceLabel: metric.resourceLabel }),
          },
        };
  return {
    group,
    name,
    policyType: "TargetTrackingScaling",
    targetTracking: { targetValue: target, disableScaleIn: !scaleIn, ...measured },
  };
}

/** The alarm that target tracking made for itself, under a name that says whose it is. */
export function ownedAlarm(alarm: OwnedAlarm, policy: string): SimulatedAlarm {
  const { alarmName, alarmArn, policyArn, metric, comparisonOperator, threshold, evaluationPeriods } = alarm;
  return {
    name: alarmName,
    label: `${policy} ${comparisonOperator.startsWith("Greater") ? "high" : "low"}`,
    arn: alarmArn,
    policyArn,
    metric: metric?.metricName ?? "",
    statistic: alarm.statistic ?? "Average",
    periodSeconds: alarm.periodSeconds,
    comparisonOperator,
    threshold,
    evaluationPeriods,
    datapointsToAlarm: evaluationPeriods,
    treatMissingData: "missing",
  };
}

/** @returns undefined for one that is over before the simulation begins. */
export function scheduledAction(action: ScheduledScaling, nowMs: number): PutScheduledAction | undefined {
  const startAtMs = action.startTime === undefined ? undefined : Date.parse(action.startTime);
  const endAtMs = action.endTime === undefined ? undefined : Date.parse(action.endTime);
  const started = startAtMs !== undefined && startAtMs <= nowMs;
  if ((endAtMs !== undefined && endAtMs <= nowMs) || (started && action.recurrence === undefined)) return undefined;
  return {
    group,
    name: action.name,
    ...(startAtMs === undefined || started ? {} : { startAtMs }),
    ...(endAtMs === undefined ? {} : { endAtMs }),
    ...(action.recurrence === undefined ? {} : { recurrence: action.recurrence }),
    ...(action.timeZone === undefined ? {} : { timeZone: action.timeZone }),
    ...(action.min === undefined ? {} : { minSize: action.min }),
    ...(action.max === undefined ? {} : { maxSize: action.max }),
    ...(action.desired === undefined ? {} : { desiredCapacity: action.desired }),
  };
}

/** Metrics that the fleet's policies watch, each once, in their order. */
export function watchedMetrics({ scaling }: SimulatedFleet): string[] {
  const names = scaling.policies.flatMap((policy): string[] => {
    if (policy.kind === "step") return [policy.metric.name];
    if ("math" in policy.metric) return [];
    return "custom" in policy.metric ? [policy.metric.custom.name] : [predefinedNames[policy.metric.predefined]];
  });
  return [...new Set(names)];
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PredefinedMetricSpecification.html */
const predefinedNames = {
  ASGAverageCPUUtilization: "CPUUtilization",
  ASGAverageNetworkIn: "NetworkIn",
  ASGAverageNetworkOut: "NetworkOut",
  ALBRequestCountPerTarget: "RequestCountPerTarget",
} as const;
