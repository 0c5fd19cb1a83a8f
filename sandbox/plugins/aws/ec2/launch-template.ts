import { unlessCode } from "../clients.ts";
import type { Context } from "../context.ts";
import { madeAnew } from "../definition.ts";
import type { Definition } from "../definition.ts";
import type { Properties } from "../../protocol/values.ts";
import { launchTemplateData } from "./launch-template-data.ts";
import { readEc2Tags, tagSpecifications, updateEc2Tags } from "./tags.ts";

const gone = ["InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateId.Malformed", "InvalidLaunchTemplateName.NotFoundException"];

/** Whether a change makes a new version. Tags and the choice of the default version are no part of one. */
const makesVersion = (changed: ReadonlySet<string>): boolean =>
  changed.has("description") || [...changed].some((key) => key in launchTemplateData.fields);

const describe = (id: string, context: Context) =>
  unlessCode(context.aws("ec2", "DescribeLaunchTemplates", { LaunchTemplateIds: [id] }), ...gone);

async function versionData(id: string, version: number, context: Context) {
  const page = await context.aws("ec2", "DescribeLaunchTemplateVersions", { LaunchTemplateId: id, Versions: [String(version)] });
  const [found] = page.LaunchTemplateVersions ?? [];
  if (found === undefined) throw new Error(`EC2 lists version ${version} of ${id} as the latest, but does not have it`);
  // Tags for the template itself are no part of its data; an emulator lists them there.
  const tags = found.LaunchTemplateData?.TagSpecifications?.filter((one) => one.ResourceType !== "launch-template");
  return { description: found.VersionDescription, data: { ...found.LaunchTemplateData, TagSpecifications: tags } };
}

function conflicts(inputs: Properties) {
  const pairs = [
    ["defaultVersion", "updateDefaultVersion"],
    ["instanceType", "instanceRequirements"],
    ["vpcSecurityGroupIds", "securityGroupNames"],
  ] as const;
  return pairs
    .filter(([one, other]) => inputs[one] !== undefined && inputs[one] !== false && inputs[other] !== undefined)
    .map(([one, other]) => ({ property: one, reason: `${one} and ${other} exclude each other; give one of them` }));
}

export const definition: Definition = {
  token: "aws:ec2/launchTemplate:LaunchTemplate",
  naming: { maxLength: 128 },
  sets: ["vpcSecurityGroupIds", "securityGroupNames", "licenseSpecifications"],
  // The provider sends the index always; EC2 refuses an interface without one.
  nestedDefaults: { networkInterfaces: { deviceIndex: 0 } },
  unsupported: ["secondaryInterfaces"],
  validate: conflicts,
  preview: (inputs) => ({
    defaultVersion: 1,
    latestVersion: 1,
    ...(inputs["metadataOptions"] === undefined ? { metadataOptions: undefined } : {}),
  }),
  following: (changed, news) => ({
    ...(makesVersion(changed) ? madeAnew("latestVersion") : {}),
    ...(makesVersion(changed) && news["updateDefaultVersion"] === true ? madeAnew("defaultVersion") : {}),
    ...(changed.has("updateDefaultVersion") ? madeAnew("defaultVersion") : {}),
  }),
  async create(inputs, context) {
    const made = await context.aws("ec2", "CreateLaunchTemplate", {
      LaunchTemplateName: inputs["name"],
      VersionDescription: inputs["description"],
      LaunchTemplateData: launchTemplateData.encode(inputs),
      ...tagSpecifications("launch-template", inputs, context),
    });
    if (made.LaunchTemplate?.LaunchTemplateId === undefined) throw new Error("EC2 gave no id for the new launch template");
    return made.LaunchTemplate.LaunchTemplateId;
  },
  async find(inputs, context) {
    const found = await unlessCode(context.aws("ec2", "DescribeLaunchTemplates", { LaunchTemplateNames: [inputs["name"]] }), ...gone);
    return found?.LaunchTemplates?.[0]?.LaunchTemplateId;
  },
  async read(id, _state, context) {
    const found = await describe(id, context);
    const template = found?.LaunchTemplates?.[0];
    if (template?.LatestVersionNumber === undefined) return undefined;
    const { description, data } = await versionData(id, template.LatestVersionNumber, context);
    return {
      ...launchTemplateData.decodeAll(data),
      description,
      arn: await context.arn("ec2", `launch-template/${id}`),
      defaultVersion: template.DefaultVersionNumber,
      latestVersion: template.LatestVersionNumber,
      name: template.LaunchTemplateName,
      tagsAll: await readEc2Tags(id, context),
    };
  },
  async update({ id, olds, news, changed }, context) {
    let latest = olds["latestVersion"];
    if (makesVersion(changed)) {
      const made = await context.aws("ec2", "CreateLaunchTemplateVersion", {
        LaunchTemplateId: id,
        VersionDescription: news["description"],
        LaunchTemplateData: launchTemplateData.encode(news),
      });
      latest = made.LaunchTemplateVersion?.VersionNumber ?? latest ?? 1;
    }
    const wanted = news["updateDefaultVersion"] === true ? latest : (news["defaultVersion"] ?? olds["defaultVersion"]);
    if (wanted !== undefined && wanted !== olds["defaultVersion"])
      await context.aws("ec2", "ModifyLaunchTemplate", { LaunchTemplateId: id, DefaultVersion: String(wanted as number) });
    await updateEc2Tags(id, { id, olds, news, changed }, context);
  },
  async delete(id, _state, context) {
    await unlessCode(context.aws("ec2", "DeleteLaunchTemplate", { LaunchTemplateId: id }), ...gone);
  },
};
