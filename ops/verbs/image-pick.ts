/** `ops image pick`: writes the id of a baked image, and what it was baked on, into a stack's settings. */
import { Option, type Command } from "commander";
import { tagKeys } from "../../contract/tags.ts";
import { openSession } from "../account.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { newestImage } from "../image/facts.ts";
import { imageByParameter, imagesByTag, type Tags } from "../image/lookup.ts";
import { SettingsFile, writeWhole } from "../image/settings-file.ts";
import { guarded } from "../process.ts";

export interface PickOptions {
  readonly stack: string;
  readonly fleet?: string;
  /** KEY=VALUE each, beside product and major version. */
  readonly tag: readonly string[];
  readonly parameter?: string;
  readonly region?: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

export function addImagePick(image: Command): void {
  image
    .command("pick")
    .description("write the newest baked image, or the one that a parameter names, into a stack's settings")
    .requiredOption("--stack <name>", "stack whose Pulumi.<name>.yaml is changed")
    .option("--fleet <name>", "fleet; needed when the stack has several")
    .addOption(
      new Option("--tag <key=value>", "a tag that the image must have, beside the stack's product and major version; repeatable")
        .argParser((value: string, previous: readonly string[]) => [...previous, value])
        .default([], "none"),
    )
    .addOption(new Option("--parameter <name>", "take the image whose id this SSM parameter holds").conflicts("tag"))
    .option("--region <name>", "region (default: aws:region of the stack)")
    .option("--dry-run", "say what would be written, write nothing", false)
    .option("--json", "print JSON, and nothing else, on stdout", false)
    .addHelpText(
      "after",
      `
Examples:
  npm run ops -- image pick --stack staging
  npm run ops -- image pick --stack staging --tag fleet:recipe-revision=4f1c2aa --dry-run
  npm run ops -- image pick --stack production --parameter /storefront/web/image

Needs ec2:DescribeImages, sts:GetCallerIdentity, and with --parameter ssm:GetParameter.`,
    )
    .action((options: PickOptions) => guarded(({ say }) => pick(options, say)));
}

const fleetsKey = "fleet:fleets";

export async function pick(options: PickOptions, say: (line: string) => void): Promise<void> {
  const file = new SettingsFile(`Pulumi.${options.stack}.yaml`);
  const fleet = chooseFleet(file, options.fleet);
  const at = [fleetsKey, fleet, "image"] as const;
  const owner = (file.get(...at, "owner") as string | undefined) ?? "self";
  const session = await openSession({ region: regionOf(file, options.region), ...allowedAccounts(file) });
  const tags = { ...settingTags(file), ...parseTags(options.tag) };
  const chosen =
    options.parameter === undefined
      ? newestImage(await imagesByTag(session, owner, tags), `of owner ${owner} with ${describeTags(tags)}`)
      : newestImage(await imageByParameter(session, owner, options.parameter), `of owner ${owner} under the id in ${options.parameter}`);
  const previous = { id: file.get(...at, "id"), bakeType: file.get(...at, "bakeType") };
  const changed = previous.id !== chosen.id || previous.bakeType !== chosen.bakeType;
  const text = file.withValues([
    { path: [...at, "id"], value: chosen.id },
    { path: [...at, "bakeType"], value: chosen.bakeType },
  ]);
  if (changed && !options.dryRun) writeWhole(file.path, text);
  const instanceType = file.get(fleetsKey, fleet, "instanceType");
  if (instanceType !== chosen.bakeType) {
    say(
      `note: fleet ${fleet} runs ${String(instanceType)}, the image was baked on ${chosen.bakeType}; the policy image-instance-type-match decides`,
    );
  }
  if (options.json) {
    console.log(
      JSON.stringify(
        { stack: options.stack, fleet, file: file.path, image: chosen, previous, changed, written: changed && !options.dryRun },
        undefined,
        2,
      ),
    );
  } else if (!changed) console.log(`${file.path}: fleet ${fleet} has ${chosen.id} already (baked ${chosen.bakedAt} on ${chosen.bakeType})`);
  else {
    const verb = options.dryRun ? "would change" : "changed";
    console.log(
      `${file.path}: fleet ${fleet} ${verb} from ${String(previous.id)} (${String(previous.bakeType)}) to ${chosen.id} (${chosen.bakeType}), baked ${chosen.bakedAt}`,
    );
  }
}

function chooseFleet(file: SettingsFile, asked: string | undefined): string {
  const known = file.keys(fleetsKey);
  const [only] = known;
  if (asked === undefined && known.length === 1 && only !== undefined) return only;
  if (asked !== undefined && known.includes(asked)) return asked;
  throw new OpsError(exitCodes.usage, `--fleet is ${asked ?? "missing"}; fleets of ${file.path}: ${known.join(", ") || "none"}.`);
}

function regionOf(file: SettingsFile, asked: string | undefined): string {
  const region = asked ?? file.get("aws:region");
  if (typeof region === "string" && region !== "") return region;
  throw new OpsError(exitCodes.usage, `${file.path} has no aws:region; give --region.`);
}

/** The accounts of the settings; at a local endpoint there is only its own. */
function allowedAccounts(file: SettingsFile): { readonly allowedAccountIds?: readonly string[] } {
  const allowed = file.get("aws:allowedAccountIds");
  const local = /^http:\/\/127\.0\.0\.1[:/]/.test(process.env["AWS_ENDPOINT_URL"] ?? "");
  return local || !Array.isArray(allowed) ? {} : { allowedAccountIds: allowed.map(String) };
}

function settingTags(file: SettingsFile): Tags {
  const known = { [tagKeys.product]: file.get("fleet:product"), [tagKeys.majorVersion]: file.get("fleet:majorVersion") };
  return Object.fromEntries(
    Object.entries(known).flatMap(([key, value]) => (typeof value === "string" || typeof value === "number" ? [[key, String(value)]] : [])),
  );
}

function parseTags(given: readonly string[]): Tags {
  return Object.fromEntries(
    given.map((one) => {
      const equals = one.lastIndexOf("=");
      if (equals < 1) throw new OpsError(exitCodes.usage, `--tag ${one}: allowed is KEY=VALUE, for example fleet:recipe-revision=4f1c2aa.`);
      return [one.slice(0, equals), one.slice(equals + 1)];
    }),
  );
}

const describeTags = (tags: Tags) =>
  Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");
