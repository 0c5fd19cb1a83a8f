/** `ops snapshot pick`: writes the id of a volume's newest snapshot into a stack's settings. */
import process from "node:process";
import { Option, type Command } from "commander";
import { tagKeys } from "../../contract/tags.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { writeWhole } from "../image/settings-file.ts";
import { guarded } from "../process.ts";
import { newestSnapshot, snapshotsByTag } from "../snapshot/snapshots.ts";
import { fleetsKey, parseTags, StackSettings } from "../stack-settings.ts";
import { useSandbox } from "../stack.ts";
import { tagOption, volumeName } from "./snapshot-create.ts";

interface PickOptions {
  readonly stack: string;
  readonly fleet?: string;
  readonly name: string;
  readonly device?: string;
  readonly tag: readonly string[];
  readonly region?: string;
  readonly sandbox: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

export function addSnapshotPick(snapshot: Command): void {
  snapshot
    .command("pick")
    .description("write the newest completed snapshot of a volume into a stack's settings")
    .requiredOption("--stack <name>", "stack whose Pulumi.<name>.yaml is changed")
    .option("--fleet <name>", "fleet; needed when the stack has several")
    .addOption(
      new Option("--name <name>", `what the volume is: the value of the tag ${tagKeys.volume}`).argParser(volumeName).makeOptionMandatory(),
    )
    .option("--device <name>", "deviceName of the volume in the settings; needed when several volumes have a snapshotId")
    .addOption(tagOption("a tag that the snapshot must have, beside the fleet's and the volume's, or in the place of one; repeatable"))
    .option("--region <name>", "region (default: aws:region of the stack)")
    .option("--sandbox", "look in this checkout's sandbox", false)
    .option("--dry-run", "say what would be written, write nothing", false)
    .option("--json", "print JSON, and nothing else, on stdout", false)
    .addHelpText(
      "after",
      `
Examples:
  npm run ops -- snapshot pick --stack staging --fleet app --name chef
  npm run ops -- snapshot pick --stack production --fleet app --name chef --tag fleet:environment=staging --tag fleet:recipe-revision=4f1c2aa
  npm run ops -- snapshot pick --stack staging --name chef --device /dev/sdk --dry-run

Needs ec2:DescribeSnapshots, sts:GetCallerIdentity.`,
    )
    .action((options: PickOptions) => guarded(() => pick(options)));
}

async function pick(options: PickOptions): Promise<void> {
  if (options.sandbox) await useSandbox();
  const settings = new StackSettings(options.stack, options.sandbox ? process.env["AWS_REGION"] : options.region);
  const { file } = settings;
  const fleet = settings.chooseFleet(options.fleet);
  const at = [...volumePath(settings, fleet, options.device), "snapshotId"];
  const tags = { ...settings.volumeTags(fleet, options.name), ...parseTags(options.tag) };
  const snapshot = newestSnapshot(await snapshotsByTag(await settings.open(), tags), tags);
  const previous = file.get(...at);
  const changed = previous !== snapshot.id;
  const written = changed && !options.dryRun;
  const text = file.withValues([{ path: at, value: snapshot.id }]);
  if (written) writeWhole(file.path, text);
  if (options.json) {
    console.log(
      JSON.stringify(
        { stack: options.stack, fleet, file: file.path, key: at.join("."), snapshot, previous, changed, written },
        undefined,
        2,
      ),
    );
    return;
  }
  const of = `begun ${snapshot.startedAt}${snapshot.recipeRevision === undefined ? "" : `, revision ${snapshot.recipeRevision}`}`;
  if (!changed) console.log(`${file.path}: ${at.join(".")} is ${snapshot.id} already (${of})`);
  else
    console.log(
      `${file.path}: ${at.join(".")} ${options.dryRun ? "would change" : "changed"} from ${String(previous)} to ${snapshot.id} (${of})`,
    );
}

/** The one volume of the fleet that has a `snapshotId`, or the one with this device name. */
function volumePath(settings: StackSettings, fleet: string, device: string | undefined): string[] {
  const at = [fleetsKey, fleet, "volumes"];
  const listed = settings.file.get(...at);
  const volumes = (Array.isArray(listed) ? listed : []) as readonly { readonly deviceName?: unknown; readonly snapshotId?: unknown }[];
  const named = volumes.map(({ deviceName, snapshotId }, index) => ({
    index,
    deviceName: String(deviceName),
    has: snapshotId !== undefined,
  }));
  const fitting = named.filter(({ deviceName, has }) => has && (device === undefined || deviceName === device));
  const [found, ...others] = fitting;
  if (found !== undefined && others.length === 0) return [...at, String(found.index)];
  const known = named.map(({ deviceName, has }) => `${deviceName}${has ? "" : " (without a snapshotId)"}`).join(", ") || "none";
  throw new OpsError(
    exitCodes.usage,
    `${settings.file.path} has not exactly one volume with a snapshotId${device === undefined ? "" : ` at ${device}`} in ${at.join(".")}; its volumes: ${known}. ` +
      `Choose with --device; where the line is missing, write it with any id first: this command changes it, it does not choose its place.`,
  );
}
