/** Reading metrics: GetMetricStatistics, GetMetricData, ListMetrics. */
import { evaluateMath, mathFaults } from "../../../scaling/alarms/math/evaluate.ts";
import type { Series } from "../../../scaling/alarms/math/evaluate.ts";
import { MathError } from "../../../scaling/alarms/math/parse.ts";
import { aggregate, parseStatistic, simpleStatistics } from "../../../scaling/alarms/statistics.ts";
import type { Statistic } from "../../../scaling/alarms/statistics.ts";
import { ServiceError } from "../endpoint/errors.ts";
import { listedForMs } from "./metrics.ts";
import type { MetricIdentity, MetricStore } from "./metrics.ts";
import { paged } from "./parameters.ts";
import type { Parameters } from "./parameters.ts";
import { StringMap } from "./protocol.ts";
import type { Output } from "./protocol.ts";
import { mostDimensions, readDimensions, units } from "./put-metric-data.ts";

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html: at most 1,440 data points. */
const mostStatistics = 1440;
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html */
const mostQueries = 500;
const mostDatapoints = 100_800;
const listPageSize = 500;

const invalidCombination = (message: string) =>
  new ServiceError("InvalidParameterCombination", message, 400, "InvalidParameterCombinationException");
const invalidValue = (message: string) => new ServiceError("InvalidParameterValue", message, 400, "InvalidParameterValueException");

/** 1, 5, 10, 20, 30 or a multiple of 60 seconds. */
export function readPeriod(parameters: Parameters, required: boolean): number | undefined {
  const period = parameters.integer("Period", { required, minimum: 1 });
  if (period !== undefined && period % 60 !== 0 && ![1, 5, 10, 20, 30].includes(period)) {
    parameters.refuse("Period", "Member must be 1, 5, 10, 20, 30 or a multiple of 60");
  }
  return period;
}

export function readIdentity(parameters: Parameters): MetricIdentity {
  return {
    namespace: parameters.text("Namespace", { required: true, minimum: 1, maximum: 255 }) ?? "",
    name: parameters.text("MetricName", { required: true, minimum: 1, maximum: 255 }) ?? "",
    dimensions: readDimensions(parameters),
  };
}

/** Periods are counted from the beginning, which is rounded down to a multiple of the period. */
function periodStarts(startMs: number, endMs: number, periodSeconds: number): number[] {
  const step = periodSeconds * 1000;
  const first = Math.floor(startMs / step) * step;
  return Array.from({ length: Math.max(0, Math.ceil((endMs - first) / step)) }, (_, index) => first + index * step);
}

export function getMetricStatistics(parameters: Parameters, store: MetricStore): Output {
  const identity = readIdentity(parameters);
  const startMs = parameters.time("StartTime", { required: true }) ?? 0;
  const endMs = parameters.time("EndTime", { required: true }) ?? 0;
  const period = readPeriod(parameters, true) ?? 60;
  const unit = parameters.text("Unit", { values: units });
  const names = parameters.texts("Statistics", { maximum: 5 });
  const extended = parameters.texts("ExtendedStatistics", { maximum: 10 });
  parameters.finish();
  if (names.length + extended.length === 0) {
    throw new ServiceError(
      "MissingParameter",
      "Must specify either Statistics or ExtendedStatistics.",
      400,
      "MissingRequiredParameterException",
    );
  }
  if (startMs >= endMs) throw invalidValue("The parameter StartTime must be less than the parameter EndTime.");
  for (const name of names)
    if (!simpleStatistics.some((known) => known === name)) throw invalidValue(`The parameter Statistics has the unknown value ${name}.`);
  const starts = periodStarts(startMs, endMs, period);
  if (starts.length > mostStatistics) {
    throw invalidCombination(
      `You have requested up to ${starts.length} datapoints, which exceeds the limit of ${mostStatistics}. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
    );
  }
  const percentiles = extended.map((name) => [name, requiredStatistic(name)] as const);
  const Datapoints = starts.flatMap((start) => {
    const samples = store.between(identity, Math.max(start, startMs), Math.min(start + period * 1000, endMs), unit);
    if (samples.length === 0) return [];
    const simple = names.map((name) => [name, aggregate(samples, requiredStatistic(name))] as const);
    const values = percentiles.flatMap(([name, statistic]) => {
      const found = aggregate(samples, statistic);
      return found === undefined ? [] : [[name, found] as const];
    });
    const ExtendedStatistics = values.length === 0 ? undefined : new StringMap(Object.fromEntries(values));
    return [{ Timestamp: new Date(start), ...Object.fromEntries(simple), ExtendedStatistics, Unit: samples[0]?.unit }];
  });
  return { Label: identity.name, Datapoints };
}

function requiredStatistic(name: string): Statistic {
  const statistic = parseStatistic(name);
  if (statistic === undefined) {
    throw invalidValue(
      `The statistic ${name} is not supported here; supported are ${simpleStatistics.join(", ")} and percentiles such as p99.`,
    );
  }
  return statistic;
}

export interface MetricQuery {
  readonly id: string;
  readonly label: string | undefined;
  readonly returnData: boolean;
  readonly periodSeconds: number | undefined;
  readonly stat: { readonly identity: MetricIdentity; readonly statistic: string; readonly unit: string | undefined } | undefined;
  readonly expression: string | undefined;
}

/** The queries of GetMetricData and of alarms on expressions, checked together. */
export function readQueries(all: readonly Parameters[], name: string): MetricQuery[] {
  const queries = all.map((one): MetricQuery => {
    const id = one.text("Id", { required: true, minimum: 1, maximum: 255, pattern: /^[a-z][a-zA-Z0-9_]*$/ }) ?? "";
    const metricStat = one.record("MetricStat");
    const metric = metricStat?.record("Metric");
    const expression = one.text("Expression", { minimum: 1, maximum: 2048 });
    if ((metricStat === undefined) === (expression === undefined))
      one.refuse("Expression", "Exactly one of Expression and MetricStat must be given");
    const identity = metric === undefined ? undefined : readIdentity(metric);
    if (metricStat !== undefined && identity === undefined) metricStat.refuse("Metric", "Member must not be null");
    const periodSeconds = metricStat === undefined ? readPeriod(one, false) : readPeriod(metricStat, true);
    const statistic = metricStat?.text("Stat", { required: true }) ?? "";
    const unit = metricStat?.text("Unit", { values: units });
    return {
      id,
      label: one.text("Label", { maximum: 1024 }),
      returnData: one.boolean("ReturnData") ?? true,
      periodSeconds,
      stat: identity === undefined ? undefined : { identity, statistic, unit },
      expression,
    };
  });
  const first = all[0];
  if (new Set(queries.map(({ id }) => id)).size < queries.length) first?.refuse("Id", `Members of ${name} must have different ids`);
  return queries;
}

/** Throws ValidationError for expressions and statistics that cannot be evaluated. */
export function checkQueries(queries: readonly MetricQuery[], name: string): void {
  const metricIds = queries.flatMap(({ id, stat }) => (stat === undefined ? [] : [id]));
  const expressions = new Map(queries.flatMap(({ id, expression }) => (expression === undefined ? [] : [[id, expression] as const])));
  for (const { stat } of queries) if (stat !== undefined) requiredStatistic(stat.statistic);
  const faults = mathFaults(metricIds, expressions);
  if (faults.length > 0) {
    throw new ServiceError(
      "ValidationError",
      `Error in expressions of ${name}: ${[...new Set(faults)].join("; ")}`,
      400,
      "ValidationException",
    );
  }
}

/** The metrics of the queries over the periods that begin at `starts`, which all have the same length. */
export function querySeries(
  queries: readonly MetricQuery[],
  store: MetricStore,
  starts: readonly number[],
  periodSeconds: number,
): (id: string) => Series {
  const metrics = new Map<string, Series>();
  for (const { id, stat } of queries) {
    if (stat === undefined) continue;
    metrics.set(id, store.series(stat.identity, starts, periodSeconds, requiredStatistic(stat.statistic), stat.unit));
  }
  const expressions = new Map(queries.flatMap(({ id, expression }) => (expression === undefined ? [] : [[id, expression] as const])));
  return (id) => evaluateMath({ metrics, expressions, periodSeconds, length: starts.length }, id);
}

export function getMetricData(parameters: Parameters, store: MetricStore): Output {
  const queries = readQueries(parameters.records("MetricDataQueries", { maximum: mostQueries }), "MetricDataQueries");
  const startMs = parameters.time("StartTime", { required: true }) ?? 0;
  const endMs = parameters.time("EndTime", { required: true }) ?? 0;
  const scanBy = parameters.text("ScanBy", { values: ["TimestampDescending", "TimestampAscending"] }) ?? "TimestampDescending";
  const size = parameters.integer("MaxDatapoints", { minimum: 1, maximum: mostDatapoints }) ?? mostDatapoints;
  const token = parameters.text("NextToken");
  parameters.finish();
  if (startMs >= endMs)
    throw new ServiceError(
      "ValidationError",
      "The parameter StartTime must be less than the parameter EndTime.",
      400,
      "ValidationException",
    );
  checkQueries(queries, "MetricDataQueries");
  // Expressions take the period of the metrics; with several, the longest, which holds a point of each.
  const period = Math.max(...queries.map(({ periodSeconds }) => periodSeconds ?? 0), 1);
  const results = queries
    .filter(({ returnData }) => returnData)
    .map((query) => {
      const own = query.stat === undefined ? period : (query.periodSeconds ?? period);
      const starts = periodStarts(startMs, endMs, own);
      const series = readSeries(querySeries(queries, store, starts, own), query.id);
      const points = starts.flatMap((start, at) => {
        const value = series[at];
        return value === undefined ? [] : [{ start, value }];
      });
      return { query, points: scanBy === "TimestampDescending" ? points.reverse() : points };
    });
  // Pages are cut over all results in their order.
  const flat = results.flatMap(({ query, points }) => points.map((point) => ({ id: query.id, ...point })));
  const page = paged(flat, token, size);
  return {
    MetricDataResults: results.map(({ query }) => {
      const own = page.items.filter(({ id }) => id === query.id);
      return {
        Id: query.id,
        Label: query.label ?? query.stat?.identity.name ?? query.id,
        Timestamps: own.map(({ start }) => new Date(start)),
        Values: own.map(({ value }) => value),
        StatusCode: page.token === undefined ? "Complete" : "PartialData",
      };
    }),
    NextToken: page.token,
    Messages: [],
  };
}

function readSeries(seriesOf: (id: string) => Series, id: string): Series {
  try {
    return seriesOf(id);
  } catch (error) {
    if (error instanceof MathError) throw new ServiceError("ValidationError", error.message, 400, "ValidationException");
    throw error;
  }
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html */
export function listMetrics(parameters: Parameters, store: MetricStore, nowMs: number): Output {
  const namespace = parameters.text("Namespace", { minimum: 1, maximum: 255 });
  const name = parameters.text("MetricName", { minimum: 1, maximum: 255 });
  const filters = parameters.records("Dimensions", { maximum: mostDimensions }).map((filter) => ({
    name: filter.text("Name", { required: true, minimum: 1 }) ?? "",
    value: filter.text("Value"),
  }));
  const recent = parameters.text("RecentlyActive", { values: ["PT3H"] });
  const token = parameters.text("NextToken");
  parameters.finish();
  const oldestMs = nowMs - (recent === undefined ? listedForMs : 3 * 3_600_000);
  const found = [...store.all()].filter(
    (metric) =>
      metric.newestMs >= oldestMs &&
      (namespace === undefined || metric.namespace === namespace) &&
      (name === undefined || metric.name === name) &&
      filters.every(
        (filter) =>
          Object.hasOwn(metric.dimensions, filter.name) && (filter.value === undefined || metric.dimensions[filter.name] === filter.value),
      ),
  );
  const page = paged(found, token, listPageSize);
  return { Metrics: page.items.map(metricOutput), NextToken: page.token };
}

export const metricOutput = ({ namespace, name, dimensions }: MetricIdentity): Output => ({
  Namespace: namespace,
  MetricName: name,
  Dimensions: dimensionsOutput(dimensions),
});

export const dimensionsOutput = (dimensions: MetricIdentity["dimensions"]): Output[] =>
  Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
