/** Deletion protection and zonal shift of a group, which the AWS provider has no arguments for. */
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  UpdateAutoScalingGroupCommand,
  type AutoScalingGroup,
} from "@aws-sdk/client-auto-scaling";
import type { GroupGuard, GuardRequest } from "../../contract/state-commands.ts";
import type { AwsSession } from "../account.ts";
import { calling } from "../aws-calls.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";

/** Rejects with the SDK's errors. */
export interface GuardCalls {
  /** `undefined` when there is none of that name. */
  group(name: string): Promise<AutoScalingGroup | undefined>;
  update(parameters: ReturnType<typeof guardParameters>): Promise<void>;
}

export function guardCalls({ clientArguments }: AwsSession): GuardCalls {
  const client = new AutoScalingClient(clientArguments);
  return {
    async group(name) {
      const page = await client.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name], IncludeInstances: false }));
      return page.AutoScalingGroups?.[0];
    },
    async update(parameters) {
      await client.send(new UpdateAutoScalingGroupCommand(parameters));
    },
  };
}

/** Both are always sent: what was taken out of the settings is off. https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html */
const guardParameters = (group: string, { deletionProtection, zonalShift }: GroupGuard) => ({
  AutoScalingGroupName: group,
  DeletionProtection: deletionProtection ?? ("none" as const),
  AvailabilityZoneImpairmentPolicy:
    zonalShift === undefined ? { ZonalShiftEnabled: false } : { ZonalShiftEnabled: true, ImpairedZoneHealthCheckBehavior: zonalShift },
});

type Say = (line: string) => void;

/** @throws OpsError `usage` when the group does not exist */
export async function guard(request: GuardRequest, calls: GuardCalls, say: Say): Promise<void> {
  const { group, region, accountId, deletionProtection = "none", zonalShift } = request;
  if (!(await exists(group, calls)))
    throw new OpsError(
      exitCodes.usage,
      `Group ${group} does not exist in ${region}, account ${accountId}: run "pulumi refresh", or check the stack and its region.`,
    );
  await set(group, request, calls);
  const shift = zonalShift === undefined ? "off" : `on, ${zonalShift} in the impaired zone`;
  say(`group ${group}: deletion protection ${deletionProtection}, zonal shift ${shift}`);
}

/** A group that is gone, or going, is left to itself. */
export async function unguard({ group }: GuardRequest, calls: GuardCalls, say: Say): Promise<void> {
  if (!(await exists(group, calls))) {
    say(`group ${group} is gone already`);
    return;
  }
  await set(group, {}, calls);
  say(`group ${group}: deletion protection none, zonal shift off`);
}

async function exists(group: string, calls: GuardCalls): Promise<boolean> {
  const found = await calling(`DescribeAutoScalingGroups of ${group}`, () => calls.group(group));
  // A status stands only on a group that is being deleted.
  return found !== undefined && found.Status === undefined;
}

const set = (group: string, wanted: GroupGuard, calls: GuardCalls) =>
  calling(`UpdateAutoScalingGroup of ${group}`, () => calls.update(guardParameters(group, wanted)));
