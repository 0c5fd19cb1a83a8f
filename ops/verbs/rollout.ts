/** `ops rollout`: brings a launch template version to the running instances by hand, as `pulumi up` does by itself. */
import { InvalidArgumentError, Option, type Command } from "commander";
import type { FleetOutput } from "../../contract/fleets-output.ts";
import type { RolloutRequest } from "../../contract/state-commands.ts";
import { openFleetSession } from "../account.ts";
import { calling } from "../aws-calls.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { guarded } from "../process.ts";
import { rolloutCalls, type RolloutCalls } from "../rollout/auto-scaling.ts";
import { configurationOf } from "../rollout/configuration.ts";
import { cancelRollout, type CancelRequest } from "../rollout/cancel.ts";
import { rollOut } from "../rollout/rollout.ts";
import { chooseFleet, readFleets, stackOptions, type StackSource } from "../stack.ts";

interface RolloutOptions extends StackSource {
  readonly fleet?: string;
  readonly to?: string;
  readonly retry: boolean;
  readonly cancel: boolean;
  readonly wait: boolean;
  readonly timeoutSeconds?: number;
  readonly json: boolean;
}

function versionNumber(text: string): string {
  if (!/^[1-9]\d*$/.test(text))
    throw new InvalidArgumentError('It must be a version number; "$Latest" and "$Default" cannot be rolled back.');
  return text;
}

function wholeSeconds(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("It must be a whole number of seconds, 1 or more.");
  return value;
}

export function addRollout(program: Command): void {
  stackOptions(
    program.command("rollout").description("bring a launch template version to the running instances, and wait until they serve"),
  )
    .option("--fleet <name>", "fleet; needed when the stack has several")
    .addOption(
      new Option("--to <version>", "version of the launch template (default: the one that the stack last rolled out)").argParser(
        versionNumber,
      ),
    )
    .option("--retry", "try a version whose roll-out failed once more", false)
    .addOption(
      new Option("--cancel", "end the roll-out that is under way and go back to what served before")
        .default(false)
        .conflicts(["to", "retry"]),
    )
    .option("--no-wait", "start it and return")
    .addOption(
      new Option("--timeout-seconds <n>", "end the wait, not the roll-out, after so long (default: the stack's)").argParser(wholeSeconds),
    )
    .option("--json", "print the result as JSON, and nothing else, on stdout", false)
    .addHelpText(
      "after",
      `
Examples:
  npm run ops -- rollout --stack staging --fleet app
  npm run ops -- rollout --stack production --fleet app --to 41
  npm run ops -- rollout --stack production --fleet app --cancel
  npm run ops -- rollout --stack staging --sandbox --retry --json

A running roll-out to the same version is joined; one to another version is never disturbed.
Exit status: docs/ops.md. Needs autoscaling:Describe*, autoscaling:StartInstanceRefresh, sts:GetCallerIdentity,
for --to ec2:DescribeLaunchTemplateVersions, for --cancel autoscaling:RollbackInstanceRefresh and autoscaling:CancelInstanceRefresh,
and what Auto Scaling asks of the caller to use the launch template (ec2:RunInstances, iam:PassRole).`,
    )
    .action((options: RolloutOptions) =>
      guarded(async ({ say, waiting }) => {
        const fleet = chooseFleet(await readFleets(options), options.fleet);
        const session = await openFleetSession(fleet, options);
        const calls = rolloutCalls(session);
        const ports = { calls, waiting, say };
        const result = options.cancel
          ? await cancelRollout(cancelRequest(fleet, options), ports)
          : await rollOut(await requestFor(fleet, options, calls), { ...ports, retry: options.retry });
        if (options.json) console.log(JSON.stringify(result, undefined, 2));
      }),
    );
}

const cancelRequest = (fleet: FleetOutput, { wait, timeoutSeconds }: RolloutOptions): CancelRequest => ({
  group: fleet.group.name,
  wait,
  timeoutSeconds: timeoutSeconds ?? fleet.rollout.timeoutSeconds,
});

/** @throws OpsError `usage` for a version that the launch template does not have */
export async function checkVersion(launchTemplateId: string, version: string, calls: Pick<RolloutCalls, "versions">): Promise<void> {
  const versions = await calling(`DescribeLaunchTemplateVersions of ${launchTemplateId}`, () => calls.versions(launchTemplateId));
  if (versions.includes(Number(version))) return;
  const newest = versions.slice(-5).join(", ");
  throw new OpsError(
    exitCodes.usage,
    `--to is ${version}; launch template ${launchTemplateId} has no such version. Its newest ones: ${newest || "none"}.`,
  );
}

/** The types beside the template's own come from the group: the output does not hold them. */
async function requestFor(fleet: FleetOutput, { to, wait, timeoutSeconds }: RolloutOptions, calls: RolloutCalls): Promise<RolloutRequest> {
  const group = await calling(`DescribeAutoScalingGroups of ${fleet.group.name}`, () => calls.group(fleet.group.name));
  const mixedInstances = configurationOf(group)?.mixed;
  if (to !== undefined) await checkVersion(fleet.launchTemplate.id, to, calls);
  const { checkpoints, bakeSeconds } = fleet.rollout;
  return {
    group: fleet.group.name,
    launchTemplateId: fleet.launchTemplate.id,
    launchTemplateVersion: to ?? fleet.launchTemplate.version,
    ...(mixedInstances === undefined ? {} : { mixedInstances }),
    preferences: {
      minHealthyPercent: fleet.rollout.minHealthyPercent,
      maxHealthyPercent: fleet.rollout.maxHealthyPercent,
      warmupSeconds: fleet.bootSeconds,
      alarms: fleet.rollout.healthAlarms,
      ...(checkpoints === undefined ? {} : { checkpoints }),
      ...(bakeSeconds === undefined ? {} : { bakeSeconds }),
    },
    minSize: fleet.size.min,
    region: fleet.region,
    accountId: fleet.accountId,
    wait,
    timeoutSeconds: timeoutSeconds ?? fleet.rollout.timeoutSeconds,
  };
}
