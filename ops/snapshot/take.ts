/** Begins a snapshot and waits until it is complete. */
import { CreateSnapshotCommand, DeleteSnapshotCommand, EC2Client } from "@aws-sdk/client-ec2";
import { calling } from "../aws-calls.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { poll, type Polling } from "../polling.ts";
import type { Tags } from "../stack-settings.ts";
import { holdSeconds, whileFrozen, type FreezeOptions } from "./freeze.ts";
import { foundSnapshot, snapshotById, type FoundSnapshot } from "./snapshots.ts";
import type { FoundVolume } from "./volume.ts";

export interface Taken {
  readonly snapshot: FoundSnapshot;
  /** Mount points that were frozen meanwhile. */
  readonly frozen: readonly string[];
}

/**
 * The snapshot holds what was on the volume when CreateSnapshot answered, however long it then takes. With tags from its first
 * moment, so that none is ever left that nobody finds.
 */
export async function begin(volume: FoundVolume, tags: Tags, { session }: Pick<FreezeOptions, "session">): Promise<FoundSnapshot> {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const where = volume.attachments.map(({ instanceId, device }) => ` of ${instanceId} at ${device}`).join(",");
  const client = new EC2Client(session.clientArguments);
  // Tried again as every call: should a lost answer leave a second snapshot of the same data, pruning takes it.
  const answer = await calling(`CreateSnapshot of ${volume.id}`, () =>
    client.send(
      new CreateSnapshotCommand({
        VolumeId: volume.id,
        Description: `${volume.id}${where}`,
        TagSpecifications: [{ ResourceType: "snapshot", Tags }],
      }),
    ),
  );
  return foundSnapshot(answer);
}

/** With the file systems held still meanwhile, when the volume is attached. */
export async function beginConsistent(volume: FoundVolume, tags: Tags, options: FreezeOptions): Promise<Taken> {
  const [attachment, ...others] = volume.attachments;
  if (attachment === undefined) {
    options.say(`${volume.id} is attached to no instance: nothing writes to it`);
    return { snapshot: await begin(volume, tags, options), frozen: [] };
  }
  if (others.length > 0) {
    const all = volume.attachments.map(({ instanceId }) => instanceId).join(", ");
    throw new OpsError(
      exitCodes.refused,
      `${volume.id} is attached to several instances (${all}); --consistent holds one still. Nothing was changed.`,
    );
  }
  const still = await whileFrozen({ volumeId: volume.id, ...attachment }, options, () => begin(volume, tags, options));
  const { result: snapshot, frozen, withinHold, thawFailure } = still;
  if (!withinHold) {
    await calling(`DeleteSnapshot of ${snapshot.id}`, () =>
      new EC2Client(options.session.clientArguments).send(new DeleteSnapshotCommand({ SnapshotId: snapshot.id })),
    );
    throw new OpsError(
      exitCodes.failed,
      `CreateSnapshot of ${volume.id} took longer than the ${holdSeconds} s for which writes are held up: ${snapshot.id} may not be consistent and was deleted. Run the same command again.`,
    );
  }
  if (thawFailure !== undefined) {
    throw new OpsError(
      exitCodes.failed,
      `${snapshot.id} was begun, but thawing ${frozen.join(", ")} on ${attachment.instanceId} could not be confirmed: ${thawFailure.message} ` +
        `The instance thaws by itself ${holdSeconds} s after it was frozen; see that it has, then go on with --resume ${snapshot.id}.`,
      { cause: thawFailure },
    );
  }
  return { snapshot, frozen };
}

/** The snapshot once it is complete. A wait that ends leaves it to go on, and says how to wait on: the same command would begin another. */
export async function completed(
  client: EC2Client,
  id: string,
  polling: Polling & { readonly timeoutSeconds: number },
): Promise<FoundSnapshot> {
  let shown = "";
  const next = `go on with --resume ${id}`;
  const look = async () => {
    const found = await snapshotById(client, id);
    if (found === undefined)
      throw new OpsError(exitCodes.failed, `${id} does not exist; it was deleted, or belongs to another account or region.`);
    if (found.state === "completed") return found;
    if (found.state !== "pending")
      throw new OpsError(exitCodes.failed, `${id} is in state ${found.state}: ${found.message ?? "no reason given"}.`);
    const line = `${id} ${found.state}, ${found.progress || "0%"}`;
    if (line !== shown) polling.say((shown = line));
    return undefined;
  };
  const late = () =>
    Promise.resolve(new OpsError(exitCodes.waitEnded, `${id} was not complete within ${polling.timeoutSeconds} s. It goes on: ${next}.`));
  return poll(polling, `${id} goes on`, look, late, next);
}
