import { list, object, same, tagsOf } from "../codec.ts";
import type { Codec } from "../codec.ts";
import type { Context } from "../context.ts";
import { byInput } from "../definition.ts";
import type { Definition } from "../definition.ts";
import type { Properties, Value } from "../../protocol/values.ts";
import { deleteAlarm, names } from "./alarms.ts";
import { awsTags, tagChanges, tagsOfCreate } from "../tags.ts";

/** `{Name: value}` here, a list of pairs there. */
export const dimensions: Codec = {
  encode: (value) => Object.entries(value as Record<string, Value>).map(([Name, Value]) => ({ Name, Value })),
  decode: (wire) => {
    const pairs = (wire as { Name: string; Value: string }[]).map(({ Name, Value }) => [Name, Value] as const);
    return pairs.length > 0 ? Object.fromEntries(pairs) : undefined;
  },
};

/** The provider has the metric's name, dimensions and statistic on one level. */
const metricStat: Codec = {
  encode(value) {
    const { metricName, namespace, dimensions: pairs, period, stat, unit } = value as Record<string, Value>;
    const metric = { MetricName: metricName, Namespace: namespace, Dimensions: pairs && dimensions.encode(pairs) };
    return { Metric: metric, Period: period, Stat: stat, Unit: unit };
  },
  decode(wire) {
    const { Metric, Period, Stat, Unit } = wire as { Metric: Record<string, unknown>; Period: number; Stat: string; Unit?: string };
    const found = {
      metricName: Metric["MetricName"],
      namespace: Metric["Namespace"],
      dimensions: dimensions.decode(Metric["Dimensions"] ?? []),
      period: Period,
      stat: Stat,
      unit: Unit,
    };
    return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as Record<string, Value>;
  },
};

const query = object({ ...same("accountId", "expression", "id", "label", "period", "returnData"), metric: ["MetricStat", metricStat] });

const parameters = object({
  ...same("actionsEnabled", "alarmDescription", "comparisonOperator", "datapointsToAlarm", "evaluationPeriods", "extendedStatistic"),
  ...same("metricName", "namespace", "period", "statistic", "threshold", "thresholdMetricId", "treatMissingData", "unit"),
  alarmActions: names,
  insufficientDataActions: names,
  okActions: ["OKActions", names],
  dimensions,
  evaluateLowSampleCountPercentiles: "EvaluateLowSampleCountPercentile",
  metricQueries: ["Metrics", list(query)],
  name: "AlarmName",
});

const comparisons = [
  "GreaterThanOrEqualToThreshold",
  "GreaterThanThreshold",
  "LessThanThreshold",
  "LessThanOrEqualToThreshold",
  "LessThanLowerOrGreaterThanUpperThreshold",
  "LessThanLowerThreshold",
  "GreaterThanUpperThreshold",
];

/** PutMetricAlarm replaces the whole alarm: what is not sent is cleared. */
async function put(inputs: Properties, tags: object, context: Context): Promise<void> {
  await context.aws("cloudwatch", "PutMetricAlarm", { ...parameters.encode(inputs), ...tags });
}

export const definition: Definition = {
  token: "aws:cloudwatch/metricAlarm:MetricAlarm",
  naming: { maxLength: 255 },
  defaults: { actionsEnabled: true, treatMissingData: "missing" },
  // The provider says false where nothing is said; AWS would take it for true.
  nestedDefaults: { metricQueries: { returnData: false } },
  sets: ["alarmActions", "insufficientDataActions", "okActions", "metricQueries"],
  unsupported: ["evaluationCriteria", "evaluationInterval", "warmUpConfiguration"],
  validate(inputs) {
    const operator = inputs["comparisonOperator"];
    const wrong = operator !== undefined && !comparisons.includes(operator as string);
    const faults = wrong
      ? [
          {
            property: "comparisonOperator",
            reason: `comparisonOperator is ${JSON.stringify(operator)}; allowed are ${comparisons.join(", ")}`,
          },
        ]
      : [];
    if (inputs["metricName"] === undefined && inputs["metricQueries"] === undefined)
      faults.push({ property: "metricName", reason: "one of metricName and metricQueries must be given" });
    if (inputs["statistic"] !== undefined && inputs["extendedStatistic"] !== undefined)
      faults.push({ property: "statistic", reason: "statistic and extendedStatistic exclude each other" });
    return faults;
  },
  preview: () => ({ evaluateLowSampleCountPercentiles: "" }),
  async create(inputs, context) {
    await put(inputs, tagsOfCreate(inputs, context), context);
    return inputs["name"] as string;
  },
  find: byInput("name"),
  async read(id, _state, context) {
    const page = await context.aws("cloudwatch", "DescribeAlarms", { AlarmNames: [id], AlarmTypes: ["MetricAlarm"] });
    const alarm = page.MetricAlarms?.[0];
    if (alarm === undefined) return undefined;
    const { Tags } = await context.aws("cloudwatch", "ListTagsForResource", { ResourceARN: alarm.AlarmArn });
    return {
      ...parameters.decodeAll(alarm),
      evaluateLowSampleCountPercentiles: alarm.EvaluateLowSampleCountPercentile ?? "",
      treatMissingData: alarm.TreatMissingData ?? "missing",
      arn: alarm.AlarmArn,
      tagsAll: tagsOf(Tags),
    };
  },
  async update({ olds, news, changed }, context) {
    if ([...changed].some((key) => key !== "tags" && key !== "tagsAll")) await put(news, {}, context);
    const { set, removed } = tagChanges(olds, news, changed, context);
    const ResourceARN = olds["arn"];
    if (removed.length > 0) await context.aws("cloudwatch", "UntagResource", { ResourceARN, TagKeys: removed });
    if (set !== undefined) await context.aws("cloudwatch", "TagResource", { ResourceARN, Tags: awsTags(set) });
  },
  delete: deleteAlarm,
};
