/** `ops release`: terminates instances that an abandoned hook retained. */
import type { Command } from "commander";
import type { FleetOutput } from "../../contract/fleets-output.ts";
import { openFleetSession } from "../account.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { instanceId } from "../instance-id.ts";
import { guarded } from "../process.ts";
import { chosenOf, findRetained, release, type Retained } from "../release/retained.ts";
import { chooseFleet, readFleets, stackOptions, type StackSource } from "../stack.ts";

interface ReleaseOptions extends StackSource {
  readonly fleet?: string;
  readonly execute: boolean;
  readonly json: boolean;
}

const instanceIds = (text: string, before: readonly string[] = []): readonly string[] => [...before, instanceId(text)];

export function addRelease(program: Command): void {
  stackOptions(
    program.command("release").description("list instances that an abandoned hook retained; terminates those named with --execute only"),
  )
    .argument("[instances...]", "ids of retained instances (default: all are listed)", instanceIds)
    .option("--fleet <name>", "only this fleet")
    .option("--execute", "terminate the instances named (default: only list them)", false)
    .option("--json", "print JSON, and nothing else, on stdout", false)
    .addHelpText(
      "after",
      `
Examples:
  npm run ops -- release --stack staging
  npm run ops -- release i-0123456789abcdef0 --stack staging --execute

With terminateHook.onAbandon: retain, an instance whose hook timed out or was abandoned stays for a look at it. It counts for
no size, costs like any other, and its group cannot be removed before it is terminated: its data is lost then.
Exit status: docs/ops.md. Needs autoscaling:DescribeAutoScalingGroups, autoscaling:DescribeWarmPool, sts:GetCallerIdentity,
with --execute autoscaling:TerminateInstanceInAutoScalingGroup.`,
    )
    .action((instances: readonly string[], options: ReleaseOptions) => guarded(({ say }) => run(instances, options, say)));
}

async function run(ids: readonly string[], options: ReleaseOptions, say: (line: string) => void): Promise<void> {
  if (options.execute && ids.length === 0)
    throw new OpsError(exitCodes.usage, "--execute terminates only what is named: give the ids that the same command lists without it.");
  const all = await readFleets(options);
  const fleets = options.fleet === undefined ? all : { [options.fleet]: chooseFleet(all, options.fleet) };
  const open = (fleet: FleetOutput) => openFleetSession(fleet, options);
  const chosen = chosenOf(await findRetained(fleets, open), ids);
  if (options.execute)
    for (const one of chosen) {
      await release(one, await open(chooseFleet(all, one.fleet)));
      say(`${one.instance} of fleet ${one.fleet} is being terminated`);
    }
  if (options.json) console.log(JSON.stringify({ [options.execute ? "terminated" : "retained"]: chosen }, undefined, 2));
  else if (!options.execute) console.log(chosen.length === 0 ? "no instance is retained" : chosen.map(line).join("\n"));
}

const line = ({ instance, fleet, state, type, zone }: Retained) => [instance, fleet, state, type, zone].join("\t");
