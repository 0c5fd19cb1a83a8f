/** A fleet's policies as commands to the model, and the alarms that run them. */
import type { StepPolicyOutput, TargetPolicyOutput } from "../../contract/fleets-output.ts";
import type { MetricMath, ScalingMetric, ScheduledScaling, TargetMetric } from "../../contract/scaling-policies.ts";
import { groupMetricNames } from "../types/common.ts";
import type { CustomizedMetric, GroupMetricName, MetricDataQuery, TargetTracking } from "../types/common.ts";
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

export const targetPolicy = ({ name, target, scaleIn, metric }: TargetPolicyOutput): PutScalingPolicy => ({
  group,
  name,
  policyType: "TargetTrackingScaling",
  targetTracking: { targetValue: target, disableScaleIn: !scaleIn, ...measured(metric) },
});

function measured(metric: TargetMetric): Pick<TargetTracking, "predefinedMetric" | "customizedMetric"> {
  if ("math" in metric) return { customizedMetric: { metrics: mathQueries(metric.math) } };
  if ("custom" in metric) return { customizedMetric: customized(metric.custom) };
  const { predefined: predefinedMetricType, resourceLabel } = metric;
  return { predefinedMetric: { predefinedMetricType, ...(resourceLabel === undefined ? {} : { resourceLabel }) } };
}

/** The metrics under their names, and the expression, which alone gives data. */
function mathQueries({ expression, metrics }: MetricMath): MetricDataQuery[] {
  let id = "result";
  while (Object.hasOwn(metrics, id)) id += "_";
  return [
    ...Object.entries(metrics).map(([name, metric]) => {
      const { metricName = "", namespace = "", dimensions = [] } = customized(metric);
      return { id: name, metricStat: { metric: { metricName, namespace, dimensions }, stat: metric.statistic }, returnData: false };
    }),
    { id, expression, returnData: true },
  ];
}

/** The alarm that target tracking made for itself, under a name that says whose it is. */
export function ownedAlarm(alarm: OwnedAlarm, policy: string): SimulatedAlarm {
  const { alarmName, alarmArn, policyArn, metric, metrics, comparisonOperator, threshold, evaluationPeriods } = alarm;
  return {
    name: alarmName,
    label: `${policy} ${comparisonOperator.startsWith("Greater") ? "high" : "low"}`,
    arn: alarmArn,
    policyArn,
    metric: metric?.metricName ?? `${policy} (calculated)`,
    ...(metrics === undefined ? {} : { queries: metrics }),
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

/** Metrics of a policy, whoever publishes them. */
function metricsOf(policy: SimulatedFleet["scaling"]["policies"][number]): Pick<ScalingMetric, "namespace" | "name" | "dimensions">[] {
  const { metric } = policy;
  if ("math" in metric) return Object.values(metric.math.metrics);
  if ("custom" in metric) return [metric.custom];
  return "predefined" in metric ? [{ namespace: "AWS/EC2", name: predefinedNames[metric.predefined] }] : [metric];
}

/** Those that Auto Scaling publishes of the group itself: nothing needs to be assumed about them. */
const isOfGroup = ({ namespace, name }: Pick<ScalingMetric, "namespace" | "name">) =>
  namespace === "AWS/AutoScaling" && (groupMetricNames as readonly string[]).includes(name);

const allMetrics = ({ scaling }: SimulatedFleet) => scaling.policies.flatMap(metricsOf);

/** Metrics that the fleet's policies watch and that follow from demand, each once, in their order. */
export const watchedMetrics = (fleet: SimulatedFleet): string[] => [
  ...new Set(
    allMetrics(fleet)
      .filter((metric) => !isOfGroup(metric))
      .map(({ name }) => name),
  ),
];

/** Metrics of the group itself that the fleet's policies watch. */
export const watchedGroupMetrics = (fleet: SimulatedFleet): GroupMetricName[] => [
  ...new Set(
    allMetrics(fleet)
      .filter(isOfGroup)
      .map(({ name }) => name as GroupMetricName),
  ),
];

/** Names that stand for several metrics: a simulation tells metrics apart by their names. */
export function sharedNames(fleet: SimulatedFleet): string[] {
  const identities = new Map<string, Set<string>>();
  for (const { namespace, name, dimensions = {} } of allMetrics(fleet))
    identities.set(name, (identities.get(name) ?? new Set()).add(JSON.stringify([namespace, Object.entries(dimensions).sort()])));
  return [...identities].flatMap(([name, { size }]) => (size > 1 ? [name] : []));
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PredefinedMetricSpecification.html */
const predefinedNames = {
  ASGAverageCPUUtilization: "CPUUtilization",
  ASGAverageNetworkIn: "NetworkIn",
  ASGAverageNetworkOut: "NetworkOut",
  ALBRequestCountPerTarget: "RequestCountPerTarget",
} as const;
