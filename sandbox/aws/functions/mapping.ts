/**
 * Arguments of an event source mapping from a queue, checked as Lambda checks them.
 * https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
 */
import { ServiceError } from "../endpoint/errors.ts";

export interface Mapping {
  readonly uuid: string;
  readonly arn: string;
  readonly queueArn: string;
  readonly functionArn: string;
  readonly functionName: string;
  readonly enabled: boolean;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly reportsFailures: boolean;
  /** Batches at a time; undefined without a limit of the mapping's own. */
  readonly maximumConcurrency: number | undefined;
  readonly filters: readonly string[];
  readonly lastModifiedMs: number;
  readonly tags: Readonly<Record<string, string>>;
}

type Input = Readonly<Record<string, unknown>>;

const largestBatch = 10_000;
const largestOrderedBatch = 10;
const longestWindowSeconds = 300;
const mostFilters = 5;

const invalid = (message: string) => new ServiceError("InvalidParameterValueException", message);

export interface MappingSettings {
  readonly enabled: boolean;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly reportsFailures: boolean;
  readonly maximumConcurrency: number | undefined;
  readonly filters: readonly string[];
}

const defaults: MappingSettings = {
  enabled: true,
  batchSize: 10,
  windowSeconds: 0,
  reportsFailures: false,
  maximumConcurrency: undefined,
  filters: [],
};

/** Settings of a create or update call: what it does not name stays as it was. Throws ServiceError. */
export function readSettings(input: Input, queueArn: string, before: MappingSettings = defaults): MappingSettings {
  const isOrdered = queueArn.endsWith(".fifo");
  const settings: MappingSettings = {
    enabled: typeof input["Enabled"] === "boolean" ? input["Enabled"] : before.enabled,
    batchSize: integer(input, "BatchSize", 1, isOrdered ? largestOrderedBatch : largestBatch) ?? before.batchSize,
    windowSeconds: integer(input, "MaximumBatchingWindowInSeconds", 0, longestWindowSeconds) ?? before.windowSeconds,
    reportsFailures: readResponseTypes(input["FunctionResponseTypes"]) ?? before.reportsFailures,
    maximumConcurrency: readConcurrency(input, before),
    filters: readFilters(input["FilterCriteria"]) ?? before.filters,
  };
  if (settings.batchSize > 10 && settings.windowSeconds < 1) {
    throw invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10");
  }
  if (isOrdered && settings.windowSeconds > 0) throw invalid("Batching window is not supported for FIFO queues");
  return settings;
}

function integer(input: Input, name: string, minimum: number, maximum: number): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value) || value < minimum || value > maximum) {
    const member = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
    throw new ServiceError(
      "ValidationException",
      `1 validation error detected: Value '${JSON.stringify(value)}' at '${member}' failed to satisfy constraint: Member must have value from ${minimum} to ${maximum}`,
    );
  }
  return value;
}

function readResponseTypes(value: unknown): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  const types = Array.isArray(value) ? (value as unknown[]) : [value];
  const unknown = types.find((type) => type !== "ReportBatchItemFailures");
  if (unknown !== undefined) throw invalid(`FunctionResponseTypes has ${JSON.stringify(unknown)}; it may have ReportBatchItemFailures`);
  return types.length > 0;
}

function readConcurrency(input: Input, before: MappingSettings): number | undefined {
  const scaling = input["ScalingConfig"];
  if (scaling === undefined || scaling === null) return before.maximumConcurrency;
  return integer(scaling as Input, "MaximumConcurrency", 2, 1000);
}

function readFilters(value: unknown): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  const { Filters = [] } = value as { readonly Filters?: readonly { readonly Pattern?: string }[] };
  if (Filters.length > mostFilters) throw invalid(`FilterCriteria has ${Filters.length} filters; ${mostFilters} are allowed`);
  return Filters.map(({ Pattern = "{}" }) => {
    try {
      JSON.parse(Pattern);
    } catch {
      throw invalid(`Invalid filter pattern definition. The filter ${Pattern} is not valid JSON.`);
    }
    return Pattern;
  });
}

export function mappingOutput(mapping: Mapping, state: string, lastResult: string): Record<string, unknown> {
  return {
    UUID: mapping.uuid,
    EventSourceMappingArn: mapping.arn,
    EventSourceArn: mapping.queueArn,
    FunctionArn: mapping.functionArn,
    BatchSize: mapping.batchSize,
    MaximumBatchingWindowInSeconds: mapping.windowSeconds,
    State: state,
    StateTransitionReason: "USER_INITIATED",
    LastModified: mapping.lastModifiedMs / 1000,
    LastProcessingResult: lastResult,
    FunctionResponseTypes: mapping.reportsFailures ? ["ReportBatchItemFailures"] : [],
    ...(mapping.maximumConcurrency === undefined ? {} : { ScalingConfig: { MaximumConcurrency: mapping.maximumConcurrency } }),
    ...(mapping.filters.length === 0 ? {} : { FilterCriteria: { Filters: mapping.filters.map((Pattern) => ({ Pattern })) } }),
  };
}
