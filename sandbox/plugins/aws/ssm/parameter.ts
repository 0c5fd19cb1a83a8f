import { unlessCode } from "../clients.ts";
import { tagsOf } from "../codec.ts";
import type { Context } from "../context.ts";
import { byInput, madeAnew } from "../definition.ts";
import type { Definition, Update } from "../definition.ts";
import { awsTags, tagChanges, tagsOfCreate } from "../tags.ts";
import { unknown } from "../../protocol/values.ts";
import type { Properties } from "../../protocol/values.ts";

const gone = ["ParameterNotFound", "ParameterVersionNotFound"];
const types = ["String", "StringList", "SecureString"];

async function put(inputs: Properties, overwrite: boolean, tags: object, context: Context): Promise<void> {
  await context.aws("ssm", "PutParameter", {
    Name: inputs["name"],
    Value: inputs["value"] ?? inputs["insecureValue"],
    Type: inputs["type"],
    AllowedPattern: inputs["allowedPattern"],
    DataType: inputs["dataType"],
    Description: inputs["description"],
    KeyId: inputs["type"] === "SecureString" ? inputs["keyId"] : undefined,
    Tier: inputs["tier"],
    Overwrite: overwrite,
    ...tags,
  });
}

async function update({ id, olds, news, changed }: Update, context: Context): Promise<void> {
  // Every put makes a version, so tags alone must not put.
  if ([...changed].some((key) => !["tags", "tagsAll", "overwrite"].includes(key))) await put(news, true, {}, context);
  const { set, removed } = tagChanges(olds, news, changed, context);
  const resource = { ResourceType: "Parameter", ResourceId: id };
  if (removed.length > 0) await context.aws("ssm", "RemoveTagsFromResource", { ...resource, TagKeys: removed });
  if (set !== undefined) await context.aws("ssm", "AddTagsToResource", { ...resource, Tags: awsTags(set) });
}

export const definition: Definition = {
  token: "aws:ssm/parameter:Parameter",
  naming: { maxLength: 2048 },
  secretOutputs: ["value"],
  unsupported: ["arn", "valueWo", "valueWoVersion"],
  validate(inputs) {
    const faults = [];
    const values = ["value", "insecureValue"].filter((key) => inputs[key] !== undefined);
    if (values.length !== 1) faults.push({ property: "value", reason: "exactly one of value and insecureValue must be given" });
    if (inputs["type"] !== unknown && !types.includes(inputs["type"] as string))
      faults.push({ property: "type", reason: `type is ${JSON.stringify(inputs["type"])}; allowed are ${types.join(", ")}` });
    if (inputs["insecureValue"] !== undefined && inputs["type"] === "SecureString")
      faults.push({ property: "insecureValue", reason: "insecureValue is not for type SecureString; use value" });
    return faults;
  },
  preview: (inputs) => ({
    dataType: "text",
    hasValueWo: false,
    insecureValue: inputs["type"] === "SecureString" ? "" : inputs["value"],
    keyId: inputs["type"] === "SecureString" ? "alias/aws/ssm" : "",
    tier: "Standard",
    value: inputs["insecureValue"],
    version: 1,
  }),
  // A parameter goes from the advanced tier to the standard one only by being made anew.
  replacing: (olds, news) => (olds["tier"] === "Advanced" && news["tier"] !== "Advanced" ? ["tier"] : []),
  following: (changed, news) => ({
    ...([...changed].some((key) => !["tags", "tagsAll", "overwrite"].includes(key)) ? madeAnew("version") : {}),
    value: news["insecureValue"],
    insecureValue: news["type"] === "SecureString" ? "" : news["value"],
  }),
  async create(inputs, context) {
    const overwrite = inputs["overwrite"] === true;
    // AWS takes tags only with a parameter that is new.
    await put(inputs, overwrite, overwrite ? {} : tagsOfCreate(inputs, context), context);
    return inputs["name"] as string;
  },
  async finish(id, inputs, context) {
    if (inputs["overwrite"] !== true) return;
    const tags = awsTags(context.allTags(inputs));
    if (tags.length > 0) await context.aws("ssm", "AddTagsToResource", { ResourceType: "Parameter", ResourceId: id, Tags: tags });
  },
  find: byInput("name"),
  async read(id, _state, context) {
    const found = await unlessCode(context.aws("ssm", "GetParameter", { Name: id, WithDecryption: true }), ...gone);
    const parameter = found?.Parameter;
    if (parameter === undefined) return undefined;
    const ParameterFilters = [{ Key: "Name", Option: "Equals", Values: [id] }];
    const page = await context.aws("ssm", "DescribeParameters", { ParameterFilters });
    const details = page.Parameters?.[0];
    const { TagList } = await context.aws("ssm", "ListTagsForResource", { ResourceType: "Parameter", ResourceId: id });
    const secure = parameter.Type === "SecureString";
    return {
      name: parameter.Name,
      arn: parameter.ARN,
      type: parameter.Type,
      value: parameter.Value,
      insecureValue: secure ? "" : parameter.Value,
      version: parameter.Version,
      dataType: parameter.DataType ?? "text",
      hasValueWo: false,
      allowedPattern: details?.AllowedPattern === "" ? undefined : details?.AllowedPattern,
      description: details?.Description === "" ? undefined : details?.Description,
      keyId: secure ? (details?.KeyId ?? "alias/aws/ssm") : "",
      tier: details?.Tier ?? "Standard",
      tagsAll: tagsOf(TagList),
    };
  },
  update,
  async delete(id, _state, context) {
    await unlessCode(context.aws("ssm", "DeleteParameter", { Name: id }), ...gone);
  },
};
