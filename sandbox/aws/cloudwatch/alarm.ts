/** What the service keeps of an alarm, and how the API shows it. */
import type { AlarmCondition, AlarmState } from "../../../scaling/alarms/evaluate.ts";
import type { Rule } from "../../../scaling/alarms/composite.ts";
import type { MetricIdentity } from "./metrics.ts";
import type { Output } from "./protocol.ts";
import { dimensionsOutput, metricOutput } from "./queries.ts";
import type { MetricQuery } from "./queries.ts";

interface Base {
  readonly name: string;
  readonly arn: string;
  readonly description: string | undefined;
  readonly actionsEnabled: boolean;
  readonly okActions: readonly string[];
  readonly alarmActions: readonly string[];
  readonly insufficientDataActions: readonly string[];
  readonly configuredMs: number;
}

export interface SingleMetric extends MetricIdentity {
  /** `Average` … or `p99`. */
  readonly statistic: string;
  readonly periodSeconds: number;
  readonly unit: string | undefined;
}

export interface MetricAlarm extends Base, AlarmCondition {
  readonly kind: "MetricAlarm";
  /** As it was given; AWS shows it only then. */
  readonly treatMissingDataGiven: boolean;
  readonly datapointsToAlarmGiven: boolean;
  readonly lowSamples: "evaluate" | "ignore" | undefined;
  readonly periodSeconds: number;
  /** Either one metric, or queries of which one returns the data. */
  readonly metric: SingleMetric | undefined;
  readonly queries: readonly MetricQuery[];
}

export interface CompositeAlarm extends Base {
  readonly kind: "CompositeAlarm";
  readonly ruleText: string;
  readonly rule: Rule;
  readonly suppressor: { readonly alarm: string; readonly waitSeconds: number; readonly extensionSeconds: number } | undefined;
}

export type Alarm = MetricAlarm | CompositeAlarm;

/** What changes while an alarm lives. */
export interface AlarmStatus {
  readonly state: AlarmState;
  readonly reason: string;
  readonly reasonData: string | undefined;
  readonly updatedMs: number;
  readonly transitionedMs: number;
  /** Composite alarms: why their actions do not happen at present. */
  readonly suppressedBy: "WaitPeriod" | "ExtensionPeriod" | "Alarm" | undefined;
}

export const actionsFor = (alarm: Alarm, state: AlarmState): readonly string[] =>
  ({ OK: alarm.okActions, ALARM: alarm.alarmActions, INSUFFICIENT_DATA: alarm.insufficientDataActions })[state];

/** Member of `MetricAlarms` or `CompositeAlarms` in an answer. */
export function alarmOutput(alarm: Alarm, status: AlarmStatus): Output {
  const common = {
    AlarmName: alarm.name,
    AlarmArn: alarm.arn,
    AlarmDescription: alarm.description,
    AlarmConfigurationUpdatedTimestamp: new Date(alarm.configuredMs),
    ActionsEnabled: alarm.actionsEnabled,
    OKActions: alarm.okActions,
    AlarmActions: alarm.alarmActions,
    InsufficientDataActions: alarm.insufficientDataActions,
    StateValue: status.state,
    StateReason: status.reason,
    StateReasonData: status.reasonData,
    StateUpdatedTimestamp: new Date(status.updatedMs),
    StateTransitionedTimestamp: new Date(status.transitionedMs),
  };
  return alarm.kind === "MetricAlarm" ? { ...common, ...metricMembers(alarm) } : { ...common, ...compositeMembers(alarm, status) };
}

function metricMembers(alarm: MetricAlarm): Output {
  const { metric } = alarm;
  return {
    ...(metric === undefined
      ? { Metrics: alarm.queries.map(queryOutput) }
      : {
          MetricName: metric.name,
          Namespace: metric.namespace,
          ...(metric.statistic.startsWith("p") ? { ExtendedStatistic: metric.statistic } : { Statistic: metric.statistic }),
          Dimensions: dimensionsOutput(metric.dimensions),
          Period: metric.periodSeconds,
          Unit: metric.unit,
        }),
    EvaluationPeriods: alarm.evaluationPeriods,
    DatapointsToAlarm: alarm.datapointsToAlarmGiven ? alarm.datapointsToAlarm : undefined,
    Threshold: alarm.threshold,
    ComparisonOperator: alarm.comparisonOperator,
    TreatMissingData: alarm.treatMissingDataGiven ? alarm.treatMissingData : undefined,
    EvaluateLowSampleCountPercentile: alarm.lowSamples,
  };
}

export function queryOutput(query: MetricQuery): Output {
  const { stat } = query;
  return {
    Id: query.id,
    Label: query.label,
    ReturnData: query.returnData,
    Expression: query.expression,
    Period: stat === undefined ? query.periodSeconds : undefined,
    MetricStat:
      stat === undefined
        ? undefined
        : { Metric: metricOutput(stat.identity), Period: query.periodSeconds, Stat: stat.statistic, Unit: stat.unit },
  };
}

function compositeMembers(alarm: CompositeAlarm, { suppressedBy }: AlarmStatus): Output {
  return {
    AlarmRule: alarm.ruleText,
    ActionsSuppressor: alarm.suppressor?.alarm,
    ActionsSuppressorWaitPeriod: alarm.suppressor?.waitSeconds,
    ActionsSuppressorExtensionPeriod: alarm.suppressor?.extensionSeconds,
    ActionsSuppressedBy: suppressedBy,
    ActionsSuppressedReason: suppressedBy === undefined ? undefined : `Actions are suppressed by ${suppressedBy}`,
  };
}
