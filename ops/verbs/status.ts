/** `ops status`: each fleet's size, versions and roll-out in a line. */
import type { AutoScalingGroup } from "@aws-sdk/client-auto-scaling";
import type { Command } from "commander";
import type { FleetOutput } from "../../contract/fleets-output.ts";
import { openSession } from "../account.ts";
import { calling } from "../aws-calls.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { noticesLine, noticesStatus, type NoticesStatus } from "../notices/status.ts";
import { guarded } from "../process.ts";
import { rolloutCalls } from "../rollout/auto-scaling.ts";
import { readFleets, stackOptions, type StackSource } from "../stack.ts";

interface StatusOptions extends StackSource {
  readonly json: boolean;
}

export interface FleetStatus {
  readonly fleet: string;
  readonly group: string;
  readonly min: number;
  readonly desired: number;
  readonly max: number;
  readonly inService: number;
  readonly unhealthy: number;
  /** Version of the launch template to the number of instances that run it. */
  readonly versions: Readonly<Record<string, number>>;
  /** Status and percentage of the newest instance refresh; absent when there was none in six weeks. */
  readonly refresh?: string;
  /** Of the stack: one queue serves all of its fleets. */
  readonly notices: NoticesStatus;
}

export function addStatus(program: Command): void {
  stackOptions(program.command("status").description("sizes, versions and roll-outs of a stack's fleets, and its notices"))
    .option("--json", "print JSON, and nothing else, on stdout", false)
    .addHelpText(
      "after",
      "\nExample:\n  npm run ops -- status --stack staging\n\nNeeds autoscaling:Describe*, sqs:GetQueueAttributes, lambda:ListEventSourceMappings, sts:GetCallerIdentity.",
    )
    .action((options: StatusOptions) =>
      guarded(async () => {
        const fleets = Object.entries(await readFleets(options));
        const all = await Promise.all(fleets.map(([name, fleet]) => fleetStatus(name, fleet, options.sandbox === true)));
        console.log(options.json ? JSON.stringify(all, undefined, 2) : textOf(all));
      }),
    );
}

async function fleetStatus(name: string, fleet: FleetOutput, sandbox: boolean): Promise<FleetStatus> {
  const session = await openSession({ region: fleet.region, ...(sandbox ? {} : { accountId: fleet.accountId }) });
  const calls = rolloutCalls(session);
  const group = await calling(`DescribeAutoScalingGroups of ${fleet.group.name}`, () => calls.group(fleet.group.name));
  if (group === undefined)
    throw new OpsError(exitCodes.usage, `Group ${fleet.group.name} does not exist in ${fleet.region}: run "pulumi refresh".`);
  const [newest] = await calling(`DescribeInstanceRefreshes of ${fleet.group.name}`, () => calls.refreshes(fleet.group.name));
  return {
    fleet: name,
    group: fleet.group.name,
    ...sizes(group),
    ...(newest === undefined ? {} : { refresh: `${newest.Status ?? "unknown"} ${newest.PercentageComplete ?? 0} %` }),
    notices: await noticesStatus(fleet, session),
  };
}

function sizes(group: AutoScalingGroup): Omit<FleetStatus, "fleet" | "group" | "refresh" | "notices"> {
  const instances = group.Instances ?? [];
  const versions: Record<string, number> = {};
  for (const instance of instances) {
    const version = instance.LaunchTemplate?.Version ?? "unknown";
    versions[version] = (versions[version] ?? 0) + 1;
  }
  return {
    min: group.MinSize ?? 0,
    desired: group.DesiredCapacity ?? 0,
    max: group.MaxSize ?? 0,
    inService: instances.filter((instance) => instance.LifecycleState === "InService").length,
    unhealthy: instances.filter((instance) => instance.HealthStatus?.toLowerCase() === "unhealthy").length,
    versions,
  };
}

function textOf(all: readonly FleetStatus[]): string {
  const [first] = all;
  return [...all.map(statusLine), ...(first === undefined ? [] : [noticesLine(first.notices)])].join("\n");
}

function statusLine(status: FleetStatus): string {
  const versions = Object.entries(status.versions).map(([version, count]) => `${count} on version ${version}`);
  const parts = [
    `${status.inService} in service (min ${status.min}, desired ${status.desired}, max ${status.max})`,
    ...(status.unhealthy > 0 ? [`${status.unhealthy} unhealthy`] : []),
    ...versions,
    ...(status.refresh === undefined ? [] : [`last roll-out: ${status.refresh}`]),
  ];
  return `${status.fleet}: ${parts.join(", ")}`;
}
