import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { fitName } from "../contract/naming.ts";
import type { FleetArgs, TrafficRule } from "./fleet-args.ts";
import { fleetTags } from "./tags.ts";

/** The fleet's own security group. Rules stand inside it: what anyone adds by hand is taken away again. */
export function createSecurityGroup(name: string, args: FleetArgs, parent: pulumi.Resource): aws.ec2.SecurityGroup {
  const { vpcId, ingress, egress } = args.network;
  return new aws.ec2.SecurityGroup(
    fitName(`${name}-nodes`, "securityGroup"),
    {
      // A changed description would replace the group.
      description: `Nodes of ${name}`,
      vpcId,
      ingress: ingress.map(securityRule),
      egress: egress.map(securityRule),
      tags: { ...fleetTags(args.identity), Name: name },
    },
    { parent },
  );
}

function securityRule({ cidrBlocks, securityGroupIds, ...rule }: TrafficRule): aws.types.input.ec2.SecurityGroupIngress {
  return {
    ...rule,
    ...(cidrBlocks === undefined ? {} : { cidrBlocks: [...cidrBlocks] }),
    ...(securityGroupIds === undefined ? {} : { securityGroups: [...securityGroupIds] }),
  };
}
