/** Scaling policies. */
import type { TargetTrackingConfiguration } from "@aws-sdk/client-auto-scaling";
import { DescribeAlarmsCommand, type CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { AdjustmentType, CustomizedMetric, MetricDataQuery, TargetTracking } from "../../../../scaling/types/common.ts";
import type { PolicyView } from "../../../../scaling/types/views.ts";
import { messageOf } from "../effects/clients.ts";
import { ApiError } from "../protocol/errors.ts";
import { page } from "../protocol/paging.ts";
import { defined, type Checked } from "./api.ts";
import { refuseMembers, type ActionContext, type Actions } from "./context.ts";

type TrackingMembers = Checked<TargetTrackingConfiguration>;
type CustomMembers = NonNullable<TrackingMembers["CustomizedMetricSpecification"]>;
type QueryMembers = NonNullable<CustomMembers["Metrics"]>[number];

const dimensionsFrom = (dimensions: CustomMembers["Dimensions"]) => dimensions?.map(({ Name, Value }) => ({ name: Name, value: Value }));
const dimensionsTo = (dimensions: CustomizedMetric["dimensions"]) => dimensions?.map(({ name, value }) => ({ Name: name, Value: value }));

const queryFrom = (query: QueryMembers): MetricDataQuery => ({
  id: query.Id,
  ...defined({ expression: query.Expression, label: query.Label, returnData: query.ReturnData }),
  ...(query.MetricStat && {
    metricStat: {
      metric: {
        namespace: query.MetricStat.Metric.Namespace,
        metricName: query.MetricStat.Metric.MetricName,
        dimensions: dimensionsFrom(query.MetricStat.Metric.Dimensions) ?? [],
      },
      stat: query.MetricStat.Stat,
      ...defined({ unit: query.MetricStat.Unit, period: query.MetricStat.Period }),
    },
  }),
});

const queryTo = (query: MetricDataQuery) => ({
  Id: query.id,
  Expression: query.expression,
  Label: query.label,
  ReturnData: query.returnData,
  MetricStat: query.metricStat && {
    Metric: {
      Namespace: query.metricStat.metric.namespace,
      MetricName: query.metricStat.metric.metricName,
      Dimensions: dimensionsTo(query.metricStat.metric.dimensions),
    },
    Stat: query.metricStat.stat,
    Unit: query.metricStat.unit,
    Period: query.metricStat.period,
  },
});

function trackingFrom(tracking: TrackingMembers): TargetTracking {
  const { PredefinedMetricSpecification: predefined, CustomizedMetricSpecification: customized } = tracking;
  return {
    targetValue: tracking.TargetValue,
    ...defined({ disableScaleIn: tracking.DisableScaleIn }),
    ...(predefined && {
      predefinedMetric: {
        predefinedMetricType: predefined.PredefinedMetricType,
        ...defined({ resourceLabel: predefined.ResourceLabel }),
      },
    }),
    ...(customized && {
      customizedMetric: defined({
        metricName: customized.MetricName,
        namespace: customized.Namespace,
        dimensions: dimensionsFrom(customized.Dimensions),
        statistic: customized.Statistic as "Average" | undefined,
        unit: customized.Unit,
        period: customized.Period,
        metrics: customized.Metrics?.map(queryFrom),
      }),
    }),
  };
}

function trackingTo(tracking: TargetTracking | undefined): TargetTrackingConfiguration | undefined {
  if (tracking === undefined) return undefined;
  const { predefinedMetric: predefined, customizedMetric: customized } = tracking;
  return {
    TargetValue: tracking.targetValue,
    DisableScaleIn: tracking.disableScaleIn ?? false,
    PredefinedMetricSpecification: predefined && {
      PredefinedMetricType: predefined.predefinedMetricType as "ASGAverageCPUUtilization",
      ResourceLabel: predefined.resourceLabel,
    },
    CustomizedMetricSpecification: customized && {
      MetricName: customized.metricName,
      Namespace: customized.namespace,
      Dimensions: dimensionsTo(customized.dimensions),
      Statistic: customized.statistic,
      Unit: customized.unit,
      Period: customized.period,
      Metrics: customized.metrics?.map(queryTo),
    },
  };
}

interface AlarmName {
  readonly AlarmName: string;
  readonly AlarmARN: string;
}

/** Alarms that run each policy, by its ARN: CloudWatch knows them, whoever made them. */
async function alarmsByPolicy(cloudWatch: CloudWatchClient): Promise<Map<string, AlarmName[]>> {
  const alarms = new Map<string, AlarmName[]>();
  let NextToken: string | undefined;
  do {
    const answer = await cloudWatch.send(new DescribeAlarmsCommand({ NextToken })).catch((error: unknown) => {
      throw new ApiError("InternalFailure", `CloudWatch gave no answer: ${messageOf(error)}`, { cause: error });
    });
    for (const { AlarmName: name, AlarmArn, AlarmActions, OKActions, InsufficientDataActions } of answer.MetricAlarms ?? []) {
      for (const arn of new Set([...(AlarmActions ?? []), ...(OKActions ?? []), ...(InsufficientDataActions ?? [])])) {
        alarms.set(arn, [...(alarms.get(arn) ?? []), { AlarmName: name ?? "", AlarmARN: AlarmArn ?? "" }]);
      }
    }
    NextToken = answer.NextToken;
  } while (NextToken !== undefined);
  return alarms;
}

const ownAlarms = (policy: Pick<PolicyView, "alarms">): AlarmName[] =>
  policy.alarms.map(({ alarmName, alarmArn }) => ({ AlarmName: alarmName, AlarmARN: alarmArn }));

/** The policy's own alarms first, which CloudWatch may not have yet. */
function alarmsOf(policy: PolicyView, known: ReadonlyMap<string, readonly AlarmName[]>): AlarmName[] {
  const own = ownAlarms(policy);
  const names = new Set(own.map(({ AlarmName }) => AlarmName));
  return [...own, ...(known.get(policy.arn) ?? []).filter(({ AlarmName }) => !names.has(AlarmName))];
}

const policyTo = (policy: PolicyView, alarms: readonly AlarmName[]) => ({
  AutoScalingGroupName: policy.group,
  PolicyName: policy.name,
  PolicyARN: policy.arn,
  PolicyType: policy.policyType,
  AdjustmentType: policy.adjustmentType,
  MinAdjustmentMagnitude: policy.minAdjustmentMagnitude,
  ScalingAdjustment: policy.scalingAdjustment,
  Cooldown: policy.cooldownSeconds,
  StepAdjustments: policy.stepAdjustments.map((step) => ({
    MetricIntervalLowerBound: step.metricIntervalLowerBound,
    MetricIntervalUpperBound: step.metricIntervalUpperBound,
    ScalingAdjustment: step.scalingAdjustment,
  })),
  MetricAggregationType: policy.metricAggregationType,
  EstimatedInstanceWarmup: policy.estimatedInstanceWarmupSeconds,
  Alarms: [...alarms],
  TargetTrackingConfiguration: trackingTo(policy.targetTracking),
  Enabled: policy.enabled,
});

const keyOf = ({ group, name }: PolicyView) => `${group}\n${name}`;

/**
 * "You can't specify a resource label unless the target group is attached to the Auto Scaling group":
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PredefinedMetricSpecification.html
 */
function refuseForeignTargetGroup({ host }: ActionContext, group: string, label: string | undefined): void {
  const tail = label?.slice(label.indexOf("targetgroup/"));
  if (tail === undefined || host.model.group(group) === undefined) return;
  if (host.model.targetGroups(group).some(({ targetGroupArn }) => targetGroupArn.endsWith(`:${tail}`))) return;
  throw new ApiError(
    "ValidationError",
    `ResourceLabel is '${label}'; the target group ${tail} is not attached to ${group}. Attach it first.`,
  );
}

export const policyActions: Actions<"PutScalingPolicy" | "DeletePolicy" | "DescribePolicies" | "ExecutePolicy"> = {
  PutScalingPolicy: (input, context) => {
    const { host } = context;
    refuseMembers("PutScalingPolicy", input, { PredictiveScalingConfiguration: "predictive scaling is not supported" });
    const { ResourceLabel } = input.TargetTrackingConfiguration?.PredefinedMetricSpecification ?? {};
    refuseForeignTargetGroup(context, input.AutoScalingGroupName, ResourceLabel);
    const policy = host.run("putScalingPolicy", {
      group: input.AutoScalingGroupName,
      name: input.PolicyName,
      ...defined({
        policyType: input.PolicyType,
        adjustmentType: input.AdjustmentType as AdjustmentType | undefined,
        // Old callers still use the former name.
        // eslint-disable-next-line @typescript-eslint/no-deprecated
        minAdjustmentMagnitude: input.MinAdjustmentMagnitude ?? input.MinAdjustmentStep,
        scalingAdjustment: input.ScalingAdjustment,
        cooldownSeconds: input.Cooldown,
        metricAggregationType: input.MetricAggregationType as "Average" | undefined,
        stepAdjustments: input.StepAdjustments?.map((step) => ({
          scalingAdjustment: step.ScalingAdjustment,
          ...defined({ metricIntervalLowerBound: step.MetricIntervalLowerBound, metricIntervalUpperBound: step.MetricIntervalUpperBound }),
        })),
        estimatedInstanceWarmupSeconds: input.EstimatedInstanceWarmup,
        targetTracking: input.TargetTrackingConfiguration && trackingFrom(input.TargetTrackingConfiguration),
        enabled: input.Enabled,
      }),
    });
    return { PolicyARN: policy.arn, Alarms: ownAlarms(policy) };
  },
  DeletePolicy: ({ AutoScalingGroupName, PolicyName }, { host }) => {
    host.run("deletePolicy", { policy: PolicyName, ...(AutoScalingGroupName !== undefined && { group: AutoScalingGroupName }) });
    return {};
  },
  DescribePolicies: async (input, { host, cloudWatch }) => {
    const policies = host.model
      .policies(input.AutoScalingGroupName)
      .filter(({ name, arn }) => input.PolicyNames?.some((wanted) => wanted === name || wanted === arn) ?? true)
      .filter(({ policyType }) => input.PolicyTypes?.includes(policyType) ?? true);
    const sorted = [...policies].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
    const { items, NextToken } = page("policies", sorted, keyOf, input, { usual: 50, most: 100 });
    const alarms = items.length === 0 ? new Map<string, AlarmName[]>() : await alarmsByPolicy(cloudWatch);
    return { ScalingPolicies: items.map((policy) => policyTo(policy, alarmsOf(policy, alarms))), NextToken };
  },
  ExecutePolicy: (input, { host }) => {
    host.run("executePolicy", {
      policy: input.PolicyName,
      ...defined({
        group: input.AutoScalingGroupName,
        honorCooldown: input.HonorCooldown,
        metricValue: input.MetricValue,
        breachThreshold: input.BreachThreshold,
      }),
    });
    return {};
  },
};
