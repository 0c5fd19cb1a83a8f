import { unlessCode } from "../clients.ts";
import { object, tagsOf } from "../codec.ts";
import type { Context } from "../context.ts";
import { byInput } from "../definition.ts";
import type { Definition } from "../definition.ts";
import { awsTags, tagChanges, tagsOfCreate } from "../tags.ts";

const parameters = object({
  assumeRolePolicy: "AssumeRolePolicyDocument",
  description: true,
  maxSessionDuration: true,
  name: "RoleName",
  path: true,
  permissionsBoundary: true,
});

export const gone = ["NoSuchEntity", "NoSuchEntityException"];

async function inlinePolicies(role: string, context: Context) {
  const { PolicyNames } = await context.aws("iam", "ListRolePolicies", { RoleName: role });
  return Promise.all(
    (PolicyNames ?? []).map(async (name) => {
      const found = await context.aws("iam", "GetRolePolicy", { RoleName: role, PolicyName: name });
      return { name, policy: decodeURIComponent(found.PolicyDocument ?? "") };
    }),
  );
}

async function attachedPolicies(role: string, context: Context): Promise<string[]> {
  const { AttachedPolicies } = await context.aws("iam", "ListAttachedRolePolicies", { RoleName: role });
  return (AttachedPolicies ?? []).map((policy) => policy.PolicyArn ?? "").sort();
}

/** The parts of a role that must go before it: only instance profiles unless `forceDetachPolicies`. */
async function release(role: string, force: boolean, context: Context): Promise<void> {
  const { InstanceProfiles } = await context.aws("iam", "ListInstanceProfilesForRole", { RoleName: role });
  for (const { InstanceProfileName } of InstanceProfiles ?? [])
    await context.aws("iam", "RemoveRoleFromInstanceProfile", { InstanceProfileName, RoleName: role });
  if (!force) return;
  for (const PolicyArn of await attachedPolicies(role, context))
    await context.aws("iam", "DetachRolePolicy", { RoleName: role, PolicyArn });
  for (const { name } of await inlinePolicies(role, context))
    await context.aws("iam", "DeleteRolePolicy", { RoleName: role, PolicyName: name });
}

export const definition: Definition = {
  token: "aws:iam/role:Role",
  naming: { maxLength: 64 },
  defaults: { forceDetachPolicies: false, maxSessionDuration: 3600, path: "/" },
  json: ["assumeRolePolicy"],
  // Deprecated in the provider in favour of the resources RolePolicy and RolePolicyAttachment.
  unsupported: ["inlinePolicies", "managedPolicyArns"],
  preview: () => ({ inlinePolicies: [], managedPolicyArns: [] }),
  async create(inputs, context) {
    await context.aws("iam", "CreateRole", { ...parameters.encode(inputs), ...tagsOfCreate(inputs, context) });
    return inputs["name"] as string;
  },
  find: byInput("name"),
  async read(id, _state, context) {
    const found = await unlessCode(context.aws("iam", "GetRole", { RoleName: id }), ...gone);
    const role = found?.Role;
    if (role === undefined) return undefined;
    return {
      assumeRolePolicy: decodeURIComponent(role.AssumeRolePolicyDocument ?? ""),
      description: role.Description === "" ? undefined : role.Description,
      maxSessionDuration: role.MaxSessionDuration,
      name: role.RoleName,
      path: role.Path,
      permissionsBoundary: role.PermissionsBoundary?.PermissionsBoundaryArn,
      arn: role.Arn,
      createDate: role.CreateDate?.toISOString().replace(".000Z", "Z"),
      uniqueId: role.RoleId,
      inlinePolicies: await inlinePolicies(id, context),
      managedPolicyArns: await attachedPolicies(id, context),
      tagsAll: tagsOf(role.Tags),
    };
  },
  async update({ id, olds, news, changed }, context) {
    const RoleName = id;
    if (changed.has("assumeRolePolicy"))
      await context.aws("iam", "UpdateAssumeRolePolicy", { RoleName, PolicyDocument: news["assumeRolePolicy"] });
    // What UpdateRole is not told goes back to its default, so both are sent.
    if (changed.has("description") || changed.has("maxSessionDuration")) {
      const settings = { Description: news["description"] ?? "", MaxSessionDuration: news["maxSessionDuration"] };
      await context.aws("iam", "UpdateRole", { RoleName, ...settings });
    }
    if (changed.has("permissionsBoundary")) {
      const PermissionsBoundary = news["permissionsBoundary"];
      if (PermissionsBoundary === undefined) await context.aws("iam", "DeleteRolePermissionsBoundary", { RoleName });
      else await context.aws("iam", "PutRolePermissionsBoundary", { RoleName, PermissionsBoundary });
    }
    const { set, removed } = tagChanges(olds, news, changed, context);
    if (removed.length > 0) await context.aws("iam", "UntagRole", { RoleName, TagKeys: removed });
    if (set !== undefined) await context.aws("iam", "TagRole", { RoleName, Tags: awsTags(set) });
  },
  async delete(id, state, context) {
    await unlessCode(release(id, state["forceDetachPolicies"] === true, context), ...gone);
    await unlessCode(context.aws("iam", "DeleteRole", { RoleName: id }), ...gone);
  },
};
