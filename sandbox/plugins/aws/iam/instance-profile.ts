import { unlessCode } from "../clients.ts";
import { tagsOf } from "../codec.ts";
import { byInput } from "../definition.ts";
import type { Definition } from "../definition.ts";
import { awsTags, tagChanges, tagsOfCreate } from "../tags.ts";
import { gone } from "./role.ts";

export const definition: Definition = {
  token: "aws:iam/instanceProfile:InstanceProfile",
  naming: { maxLength: 128 },
  defaults: { path: "/" },
  async create(inputs, context) {
    await context.aws("iam", "CreateInstanceProfile", {
      InstanceProfileName: inputs["name"],
      Path: inputs["path"],
      ...tagsOfCreate(inputs, context),
    });
    return inputs["name"] as string;
  },
  async finish(id, inputs, context) {
    const role = inputs["role"];
    if (role !== undefined) await context.aws("iam", "AddRoleToInstanceProfile", { InstanceProfileName: id, RoleName: role });
  },
  find: byInput("name"),
  async read(id, _state, context) {
    const found = await unlessCode(context.aws("iam", "GetInstanceProfile", { InstanceProfileName: id }), ...gone);
    const profile = found?.InstanceProfile;
    return (
      profile && {
        name: profile.InstanceProfileName,
        path: profile.Path,
        role: profile.Roles?.[0]?.RoleName,
        arn: profile.Arn,
        createDate: profile.CreateDate?.toISOString().replace(".000Z", "Z"),
        uniqueId: profile.InstanceProfileId,
        tagsAll: tagsOf(profile.Tags),
      }
    );
  },
  async update({ id, olds, news, changed }, context) {
    const InstanceProfileName = id;
    if (changed.has("role")) {
      const profile = await context.aws("iam", "GetInstanceProfile", { InstanceProfileName });
      for (const { RoleName } of profile.InstanceProfile?.Roles ?? [])
        await context.aws("iam", "RemoveRoleFromInstanceProfile", { InstanceProfileName, RoleName });
      if (news["role"] !== undefined) await context.aws("iam", "AddRoleToInstanceProfile", { InstanceProfileName, RoleName: news["role"] });
    }
    const { set, removed } = tagChanges(olds, news, changed, context);
    if (removed.length > 0) await context.aws("iam", "UntagInstanceProfile", { InstanceProfileName, TagKeys: removed });
    if (set !== undefined) await context.aws("iam", "TagInstanceProfile", { InstanceProfileName, Tags: awsTags(set) });
  },
  async delete(id, _state, context) {
    const InstanceProfileName = id;
    const found = await unlessCode(context.aws("iam", "GetInstanceProfile", { InstanceProfileName }), ...gone);
    for (const { RoleName } of found?.InstanceProfile?.Roles ?? [])
      await unlessCode(context.aws("iam", "RemoveRoleFromInstanceProfile", { InstanceProfileName, RoleName }), ...gone);
    await unlessCode(context.aws("iam", "DeleteInstanceProfile", { InstanceProfileName }), ...gone);
  },
};
