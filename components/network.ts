import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** A VPC whose subnets are all used, or those with given tags; or the subnets themselves. */
export interface NetworkChoice {
  readonly vpcId?: string | undefined;
  readonly subnetIds?: readonly string[] | undefined;
  readonly subnetTags?: Readonly<Record<string, string>> | undefined;
}

export interface Network {
  readonly vpcId: pulumi.Output<string>;
  readonly subnetIds: pulumi.Output<string[]>;
}

/** Subnets from their VPC, or the VPC from its subnets. */
export function lookUpNetwork({ vpcId, subnetIds, subnetTags }: NetworkChoice): Network {
  if (subnetIds !== undefined) return fromSubnets(subnetIds, vpcId);
  if (vpcId === undefined) throw new pulumi.RunError("network names neither vpcId nor subnetIds; give one of them");
  return { vpcId: pulumi.output(vpcId), subnetIds: pulumi.output(subnetsOf(vpcId, { ...subnetTags })) };
}

function fromSubnets(subnetIds: readonly string[], vpcId: string | undefined): Network {
  const facts = subnetIds.map((id) => aws.ec2.getSubnetOutput({ id }));
  const checked = pulumi.all(facts).apply((subnets) => {
    const faults = networkFaults(
      subnets.map((subnet) => ({ id: subnet.id, vpcId: subnet.vpcId, zone: subnet.availabilityZone })),
      vpcId,
    );
    if (faults.length > 0) throw new pulumi.RunError(`The network of the settings does not fit together:\n${faults.join("\n")}`);
    return { vpcId: subnets[0]?.vpcId ?? "", subnetIds: [...subnetIds] };
  });
  return { vpcId: checked.vpcId, subnetIds: checked.subnetIds };
}

export interface SubnetFacts {
  readonly id: string;
  readonly vpcId: string;
  readonly zone: string;
}

/** Subnets of one group must lie in one VPC, the given one if any. */
export function networkFaults(subnets: readonly SubnetFacts[], vpcId: string | undefined): string[] {
  const expected = vpcId ?? subnets[0]?.vpcId;
  return subnets
    .filter((subnet) => subnet.vpcId !== expected)
    .map((subnet) => `- network.subnetIds: ${subnet.id} lies in ${subnet.vpcId}; all must lie in ${String(expected)}`);
}

async function subnetsOf(vpcId: string, tags: Record<string, string>): Promise<string[]> {
  const { ids } = await aws.ec2.getSubnets({ filters: [{ name: "vpc-id", values: [vpcId] }], tags });
  if (ids.length > 0) return [...ids].sort();
  const wanted = Object.keys(tags).length > 0 ? ` with the tags ${JSON.stringify(tags)}` : "";
  throw new pulumi.RunError(`${vpcId} has no subnet${wanted} in this region; correct network.vpcId, or name network.subnetIds`);
}
