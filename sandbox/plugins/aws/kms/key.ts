import { isCode, unlessCode } from "../clients.ts";
import { object, tagsOf } from "../codec.ts";
import type { Context } from "../context.ts";
import { madeAnew } from "../definition.ts";
import type { Definition, Found } from "../definition.ts";
import { tagChanges } from "../tags.ts";
import { equal } from "../../protocol/values.ts";
import type { Properties } from "../../protocol/values.ts";

const parameters = object({
  bypassPolicyLockoutSafetyCheck: true,
  customKeyStoreId: true,
  customerMasterKeySpec: "KeySpec",
  description: true,
  keyUsage: true,
  multiRegion: true,
  policy: true,
  xksKeyId: true,
});

const gone = ["NotFoundException"];
const kmsTags = (tags: Readonly<Record<string, string>>) => Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));

async function rotation(id: string, context: Context) {
  // Asymmetric keys, HMAC keys and keys of other stores have no rotation to speak of.
  return unlessCode(context.aws("kms", "GetKeyRotationStatus", { KeyId: id }), "UnsupportedOperationException", "KMSInvalidStateException");
}

async function setRotation(id: string, enabled: boolean, days: unknown, context: Context): Promise<void> {
  if (enabled) await context.aws("kms", "EnableKeyRotation", { KeyId: id, ...(days === undefined ? {} : { RotationPeriodInDays: days }) });
  else await context.aws("kms", "DisableKeyRotation", { KeyId: id });
}

async function read(id: string, _state: Properties, context: Context): Promise<Found | undefined> {
  const found = await unlessCode(context.aws("kms", "DescribeKey", { KeyId: id }), ...gone);
  const key = found?.KeyMetadata;
  if (key === undefined || key.KeyState === "PendingDeletion" || key.KeyState === "PendingReplicaDeletion") return undefined;
  const { Policy } = await context.aws("kms", "GetKeyPolicy", { KeyId: id, PolicyName: "default" });
  const { Tags } = await context.aws("kms", "ListResourceTags", { KeyId: id });
  const turned = await rotation(id, context);
  return {
    arn: key.Arn,
    keyId: key.KeyId,
    customKeyStoreId: key.CustomKeyStoreId,
    customerMasterKeySpec: key.KeySpec,
    description: key.Description ?? "",
    isEnabled: key.Enabled,
    keyUsage: key.KeyUsage,
    multiRegion: key.MultiRegion ?? false,
    policy: Policy,
    enableKeyRotation: turned?.KeyRotationEnabled ?? false,
    rotationPeriodInDays: turned?.KeyRotationEnabled ? (turned.RotationPeriodInDays ?? 365) : 0,
    xksKeyId: key.XksKeyConfiguration?.Id,
    tagsAll: tagsOf((Tags ?? []).map(({ TagKey, TagValue }) => ({ Key: TagKey, Value: TagValue }))),
  };
}

/** Keys have no name: what tells one from another is its description and its tags. */
async function findKey(inputs: Properties, context: Context): Promise<string | undefined> {
  const tags = context.allTags(inputs);
  if (inputs["description"] === undefined && Object.keys(tags).length === 0)
    throw new Error("KMS keys have no name, and this one has neither a description nor tags to know it by");
  const found: string[] = [];
  for (let marker: string | undefined; ;) {
    const page = await context.aws("kms", "ListKeys", marker === undefined ? {} : { Marker: marker });
    for (const { KeyId = "" } of page.Keys ?? []) {
      const key = await read(KeyId, {}, context);
      if (key !== undefined && key["description"] === (inputs["description"] ?? "") && equal(key["tagsAll"] ?? {}, tags)) found.push(KeyId);
    }
    if (!page.Truncated) break;
    marker = page.NextMarker;
  }
  if (found.length > 1) throw new Error(`${found.length} KMS keys have this description and these tags: ${found.join(", ")}`);
  return found[0];
}

export const definition: Definition = {
  token: "aws:kms/key:Key",
  defaults: {
    bypassPolicyLockoutSafetyCheck: false,
    customerMasterKeySpec: "SYMMETRIC_DEFAULT",
    enableKeyRotation: false,
    isEnabled: true,
    keyUsage: "ENCRYPT_DECRYPT",
  },
  json: ["policy"],
  timeouts: { create: 120 },
  validate({ deletionWindowInDays: days }) {
    if (typeof days !== "number" || (days >= 7 && days <= 30)) return [];
    return [{ property: "deletionWindowInDays", reason: `deletionWindowInDays is ${days}; allowed are 7 to 30` }];
  },
  following: (changed) => (changed.has("enableKeyRotation") ? madeAnew("rotationPeriodInDays") : {}),
  preview: (inputs) => ({
    description: "",
    multiRegion: false,
    rotationPeriodInDays: inputs["enableKeyRotation"] === true ? 365 : 0,
  }),
  async create(inputs, context) {
    const tags = kmsTags(context.allTags(inputs));
    const made = await context.aws("kms", "CreateKey", { ...parameters.encode(inputs), ...(tags.length > 0 ? { Tags: tags } : {}) });
    if (made.KeyMetadata?.KeyId === undefined) throw new Error("KMS gave no id for the new key");
    return made.KeyMetadata.KeyId;
  },
  async finish(id, inputs, context) {
    if (inputs["enableKeyRotation"] === true) await setRotation(id, true, inputs["rotationPeriodInDays"], context);
    if (inputs["isEnabled"] === false) await context.aws("kms", "DisableKey", { KeyId: id });
  },
  find: findKey,
  read,
  async update({ id, olds, news, changed }, context) {
    const KeyId = id;
    // A disabled key takes no other change, so it is enabled first and disabled last.
    if (changed.has("isEnabled") && news["isEnabled"] === true) await context.aws("kms", "EnableKey", { KeyId });
    if (changed.has("enableKeyRotation") || changed.has("rotationPeriodInDays"))
      await setRotation(id, news["enableKeyRotation"] === true, news["rotationPeriodInDays"], context);
    if (changed.has("description")) await context.aws("kms", "UpdateKeyDescription", { KeyId, Description: news["description"] ?? "" });
    if (changed.has("policy")) {
      const bypass = news["bypassPolicyLockoutSafetyCheck"];
      const policy = { PolicyName: "default", Policy: news["policy"], BypassPolicyLockoutSafetyCheck: bypass };
      await context.aws("kms", "PutKeyPolicy", { KeyId, ...policy });
    }
    if (changed.has("isEnabled") && news["isEnabled"] === false) await context.aws("kms", "DisableKey", { KeyId });
    const { set, removed } = tagChanges(olds, news, changed, context);
    if (removed.length > 0) await context.aws("kms", "UntagResource", { KeyId, TagKeys: removed });
    if (set !== undefined) await context.aws("kms", "TagResource", { KeyId, Tags: kmsTags(set) });
  },
  async delete(id, state, context) {
    const days = state["deletionWindowInDays"];
    try {
      const window = days === undefined ? {} : { PendingWindowInDays: days };
      await unlessCode(context.aws("kms", "ScheduleKeyDeletion", { KeyId: id, ...window }), ...gone);
    } catch (error) {
      if (!isCode(error, "KMSInvalidStateException") || !(error as Error).message.includes("pending deletion")) throw error;
    }
  },
};
