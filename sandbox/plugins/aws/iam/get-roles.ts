import type { Role } from "@aws-sdk/client-iam";
import type { DataSource } from "../data-source.ts";

export const dataSource: DataSource = {
  token: "aws:iam/getRoles:getRoles",
  async read(args, context) {
    const pattern = typeof args["nameRegex"] === "string" ? new RegExp(args["nameRegex"]) : undefined;
    const roles: Role[] = [];
    for (let marker: string | undefined; ;) {
      const page = await context.aws("iam", "ListRoles", { PathPrefix: args["pathPrefix"], Marker: marker });
      roles.push(...(page.Roles ?? []).filter((role) => pattern === undefined || pattern.test(role.RoleName ?? "")));
      if (!page.IsTruncated) break;
      marker = page.Marker;
    }
    return { id: context.region, arns: roles.map((role) => role.Arn ?? ""), names: roles.map((role) => role.RoleName ?? "") };
  },
};
