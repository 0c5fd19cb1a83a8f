/** `ops promote`: records that staging runs an image, and writes it into production's settings. */
import process from "node:process";
import type { Image } from "@aws-sdk/client-ec2";
import { Option, type Command } from "commander";
import { promotion } from "../../contract/bake.ts";
import type { FleetOutput } from "../../contract/fleets-output.ts";
import { tagKeys } from "../../contract/tags.ts";
import { openFleetSession, openSession, type AwsSession } from "../account.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { bakedImage, type BakedImage } from "../image/facts.ts";
import { writeWhole } from "../image/settings-file.ts";
import { guarded } from "../process.ts";
import { provenToRun } from "../promote/proof.ts";
import { describeImage, isPromoted, recordRun, shareImage } from "../promote/tags.ts";
import { chooseFleet, readFleets } from "../stack.ts";
import { fleetsKey, StackSettings } from "../stack-settings.ts";

interface PromoteOptions {
  readonly fleet?: string;
  readonly image?: string;
  readonly outputs?: string;
  readonly sandbox: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

export function addPromote(program: Command): void {
  program
    .command("promote")
    .description(`write the image that ${promotion.from} runs into ${promotion.to}'s settings, and record on the image that it ran`)
    .option("--fleet <name>", `fleet of both stacks; needed when ${promotion.from} has several`)
    .addOption(new Option("--image <id>", `an image that was recorded before, in the place of the one that ${promotion.from} runs now`))
    .option("--outputs <file>", `read ${promotion.from}'s output from a file that \`pulumi stack output --json\` wrote`)
    .option("--sandbox", "the stacks of this checkout's sandbox", false)
    .option("--dry-run", "check everything, change nothing", false)
    .option("--json", "print JSON, and nothing else, on stdout", false)
    .addHelpText(
      "after",
      `
Examples:
  npm run ops -- promote --fleet app --dry-run
  npm run ops -- promote --fleet app
  npm run ops -- promote --fleet app --image ami-0a1b2c3d4e5f60718

Runs with credentials of ${promotion.from}'s account; where ${promotion.to} has another account, it takes on the role in aws:assumeRoles of
${promotion.to}'s settings, lets that account launch the image and tags it there. Needs autoscaling:Describe*, ec2:DescribeInstances,
ec2:DescribeImages, ec2:CreateTags on the image, and between accounts ec2:ModifyImageAttribute. Exit status: docs/ops.md.`,
    )
    .action((options: PromoteOptions) => guarded(({ say }) => promote(options, say)));
}

async function promote(options: PromoteOptions, say: (line: string) => void): Promise<void> {
  const { outputs, sandbox } = options;
  const fleets = await readFleets({ ...(outputs === undefined ? { stack: promotion.from } : { outputs }), sandbox });
  const fleet = chooseFleet(fleets, options.fleet);
  if (fleet.environment !== promotion.from) {
    throw new OpsError(exitCodes.usage, `The output is of stack ${fleet.environment}; images are promoted from ${promotion.from}.`);
  }
  const settings = new StackSettings(promotion.to, sandbox ? fleet.region : undefined);
  const name = settings.chooseFleet(options.fleet ?? (settings.fleets.length > 1 ? fleet.name : undefined));
  const session = await openFleetSession(fleet, { sandbox });
  const id = options.image ?? fleet.image.id;
  const image = await describeImage(session, id);
  const facts = checked(image, settings, fleet);
  const ran = isPromoted(image);
  if (!ran) await provenToRun(session, fleet, id);
  const target = await targetSession(settings, session, sandbox);
  const isForeign = target.accountId !== session.accountId;
  const text = edited(settings, name, facts, isForeign);
  if (!options.dryRun) {
    if (!ran) await recordRun(session, id);
    if (isForeign) await shareImage(image, session, target);
    writeWhole(settings.file.path, text.whole);
  }
  if (!ran) say(`${promotion.from} runs ${id} in full; ${options.dryRun ? "would be" : "is"} recorded in its tag ${tagKeys.promotedFrom}`);
  report(options, { settings, name, facts, previous: text.previous, changed: text.changed });
}

/** The same product, version and region; otherwise production would refuse it after the commit. */
function checked(image: Image, settings: StackSettings, fleet: FleetOutput): BakedImage {
  const facts = bakedImage(image);
  if ("lacks" in facts) throw new OpsError(exitCodes.refused, `Image ${facts.id} cannot be promoted: ${facts.lacks}. Nothing was changed.`);
  const { product, majorVersion } = settings.naming;
  const faults: string[] = [];
  if (facts.product !== product) faults.push(`it is of product ${facts.product ?? "unknown"}, ${promotion.to} is ${product}`);
  if (facts.majorVersion !== String(majorVersion)) {
    faults.push(`it is of major version ${facts.majorVersion ?? "unknown"}, ${promotion.to} is ${majorVersion}`);
  }
  if (fleet.region !== settings.region)
    faults.push(`it is in ${fleet.region}, ${promotion.to} is in ${settings.region}: copy it there first`);
  if (faults.length === 0) return facts;
  throw new OpsError(
    exitCodes.refused,
    `Image ${facts.id} cannot be promoted:\n${faults.map((one) => `- ${one}`).join("\n")}\nNothing was changed.`,
  );
}

/** Production's account: the same one, or one that the role of its settings leads to. */
async function targetSession(settings: StackSettings, own: AwsSession, sandbox: boolean): Promise<AwsSession> {
  const allowed = settings.file.get("aws:allowedAccountIds");
  const accounts = Array.isArray(allowed) ? allowed.map(String) : [];
  const isLocal = sandbox || /^http:\/\/127\.0\.0\.1[:/]/.test(process.env["AWS_ENDPOINT_URL"] ?? "");
  if (isLocal || accounts.includes(own.accountId)) return own;
  const roles = settings.file.get("aws:assumeRoles") as readonly { readonly roleArn?: string }[] | undefined;
  const roleArn = roles?.[0]?.roleArn;
  if (roleArn === undefined) {
    throw new OpsError(
      exitCodes.denied,
      `${promotion.to} is in account ${accounts.join(", ") || "(none given)"}, these credentials are of ${own.accountId}: name a role in ` +
        `aws:assumeRoles of ${settings.file.path} that may tag images there. Nothing was changed.`,
    );
  }
  return openSession({ region: settings.region, allowedAccountIds: accounts, roleArn });
}

function edited(settings: StackSettings, fleet: string, facts: BakedImage, isForeign: boolean) {
  const { file } = settings;
  const at = [fleetsKey, fleet, "image"] as const;
  const owner = file.get(...at, "owner");
  const values = [
    { path: [...at, "id"], value: facts.id },
    { path: [...at, "bakeType"], value: facts.bakeType },
    ...(isForeign || (owner !== undefined && owner !== "self") ? [{ path: [...at, "owner"], value: `"${facts.ownerId}"` }] : []),
  ];
  const previous = { id: file.get(...at, "id"), bakeType: file.get(...at, "bakeType") };
  const whole = file.withValues(values);
  return { whole, previous, changed: previous.id !== facts.id || previous.bakeType !== facts.bakeType };
}

interface Report {
  readonly settings: StackSettings;
  readonly name: string;
  readonly facts: BakedImage;
  readonly previous: { readonly id: unknown; readonly bakeType: unknown };
  readonly changed: boolean;
}

function report({ json, dryRun }: PromoteOptions, { settings, name, facts, previous, changed }: Report): void {
  const { path } = settings.file;
  if (json) {
    console.log(JSON.stringify({ fleet: name, file: path, image: facts, previous, changed, written: changed && !dryRun }, undefined, 2));
    return;
  }
  const what = `from ${String(previous.id)} (${String(previous.bakeType)}) to ${facts.id} (${facts.bakeType}), baked ${facts.bakedAt}`;
  if (!changed) console.log(`${path}: fleet ${name} has ${facts.id} already`);
  else console.log(`${path}: fleet ${name} ${dryRun ? "would change" : "changed"} ${what}; commit it and deploy ${promotion.to}`);
}
