import { unlessCode } from "../clients.ts";
import { object, tagsOf, textBoolean, textNumber } from "../codec.ts";
import type { ObjectCodec } from "../codec.ts";
import type { Definition } from "../definition.ts";
import { awsTags, tagChanges, tagsOfCreate } from "../tags.ts";

const feedback = (key: string, wire: string) => ({
  [`${key}FailureFeedbackRoleArn`]: `${wire}FailureFeedbackRoleArn`,
  [`${key}SuccessFeedbackRoleArn`]: `${wire}SuccessFeedbackRoleArn`,
  [`${key}SuccessFeedbackSampleRate`]: [`${wire}SuccessFeedbackSampleRate`, textNumber] as const,
});

const attributes: ObjectCodec = object({
  ...feedback("application", "Application"),
  ...feedback("firehose", "Firehose"),
  ...feedback("http", "HTTP"),
  ...feedback("lambda", "Lambda"),
  ...feedback("sqs", "SQS"),
  archivePolicy: true,
  contentBasedDeduplication: textBoolean,
  deliveryPolicy: true,
  displayName: true,
  fifoThroughputScope: true,
  fifoTopic: textBoolean,
  kmsMasterKeyId: true,
  policy: true,
  signatureVersion: textNumber,
  tracingConfig: true,
});

const fifoOnly = ["fifoTopic", "contentBasedDeduplication"];
const gone = ["NotFound", "NotFoundException"];

export const definition: Definition = {
  token: "aws:sns/topic:Topic",
  naming: { maxLength: 256, ending: (inputs) => (inputs["fifoTopic"] === true ? ".fifo" : "") },
  defaults: { contentBasedDeduplication: false, fifoTopic: false },
  json: ["archivePolicy", "deliveryPolicy", "policy"],
  preview: (inputs) => ({
    beginningArchiveTime: "",
    fifoThroughputScope: inputs["fifoTopic"] === true ? "Topic" : "",
    signatureVersion: 0,
    tracingConfig: "",
  }),
  async create(inputs, context) {
    const sent = Object.keys(attributes.fields).filter((key) => !fifoOnly.includes(key) || inputs[key] === true);
    const made = await context.aws("sns", "CreateTopic", {
      Name: inputs["name"],
      Attributes: attributes.encodeOnly(inputs, sent),
      ...tagsOfCreate(inputs, context),
    });
    if (made.TopicArn === undefined) throw new Error("SNS gave no ARN for the new topic");
    return made.TopicArn;
  },
  find: (inputs, context) => context.arn("sns", inputs["name"] as string),
  async read(id, _state, context) {
    const found = await unlessCode(context.aws("sns", "GetTopicAttributes", { TopicArn: id }), ...gone);
    if (found === undefined) return undefined;
    const all: Record<string, string> = { ContentBasedDeduplication: "false", FifoTopic: "false", ...found.Attributes };
    const { Tags } = await context.aws("sns", "ListTagsForResource", { ResourceArn: id });
    const empty = (value: string | undefined) => (value === "" ? undefined : value);
    return {
      ...attributes.decodeAll({ ...all, DisplayName: empty(all["DisplayName"]), KmsMasterKeyId: empty(all["KmsMasterKeyId"]) }),
      fifoThroughputScope: all["FifoThroughputScope"] ?? "",
      signatureVersion: Number(all["SignatureVersion"] ?? 0),
      tracingConfig: all["TracingConfig"] ?? "",
      beginningArchiveTime: all["BeginningArchiveTime"] ?? "",
      policy: all["Policy"] ?? "",
      arn: id,
      name: id.split(":").at(-1),
      owner: all["Owner"],
      tagsAll: tagsOf(Tags),
    };
  },
  async update({ id, olds, news, changed }, context) {
    for (const key of changed) {
      const field = attributes.fields[key];
      if (field === undefined) continue;
      const value = news[key] === undefined ? "" : field.codec.encode(news[key]);
      await context.aws("sns", "SetTopicAttributes", { TopicArn: id, AttributeName: field.wire, AttributeValue: value });
    }
    const { set, removed } = tagChanges(olds, news, changed, context);
    if (removed.length > 0) await context.aws("sns", "UntagResource", { ResourceArn: id, TagKeys: removed });
    if (set !== undefined) await context.aws("sns", "TagResource", { ResourceArn: id, Tags: awsTags(set) });
  },
  async delete(id, _state, context) {
    await unlessCode(context.aws("sns", "DeleteTopic", { TopicArn: id }), ...gone);
  },
};
