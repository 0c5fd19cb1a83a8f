/** Snapshots of one volume of a fleet, over time: found by their tags, and which of them is meant. */
import { EC2Client, paginateDescribeSnapshots, type Filter, type Snapshot } from "@aws-sdk/client-ec2";
import { tagKeys } from "../../contract/tags.ts";
import type { AwsSession } from "../account.ts";
import { calling } from "../aws-calls.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { describeTags, type Tags } from "../stack-settings.ts";

export interface FoundSnapshot {
  readonly id: string;
  /** `pending`, `completed`, `error`, and states of recovery and recycling, in none of which it can be used. */
  readonly state: string;
  /** Point in time that it holds; ISO 8601, UTC. */
  readonly startedAt: string;
  readonly volumeId: string;
  readonly sizeGiB: number;
  /** As EC2 tells it, for example `42%`. */
  readonly progress: string;
  /** Why it failed, when it did. */
  readonly message?: string;
  readonly recipeRevision?: string;
}

/** The largest page: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html */
const pageSize = 1_000;

/** Snapshots of this account that carry all of `tags`; newest first. */
export async function snapshotsByTag(session: AwsSession, tags: Tags): Promise<readonly FoundSnapshot[]> {
  const filters = Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
  const client = new EC2Client(session.clientArguments);
  const found = await calling(`DescribeSnapshots with ${describeTags(tags)}`, () => read(client, filters));
  return found.sort((one, other) => Date.parse(other.startedAt) - Date.parse(one.startedAt));
}

/** Rejects with the SDK's errors. */
export async function snapshotById(client: EC2Client, id: string): Promise<FoundSnapshot | undefined> {
  const [found] = await read(client, [{ Name: "snapshot-id", Values: [id] }]);
  return found;
}

async function read(client: EC2Client, Filters: Filter[]): Promise<FoundSnapshot[]> {
  const found: FoundSnapshot[] = [];
  for await (const page of paginateDescribeSnapshots({ client, pageSize }, { OwnerIds: ["self"], Filters }))
    found.push(...(page.Snapshots ?? []).map(foundSnapshot));
  return found;
}

export function foundSnapshot(snapshot: Snapshot): FoundSnapshot {
  const { SnapshotId, State, StartTime, VolumeId, VolumeSize, Progress, StateMessage, Tags = [] } = snapshot;
  const revision = Tags.find(({ Key }) => Key === tagKeys.recipeRevision)?.Value;
  return {
    id: SnapshotId ?? "",
    state: State ?? "unknown",
    startedAt: StartTime?.toISOString() ?? "",
    volumeId: VolumeId ?? "",
    sizeGiB: VolumeSize ?? 0,
    progress: Progress ?? "",
    ...(StateMessage === undefined || StateMessage === "" ? {} : { message: StateMessage }),
    ...(revision === undefined ? {} : { recipeRevision: revision }),
  };
}

/**
 * The newest completed one; one that is still pending is not waited for.
 * @throws OpsError `notExactlyOne` when none is completed, or the newest time belongs to several
 */
export function newestSnapshot(snapshots: readonly FoundSnapshot[], tags: Tags): FoundSnapshot {
  const completed = snapshots.filter(({ state }) => state === "completed");
  const latest = Math.max(...completed.map(({ startedAt }) => Date.parse(startedAt)));
  const newest = completed.filter(({ startedAt }) => Date.parse(startedAt) === latest);
  const [found, ...others] = newest;
  if (found === undefined) {
    const unusable = snapshots.map(({ id, state }) => `- ${id}: its state is ${state}`);
    const told = unusable.length === 0 ? "No snapshot has" : `No snapshot can be used:\n${unusable.join("\n")}\nSearched:`;
    throw new OpsError(
      exitCodes.notExactlyOne,
      `${told} ${describeTags(tags)}. Make one with "npm run ops -- snapshot", or correct the tags.`,
    );
  }
  if (others.length > 0) {
    throw new OpsError(
      exitCodes.notExactlyOne,
      `${newest.length} snapshots are equally new (${found.startedAt}): ${newest.map(({ id }) => id).join(", ")}. ` +
        `Narrow the choice with --tag KEY=VALUE until exactly one fits.`,
    );
  }
  return found;
}
