/** PutMetricData. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html */
import { ServiceError } from "../endpoint/errors.ts";
import type { Dimensions, MetricIdentity, MetricStore, StoredSample } from "./metrics.ts";
import type { Parameters } from "./parameters.ts";

export const units = [
  ...["Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes"],
  ...["Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count"],
  ...["Bytes/Second", "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second"],
  ...["Bits/Second", "Kilobits/Second", "Megabits/Second", "Gigabits/Second", "Terabits/Second", "Count/Second", "None"],
];

const mostData = 1000;
const mostValues = 150;
export const mostDimensions = 30;
const largestMagnitude = 2 ** 360;
const dayMs = 86_400_000;
const hourMs = 3_600_000;

export function readDimensions(parameters: Parameters): Dimensions {
  return Object.fromEntries(
    parameters
      .records("Dimensions", { maximum: mostDimensions })
      .map((dimension) => [
        dimension.text("Name", { required: true, minimum: 1, maximum: 255 }) ?? "",
        dimension.text("Value", { required: true, minimum: 1, maximum: 1024 }) ?? "",
      ]),
  );
}

/** All of a call's data are stored, or none. */
export function putMetricData(parameters: Parameters, store: MetricStore, nowMs: number): void {
  const namespace = parameters.text("Namespace", { required: true, minimum: 1, maximum: 255, pattern: /^[^:].*$/ }) ?? "";
  const data = parameters.records("MetricData", { maximum: mostData });
  const samples = data.flatMap((datum) => readDatum(datum, namespace, nowMs));
  parameters.finish();
  if (namespace.startsWith("AWS/")) {
    throw new ServiceError(
      "InvalidParameterValue",
      "The value AWS/ for parameter Namespace is invalid.",
      400,
      "InvalidParameterValueException",
    );
  }
  if (data.length === 0) {
    throw new ServiceError("MissingParameter", "The parameter MetricData is required.", 400, "MissingRequiredParameterException");
  }
  for (const [identity, sample] of samples) store.put(identity, sample, nowMs);
}

function readDatum(datum: Parameters, namespace: string, nowMs: number): [MetricIdentity, StoredSample][] {
  const identity = {
    namespace,
    name: datum.text("MetricName", { required: true, minimum: 1, maximum: 255 }) ?? "",
    dimensions: readDimensions(datum),
  };
  const timestampMs = datum.time("Timestamp") ?? nowMs;
  const unit = datum.text("Unit", { values: units }) ?? "None";
  if (timestampMs < nowMs - 14 * dayMs || timestampMs > nowMs + 2 * hourMs) {
    datum.refuse("Timestamp", "Member must not be more than two weeks in the past or two hours in the future");
  }
  const resolution = datum.integer("StorageResolution");
  if (resolution !== undefined && resolution !== 1 && resolution !== 60) datum.refuse("StorageResolution", "Member must be 1 or 60");
  return readValues(datum).map((value) => [identity, { ...value, timestampMs, unit }]);
}

function readValues(datum: Parameters): Omit<StoredSample, "timestampMs" | "unit">[] {
  const given = ["Value", "StatisticValues", "Values"].filter((name) => datum.has(name));
  if (given.length !== 1) {
    datum.refuse("Value", "Exactly one of Value, Values and StatisticValues must be given");
    return [];
  }
  const set = datum.record("StatisticValues");
  if (set !== undefined) {
    const [count, sum, minimum, maximum] = ["SampleCount", "Sum", "Minimum", "Maximum"].map((name) => magnitude(set, name));
    return [{ count: count ?? 0, sum: sum ?? 0, minimum: minimum ?? 0, maximum: maximum ?? 0 }];
  }
  if (given[0] === "Value") return [single(magnitude(datum, "Value"), 1)];
  const values = datum.numbers("Values", { maximum: mostValues });
  const counts = datum.has("Counts") ? datum.numbers("Counts", { maximum: mostValues }) : values.map(() => 1);
  if (values.length !== counts.length) datum.refuse("Counts", "Values and Counts must have the same length");
  if ([...values, ...counts].some((value) => !isAllowed(value))) datum.refuse("Values", "Members must be numbers from -2^360 to 2^360");
  return values.map((value, index) => single(value, counts[index] ?? 1));
}

const single = (value: number, count: number) => ({ count, sum: value * count, minimum: value, maximum: value });

const isAllowed = (value: number) => Math.abs(value) <= largestMagnitude;

function magnitude(parameters: Parameters, name: string): number {
  return parameters.number(name, { required: true, minimum: -largestMagnitude, maximum: largestMagnitude }) ?? 0;
}
