/** Reading alarms: DescribeAlarms, DescribeAlarmsForMetric, DescribeAlarmHistory. */
import { alarmsOf } from "../../../scaling/alarms/composite.ts";
import { ServiceError } from "../endpoint/errors.ts";
import { actionsFor, alarmOutput } from "./alarm.ts";
import type { Alarm, AlarmStatus } from "./alarm.ts";
import type { Alarms } from "./alarms.ts";
import { historyTypes } from "./history.ts";
import { metricKey } from "./metrics.ts";
import { paged } from "./parameters.ts";
import type { Parameters } from "./parameters.ts";
import type { Output } from "./protocol.ts";
import { readIdentity } from "./queries.ts";

const kinds = ["MetricAlarm", "CompositeAlarm"] as const;
const mostRecords = 100;
const usualRecords = 50;

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html */
export function describeAlarms(parameters: Parameters, alarms: Alarms): Output {
  const names = parameters.texts("AlarmNames", { maximum: mostRecords });
  const prefix = parameters.text("AlarmNamePrefix", { minimum: 1, maximum: 255 });
  const types = parameters.texts("AlarmTypes");
  const state = parameters.text("StateValue", { values: ["OK", "ALARM", "INSUFFICIENT_DATA"] });
  const actionPrefix = parameters.text("ActionPrefix", { minimum: 1, maximum: 1024 });
  const childrenOf = parameters.text("ChildrenOfAlarmName", { minimum: 1, maximum: 255 });
  const parentsOf = parameters.text("ParentsOfAlarmName", { minimum: 1, maximum: 255 });
  const size = parameters.integer("MaxRecords", { minimum: 1, maximum: mostRecords }) ?? usualRecords;
  const token = parameters.text("NextToken");
  parameters.finish();
  if (names.length > 0 && prefix !== undefined) {
    throw new ServiceError("ValidationError", "AlarmNamePrefix cannot be combined with AlarmNames.", 400, "ValidationException");
  }
  // Without a type, only metric alarms are returned; children and parents are of any type.
  const wanted = types.length > 0 ? types : childrenOf !== undefined || parentsOf !== undefined ? kinds : ["MetricAlarm"];
  const related = relatedNames(alarms, childrenOf, parentsOf);
  const found = alarms
    .all()
    .filter(
      ({ alarm, status }) =>
        wanted.includes(alarm.kind) &&
        (names.length === 0 || names.includes(alarm.name)) &&
        (prefix === undefined || alarm.name.startsWith(prefix)) &&
        (state === undefined || status.state === state) &&
        (related === undefined || related.has(alarm.name)) &&
        (actionPrefix === undefined || allActions(alarm).some((action) => action.startsWith(actionPrefix))),
    )
    .sort((one, other) => (one.alarm.name < other.alarm.name ? -1 : 1));
  const page = paged(found, token, size);
  const of = (kind: Alarm["kind"]) =>
    page.items.filter(({ alarm }) => alarm.kind === kind).map(({ alarm, status }) => alarmOutput(alarm, status));
  return { CompositeAlarms: of("CompositeAlarm"), MetricAlarms: of("MetricAlarm"), NextToken: page.token };
}

const allActions = (alarm: Alarm) => [...actionsFor(alarm, "OK"), ...actionsFor(alarm, "ALARM"), ...actionsFor(alarm, "INSUFFICIENT_DATA")];

function relatedNames(alarms: Alarms, childrenOf: string | undefined, parentsOf: string | undefined): Set<string> | undefined {
  const nameOf = (nameOrArn: string) => alarms.get(nameOrArn)?.alarm.name ?? nameOrArn;
  if (childrenOf !== undefined) {
    const alarm = alarms.get(childrenOf)?.alarm;
    return new Set(alarm?.kind === "CompositeAlarm" ? alarmsOf(alarm.rule).map(nameOf) : []);
  }
  if (parentsOf === undefined) return undefined;
  const parents = alarms
    .all()
    .filter(({ alarm }) => alarm.kind === "CompositeAlarm" && alarmsOf(alarm.rule).map(nameOf).includes(parentsOf));
  return new Set(parents.map(({ alarm }) => alarm.name));
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmsForMetric.html */
export function describeAlarmsForMetric(parameters: Parameters, alarms: Alarms): Output {
  const identity = readIdentity(parameters);
  const statistic = parameters.text("Statistic") ?? parameters.text("ExtendedStatistic");
  const period = parameters.integer("Period", { minimum: 1 });
  const unit = parameters.text("Unit");
  parameters.finish();
  const key = metricKey(identity);
  const watches = ({ alarm }: { readonly alarm: Alarm; readonly status: AlarmStatus }) =>
    alarm.kind === "MetricAlarm" &&
    alarm.metric !== undefined &&
    metricKey(alarm.metric) === key &&
    (statistic === undefined || alarm.metric.statistic === statistic) &&
    (period === undefined || alarm.periodSeconds === period) &&
    (unit === undefined || alarm.metric.unit === unit);
  return {
    MetricAlarms: alarms
      .all()
      .filter(watches)
      .map(({ alarm, status }) => alarmOutput(alarm, status)),
  };
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html */
export function describeAlarmHistory(parameters: Parameters, alarms: Alarms, nowMs: number): Output {
  const name = parameters.text("AlarmName", { minimum: 1, maximum: 255 });
  const types = parameters.texts("AlarmTypes");
  const itemType = parameters.text("HistoryItemType", { values: historyTypes });
  const startMs = parameters.time("StartDate") ?? -Infinity;
  const endMs = parameters.time("EndDate") ?? Infinity;
  const scanBy = parameters.text("ScanBy", { values: ["TimestampDescending", "TimestampAscending"] }) ?? "TimestampDescending";
  const size = parameters.integer("MaxRecords", { minimum: 1, maximum: mostRecords }) ?? mostRecords;
  const token = parameters.text("NextToken");
  parameters.finish();
  const wanted = types.length > 0 ? types : ["MetricAlarm"];
  const found = alarms.history.read(nowMs).filter(
    (item) =>
      // With a name the type goes without saying.
      (name === undefined ? wanted.includes(item.alarmKind) : item.alarmName === name) &&
      (itemType === undefined || item.type === itemType) &&
      item.atMs >= startMs &&
      item.atMs <= endMs,
  );
  const page = paged(scanBy === "TimestampDescending" ? found.toReversed() : found, token, size);
  return {
    AlarmHistoryItems: page.items.map((item) => ({
      AlarmName: item.alarmName,
      AlarmType: item.alarmKind,
      Timestamp: new Date(item.atMs),
      HistoryItemType: item.type,
      HistorySummary: item.summary,
      HistoryData: item.data,
    })),
    NextToken: page.token,
  };
}
