/** The running instances of a stack's fleets, each with where it stands in its group. */
import { AutoScalingClient, DescribeAutoScalingInstancesCommand } from "@aws-sdk/client-auto-scaling";
import { EC2Client, paginateDescribeInstances, type Instance } from "@aws-sdk/client-ec2";
import { tagKeys } from "../../contract/tags.ts";
import { callQuotas } from "../../scaling/checks/quotas.ts";
import type { AwsSession } from "../account.ts";
import { calling } from "../aws-calls.ts";
import { describeTags, type Tags } from "../stack-settings.ts";

export interface Host {
  readonly instanceId: string;
  readonly fleet: string;
  readonly role: string;
  readonly environment: string;
  /** Name of its Chef node when that is not the instance id. */
  readonly nodeName?: string;
  readonly privateAddress: string;
  readonly zone: string;
  /** ISO 8601, UTC. */
  readonly launchedAt: string;
  /**
   * Where it stands in its group, as Auto Scaling calls it: `InService`, `Standby`, `Terminating:Retained`; absent = in no group.
   * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
   */
  readonly lifecycleState?: string;
}

/** Boots no more, and is not on its way out. */
export const isInService = ({ lifecycleState }: Host): boolean => lifecycleState === "InService";

/** Its lifecycle state in words. */
export const stateOf = ({ lifecycleState = "in no group" }: Host): string => lifecycleState;

/** What a page holds at most, the largest that the API gives: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html */
const pageSize = 1_000;

/** Running instances that carry all of `tags` and belong to a fleet; oldest first, so that the first one changes as seldom as can be. */
export async function runningHosts(session: AwsSession, tags: Tags): Promise<readonly Host[]> {
  const Filters = [
    { Name: "instance-state-name", Values: ["running"] },
    { Name: "tag-key", Values: [tagKeys.fleet] },
    ...Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] })),
  ];
  const client = new EC2Client(session.clientArguments);
  const instances = await calling(`DescribeInstances with ${describeTags(tags)}`, async () => {
    const found: Instance[] = [];
    for await (const page of paginateDescribeInstances({ client, pageSize }, { Filters }))
      found.push(...(page.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []));
    return found;
  });
  const states = await lifecycleStates(
    session,
    instances.map(({ InstanceId = "" }) => InstanceId),
  );
  return instances.map((instance) => hostOf(instance, states)).sort((one, other) => (age(one) < age(other) ? -1 : 1));
}

/** By instance id; those in no group are not among them. */
async function lifecycleStates({ clientArguments }: AwsSession, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const client = new AutoScalingClient(clientArguments);
  const states = new Map<string, string>();
  for (let start = 0; start < ids.length; start += callQuotas.describedInstances) {
    const InstanceIds = ids.slice(start, start + callQuotas.describedInstances);
    const { AutoScalingInstances = [] } = await calling(`DescribeAutoScalingInstances of ${InstanceIds.length} instances`, () =>
      client.send(new DescribeAutoScalingInstancesCommand({ InstanceIds })),
    );
    for (const { InstanceId = "", LifecycleState = "" } of AutoScalingInstances) states.set(InstanceId, LifecycleState);
  }
  return states;
}

/** Instances of one launch have the same second. */
const age = ({ launchedAt, instanceId }: Host) => `${launchedAt} ${instanceId}`;

function hostOf(instance: Instance, states: ReadonlyMap<string, string>): Host {
  const tags = new Map((instance.Tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
  const nodeName = tags.get(tagKeys.nodeName);
  const lifecycleState = states.get(instance.InstanceId ?? "");
  return {
    instanceId: instance.InstanceId ?? "",
    fleet: tags.get(tagKeys.fleet) ?? "",
    role: tags.get(tagKeys.role) ?? "",
    environment: tags.get(tagKeys.environment) ?? "",
    ...(nodeName === undefined ? {} : { nodeName }),
    privateAddress: instance.PrivateIpAddress ?? "",
    zone: instance.Placement?.AvailabilityZone ?? "",
    launchedAt: instance.LaunchTime?.toISOString() ?? "",
    ...(lifecycleState === undefined ? {} : { lifecycleState }),
  };
}
