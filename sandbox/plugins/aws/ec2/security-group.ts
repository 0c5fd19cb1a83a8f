import { isCode, unlessCode } from "../clients.ts";
import { tagsOf } from "../codec.ts";
import type { Context } from "../context.ts";
import type { Definition } from "../definition.ts";
import type { Value } from "../../protocol/values.ts";
import { atoms, minus, permission, rulesFrom, sameRules } from "./rules.ts";
import type { InlineRule } from "./rules.ts";
import { tagSpecifications, updateEc2Tags } from "./tags.ts";

const gone = ["InvalidGroup.NotFound", "InvalidGroupId.NotFound", "InvalidSecurityGroupID.NotFound", "InvalidGroupId.Malformed"];
const sides = ["ingress", "egress"] as const;
type Side = (typeof sides)[number];

const asRules = (value: Value | undefined): readonly InlineRule[] => (value ?? []) as unknown as InlineRule[];

async function find(id: string, context: Context) {
  const found = await unlessCode(context.aws("ec2", "DescribeSecurityGroups", { GroupIds: [id] }), ...gone);
  return found?.SecurityGroups?.[0];
}

async function setRules(id: string, side: Side, before: readonly InlineRule[], after: readonly InlineRule[], context: Context) {
  const [old, wanted] = [atoms(before, id), atoms(after, id)];
  const revoked = minus(old, wanted).map(permission);
  const added = minus(wanted, old).map(permission);
  const name = side === "ingress" ? "Ingress" : "Egress";
  if (revoked.length > 0) await context.aws("ec2", `RevokeSecurityGroup${name}`, { GroupId: id, IpPermissions: revoked });
  if (added.length > 0) await context.aws("ec2", `AuthorizeSecurityGroup${name}`, { GroupId: id, IpPermissions: added });
}

async function currentRules(id: string, side: Side, context: Context): Promise<readonly InlineRule[]> {
  const group = await find(id, context);
  return asRules(rulesFrom((side === "ingress" ? group?.IpPermissions : group?.IpPermissionsEgress) ?? [], id));
}

export const definition: Definition = {
  token: "aws:ec2/securityGroup:SecurityGroup",
  naming: { maxLength: 255 },
  defaults: { description: "Managed by Pulumi", revokeRulesOnDelete: false },
  same: { ingress: sameRules, egress: sameRules },
  timeouts: { create: 600, delete: 900 },
  // The provider takes away the rule that lets everything out, which EC2 gives every new group.
  preview: () => ({ ingress: [], egress: [] }),
  async create(inputs, context) {
    const made = await context.aws("ec2", "CreateSecurityGroup", {
      GroupName: inputs["name"],
      Description: inputs["description"],
      VpcId: inputs["vpcId"],
      ...tagSpecifications("security-group", inputs, context),
    });
    if (made.GroupId === undefined) throw new Error("EC2 gave no id for the new security group");
    return made.GroupId;
  },
  async finish(id, inputs, context) {
    for (const side of sides) await setRules(id, side, await currentRules(id, side, context), asRules(inputs[side]), context);
  },
  async find(inputs, context) {
    const vpc = inputs["vpcId"];
    const Filters = [{ Name: "group-name", Values: [inputs["name"]] }, ...(vpc === undefined ? [] : [{ Name: "vpc-id", Values: [vpc] }])];
    const found = await context.aws("ec2", "DescribeSecurityGroups", { Filters });
    return found.SecurityGroups?.[0]?.GroupId;
  },
  async read(id, _state, context) {
    const group = await find(id, context);
    return (
      group && {
        arn: await context.arn("ec2", `security-group/${id}`),
        description: group.Description,
        name: group.GroupName,
        ownerId: group.OwnerId,
        vpcId: group.VpcId,
        ingress: rulesFrom(group.IpPermissions ?? [], id),
        egress: rulesFrom(group.IpPermissionsEgress ?? [], id),
        tagsAll: tagsOf(group.Tags),
      }
    );
  },
  async update(update, context) {
    const { id, olds, news, changed } = update;
    for (const side of sides) if (changed.has(side)) await setRules(id, side, asRules(olds[side]), asRules(news[side]), context);
    await updateEc2Tags(id, update, context);
  },
  async delete(id, state, context) {
    if (state["revokeRulesOnDelete"] === true)
      for (const side of sides) await setRules(id, side, await currentRules(id, side, context), [], context);
    // Network interfaces of instances that are just going still hold it for a moment.
    await context.waitFor("nothing uses the security group any more", async () => {
      try {
        await unlessCode(context.aws("ec2", "DeleteSecurityGroup", { GroupId: id }), ...gone);
        return true;
      } catch (error) {
        if (isCode(error, "DependencyViolation", "InvalidGroup.InUse")) return undefined;
        throw error;
      }
    });
  },
};
