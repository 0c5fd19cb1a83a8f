import type { SecurityGroupRule } from "@aws-sdk/client-ec2";
import { unlessCode } from "../clients.ts";
import { tagsOf } from "../codec.ts";
import type { Context } from "../context.ts";
import type { Definition, Update } from "../definition.ts";
import { protocolName } from "../ec2/rules.ts";
import { tagSpecifications, updateEc2Tags } from "../ec2/tags.ts";
import { textOf } from "../../protocol/values.ts";
import type { Properties } from "../../protocol/values.ts";

const gone = [
  "InvalidPermission.NotFound",
  "InvalidSecurityGroupRuleId.NotFound",
  "InvalidGroup.NotFound",
  "InvalidSecurityGroupRuleId.Malformed",
];
const sources = ["cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"] as const;

function permission(inputs: Properties) {
  const Description = inputs["description"] === undefined ? {} : { Description: inputs["description"] };
  const { cidrIpv4, cidrIpv6, prefixListId, referencedSecurityGroupId: group } = inputs;
  return {
    IpProtocol: inputs["ipProtocol"],
    FromPort: inputs["fromPort"],
    ToPort: inputs["toPort"],
    ...(cidrIpv4 === undefined ? {} : { IpRanges: [{ CidrIp: cidrIpv4, ...Description }] }),
    ...(cidrIpv6 === undefined ? {} : { Ipv6Ranges: [{ CidrIpv6: cidrIpv6, ...Description }] }),
    ...(prefixListId === undefined ? {} : { PrefixListIds: [{ PrefixListId: prefixListId, ...Description }] }),
    ...(group === undefined ? {} : { UserIdGroupPairs: [{ GroupId: group, ...Description }] }),
  };
}

async function find(id: string, context: Context): Promise<SecurityGroupRule | undefined> {
  const found = await unlessCode(context.aws("ec2", "DescribeSecurityGroupRules", { SecurityGroupRuleIds: [id] }), ...gone);
  return found?.SecurityGroupRules?.[0];
}

/** Ports of `-1` stand for none. */
const port = (value: number | undefined, protocol: string | undefined): number | undefined =>
  protocol === "-1" || value === -1 ? undefined : value;

function described(rule: SecurityGroupRule) {
  return {
    cidrIpv4: rule.CidrIpv4,
    cidrIpv6: rule.CidrIpv6,
    description: rule.Description,
    fromPort: port(rule.FromPort, rule.IpProtocol),
    toPort: port(rule.ToPort, rule.IpProtocol),
    ipProtocol: rule.IpProtocol,
    prefixListId: rule.PrefixListId,
    referencedSecurityGroupId: rule.ReferencedGroupInfo?.GroupId,
    securityGroupId: rule.GroupId,
  };
}

/** EC2 allows a rule only once, so that its content tells which it is. */
async function findByContent(inputs: Properties, side: "Ingress" | "Egress", context: Context): Promise<string | undefined> {
  const Filters = [{ Name: "group-id", Values: [inputs["securityGroupId"]] }];
  const { SecurityGroupRules } = await context.aws("ec2", "DescribeSecurityGroupRules", { Filters });
  const rule = SecurityGroupRules?.find((one) => {
    if (one.IsEgress !== (side === "Egress") || one.IpProtocol !== protocolName(inputs["ipProtocol"] as string)) return false;
    const found = described(one);
    return (["cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId", "fromPort", "toPort"] as const).every(
      (key) => found[key] === inputs[key],
    );
  });
  return rule?.SecurityGroupRuleId;
}

async function update(change: Update, context: Context): Promise<void> {
  const { id, news, changed } = change;
  if ([...changed].some((key) => key !== "tags" && key !== "tagsAll")) {
    const rule = {
      IpProtocol: news["ipProtocol"],
      FromPort: news["fromPort"] ?? -1,
      ToPort: news["toPort"] ?? -1,
      CidrIpv4: news["cidrIpv4"],
      CidrIpv6: news["cidrIpv6"],
      PrefixListId: news["prefixListId"],
      ReferencedGroupId: news["referencedSecurityGroupId"],
      Description: news["description"],
    };
    const SecurityGroupRules = [{ SecurityGroupRuleId: id, SecurityGroupRule: rule }];
    await context.aws("ec2", "ModifySecurityGroupRules", { GroupId: news["securityGroupId"], SecurityGroupRules });
  }
  await updateEc2Tags(id, change, context);
}

export function securityGroupRule(side: "Ingress" | "Egress"): Definition {
  return {
    token: `aws:vpc/securityGroup${side}Rule:SecurityGroup${side}Rule`,
    same: { ipProtocol: (one, other) => protocolName(textOf(one)) === protocolName(textOf(other)) },
    validate(inputs) {
      const given = sources.filter((key) => inputs[key] !== undefined);
      if (given.length === 1) return [];
      const found = given.length === 0 ? "none is given" : `${given.join(" and ")} are given`;
      return [{ property: "cidrIpv4", reason: `exactly one of ${sources.join(", ")} must be given; ${found}` }];
    },
    // A rule cannot become one of another kind of source.
    replacing(olds, news) {
      const kinds = [olds, news].map((inputs) => sources.filter((key) => inputs[key] !== undefined));
      return kinds[0]?.join() === kinds[1]?.join() ? [] : kinds.flat();
    },
    async create(inputs, context) {
      const made = await context.aws("ec2", `AuthorizeSecurityGroup${side}`, {
        GroupId: inputs["securityGroupId"],
        IpPermissions: [permission(inputs)],
        ...tagSpecifications("security-group-rule", inputs, context),
      });
      const id = made.SecurityGroupRules?.[0]?.SecurityGroupRuleId;
      if (id === undefined) throw new Error("EC2 gave no id for the new rule");
      return id;
    },
    find: (inputs, context) => findByContent(inputs, side, context),
    async read(id, _state, context) {
      const rule = await find(id, context);
      if (rule === undefined) return undefined;
      const arn = await context.arn("ec2", `security-group-rule/${id}`);
      return { ...described(rule), arn, securityGroupRuleId: id, tagsAll: tagsOf(rule.Tags) };
    },
    update,
    async delete(id, state, context) {
      const input = { GroupId: state["securityGroupId"], SecurityGroupRuleIds: [id] };
      await unlessCode(context.aws("ec2", `RevokeSecurityGroup${side}`, input), ...gone);
    },
  };
}
