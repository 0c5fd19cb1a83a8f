/** `ops bake`: bakes the image of a fleet as its settings say, and prints its id. */
import process from "node:process";
import { InvalidArgumentError, Option, type Command } from "commander";
import { bake, type BakeResult } from "../bake/bake.ts";
import { bakePlan, type BakePlan } from "../bake/from-settings.ts";
import { builderPolicy, packerPolicy } from "../bake/iam-policies.ts";
import { parseBakeRequest } from "../bake/request.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { guarded } from "../process.ts";
import { StackSettings } from "../stack-settings.ts";
import { useSandbox } from "../stack.ts";

interface BakeVerbOptions {
  readonly stack: string;
  readonly fleet?: string;
  readonly region?: string;
  readonly sandbox: boolean;
  /** NAME=VALUE each. */
  readonly var: readonly string[];
  readonly reuse: boolean;
  readonly iamPolicy?: "packer" | "builder" | true;
  readonly builderRole?: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

function assignment(value: string, previous: readonly string[]): readonly string[] {
  if (!/^[a-z][a-z0-9_]*=/.test(value))
    throw new InvalidArgumentError("It must be NAME=VALUE with a variable of packer/variables.pkr.hcl.");
  return [...previous, value];
}

export function addBake(program: Command): void {
  program
    .command("bake")
    .description("bake the image of a fleet with Packer, as image.bake of its settings says")
    .requiredOption("--stack <name>", "stack whose Pulumi.<name>.yaml is read")
    .option("--fleet <name>", "fleet; needed when the stack has several")
    .option("--region <name>", "region (default: aws:region of the stack)")
    .option("--sandbox", "bake in the local AWS of this checkout's sandbox", false)
    .addOption(
      new Option("--var <name=value>", "a variable of packer/variables.pkr.hcl, over what the settings say; repeatable")
        .argParser(assignment)
        .default([], "none"),
    )
    .option("--reuse", "take an image of the same inputs when there is one", false)
    .addOption(
      new Option(
        "--iam-policy [whose]",
        "print the policy of whoever runs Packer (packer) or of the builder's role (builder), bake nothing",
      )
        .choices(["packer", "builder"])
        .preset("packer"),
    )
    .option("--builder-role <name>", "with --iam-policy: role of the builder's instance profile (default: the profile's own name)")
    .option("--dry-run", "check everything, bake nothing", false)
    .option("--json", "print JSON, and nothing else, on stdout", false)
    .addHelpText(
      "after",
      `
Examples:
  npm run ops -- bake --stack staging --fleet app
  npm run ops -- bake --stack staging --fleet app --var environment='{"https_proxy":"http://proxy.example.com:3128"}'
  npm run ops -- bake --stack staging --fleet app --iam-policy > packer-policy.json
  npm run ops -- bake --stack staging --fleet app --dry-run

Afterwards: npm run ops -- image pick --stack staging. Needs packer on the PATH and what --iam-policy prints. Exit status: docs/ops.md.`,
    )
    .action((options: BakeVerbOptions) => guarded(({ say }) => run(options, say)));
}

async function run(options: BakeVerbOptions, say: (line: string) => void): Promise<void> {
  if (options.sandbox) await useSandbox();
  const settings = new StackSettings(options.stack, options.sandbox ? process.env["AWS_REGION"] : options.region);
  const plan = bakePlan(settings, options.fleet);
  if (options.iamPolicy !== undefined) {
    console.log(JSON.stringify(policy(options, settings, plan), undefined, 2));
    return;
  }
  const session = await settings.open();
  const checked = parseBakeRequest(JSON.stringify({ ...plan.request, accountId: session.accountId }));
  const result = await bake(checked, { session, say, reuse: options.reuse, variables: options.var, dryRun: options.dryRun });
  console.log(options.json ? JSON.stringify(result, undefined, 2) : told(result));
}

function policy({ iamPolicy, builderRole }: BakeVerbOptions, settings: StackSettings, plan: BakePlan) {
  const profile = String(plan.request.variables["instance_profile"] ?? "");
  const place = {
    region: plan.request.region,
    accountId: settings.accountId ?? "*",
    builderRole: builderRole ?? profile,
    secretKeyArn: plan.secretKeyArn,
  };
  const { variables } = plan.request;
  if (iamPolicy !== "builder") return packerPolicy(variables, place);
  const document = builderPolicy(variables, place);
  if (document !== undefined) return document;
  throw new OpsError(
    exitCodes.usage,
    "The builder of this fleet needs no permissions: no secret is read, and no session of Systems Manager leads to it.",
  );
}

function told({ outcome, image, packer }: BakeResult): string {
  if (image === undefined) return `everything is in order for a bake with Packer ${packer}; nothing was made`;
  return `${image.id} ${outcome === "baked" ? "baked" : "was baked before"}: ${image.name}, ${image.architecture}, on ${image.bakeType}, ${image.bakedAt}`;
}
