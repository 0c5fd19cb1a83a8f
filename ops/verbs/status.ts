/** `ops status`: each fleet's size, versions and roll-out in a line, and what else an operator should know of it. */
import type { Command } from "commander";
import { openFleetSession } from "../account.ts";
import { noticesLine } from "../notices/status.ts";
import { guarded } from "../process.ts";
import { readFleets, stackOptions, type StackSource } from "../stack.ts";
import { fleetStatus, statusLines, type FleetStatus } from "../status/fleet.ts";

interface StatusOptions extends StackSource {
  readonly json: boolean;
}

export function addStatus(program: Command): void {
  stackOptions(program.command("status").description("sizes, versions, roll-outs and alarms of a stack's fleets, and its notices"))
    .option("--json", "print JSON, and nothing else, on stdout", false)
    .addHelpText(
      "after",
      "\nExample:\n  npm run ops -- status --stack staging\n\n" +
        "Needs autoscaling:Describe*, cloudwatch:DescribeAlarms, sqs:GetQueueAttributes, lambda:ListEventSourceMappings, sts:GetCallerIdentity.",
    )
    .action((options: StatusOptions) =>
      guarded(async () => {
        const fleets = Object.entries(await readFleets(options));
        const all = await Promise.all(
          fleets.map(async ([name, fleet]) => fleetStatus(name, fleet, await openFleetSession(fleet, options))),
        );
        console.log(options.json ? JSON.stringify(all, undefined, 2) : textOf(all));
      }),
    );
}

function textOf(all: readonly FleetStatus[]): string {
  const [first] = all;
  return [...all.flatMap(statusLines), ...(first === undefined ? [] : [noticesLine(first.notices)])].join("\n");
}
