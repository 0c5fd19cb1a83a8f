import { tagsOf } from "../codec.ts";
import type { DataSource } from "../data-source.ts";

const seconds = (date: Date | undefined): string => date?.toISOString().replace(/\.\d{3}Z$/, "Z") ?? "";

export const dataSource: DataSource = {
  token: "aws:iam/getRole:getRole",
  async read(args, context) {
    const { Role: role } = await context.aws("iam", "GetRole", { RoleName: args["name"] });
    if (role === undefined) throw new Error(`IAM gave no role for ${JSON.stringify(args["name"])}`);
    const used = role.RoleLastUsed;
    return {
      id: role.RoleName,
      arn: role.Arn,
      assumeRolePolicy: decodeURIComponent(role.AssumeRolePolicyDocument ?? ""),
      createDate: seconds(role.CreateDate),
      description: role.Description ?? "",
      maxSessionDuration: role.MaxSessionDuration ?? 3600,
      name: role.RoleName,
      path: role.Path,
      permissionsBoundary: role.PermissionsBoundary?.PermissionsBoundaryArn ?? "",
      roleLastUseds: used?.LastUsedDate === undefined ? [] : [{ lastUsedDate: seconds(used.LastUsedDate), region: used.Region ?? "" }],
      tags: tagsOf(role.Tags),
      uniqueId: role.RoleId,
    };
  },
};
