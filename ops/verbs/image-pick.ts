/** `ops image pick`: writes the id of a baked image, and what it was baked on, into a stack's settings. */
import { Option, type Command } from "commander";
import { newestImage } from "../image/facts.ts";
import { imageByParameter, imagesByTag } from "../image/lookup.ts";
import { writeWhole } from "../image/settings-file.ts";
import { guarded } from "../process.ts";
import { describeTags, fleetsKey, parseTags, StackSettings } from "../stack-settings.ts";

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

export async function pick(options: PickOptions, say: (line: string) => void): Promise<void> {
  const settings = new StackSettings(options.stack, options.region);
  const { file } = settings;
  const fleet = settings.chooseFleet(options.fleet);
  const at = [fleetsKey, fleet, "image"] as const;
  const owner = (file.get(...at, "owner") as string | undefined) ?? "self";
  const tags = { ...settings.productTags, ...parseTags(options.tag) };
  const session = await settings.open();
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
