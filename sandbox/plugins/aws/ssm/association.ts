import { unlessCode } from "../clients.ts";
import { list, object, same, tagsOf } from "../codec.ts";
import type { Codec } from "../codec.ts";
import type { Context } from "../context.ts";
import type { Definition, Update } from "../definition.ts";
import { awsTags, tagChanges, tagsOfCreate } from "../tags.ts";
import { equal } from "../../protocol/values.ts";
import type { Value } from "../../protocol/values.ts";

const asIs: Codec = { encode: (value) => value, decode: (wire) => wire as Value };

/** One value each here, a list of values there. */
const documentParameters: Codec = {
  encode: (value) => Object.fromEntries(Object.entries(value as Record<string, string>).map(([key, one]) => [key, [one]])),
  decode: (wire) => {
    const pairs = Object.entries(wire as Record<string, string[]>).map(([key, values]) => [key, values.join(",")] as const);
    return Object.fromEntries(pairs);
  },
};

const location: Codec = {
  encode: (value) => ({ S3Location: s3.encode(value) }),
  decode: (wire) => s3.decode((wire as { S3Location?: unknown }).S3Location),
};
const s3 = object({ s3BucketName: "OutputS3BucketName", s3KeyPrefix: "OutputS3KeyPrefix", s3Region: "OutputS3Region" });

const parameters = object({
  ...same("applyOnlyAtCronInterval", "associationName", "automationTargetParameterName", "complianceSeverity", "documentVersion"),
  ...same("maxConcurrency", "maxErrors", "name", "scheduleExpression", "syncCompliance"),
  calendarNames: list(asIs),
  outputLocation: location,
  parameters: documentParameters,
  targets: list(object({ key: true, values: list(asIs) })),
});
const gone = ["AssociationDoesNotExist"];

/** Waits for the first run, as long as the inputs say. */
async function waitForSuccess(id: string, seconds: number, context: Context): Promise<void> {
  let status = "";
  await context.waitFor(
    `the association ${id} has succeeded`,
    async () => {
      const found = await context.aws("ssm", "DescribeAssociation", { AssociationId: id });
      status = found.AssociationDescription?.Overview?.Status ?? "Pending";
      if (status === "Failed")
        throw new Error(`the association ${id} failed: ${found.AssociationDescription?.Overview?.DetailedStatus ?? ""}`);
      return status === "Success" ? true : undefined;
    },
    () => status,
    seconds,
  );
}

/** An update makes a version and forgets what it does not name, so all of it is sent. */
async function update({ id, olds, news, changed }: Update, context: Context): Promise<void> {
  if ([...changed].some((key) => !["tags", "tagsAll", "waitForSuccessTimeoutSeconds"].includes(key)))
    await context.aws("ssm", "UpdateAssociation", { AssociationId: id, ...parameters.encode(news) });
  const { set, removed } = tagChanges(olds, news, changed, context);
  const resource = { ResourceType: "Association", ResourceId: id };
  if (removed.length > 0) await context.aws("ssm", "RemoveTagsFromResource", { ...resource, TagKeys: removed });
  if (set !== undefined) await context.aws("ssm", "AddTagsToResource", { ...resource, Tags: awsTags(set) });
}

export const definition: Definition = {
  token: "aws:ssm/association:Association",
  defaults: { applyOnlyAtCronInterval: false },
  validate: (inputs) =>
    inputs["name"] === undefined ? [{ property: "name", reason: "name is missing; it must be the name of an SSM document" }] : [],
  preview: () => ({ documentVersion: "$DEFAULT", parameters: {}, targets: [] }),
  async create(inputs, context) {
    const made = await context.aws("ssm", "CreateAssociation", { ...parameters.encode(inputs), ...tagsOfCreate(inputs, context) });
    const id = made.AssociationDescription?.AssociationId;
    if (id === undefined) throw new Error("SSM gave no id for the new association");
    return id;
  },
  async finish(id, inputs, context) {
    const seconds = inputs["waitForSuccessTimeoutSeconds"];
    if (typeof seconds === "number" && seconds > 0) await waitForSuccess(id, seconds, context);
  },
  async find(inputs, context) {
    const name = inputs["associationName"];
    const filter = name === undefined ? { key: "Name", value: inputs["name"] } : { key: "AssociationName", value: name };
    const { Associations } = await context.aws("ssm", "ListAssociations", { AssociationFilterList: [filter] });
    const targets = parameters.encodeOnly(inputs, ["targets"])["Targets"] ?? [];
    const found = (Associations ?? []).filter((one) => equal((one.Targets ?? []) as Value, targets as Value));
    if (found.length > 1) throw new Error(`${found.length} associations of this document have these targets`);
    return found[0]?.AssociationId;
  },
  async read(id, _state, context) {
    const found = await unlessCode(context.aws("ssm", "DescribeAssociation", { AssociationId: id }), ...gone);
    const association = found?.AssociationDescription;
    if (association === undefined) return undefined;
    const { TagList } = await context.aws("ssm", "ListTagsForResource", { ResourceType: "Association", ResourceId: id });
    const decoded = parameters.decodeAll(association);
    return {
      ...decoded,
      applyOnlyAtCronInterval: association.ApplyOnlyAtCronInterval ?? false,
      documentVersion: association.DocumentVersion ?? "$DEFAULT",
      parameters: decoded["parameters"] ?? {},
      targets: decoded["targets"] ?? [],
      arn: await context.arn("ssm", `association/${id}`),
      associationId: id,
      tagsAll: tagsOf(TagList),
    };
  },
  update,
  async delete(id, _state, context) {
    await unlessCode(context.aws("ssm", "DeleteAssociation", { AssociationId: id }), ...gone);
  },
};
