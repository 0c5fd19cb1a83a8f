import type * as aws from "@pulumi/aws";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { guardCommand, guardVariable, unguardCommand, type GuardRequest } from "../contract/state-commands.ts";
import type { FleetArgs } from "./fleet-args.ts";

/**
 * Deletion protection and zonal shift, for which the provider's group has no argument: a command sets them once the group
 * stands, and takes them off before Pulumi deletes it. They keep everybody else from deleting it; what keeps Pulumi from
 * it is `protect`.
 */
export function createGuard(name: string, args: FleetArgs, group: aws.autoscaling.Group, parent: pulumi.Resource): void {
  const { deletionProtection, zonalShift, account, roleArn } = args;
  if (deletionProtection === undefined && zonalShift === undefined) return;
  const request = pulumi.all([group.name, account.accountId]).apply(([groupName, accountId]): GuardRequest => ({
    group: groupName,
    ...(deletionProtection === undefined ? {} : { deletionProtection }),
    ...(zonalShift === undefined ? {} : { zonalShift }),
    region: account.region,
    accountId,
    ...(roleArn === undefined ? {} : { roleArn }),
  }));
  new command.local.Command(
    `${name}-guard`,
    {
      create: guardCommand,
      update: guardCommand,
      delete: unguardCommand,
      environment: { [guardVariable]: request.apply((value) => JSON.stringify(value)) },
      // A replaced group takes its command with it: the old one is then let go.
      triggers: [group.name],
    },
    { parent },
  );
}
