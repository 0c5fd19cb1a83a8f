import { object, textBoolean, textNumber } from "../codec.ts";
import type { Definition } from "../definition.ts";
import { tagChanges } from "../tags.ts";
import type { Properties, Value } from "../../protocol/values.ts";
import { queueAttributes, setQueueAttributes, unlessGone } from "./attributes.ts";

const attributes = object({
  contentBasedDeduplication: textBoolean,
  deduplicationScope: true,
  delaySeconds: textNumber,
  fifoQueue: textBoolean,
  fifoThroughputLimit: true,
  kmsDataKeyReusePeriodSeconds: textNumber,
  kmsMasterKeyId: true,
  maxMessageSize: ["MaximumMessageSize", textNumber],
  messageRetentionSeconds: ["MessageRetentionPeriod", textNumber],
  policy: true,
  receiveWaitTimeSeconds: ["ReceiveMessageWaitTimeSeconds", textNumber],
  redriveAllowPolicy: true,
  redrivePolicy: true,
  sqsManagedSseEnabled: textBoolean,
  visibilityTimeoutSeconds: ["VisibilityTimeout", textNumber],
});

/** A standard queue must not be sent the attributes of a FIFO one, not even as false. */
const fifoOnly = ["fifoQueue", "contentBasedDeduplication"];

const nameOf = (url: string): string => url.split("/").at(-1) ?? url;

const isFifo = (found: Readonly<Record<string, string>>): boolean => found["FifoQueue"] === "true";

function managedEncryption(found: Readonly<Record<string, string>>, state: Properties): Value {
  const answered = found["SqsManagedSseEnabled"];
  if (answered !== undefined) return answered === "true";
  return state["sqsManagedSseEnabled"] ?? (found["KmsMasterKeyId"] ?? "") === "";
}

export const definition: Definition = {
  token: "aws:sqs/queue:Queue",
  naming: { maxLength: 80, ending: (inputs) => (inputs["fifoQueue"] === true ? ".fifo" : "") },
  defaults: {
    contentBasedDeduplication: false,
    delaySeconds: 0,
    fifoQueue: false,
    maxMessageSize: 262_144,
    messageRetentionSeconds: 345_600,
    receiveWaitTimeSeconds: 0,
    visibilityTimeoutSeconds: 30,
  },
  json: ["policy", "redrivePolicy", "redriveAllowPolicy"],
  timeouts: { create: 180, update: 180, delete: 180 },
  validate: (inputs) =>
    inputs["contentBasedDeduplication"] === true && inputs["fifoQueue"] !== true
      ? [{ property: "contentBasedDeduplication", reason: "contentBasedDeduplication is for FIFO queues; set fifoQueue, or leave it out" }]
      : [],
  preview: (inputs) => ({
    deduplicationScope: inputs["fifoQueue"] === true ? "queue" : "",
    fifoThroughputLimit: inputs["fifoQueue"] === true ? "perQueue" : "",
    kmsDataKeyReusePeriodSeconds: 300,
    policy: "",
    redriveAllowPolicy: "",
    redrivePolicy: "",
    sqsManagedSseEnabled: inputs["kmsMasterKeyId"] === undefined,
  }),
  async create(inputs, context) {
    const sent = Object.keys(attributes.fields).filter((key) => !fifoOnly.includes(key) || inputs[key] === true);
    const tags = context.allTags(inputs);
    const made = await context.aws("sqs", "CreateQueue", {
      QueueName: inputs["name"],
      Attributes: attributes.encodeOnly(inputs, sent),
      ...(Object.keys(tags).length > 0 ? { tags } : {}),
    });
    if (made.QueueUrl === undefined) throw new Error("SQS gave no URL for the new queue");
    return made.QueueUrl;
  },
  find: async (inputs, context) => (await unlessGone(context.aws("sqs", "GetQueueUrl", { QueueName: inputs["name"] })))?.QueueUrl,
  async read(id, state, context) {
    const found = await queueAttributes(id, context);
    if (found === undefined) return undefined;
    const { Tags } = await context.aws("sqs", "ListQueueTags", { QueueUrl: id });
    return {
      ...attributes.decodeAll({ ContentBasedDeduplication: "false", FifoQueue: "false", KmsDataKeyReusePeriodSeconds: "300", ...found }),
      // AWS always answers with these; an emulator may not.
      deduplicationScope: found["DeduplicationScope"] ?? state["deduplicationScope"] ?? (isFifo(found) ? "queue" : ""),
      fifoThroughputLimit: found["FifoThroughputLimit"] ?? state["fifoThroughputLimit"] ?? (isFifo(found) ? "perQueue" : ""),
      sqsManagedSseEnabled: managedEncryption(found, state),
      ...Object.fromEntries(
        ["Policy", "RedriveAllowPolicy", "RedrivePolicy"].map((wire) => [wire.charAt(0).toLowerCase() + wire.slice(1), found[wire] ?? ""]),
      ),
      arn: found["QueueArn"],
      name: nameOf(id),
      url: id,
      tagsAll: { ...Tags },
    };
  },
  async update({ id, olds, news, changed }, context) {
    const cleared = [...changed].filter((key) => news[key] === undefined && key in attributes.fields);
    await setQueueAttributes(
      id,
      {
        ...attributes.encodeOnly(news, changed),
        ...Object.fromEntries(cleared.map((key) => [attributes.fields[key]?.wire ?? key, ""])),
      },
      context,
    );
    const { set, removed } = tagChanges(olds, news, changed, context);
    if (removed.length > 0) await context.aws("sqs", "UntagQueue", { QueueUrl: id, TagKeys: removed });
    if (set !== undefined) await context.aws("sqs", "TagQueue", { QueueUrl: id, Tags: set });
  },
  async delete(id, _state, context) {
    await unlessGone(context.aws("sqs", "DeleteQueue", { QueueUrl: id }));
    await context.waitFor("the queue is gone", async () => ((await queueAttributes(id, context)) === undefined ? true : undefined));
  },
};
