import { isCode, unlessCode } from "../clients.ts";
import { tagsOf } from "../codec.ts";
import type { Context } from "../context.ts";
import { byInput, madeAnew } from "../definition.ts";
import type { Definition, Update } from "../definition.ts";
import { awsTags, tagChanges, tagsOfCreate } from "../tags.ts";
import { equal } from "../../protocol/values.ts";
import type { Properties, Value } from "../../protocol/values.ts";

const gone = ["InvalidDocument", "DocumentNotFound"];
const share = "Share";
/** ModifyDocumentPermission takes twenty accounts at a time. */
const accountsAtATime = 20;

const shared = (properties: Properties): string[] => {
  const accounts = (properties["permissions"] as { account_ids?: string } | undefined)?.account_ids ?? "";
  return accounts === "" ? [] : accounts.split(",");
};

async function setPermissions(name: string, before: readonly string[], after: readonly string[], context: Context): Promise<void> {
  const added = after.filter((account) => !before.includes(account));
  const removed = before.filter((account) => !after.includes(account));
  for (const [key, accounts] of [["AccountIdsToAdd", added] as const, ["AccountIdsToRemove", removed] as const]) {
    for (let first = 0; first < accounts.length; first += accountsAtATime) {
      const some = accounts.slice(first, first + accountsAtATime);
      await context.aws("ssm", "ModifyDocumentPermission", { Name: name, PermissionType: share, [key]: some });
    }
  }
}

async function waitActive(name: string, context: Context): Promise<void> {
  await context.waitFor(`the document ${name} is active`, async () => {
    const { Document } = await context.aws("ssm", "DescribeDocument", { Name: name });
    if (Document?.Status === "Failed") throw new Error(`the document ${name} failed: ${Document.StatusInformation ?? ""}`);
    // An emulator may know no states.
    return Document?.Status === undefined || Document.Status === "Active" ? true : undefined;
  });
}

const content = (inputs: Properties) => ({
  Content: inputs["content"],
  DocumentFormat: inputs["documentFormat"],
  TargetType: inputs["targetType"],
  VersionName: inputs["versionName"],
  Attachments: (inputs["attachmentsSources"] as { key: string; name?: string; values: string[] }[] | undefined)?.map((one) => ({
    Key: one.key,
    Name: one.name,
    Values: one.values,
  })),
});

async function update({ id, olds, news, changed }: Update, context: Context): Promise<void> {
  if (changed.has("permissions")) await setPermissions(id, shared(olds), shared(news), context);
  if ([...changed].some((key) => !["permissions", "tags", "tagsAll"].includes(key))) {
    let version: unknown;
    try {
      const updated = await context.aws("ssm", "UpdateDocument", { Name: id, DocumentVersion: "$LATEST", ...content(news) });
      version = updated.DocumentDescription?.DocumentVersion;
    } catch (error) {
      // The same content is there already: only the default version is behind.
      if (!isCode(error, "DuplicateDocumentContent")) throw error;
      version = olds["latestVersion"];
    }
    await context.aws("ssm", "UpdateDocumentDefaultVersion", { Name: id, DocumentVersion: version });
    await waitActive(id, context);
  }
  const { set, removed } = tagChanges(olds, news, changed, context);
  const resource = { ResourceType: "Document", ResourceId: id };
  if (removed.length > 0) await context.aws("ssm", "RemoveTagsFromResource", { ...resource, TagKeys: removed });
  if (set !== undefined) await context.aws("ssm", "AddTagsToResource", { ...resource, Tags: awsTags(set) });
}

/** JSON documents are the same when their meaning is; YAML ones when their text is. */
function sameContent(one: Value, other: Value): boolean {
  try {
    return equal(JSON.parse(one as string) as Value, JSON.parse(other as string) as Value);
  } catch {
    return (one as string).trim() === (other as string).trim();
  }
}

export const definition: Definition = {
  token: "aws:ssm/document:Document",
  naming: { maxLength: 128 },
  defaults: { documentFormat: "JSON" },
  same: { content: sameContent },
  preview: () => ({ defaultVersion: "1", documentVersion: "1", hashType: "Sha256", latestVersion: "1", status: "Active" }),
  following(changed) {
    const versions = ["defaultVersion", "documentVersion", "latestVersion"];
    const fromContent = ["createdDate", "description", "hash", "parameters", "platformTypes", "schemaVersion"];
    return changed.has("content") ? madeAnew(...versions, ...fromContent) : {};
  },
  async create(inputs, context) {
    await context.aws("ssm", "CreateDocument", {
      Name: inputs["name"],
      DocumentType: inputs["documentType"],
      ...content(inputs),
      ...tagsOfCreate(inputs, context),
    });
    return inputs["name"] as string;
  },
  async finish(id, inputs, context) {
    await setPermissions(id, [], shared(inputs), context);
    await waitActive(id, context);
  },
  find: byInput("name"),
  async read(id, state, context) {
    const found = await unlessCode(context.aws("ssm", "DescribeDocument", { Name: id }), ...gone);
    const document = found?.Document;
    if (document === undefined) return undefined;
    const format = state["documentFormat"] ?? document.DocumentFormat;
    const latest = await context.aws("ssm", "GetDocument", { Name: id, DocumentVersion: "$LATEST", DocumentFormat: format });
    const { AccountIds } = await context.aws("ssm", "DescribeDocumentPermission", { Name: id, PermissionType: share });
    return {
      arn: await context.arn("ssm", `document/${id}`),
      content: latest.Content,
      createdDate: document.CreatedDate?.toISOString().replace(/\.\d{3}Z$/, "Z"),
      defaultVersion: document.DefaultVersion,
      description: document.Description ?? "",
      documentFormat: document.DocumentFormat ?? "JSON",
      documentType: document.DocumentType,
      documentVersion: document.DocumentVersion,
      hash: document.Hash ?? "",
      hashType: document.HashType ?? "Sha256",
      latestVersion: document.LatestVersion,
      name: document.Name,
      owner: document.Owner ?? "",
      parameters: (document.Parameters ?? []).map((one) => ({
        defaultValue: one.DefaultValue ?? "",
        description: one.Description ?? "",
        name: one.Name ?? "",
        type: one.Type ?? "",
      })),
      permissions: AccountIds?.length ? { account_ids: AccountIds.join(","), type: share } : undefined,
      platformTypes: document.PlatformTypes ?? [],
      schemaVersion: document.SchemaVersion ?? "",
      status: document.Status ?? "Active",
      targetType: document.TargetType === "" ? undefined : document.TargetType,
      versionName: document.VersionName === "" ? undefined : document.VersionName,
      tagsAll: tagsOf(document.Tags),
    };
  },
  update,
  async delete(id, state, context) {
    await unlessCode(setPermissions(id, shared(state), [], context), ...gone);
    await unlessCode(context.aws("ssm", "DeleteDocument", { Name: id }), ...gone);
  },
};
