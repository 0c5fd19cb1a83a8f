/** `ops snapshot`: a snapshot of a fleet's volume, tagged, awaited, and old ones pruned. */
import process from "node:process";
import { InvalidArgumentError, Option, type Command } from "commander";
import { tagKeys } from "../../contract/tags.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { guarded, type CommandContext } from "../process.ts";
import { runSnapshot, type SnapshotResult, type SnapshotRun } from "../snapshot/run.ts";
import type { VolumeChoice } from "../snapshot/volume.ts";
import { describeTags, parseTags, StackSettings, type Tags } from "../stack-settings.ts";
import { useSandbox } from "../stack.ts";

interface CreateOptions extends VolumeChoice {
  readonly stack: string;
  readonly fleet?: string;
  readonly name: string;
  readonly resume?: string;
  readonly consistent: boolean;
  readonly revision?: string;
  readonly tag: readonly string[];
  readonly keepNewest?: number;
  readonly keepDays?: number;
  readonly wait: boolean;
  readonly timeoutSeconds: number;
  readonly region?: string;
  readonly sandbox: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** The first snapshot of a volume holds all of it, and may take this long; later ones hold what has changed. */
const defaultTimeoutSeconds = 3_600;

const matching = (pattern: RegExp, allowed: string) => (text: string) => {
  if (!pattern.test(text)) throw new InvalidArgumentError(`It must be ${allowed}.`);
  return text;
};

const whole = (least: number) => (text: string) => {
  if (!/^\d{1,6}$/.test(text) || Number(text) < least) throw new InvalidArgumentError(`It must be a whole number from ${least} to 999999.`);
  return Number(text);
};

export const volumeName = matching(/^[a-z][a-z0-9-]{0,31}$/, "up to 32 lower-case letters, digits and hyphens, beginning with a letter");
const id = (kind: string) => matching(new RegExp(`^${kind}-(?:[0-9a-f]{8}|[0-9a-f]{17})$`), `${kind}- and 8 or 17 hexadecimal digits`);

export const tagOption = (description: string) =>
  new Option("--tag <key=value>", description)
    .argParser((value: string, previous: readonly string[]) => [...previous, value])
    .default([], "none");

const examples = `
Examples:
  npm run ops -- snapshot --stack staging --fleet app --name code --instance i-0a1b2c3d4e5f60718 --device /dev/sdf --consistent
  npm run ops -- snapshot --stack staging --fleet app --name chef --volume vol-0a1b2c3d4e5f60718 --revision 4f1c2aa --keep-newest 10 --keep-days 30
  npm run ops -- snapshot --stack staging --fleet app --name chef --resume snap-0a1b2c3d4e5f60718

What it does, and the permissions that it needs: docs/snapshots.md.`;

export function addSnapshotCreate(snapshot: Command): void {
  snapshot.addHelpText("after", examples);
  snapshot
    .command("create", { isDefault: true })
    .description("snapshot a volume, by its id or as the device of an instance (what `ops snapshot` does)")
    .requiredOption("--stack <name>", "stack whose Pulumi.<name>.yaml gives names, region and account")
    .option("--fleet <name>", "fleet that the volume is for; needed when the stack has several")
    .addOption(
      new Option("--name <name>", `what the volume is: the value of the tag ${tagKeys.volume}`).argParser(volumeName).makeOptionMandatory(),
    )
    .addOption(new Option("--volume <id>", "the volume").argParser(id("vol")).conflicts(["instance", "device", "resume"]))
    .addOption(new Option("--instance <id>", "the instance that has the volume").argParser(id("i")).conflicts(["resume"]))
    .addOption(
      new Option("--device <name>", "under which name it has it, for example /dev/sdf").argParser(
        matching(/^\/dev\/(?:sd|xvd)[a-z]{1,2}\d{0,2}$/, "a device such as /dev/sdf"),
      ),
    )
    .addOption(new Option("--resume <id>", "begin none, wait for this one, which an earlier run has begun").argParser(id("snap")))
    .addOption(
      new Option("--consistent", "hold the volume's file systems still meanwhile (fsfreeze, through Systems Manager)")
        .default(false)
        .conflicts(["resume"]),
    )
    .option("--revision <text>", `what is on it, for example a commit: the value of the tag ${tagKeys.recipeRevision}`)
    .addOption(tagOption("another tag of the snapshot; repeatable"))
    .addOption(new Option("--keep-newest <n>", "then delete older ones, but keep the n newest (default: delete none)").argParser(whole(1)))
    .addOption(new Option("--keep-days <n>", "then delete older ones, but keep those younger than n days").argParser(whole(0)))
    .addOption(new Option("--no-wait", "begin it and return").conflicts(["keepNewest", "keepDays", "resume"]))
    .addOption(
      new Option("--timeout-seconds <n>", "end the wait, not the snapshot, after so long")
        .argParser(whole(1))
        .default(defaultTimeoutSeconds),
    )
    .option("--region <name>", "region (default: aws:region of the stack)")
    .option("--sandbox", "the stack in this checkout's sandbox", false)
    .option("--dry-run", "say what would be made and deleted, change nothing", false)
    .option("--json", "print JSON, and nothing else, on stdout", false)
    .addHelpText("after", examples)
    .action((options: CreateOptions) => guarded((context) => create(options, context)));
}

async function create(options: CreateOptions, context: CommandContext): Promise<void> {
  const isNamed = options.volume !== undefined || options.resume !== undefined;
  if (!isNamed && (options.instance === undefined || options.device === undefined)) {
    throw new OpsError(exitCodes.usage, "Which volume? Give --volume ID, or --instance ID and --device NAME, or --resume SNAPSHOT.");
  }
  const { resume, keepNewest: newest, keepDays: days } = options;
  const given = parseTags(options.tag);
  if (options.sandbox) await useSandbox();
  const settings = new StackSettings(options.stack, options.sandbox ? process.env["AWS_REGION"] : options.region);
  const run: SnapshotRun = {
    ...tagsOf(options, settings, given),
    session: await settings.open(),
    choice: options,
    ...(resume === undefined ? {} : { resume }),
    consistent: options.consistent,
    wait: options.wait,
    timeoutSeconds: options.timeoutSeconds,
    keep: { ...(newest === undefined ? {} : { newest }), ...(days === undefined ? {} : { days }) },
    dryRun: options.dryRun,
  };
  report(run, await runSnapshot(run, context), options);
}

/** Tags of the new snapshot, and those among them by which the volume's others are found. */
function tagsOf(options: CreateOptions, settings: StackSettings, given: Tags): { readonly tags: Tags; readonly lineage: Tags } {
  const fleet = settings.chooseFleet(options.fleet);
  const lineage = settings.volumeTags(fleet, options.name);
  const revision: Tags = options.revision === undefined ? {} : { [tagKeys.recipeRevision]: options.revision };
  const fixed: Tags = { ...settings.fleetTags(fleet), ...lineage, ...revision };
  const overridden = Object.keys(given).filter((key) => key in fixed);
  if (overridden.length > 0) {
    throw new OpsError(exitCodes.usage, `--tag cannot set ${overridden.join(", ")}: the settings, --name and --revision do.`);
  }
  return { tags: { Name: `${options.stack} ${settings.nameOf(fleet)} ${options.name}`, ...given, ...fixed }, lineage };
}

function report({ tags, lineage, dryRun }: SnapshotRun, result: SnapshotResult, { json, stack }: CreateOptions): void {
  const { volume, snapshot, pruning } = result;
  if (json) console.log(JSON.stringify({ stack, tags, ...result, dryRun }, undefined, 2));
  else {
    const state = snapshot?.state === "completed" ? "is complete" : `is ${snapshot?.state ?? ""}`;
    const would = dryRun ? "would be " : "";
    if (snapshot === undefined)
      console.log(`a snapshot of ${volume?.id ?? ""} (${volume?.sizeGiB ?? 0} GiB) would be made with ${describeTags(tags)}`);
    else console.log(`${snapshot.id} ${state}: ${describeTags(lineage)}`);
    for (const id of pruning.deleted) console.log(`${id} ${would}deleted`);
    for (const { id, uses } of pruning.inUse) console.log(`${id} kept, in use: ${uses.join(", ")}`);
  }
  if (pruning.failed.length > 0) {
    const faults = pruning.failed.map(({ id, reason }) => `- ${id}: ${reason}`).join("\n");
    throw new OpsError(exitCodes.failed, `Not deleted:\n${faults}\nThe next run with the same options tries them again.`);
  }
}
