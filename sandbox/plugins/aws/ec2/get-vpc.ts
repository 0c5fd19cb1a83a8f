import { tagsOf } from "../codec.ts";
import type { Context } from "../context.ts";
import type { DataSource } from "../data-source.ts";
import { exactlyOne, filterInput, filtersFrom, filtersOf } from "./filters.ts";

async function attribute(id: string | undefined, name: "enableDnsHostnames" | "enableDnsSupport", context: Context): Promise<boolean> {
  const found = await context.aws("ec2", "DescribeVpcAttribute", { VpcId: id, Attribute: name });
  return (name === "enableDnsSupport" ? found.EnableDnsSupport?.Value : found.EnableDnsHostnames?.Value) ?? false;
}

async function mainRouteTable(id: string | undefined, context: Context): Promise<string> {
  const Filters = [
    { Name: "association.main", Values: ["true"] },
    { Name: "vpc-id", Values: [id] },
  ];
  const found = await context.aws("ec2", "DescribeRouteTables", { Filters });
  return found.RouteTables?.[0]?.RouteTableId ?? "";
}

export const dataSource: DataSource = {
  token: "aws:ec2/getVpc:getVpc",
  async read(args, context) {
    const own = filtersFrom(args, { cidrBlock: "cidr", default: "isDefault", dhcpOptionsId: "dhcp-options-id", state: "state" });
    const found = await context.aws("ec2", "DescribeVpcs", {
      ...(args["id"] === undefined ? {} : { VpcIds: [args["id"]] }),
      ...filterInput([...own, ...filtersOf(args)]),
    });
    const vpc = exactlyOne("EC2 VPC", found.Vpcs);
    const [ipv6] = vpc.Ipv6CidrBlockAssociationSet ?? [];
    return {
      id: vpc.VpcId,
      arn: `arn:${context.partition}:ec2:${context.region}:${vpc.OwnerId ?? ""}:vpc/${vpc.VpcId ?? ""}`,
      cidrBlock: vpc.CidrBlock,
      cidrBlockAssociations: (vpc.CidrBlockAssociationSet ?? []).map((one) => ({
        associationId: one.AssociationId ?? "",
        cidrBlock: one.CidrBlock ?? "",
        state: one.CidrBlockState?.State ?? "",
      })),
      default: vpc.IsDefault ?? false,
      dhcpOptionsId: vpc.DhcpOptionsId ?? "",
      enableDnsHostnames: await attribute(vpc.VpcId, "enableDnsHostnames", context),
      enableDnsSupport: await attribute(vpc.VpcId, "enableDnsSupport", context),
      enableNetworkAddressUsageMetrics: false,
      instanceTenancy: vpc.InstanceTenancy ?? "default",
      ipv6AssociationId: ipv6?.AssociationId ?? "",
      ipv6CidrBlock: ipv6?.Ipv6CidrBlock ?? "",
      ipv6CidrBlockAssociations: (vpc.Ipv6CidrBlockAssociationSet ?? []).map((one) => ({
        associationId: one.AssociationId ?? "",
        ipSource: one.IpSource ?? "",
        ipv6AddressAttribute: one.Ipv6AddressAttribute ?? "",
        ipv6CidrBlock: one.Ipv6CidrBlock ?? "",
        ipv6Pool: one.Ipv6Pool ?? "",
        networkBorderGroup: one.NetworkBorderGroup ?? "",
        state: one.Ipv6CidrBlockState?.State ?? "",
      })),
      mainRouteTableId: await mainRouteTable(vpc.VpcId, context),
      ownerId: vpc.OwnerId ?? "",
      state: vpc.State,
      tags: tagsOf(vpc.Tags),
    };
  },
};
