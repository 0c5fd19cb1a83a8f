import { tagsOf } from "../codec.ts";
import type { DataSource } from "../data-source.ts";
import { exactlyOne, filterInput, filtersFrom, filtersOf } from "./filters.ts";

const own = {
  availabilityZone: "availability-zone",
  availabilityZoneId: "availability-zone-id",
  cidrBlock: "cidr-block",
  defaultForAz: "default-for-az",
  ipv6CidrBlock: "ipv6-cidr-block-association.ipv6-cidr-block",
  state: "state",
  vpcId: "vpc-id",
};

export const dataSource: DataSource = {
  token: "aws:ec2/getSubnet:getSubnet",
  async read(args, context) {
    const found = await context.aws("ec2", "DescribeSubnets", {
      ...(args["id"] === undefined ? {} : { SubnetIds: [args["id"]] }),
      ...filterInput([...filtersFrom(args, own), ...filtersOf(args)]),
    });
    const subnet = exactlyOne("EC2 Subnet", found.Subnets);
    const [ipv6] = subnet.Ipv6CidrBlockAssociationSet ?? [];
    const names = subnet.PrivateDnsNameOptionsOnLaunch;
    return {
      id: subnet.SubnetId,
      arn: subnet.SubnetArn ?? `arn:${context.partition}:ec2:${context.region}:${subnet.OwnerId ?? ""}:subnet/${subnet.SubnetId ?? ""}`,
      assignIpv6AddressOnCreation: subnet.AssignIpv6AddressOnCreation ?? false,
      availabilityZone: subnet.AvailabilityZone,
      availabilityZoneId: subnet.AvailabilityZoneId ?? "",
      availableIpAddressCount: subnet.AvailableIpAddressCount ?? 0,
      cidrBlock: subnet.CidrBlock ?? "",
      customerOwnedIpv4Pool: subnet.CustomerOwnedIpv4Pool ?? "",
      defaultForAz: subnet.DefaultForAz ?? false,
      enableDns64: subnet.EnableDns64 ?? false,
      enableLniAtDeviceIndex: subnet.EnableLniAtDeviceIndex ?? 0,
      enableResourceNameDnsARecordOnLaunch: names?.EnableResourceNameDnsARecord ?? false,
      enableResourceNameDnsAaaaRecordOnLaunch: names?.EnableResourceNameDnsAAAARecord ?? false,
      ipv6CidrBlock: ipv6?.Ipv6CidrBlock ?? "",
      ipv6CidrBlockAssociationId: ipv6?.AssociationId ?? "",
      ipv6Native: subnet.Ipv6Native ?? false,
      mapCustomerOwnedIpOnLaunch: subnet.MapCustomerOwnedIpOnLaunch ?? false,
      mapPublicIpOnLaunch: subnet.MapPublicIpOnLaunch ?? false,
      outpostArn: subnet.OutpostArn ?? "",
      ownerId: subnet.OwnerId ?? "",
      privateDnsHostnameTypeOnLaunch: names?.HostnameType ?? "ip-name",
      state: subnet.State,
      tags: tagsOf(subnet.Tags),
      vpcId: subnet.VpcId,
    };
  },
};
