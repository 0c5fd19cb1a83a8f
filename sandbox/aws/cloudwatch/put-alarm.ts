/**
 * Arguments of PutMetricAlarm and PutCompositeAlarm, checked as the API checks them.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
 */
import { parseRule, RuleError } from "../../../scaling/alarms/composite.ts";
import type { Rule } from "../../../scaling/alarms/composite.ts";
import { comparisonOperators, missingDataTreatments } from "../../../scaling/alarms/evaluate.ts";
import { parseStatistic, simpleStatistics } from "../../../scaling/alarms/statistics.ts";
import { ServiceError } from "../endpoint/errors.ts";
import type { CompositeAlarm, MetricAlarm, SingleMetric } from "./alarm.ts";
import type { Parameters } from "./parameters.ts";
import { readDimensions, units } from "./put-metric-data.ts";
import { checkQueries, readPeriod, readQueries } from "./queries.ts";
import type { MetricQuery } from "./queries.ts";

const daySeconds = 86_400;
const hourSeconds = 3600;
const mostActions = 5;
const mostAlarmMetrics = 10;
/** Longest wait and extension of an action suppressor. */
const longestSuppressionSeconds = daySeconds;

const invalid = (message: string) => new ServiceError("ValidationError", message, 400, "ValidationException");
const combination = (message: string) =>
  new ServiceError("InvalidParameterCombination", message, 400, "InvalidParameterCombinationException");

/** Anomaly detection, Metrics Insights and PromQL: refused by name rather than half done. */
const refused = ["ThresholdMetricId", "EvaluationWindow", "WarmUpConfiguration", "EvaluationCriteria", "EvaluationInterval"];

interface Context {
  readonly arnOf: (name: string) => string;
  readonly nowMs: number;
}

function readBase(parameters: Parameters, { arnOf, nowMs }: Context) {
  // eslint-disable-next-line no-control-regex
  const name = parameters.text("AlarmName", { required: true, minimum: 1, maximum: 255, pattern: /^[^\u0000-\u001f]*$/ }) ?? "";
  const actions = (member: string) => {
    const arns = parameters.texts(member, { maximum: mostActions });
    for (const arn of arns)
      if (!/^arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:[^:]*:.+$/.test(arn)) parameters.refuse(member, "Members must be ARNs");
    return arns;
  };
  return {
    name,
    arn: arnOf(name),
    description: parameters.text("AlarmDescription", { maximum: 1024 }),
    actionsEnabled: parameters.boolean("ActionsEnabled") ?? true,
    okActions: actions("OKActions"),
    alarmActions: actions("AlarmActions"),
    insufficientDataActions: actions("InsufficientDataActions"),
    configuredMs: nowMs,
  };
}

export function readMetricAlarm(parameters: Parameters, context: Context): MetricAlarm {
  const base = readBase(parameters, context);
  const evaluationPeriods = parameters.integer("EvaluationPeriods", { required: true, minimum: 1 }) ?? 1;
  const datapointsToAlarm = parameters.integer("DatapointsToAlarm", { minimum: 1 });
  const threshold = parameters.number("Threshold", { required: true }) ?? 0;
  const operator = parameters.text("ComparisonOperator", { required: true, values: comparisonOperators });
  const treatment = parameters.text("TreatMissingData", { values: missingDataTreatments });
  const lowSamples = parameters.text("EvaluateLowSampleCountPercentile", { values: ["evaluate", "ignore"] });
  const queries = readQueries(parameters.records("Metrics", { maximum: 20 }), "Metrics");
  const single = queries.length > 0 ? undefined : readSingleMetric(parameters);
  parameters.finish();
  for (const name of refused)
    if (parameters.has(name)) throw invalid(`${name} is not supported here: alarms watch a metric or metric math`);
  if (queries.length > 0) checkAlarmQueries(parameters, queries);
  const periodSeconds = single?.periodSeconds ?? Math.max(...queries.map((query) => query.periodSeconds ?? 0), 0);
  checkSpan(periodSeconds, evaluationPeriods);
  if (datapointsToAlarm !== undefined && datapointsToAlarm > evaluationPeriods) {
    throw invalid("The value for 'DatapointsToAlarm' must be less than or equal to the value for 'EvaluationPeriods'.");
  }
  if (lowSamples !== undefined && single?.statistic.startsWith("p") !== true) {
    throw combination("EvaluateLowSampleCountPercentile needs an ExtendedStatistic.");
  }
  return {
    ...base,
    kind: "MetricAlarm",
    metric: single,
    queries,
    periodSeconds,
    evaluationPeriods,
    datapointsToAlarm: datapointsToAlarm ?? evaluationPeriods,
    datapointsToAlarmGiven: datapointsToAlarm !== undefined,
    threshold,
    comparisonOperator: comparisonOperators.find((one) => one === operator) ?? "GreaterThanThreshold",
    treatMissingData: missingDataTreatments.find((one) => one === treatment) ?? "missing",
    treatMissingDataGiven: treatment !== undefined,
    lowSamples: lowSamples === "ignore" ? "ignore" : lowSamples === "evaluate" ? "evaluate" : undefined,
  };
}

function readSingleMetric(parameters: Parameters): SingleMetric {
  const statistic = parameters.text("Statistic", { values: simpleStatistics });
  const extended = parameters.text("ExtendedStatistic");
  if ((statistic === undefined) === (extended === undefined)) {
    parameters.refuse("Statistic", "Exactly one of Statistic and ExtendedStatistic must be given");
  }
  if (extended !== undefined && typeof parseStatistic(extended) !== "object") {
    parameters.refuse("ExtendedStatistic", "Member must be a percentile from p0.0 to p100; others are not supported here");
  }
  const periodSeconds = readPeriod(parameters, true) ?? 60;
  if (periodSeconds < 10) parameters.refuse("Period", "Member must be 10, 20, 30 or a multiple of 60");
  return {
    namespace: parameters.text("Namespace", { required: true, minimum: 1, maximum: 255, pattern: /^[^:].*$/ }) ?? "",
    name: parameters.text("MetricName", { required: true, minimum: 1, maximum: 255 }) ?? "",
    dimensions: readDimensions(parameters),
    statistic: statistic ?? extended ?? "",
    periodSeconds,
    unit: parameters.text("Unit", { values: units }),
  };
}

function checkAlarmQueries(parameters: Parameters, queries: readonly MetricQuery[]): void {
  const also = ["MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic"].filter((name) =>
    parameters.has(name),
  );
  if (also.length > 0) throw combination(`Metrics cannot be combined with ${also.join(", ")}.`);
  if (queries.filter(({ returnData }) => returnData).length !== 1)
    throw invalid("Exactly one element of the metrics list should return data.");
  const metrics = queries.filter(({ stat }) => stat !== undefined);
  if (metrics.length === 0) throw invalid("An alarm on an expression must have at least one metric.");
  if (metrics.length > mostAlarmMetrics)
    throw invalid(`An alarm on an expression can have ${mostAlarmMetrics} metrics; there are ${metrics.length}.`);
  if (new Set(metrics.map(({ periodSeconds }) => periodSeconds)).size > 1)
    throw invalid("All metrics of an alarm must have the same period.");
  checkQueries(queries, "Metrics");
}

/** A day, or a week with periods of an hour or more. */
function checkSpan(periodSeconds: number, evaluationPeriods: number): void {
  const most = periodSeconds >= hourSeconds ? 7 * daySeconds : daySeconds;
  if (periodSeconds * evaluationPeriods <= most) return;
  throw invalid(
    most === daySeconds
      ? "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400)."
      : "Metrics cannot be checked across more than seven days (EvaluationPeriods * Period must be <= 604800).",
  );
}

export function readCompositeAlarm(parameters: Parameters, context: Context): CompositeAlarm {
  const base = readBase(parameters, context);
  const ruleText = parameters.text("AlarmRule", { required: true, minimum: 1, maximum: 10_240 }) ?? "";
  const suppressor = parameters.text("ActionsSuppressor", { minimum: 1, maximum: 1600 });
  const period = { required: suppressor !== undefined, minimum: 0, maximum: longestSuppressionSeconds };
  const waitSeconds = parameters.integer("ActionsSuppressorWaitPeriod", period) ?? 0;
  const extensionSeconds = parameters.integer("ActionsSuppressorExtensionPeriod", period) ?? 0;
  parameters.finish();
  const actions = [...base.okActions, ...base.alarmActions, ...base.insufficientDataActions];
  const forbidden = actions.find((arn) => /^arn:[a-z-]+:(autoscaling|automate|ec2):/.test(arn));
  if (forbidden !== undefined)
    throw invalid(`A composite alarm cannot have the action ${forbidden}: Auto Scaling and EC2 actions belong to metric alarms.`);
  return {
    ...base,
    kind: "CompositeAlarm",
    ruleText,
    rule: readRule(ruleText),
    suppressor: suppressor === undefined ? undefined : { alarm: suppressor, waitSeconds, extensionSeconds },
  };
}

function readRule(text: string): Rule {
  try {
    return parseRule(text);
  } catch (error) {
    if (error instanceof RuleError) throw invalid(`AlarmRule is not valid: ${error.message}`);
    throw error;
  }
}
