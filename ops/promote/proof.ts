/** Whether a stack really runs an image: asked of its group and instances, not of what the stack says. */
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import type { AutoScalingGroup } from "@aws-sdk/client-auto-scaling";
import type { FleetOutput } from "../../contract/fleets-output.ts";
import type { AwsSession } from "../account.ts";
import { calling } from "../aws-calls.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { rolloutCalls } from "../rollout/auto-scaling.ts";

/** Instance refreshes that have not ended. https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html */
const underWay = new Set(["Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress"]);

/**
 * Every instance in service runs the image, there are as many as the group's least, and no roll-out is under way.
 * @throws OpsError `refused` with everything that speaks against it
 */
export async function provenToRun(session: AwsSession, fleet: FleetOutput, imageId: string): Promise<void> {
  const calls = rolloutCalls(session);
  const { name } = fleet.group;
  const group = await calling(`DescribeAutoScalingGroups of ${name}`, () => calls.group(name));
  if (group === undefined)
    throw new OpsError(exitCodes.usage, `Group ${name} does not exist in ${fleet.region}: run "pulumi refresh" on the stack.`);
  const [newest] = await calling(`DescribeInstanceRefreshes of ${name}`, () => calls.refreshes(name));
  const faults = groupFaults(group, newest?.Status);
  const serving = (group.Instances ?? []).filter(isServing).map(({ InstanceId: id = "" }) => id);
  if (serving.length > 0) {
    const found = await calling(`DescribeInstances of ${name}`, () =>
      new EC2Client(session.clientArguments).send(new DescribeInstancesCommand({ InstanceIds: serving })),
    );
    const others = (found.Reservations ?? [])
      .flatMap(({ Instances = [] }) => Instances)
      .flatMap(({ InstanceId = "", ImageId = "" }) => (ImageId === imageId ? [] : [`${InstanceId} (${ImageId})`]));
    if (others.length > 0) faults.push(`in service with another image: ${others.join(", ")}`);
  }
  if (faults.length === 0) return;
  throw new OpsError(
    exitCodes.refused,
    `${fleet.environment} does not run image ${imageId} in full:\n${faults.map((one) => `- ${one}`).join("\n")}\n` +
      `Deploy it there, wait until its roll-out is done, and run the same command again. Nothing was changed.`,
  );
}

const isServing = ({
  LifecycleState,
  HealthStatus,
}: {
  readonly LifecycleState?: string | undefined;
  readonly HealthStatus?: string | undefined;
}) => LifecycleState === "InService" && HealthStatus === "Healthy";

/** What the group itself says against it. */
export function groupFaults(group: AutoScalingGroup, refresh: string | undefined): string[] {
  const serving = (group.Instances ?? []).filter(isServing).length;
  const least = Math.max(1, group.MinSize ?? 0);
  return [
    ...(serving < least ? [`${serving} healthy instances are in service, at least ${least} must be`] : []),
    ...(refresh !== undefined && underWay.has(refresh) ? [`a roll-out is under way (${refresh})`] : []),
  ];
}
