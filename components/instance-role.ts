import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { fitName, groupName } from "../contract/naming.ts";
import { bootStatements } from "./boot/statements.ts";
import type { FleetArgs } from "./fleet-args.ts";
import { instancePolicy, instanceTrust } from "./instance-policy.ts";
import { fleetTags } from "./tags.ts";

export interface InstanceRole {
  readonly role: aws.iam.Role;
  readonly policy: aws.iam.RolePolicy;
  readonly profile: aws.iam.InstanceProfile;
}

/** What the nodes of a fleet may do. The group's name is known only by its prefix: the role stands before the group. */
export function createInstanceRole(name: string, args: FleetArgs, parent: pulumi.Resource): InstanceRole {
  const tags = fleetTags(args.identity);
  const role = new aws.iam.Role(
    fitName(`${name}-node`, "role"),
    { assumeRolePolicy: instanceTrust, description: `Nodes of ${name}`, tags },
    { parent },
  );
  const { accountId, partition, region } = args.account;
  const policy = pulumi.all([accountId, partition, args.instancePolicy]).apply(([account, part, statements]) =>
    instancePolicy({
      partition: part,
      region,
      accountId: account,
      groupName: groupName(name),
      completesHook: args.launchHook !== undefined,
      statements: [...bootStatements(name, args, { partition: part, region, accountId: account }), ...statements],
    }),
  );
  return {
    role,
    policy: new aws.iam.RolePolicy(fitName(`${name}-node`, "role"), { role: role.name, policy }, { parent }),
    profile: new aws.iam.InstanceProfile(fitName(`${name}-node`, "instanceProfile"), { role: role.name, tags }, { parent }),
  };
}
