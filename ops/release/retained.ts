/**
 * Instances that stay because their terminate hook was abandoned and the group's lifecycle policy retains them. They count
 * for no size, cost like any other, and hold up the removal of their group.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/manage-retained-instances.html
 */
import {
  AutoScalingClient,
  DescribeWarmPoolCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  type AutoScalingGroup,
  type Instance,
} from "@aws-sdk/client-auto-scaling";
import type { FleetOutput, FleetsOutput } from "../../contract/fleets-output.ts";
import type { AwsSession } from "../account.ts";
import { calling } from "../aws-calls.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { rolloutCalls } from "../rollout/auto-scaling.ts";

export interface Retained {
  readonly instance: string;
  readonly fleet: string;
  /** As Auto Scaling calls it: `Terminating:Retained`, or with `Warmed:` before it in a warm pool. */
  readonly state: string;
  readonly type: string;
  readonly zone: string;
}

const isRetained = ({ LifecycleState: state }: Instance) => state?.endsWith(":Retained") === true;

/** Of the group and of its warm pool. */
export async function retainedOf(group: AutoScalingGroup, session: AwsSession): Promise<Instance[]> {
  const instances = (group.Instances ?? []).filter(isRetained);
  return group.WarmPoolConfiguration === undefined ? instances : [...instances, ...(await warmOnes(group, session)).filter(isRetained)];
}

function warmOnes({ AutoScalingGroupName }: AutoScalingGroup, { clientArguments }: AwsSession): Promise<Instance[]> {
  const client = new AutoScalingClient(clientArguments);
  return calling(`DescribeWarmPool of ${AutoScalingGroupName ?? ""}`, async () => {
    const all: Instance[] = [];
    let NextToken: string | undefined;
    do {
      const page = await client.send(new DescribeWarmPoolCommand({ AutoScalingGroupName, NextToken }));
      all.push(...(page.Instances ?? []));
      NextToken = page.NextToken;
    } while (NextToken !== undefined && NextToken !== "");
    return all;
  });
}

type Open = (fleet: FleetOutput) => Promise<AwsSession>;

/** A group that is gone retains nothing. */
export async function findRetained(fleets: FleetsOutput, open: Open): Promise<Retained[]> {
  const found: Retained[] = [];
  for (const [fleet, output] of Object.entries(fleets)) {
    const session = await open(output);
    const group = await calling(`DescribeAutoScalingGroups of ${output.group.name}`, () => rolloutCalls(session).group(output.group.name));
    const instances = group === undefined ? [] : await retainedOf(group, session);
    for (const { InstanceId = "", LifecycleState = "", InstanceType = "", AvailabilityZone = "" } of instances)
      found.push({ instance: InstanceId, fleet, state: LifecycleState, type: InstanceType, zone: AvailabilityZone });
  }
  return found;
}

/**
 * Those with the given ids; all of them when none is given.
 * @throws OpsError `notExactlyOne` that names every id that is not retained
 */
export function chosenOf(retained: readonly Retained[], ids: readonly string[]): readonly Retained[] {
  if (ids.length === 0) return retained;
  const wrong = [...new Set(ids)].filter((id) => !retained.some(({ instance }) => instance === id));
  if (wrong.length === 0) return retained.filter(({ instance }) => ids.includes(instance));
  const known = retained.map(({ instance }) => instance).join(", ");
  throw new OpsError(
    exitCodes.notExactlyOne,
    `Not retained in a fleet of this stack: ${wrong.join(", ")}. Retained are: ${known === "" ? "none" : known}. Nothing was changed.`,
  );
}

/** It counts for no size, so that none changes. */
export async function release({ instance }: Retained, { clientArguments }: AwsSession): Promise<void> {
  await calling(`TerminateInstanceInAutoScalingGroup of ${instance}`, () =>
    new AutoScalingClient(clientArguments).send(
      new TerminateInstanceInAutoScalingGroupCommand({ InstanceId: instance, ShouldDecrementDesiredCapacity: false }),
    ),
  );
}
