/** `ops why`: what became of an instance, also of one that is gone. */
import type { Command } from "commander";
import { openFleetSession } from "../account.ts";
import { instanceId } from "../instance-id.ts";
import { guarded } from "../process.ts";
import { readFleets, stackOptions, type StackSource } from "../stack.ts";
import { why, whyText } from "../why/why.ts";

interface WhyOptions extends StackSource {
  readonly json: boolean;
}

export function addWhy(program: Command): void {
  stackOptions(program.command("why").description("what became of an instance: its group's activities, and why its boot failed"))
    .argument("<instance>", "id of the instance, also of one that is gone", instanceId)
    .option("--json", "print JSON, and nothing else, on stdout", false)
    .addHelpText(
      "after",
      `
Examples:
  npm run ops -- why i-0123456789abcdef0 --stack staging
  npm run ops -- why i-0123456789abcdef0 --stack staging --sandbox --json

Exit status: docs/ops.md. Needs autoscaling:DescribeScalingActivities, logs:FilterLogEvents on the fleet's log group, sts:GetCallerIdentity.`,
    )
    .action((instance: string, options: WhyOptions) =>
      guarded(async () => {
        const found = await why(await readFleets(options), instance, (fleet) => openFleetSession(fleet, options));
        console.log(options.json ? JSON.stringify(found, undefined, 2) : whyText(found));
      }),
    );
}
