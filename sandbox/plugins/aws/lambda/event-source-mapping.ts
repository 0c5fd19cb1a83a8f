import { isCode, unlessCode } from "../clients.ts";
import { instant, list, object, same } from "../codec.ts";
import type { Codec } from "../codec.ts";
import type { Context } from "../context.ts";
import type { Definition, Update } from "../definition.ts";
import { tagChanges } from "../tags.ts";
import { textOf, unknown } from "../../protocol/values.ts";
import type { Properties, Value } from "../../protocol/values.ts";

const asIs: Codec = { encode: (value) => value, decode: (wire) => wire as Value };

const parameters = object({
  ...same("batchSize", "bisectBatchOnFunctionError", "enabled", "eventSourceArn", "functionName", "maximumBatchingWindowInSeconds"),
  ...same("maximumRecordAgeInSeconds", "maximumRetryAttempts", "parallelizationFactor", "startingPosition", "tumblingWindowInSeconds"),
  destinationConfig: object({ onFailure: object({ destinationArn: "Destination" }) }),
  filterCriteria: object({ filters: list(object(same("pattern"))) }),
  functionResponseTypes: list(asIs),
  kmsKeyArn: "KMSKeyArn",
  metricsConfig: object({ metrics: list(asIs) }),
  scalingConfig: object(same("maximumConcurrency")),
  startingPositionTimestamp: instant,
});
const cleared: Readonly<Record<string, unknown>> = {
  BisectBatchOnFunctionError: false,
  DestinationConfig: {},
  FilterCriteria: {},
  FunctionResponseTypes: [],
  KMSKeyArn: "",
  MaximumBatchingWindowInSeconds: 0,
  MetricsConfig: {},
  ScalingConfig: {},
  TumblingWindowInSeconds: 0,
};
const gone = ["ResourceNotFoundException"];

const isStream = (inputs: Properties): boolean => /:(?:kinesis|dynamodb):/.test(textOf(inputs["eventSourceArn"]));
const nameOf = (nameOrArn: Value): string => textOf(nameOrArn).split(":function:").at(-1) ?? "";

const find = (id: string, context: Context) => unlessCode(context.aws("lambda", "GetEventSourceMapping", { UUID: id }), ...gone);

async function waitSettled(id: string, context: Context): Promise<void> {
  let state = "";
  await context.waitFor(
    `the mapping ${id} is in place`,
    async () => {
      state = (await find(id, context))?.State ?? "";
      return ["Enabled", "Disabled"].includes(state) ? true : undefined;
    },
    () => state,
  );
}

/** Lambda refuses a change while another one is under way. */
async function whenIdle<T>(what: string, call: () => Promise<T>, context: Context): Promise<T> {
  const [answer] = await context.waitFor(what, async () => {
    try {
      return [await call()] as const;
    } catch (error) {
      if (isCode(error, "ResourceInUseException", "ResourceConflictException")) return undefined;
      throw error;
    }
  });
  return answer;
}

async function update({ id, olds, news, changed }: Update, context: Context): Promise<void> {
  const keys = [...changed].filter((key) => key in parameters.fields);
  if (keys.length > 0) {
    const absent = keys.filter((key) => news[key] === undefined).map((key) => parameters.fields[key]?.wire ?? key);
    const nothing = Object.fromEntries(absent.filter((wire) => wire in cleared).map((wire) => [wire, cleared[wire]]));
    const input = { UUID: id, ...parameters.encodeOnly(news, keys), ...nothing };
    await whenIdle("the mapping may be changed", () => context.aws("lambda", "UpdateEventSourceMapping", input), context);
    await waitSettled(id, context);
  }
  const { set, removed } = tagChanges(olds, news, changed, context);
  if (removed.length > 0) await context.aws("lambda", "UntagResource", { Resource: olds["arn"], TagKeys: removed });
  if (set !== undefined) await context.aws("lambda", "TagResource", { Resource: olds["arn"], Tags: set });
}

export const definition: Definition = {
  token: "aws:lambda/eventSourceMapping:EventSourceMapping",
  defaults: { enabled: true },
  sets: ["filterCriteria.filters", "functionResponseTypes", "metricsConfig.metrics"],
  same: { functionName: (one, other) => nameOf(one) === nameOf(other) },
  unsupported: [
    "amazonManagedKafkaEventSourceConfig",
    "documentDbEventSourceConfig",
    "provisionedPollerConfig",
    "queues",
    "selfManagedEventSource",
    "selfManagedKafkaEventSourceConfig",
    "sourceAccessConfigurations",
    "topics",
    "useResourceTimeoutForPropagation",
  ],
  validate: (inputs) =>
    inputs["eventSourceArn"] === undefined
      ? [{ property: "eventSourceArn", reason: "eventSourceArn is missing; it must be the ARN of a queue or stream" }]
      : [],
  preview: (inputs) => ({
    amazonManagedKafkaEventSourceConfig: undefined,
    maximumRecordAgeInSeconds: isStream(inputs) ? -1 : 0,
    maximumRetryAttempts: isStream(inputs) ? -1 : 0,
    parallelizationFactor: isStream(inputs) ? 1 : 0,
    selfManagedKafkaEventSourceConfig: undefined,
    state: inputs["enabled"] === false ? "Disabled" : "Enabled",
  }),
  following: (changed, news) => ({
    lastModified: unknown,
    ...(changed.has("enabled") ? { state: news["enabled"] === false ? "Disabled" : "Enabled", stateTransitionReason: unknown } : {}),
  }),
  async create(inputs, context) {
    const tags = context.allTags(inputs);
    const made = await context.aws("lambda", "CreateEventSourceMapping", {
      ...parameters.encode(inputs),
      ...(Object.keys(tags).length > 0 ? { Tags: tags } : {}),
    });
    if (made.UUID === undefined) throw new Error("Lambda gave no id for the new mapping");
    return made.UUID;
  },
  finish: (id, _inputs, context) => waitSettled(id, context),
  async find(inputs, context) {
    const page = await context.aws("lambda", "ListEventSourceMappings", {
      EventSourceArn: inputs["eventSourceArn"],
      FunctionName: inputs["functionName"],
    });
    return page.EventSourceMappings?.[0]?.UUID;
  },
  async read(id, state, context) {
    const found = await find(id, context);
    if (found === undefined) return undefined;
    const arn = found.EventSourceMappingArn ?? (await context.arn("lambda", `event-source-mapping:${id}`));
    const tags = await unlessCode(context.aws("lambda", "ListTags", { Resource: arn }), ...gone);
    return {
      ...parameters.decodeAll(found),
      amazonManagedKafkaEventSourceConfig: undefined,
      selfManagedKafkaEventSourceConfig: undefined,
      arn,
      // AWS answers 0 where none was set.
      maximumBatchingWindowInSeconds: found.MaximumBatchingWindowInSeconds || state["maximumBatchingWindowInSeconds"],
      enabled: found.State !== "Disabled" && found.State !== "Disabling",
      functionArn: found.FunctionArn,
      functionName: found.FunctionArn,
      lastModified: found.LastModified?.toISOString(),
      lastProcessingResult: found.LastProcessingResult ?? "",
      maximumRecordAgeInSeconds: found.MaximumRecordAgeInSeconds ?? 0,
      maximumRetryAttempts: found.MaximumRetryAttempts ?? 0,
      parallelizationFactor: found.ParallelizationFactor ?? 0,
      state: found.State ?? "Enabled",
      stateTransitionReason: found.StateTransitionReason ?? "",
      uuid: id,
      tagsAll: { ...tags?.Tags },
    };
  },
  update,
  async delete(id, _state, context) {
    const call = () => unlessCode(context.aws("lambda", "DeleteEventSourceMapping", { UUID: id }), ...gone);
    await whenIdle("the mapping may be deleted", call, context);
    await context.waitFor("the mapping is gone", async () => ((await find(id, context)) === undefined ? true : undefined));
  },
};
