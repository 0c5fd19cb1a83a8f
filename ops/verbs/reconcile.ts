/** `ops reconcile`: finds nodes and clients in Chef whose instance is gone, and deletes them when it is told to. */
import process from "node:process";
import { InvalidArgumentError, Option, type Command } from "commander";
import { reconcileWith } from "../../consumer/aws/reconciling.ts";
import { ChefError } from "../../consumer/chef/errors.ts";
import { reportText, type ReconcileReport } from "../../consumer/reconcile/run.ts";
import { readReconcilerSettings, SettingsError } from "../../consumer/settings.ts";
import type { FleetOutput } from "../../contract/fleets-output.ts";
import type { ReconcileQuestion } from "../../contract/node-cleanup.ts";
import { openFleetSession } from "../account.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { guarded } from "../process.ts";
import { invokeReconciler } from "../reconcile/invoke.ts";
import { readFleets, stackOptions, type StackSource } from "../stack.ts";

interface ReconcileOptions extends StackSource {
  readonly execute: boolean;
  readonly minAgeSeconds?: number;
  readonly maxDeletions?: number;
  readonly clientsWithoutNode: boolean;
  readonly local: boolean;
  readonly json: boolean;
}

const whole = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most)
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  return value;
};

export function addReconcile(program: Command): void {
  stackOptions(
    program.command("reconcile").description("find nodes and clients in Chef whose instance is gone; deletes with --execute only"),
  )
    .option("--execute", "delete what is found (default: only report it)", false)
    .addOption(
      new Option("--min-age-seconds <n>", "leave alone what reported since (default: the stack's)").argParser(whole(0, 31_536_000)),
    )
    .addOption(new Option("--max-deletions <n>", "delete at most so many (default: the stack's)").argParser(whole(1, 10_000)))
    .option(
      "--clients-without-node",
      "also clients named like an instance, without a node; for an organization of this account alone",
      false,
    )
    .option("--local", "run here, with FLEET_CHEF_* of the environment, instead of in the stack's function", false)
    .option("--json", "print the report as JSON, and nothing else, on stdout", false)
    .addHelpText(
      "after",
      `
Examples:
  npm run ops -- reconcile --stack staging
  npm run ops -- reconcile --stack staging --execute --max-deletions 10

Needs lambda:InvokeFunction, sts:GetCallerIdentity; with --local ec2:DescribeInstances and the reading of the key.`,
    )
    .action((options: ReconcileOptions) => guarded(() => reconcile(options)));
}

async function reconcile(options: ReconcileOptions): Promise<void> {
  const [fleet] = Object.values(await readFleets(options));
  if (fleet === undefined) throw new OpsError(exitCodes.usage, "The stack has no fleet, so it is not known where its instances are.");
  const question: ReconcileQuestion = {
    fleet: "reconcile",
    dryRun: !options.execute,
    clientsWithoutNode: options.clientsWithoutNode,
    ...(options.minAgeSeconds === undefined ? {} : { minAgeSeconds: options.minAgeSeconds }),
    ...(options.maxDeletions === undefined ? {} : { maxDeletions: options.maxDeletions }),
  };
  const report = options.local ? await here(fleet, question) : await inFunction(fleet, question, options.sandbox === true);
  console.log(options.json ? JSON.stringify(report, undefined, 2) : reportText(report));
  if (report.refused !== undefined) throw new OpsError(exitCodes.refused, `Nothing was deleted: ${report.refused}.`);
  const [failed] = report.failed;
  if (failed !== undefined)
    throw new OpsError(exitCodes.failed, `${report.failed.length} could not be deleted, first ${failed.name}: ${failed.reason}.`);
}

async function inFunction(fleet: FleetOutput, question: ReconcileQuestion, sandbox: boolean): Promise<ReconcileReport> {
  const { cleanup } = fleet;
  if (cleanup?.reconcilerName === undefined) {
    const kind = cleanup === undefined ? "none" : "worker";
    throw new OpsError(
      exitCodes.usage,
      `The stack's consumer is "${kind}", so it has no reconciler function: give --local (docs/consumer.md).`,
    );
  }
  const session = await openFleetSession(fleet, { sandbox });
  return invokeReconciler(session, cleanup.reconcilerName, question);
}

async function here({ accountId, region }: FleetOutput, question: ReconcileQuestion): Promise<ReconcileReport> {
  process.env["AWS_REGION"] = region; // for the SDK, which asks everywhere in the fleet's region
  try {
    const settings = readReconcilerSettings({ ...process.env, FLEET_ACCOUNT_ID: accountId, AWS_REGION: region });
    return await reconcileWith({ ...settings, ...question });
  } catch (error) {
    if (error instanceof SettingsError) throw new OpsError(exitCodes.usage, `${error.message}\ndocs/consumer.md has all of them.`);
    if (error instanceof ChefError) throw new OpsError(exitCodes.failed, `${error.message}.`);
    throw error;
  }
}
