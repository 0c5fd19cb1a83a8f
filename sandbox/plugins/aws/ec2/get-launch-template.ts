import { tagsOf } from "../codec.ts";
import type { DataSource } from "../data-source.ts";
import { isObject } from "../../protocol/values.ts";
import type { Value } from "../../protocol/values.ts";
import type { Shape } from "../schema.ts";
import { functionSchema } from "../schema.ts";
import { exactlyOne, filterInput, filtersOf } from "./filters.ts";
import { launchTemplateData } from "./launch-template-data.ts";

const token = "aws:ec2/getLaunchTemplate:getLaunchTemplate";

/** The data source has lists, with plural names, where the resource has single objects. */
function asListed(value: Value, shape: Shape): Value {
  if (typeof shape === "string" || "map" in shape) return value;
  if ("list" in shape) return (Array.isArray(value) ? value : [value]).map((item) => asListed(item, shape.list));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(shape.object).flatMap(([key, member]) => {
      const found = value[key] ?? value[key.replace(/s$/, "")];
      return found === undefined ? [] : [[key, asListed(found, member.type)]];
    }),
  );
}

const empty = (shape: Shape): Value => {
  if (typeof shape !== "string") return "list" in shape ? [] : {};
  return { string: "", number: 0, boolean: false, any: "" }[shape];
};

export const dataSource: DataSource = {
  token,
  async read(args, context) {
    const found = await context.aws("ec2", "DescribeLaunchTemplates", {
      ...(args["id"] === undefined ? {} : { LaunchTemplateIds: [args["id"]] }),
      ...(args["name"] === undefined ? {} : { LaunchTemplateNames: [args["name"]] }),
      ...filterInput(filtersOf(args)),
    });
    const template = exactlyOne("EC2 Launch Template", found.LaunchTemplates);
    const Versions = [String(template.LatestVersionNumber)];
    const page = await context.aws("ec2", "DescribeLaunchTemplateVersions", { LaunchTemplateId: template.LaunchTemplateId, Versions });
    const version = exactlyOne("version of the launch template", page.LaunchTemplateVersions);
    const { result } = functionSchema(token);
    const listed = asListed(launchTemplateData.decode(version.LaunchTemplateData) ?? {}, { object: result }) as Record<string, Value>;
    const rest = Object.entries(result).filter(([key, member]) => !(key in listed) && member.optional !== true);
    return {
      ...Object.fromEntries(rest.map(([key, member]) => [key, empty(member.type)])),
      ...listed,
      arn: await context.arn("ec2", `launch-template/${template.LaunchTemplateId ?? ""}`),
      id: template.LaunchTemplateId,
      name: template.LaunchTemplateName,
      defaultVersion: template.DefaultVersionNumber,
      latestVersion: template.LatestVersionNumber,
      description: version.VersionDescription ?? "",
      region: context.region,
      tags: tagsOf(template.Tags),
    };
  },
};
