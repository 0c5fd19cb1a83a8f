/** `npm run sandbox -- <verb>`: the whole stack on this machine. `sandbox/README.md` tells what it is. */
import { join } from "node:path";
import process from "node:process";
import { Command, InvalidArgumentError, Option } from "commander";
import { runAws } from "./verbs/aws.ts";
import { deploy, type DeployVerb } from "./verbs/deploy.ts";
import { runDown } from "./verbs/down.ts";
import { engineNames, type EngineName } from "./verbs/engines.ts";
import { runEnv } from "./verbs/env.ts";
import { runLogs } from "./verbs/logs.ts";
import { runOutputs } from "./verbs/outputs.ts";
import { runStatus } from "./verbs/status.ts";
import { isTold } from "./verbs/told.ts";

const root = join(import.meta.dirname, "..");

interface StackOptions {
  readonly stack: string;
  readonly json: boolean;
  readonly engine: EngineName;
  readonly set: readonly string[];
  readonly speed?: number;
  readonly keep: boolean;
  readonly boot?: boolean;
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError("It must be a number greater than 0.");
  return value;
}

function portNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError("It must be a port, 0 (a free one) to 65535.");
  return value;
}

const stack = () => new Option("--stack <name>", "stack, for example staging").makeOptionMandatory();
const json = () => new Option("--json", "print JSON, and nothing else, on stdout").default(false);
const speed = () => new Option("--speed <factor>", "virtual seconds per second of the local AWS (default 1)").argParser(positiveNumber);
const engine = () =>
  new Option("--engine <name>", "the embedded engine, or Pulumi's own CLI").choices([...engineNames]).default("embedded");
const set = () =>
  new Option("--set <key=value>", "override a setting; paths as in pulumi config set --path; repeatable")
    .argParser((value: string, previous: readonly string[]) => [...previous, value])
    .default([], "none");

const program = new Command("sandbox")
  .description("The whole stack on this machine: a deployment engine, a local AWS, the policies. No account is needed.")
  .showHelpAfterError("(--help shows what is allowed)")
  // Set before any verb is made: a verb takes it over.
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .addHelpText(
    "after",
    `
Examples:
  npm run sandbox -- up --stack staging
  npm run sandbox -- preview --stack production --set fleet:fleets.app.size.max=12
  eval "$(npm run -s sandbox -- env)" && aws autoscaling describe-auto-scaling-groups
  npm run sandbox -- down

Exit status: 0 done, 1 failed (a policy, a resource, or something that is missing), 2 wrong arguments, 130 after Ctrl-C.`,
  );

// A reader that goes away (`| head`) does not end a deployment half-way.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

const finish = (status: number) => {
  process.exitCode = status;
};

const about: Readonly<Record<DeployVerb, string>> = {
  preview: "run program and policies and say what up would do",
  up: "preview under the policies, then create and change",
  destroy: "delete everything of the stack",
  refresh: "read every resource and take what there is into the state",
};

for (const verb of ["preview", "up", "destroy", "refresh"] as const) {
  const command = program.command(verb).description(about[verb]);
  for (const option of [stack(), json(), engine(), set(), speed()]) command.addOption(option);
  command.option("--keep", "leave the local AWS running at the end although no stack stands in it", false);
  if (verb === "up") command.option("--boot", "really run the user data of every instance, each in name spaces of its own", false);
  command.action(async (options: StackOptions) => finish(await deploy(verb, { root, ...options })));
}

program
  .command("outputs")
  .description("print the stack's outputs")
  .addOption(stack())
  .addOption(json())
  .action(async (options: StackOptions) => finish(await runOutputs(root, options)));

program
  .command("logs")
  .description("print what an instance said that was booted with up --boot")
  .argument("<instance>", "id of the instance, also of one that is gone")
  .action((instance: string) => finish(runLogs(root, instance)));

program
  .command("status")
  .description("what runs: the local AWS, and the stacks in it")
  .addOption(json())
  .action(async (options: { readonly json: boolean }) => finish(await runStatus(root, options.json)));

program
  .command("env")
  .description("print export lines that send the AWS CLI and SDKs to the local AWS; starts it when needed")
  .addOption(speed())
  .action(async (options: { readonly speed?: number }) => finish(await runEnv(root, options.speed)));

program
  .command("aws")
  .description("run the local AWS alone, in the foreground; its endpoint is the first line")
  .addOption(new Option("--port <number>", "port on 127.0.0.1").argParser(portNumber).default(0, "a free one"))
  .addOption(new Option("--region <name>", "region of its own services").default("eu-west-1"))
  .addOption(speed())
  .action(async (options: { readonly port: number; readonly region: string; readonly speed?: number }) =>
    finish(await runAws(root, options)),
  );

program
  .command("down")
  .description("end the local AWS with everything in it")
  .action(async () => finish(await runDown(root)));

try {
  await program.parseAsync();
} catch (error) {
  if (!isTold(error)) throw error;
  console.error(error.message);
  finish(1);
}
