import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** A VPC whose subnets are all used, or those with given tags; or the subnets themselves. */
export interface NetworkChoice {
  readonly vpcId?: string | undefined;
  readonly subnetIds?: readonly string[] | undefined;
  readonly subnetTags?: Readonly<Record<string, string>> | undefined;
}

export interface Network {
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
}

/** Subnets from their VPC, or the VPC from its subnets. */
export async function lookUpNetwork({ vpcId, subnetIds, subnetTags }: NetworkChoice): Promise<Network> {
  if (subnetIds !== undefined) return fromSubnets(subnetIds, vpcId);
  if (vpcId === undefined) throw new pulumi.RunError("The network has neither vpcId nor subnetIds; name one of them in network");
  return fromVpc(vpcId, { ...subnetTags });
}

async function fromSubnets(subnetIds: readonly string[], vpcId: string | undefined): Promise<Network> {
  const subnets = await Promise.all(subnetIds.map((id) => aws.ec2.getSubnet({ id })));
  const faults = networkFaults(subnets, vpcId);
  if (faults.length > 0) throw new pulumi.RunError(`The network of the settings does not fit together:\n${faults.join("\n")}`);
  return { vpcId: subnets[0]?.vpcId ?? "", subnetIds };
}

/** Subnets of one group must lie in one VPC, the given one if any. */
export function networkFaults(subnets: readonly { readonly id: string; readonly vpcId: string }[], vpcId: string | undefined): string[] {
  const expected = vpcId ?? subnets[0]?.vpcId;
  return subnets
    .filter((subnet) => subnet.vpcId !== expected)
    .map((subnet) => `- network.subnetIds: ${subnet.id} lies in ${subnet.vpcId}; allowed: subnets of ${String(expected)}`);
}

async function fromVpc(vpcId: string, tags: Record<string, string>): Promise<Network> {
  const { ids } = await aws.ec2.getSubnets({ filters: [{ name: "vpc-id", values: [vpcId] }], tags });
  if (ids.length > 0) return { vpcId, subnetIds: [...ids].sort() };
  const wanted = Object.keys(tags).length > 0 ? ` with the tags ${JSON.stringify(tags)}` : "";
  throw new pulumi.RunError(
    `${vpcId} has no subnet${wanted} in this region; correct network.vpcId or network.subnetTags, or name network.subnetIds`,
  );
}
