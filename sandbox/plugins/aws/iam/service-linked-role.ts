import { unlessCode } from "../clients.ts";
import { tagsOf } from "../codec.ts";
import type { Definition } from "../definition.ts";
import { awsTags, tagChanges } from "../tags.ts";
import { gone } from "./role.ts";

/** The id is the ARN, `…:role/aws-service-role/<service>/<name>`. */
const nameOf = (arn: string): string => arn.split("/").at(-1) ?? arn;

export const definition: Definition = {
  token: "aws:iam/serviceLinkedRole:ServiceLinkedRole",
  preview: (inputs) => ({ path: `/aws-service-role/${inputs["awsServiceName"] as string}/` }),
  async create(inputs, context) {
    const made = await context.aws("iam", "CreateServiceLinkedRole", {
      AWSServiceName: inputs["awsServiceName"],
      CustomSuffix: inputs["customSuffix"],
      Description: inputs["description"],
    });
    if (made.Role?.Arn === undefined) throw new Error("IAM gave no ARN for the new role");
    return made.Role.Arn;
  },
  async finish(id, inputs, context) {
    const tags = awsTags(context.allTags(inputs));
    if (tags.length > 0) await context.aws("iam", "TagRole", { RoleName: nameOf(id), Tags: tags });
  },
  async find(inputs, context) {
    const PathPrefix = `/aws-service-role/${inputs["awsServiceName"] as string}/`;
    const { Roles } = await context.aws("iam", "ListRoles", { PathPrefix });
    const suffix = inputs["customSuffix"];
    return Roles?.find((role) => (role.RoleName ?? "").split("_")[1] === suffix)?.Arn;
  },
  async read(id, _state, context) {
    const found = await unlessCode(context.aws("iam", "GetRole", { RoleName: nameOf(id) }), ...gone);
    const role = found?.Role;
    if (role === undefined) return undefined;
    const [, suffix] = (role.RoleName ?? "").split("_");
    return {
      awsServiceName: role.Path?.split("/")[2],
      customSuffix: suffix,
      description: role.Description === "" ? undefined : role.Description,
      arn: role.Arn,
      createDate: role.CreateDate?.toISOString().replace(".000Z", "Z"),
      name: role.RoleName,
      path: role.Path,
      uniqueId: role.RoleId,
      tagsAll: tagsOf(role.Tags),
    };
  },
  async update({ id, olds, news, changed }, context) {
    const RoleName = nameOf(id);
    if (changed.has("description")) await context.aws("iam", "UpdateRole", { RoleName, Description: news["description"] ?? "" });
    const { set, removed } = tagChanges(olds, news, changed, context);
    if (removed.length > 0) await context.aws("iam", "UntagRole", { RoleName, TagKeys: removed });
    if (set !== undefined) await context.aws("iam", "TagRole", { RoleName, Tags: awsTags(set) });
  },
  async delete(id, _state, context) {
    const deletion = await unlessCode(context.aws("iam", "DeleteServiceLinkedRole", { RoleName: nameOf(id) }), ...gone);
    const task = deletion?.DeletionTaskId;
    if (task === undefined) return;
    await context.waitFor("the service has let go of its role", async () => {
      const { Status, Reason } = await context.aws("iam", "GetServiceLinkedRoleDeletionStatus", { DeletionTaskId: task });
      if (Status === "FAILED") throw new Error(`the service keeps its role: ${Reason?.Reason ?? "no reason given"}`);
      return Status === "SUCCEEDED" ? true : undefined;
    });
  },
};
