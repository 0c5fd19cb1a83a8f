import { unlessCode } from "../clients.ts";
import { byInput } from "../definition.ts";
import type { Definition } from "../definition.ts";
import { tagChanges } from "../tags.ts";

const gone = ["ResourceNotFoundException"];

export const definition: Definition = {
  token: "aws:cloudwatch/logGroup:LogGroup",
  naming: { maxLength: 512 },
  defaults: { retentionInDays: 0, skipDestroy: false },
  unsupported: ["deletionProtectionEnabled"],
  preview: () => ({ deletionProtectionEnabled: false, logGroupClass: "STANDARD" }),
  async create(inputs, context) {
    const tags = context.allTags(inputs);
    await context.aws("logs", "CreateLogGroup", {
      logGroupName: inputs["name"],
      kmsKeyId: inputs["kmsKeyId"],
      logGroupClass: inputs["logGroupClass"],
      ...(Object.keys(tags).length > 0 ? { tags } : {}),
    });
    return inputs["name"] as string;
  },
  async finish(id, inputs, context) {
    const days = inputs["retentionInDays"];
    if (typeof days === "number" && days > 0) await context.aws("logs", "PutRetentionPolicy", { logGroupName: id, retentionInDays: days });
  },
  find: byInput("name"),
  async read(id, _state, context) {
    const page = await context.aws("logs", "DescribeLogGroups", { logGroupNamePrefix: id });
    const group = page.logGroups?.find((one) => one.logGroupName === id);
    if (group === undefined) return undefined;
    const arn = (group.arn ?? "").replace(/:\*$/, "");
    const { tags } = await context.aws("logs", "ListTagsForResource", { resourceArn: arn });
    return {
      name: id,
      arn,
      kmsKeyId: group.kmsKeyId,
      logGroupClass: group.logGroupClass ?? "STANDARD",
      retentionInDays: group.retentionInDays ?? 0,
      deletionProtectionEnabled: false,
      tagsAll: { ...tags },
    };
  },
  async update({ id, olds, news, changed }, context) {
    const logGroupName = id;
    if (changed.has("retentionInDays")) {
      const days = news["retentionInDays"];
      if (days === 0) await context.aws("logs", "DeleteRetentionPolicy", { logGroupName });
      else await context.aws("logs", "PutRetentionPolicy", { logGroupName, retentionInDays: days });
    }
    if (changed.has("kmsKeyId")) {
      const kmsKeyId = news["kmsKeyId"];
      if (kmsKeyId === undefined) await context.aws("logs", "DisassociateKmsKey", { logGroupName });
      else await context.aws("logs", "AssociateKmsKey", { logGroupName, kmsKeyId });
    }
    const { set, removed } = tagChanges(olds, news, changed, context);
    const resourceArn = olds["arn"];
    if (removed.length > 0) await context.aws("logs", "UntagResource", { resourceArn, tagKeys: removed });
    if (set !== undefined) await context.aws("logs", "TagResource", { resourceArn, tags: set });
  },
  async delete(id, state, context) {
    if (state["skipDestroy"] === true) return;
    await unlessCode(context.aws("logs", "DeleteLogGroup", { logGroupName: id }), ...gone);
  },
};
