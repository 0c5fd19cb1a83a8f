/** One run of `ops snapshot`: begins a snapshot, or takes up an interrupted run, waits for it and prunes older ones. */
import { EC2Client } from "@aws-sdk/client-ec2";
import type { AwsSession } from "../account.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import type { CommandContext } from "../process.ts";
import { describeTags, type Tags } from "../stack-settings.ts";
import { realWaiting } from "../waiting.ts";
import type { KeepRules } from "./prune.ts";
import { noPruning, prune, type Pruning } from "./pruning.ts";
import { snapshotsByTag, type FoundSnapshot } from "./snapshots.ts";
import { begin, beginConsistent, completed } from "./take.ts";
import { findVolume, type FoundVolume, type VolumeChoice } from "./volume.ts";

export interface SnapshotRun {
  readonly session: AwsSession;
  readonly choice: VolumeChoice;
  /** An earlier run's snapshot, in the place of a new one. */
  readonly resume?: string;
  /** Tags that every snapshot of this volume carries, by which the others are found. */
  readonly lineage: Tags;
  /** Tags of the new one. */
  readonly tags: Tags;
  readonly consistent: boolean;
  readonly wait: boolean;
  readonly timeoutSeconds: number;
  readonly keep: KeepRules;
  readonly dryRun: boolean;
}

export interface SnapshotResult {
  /** Absent when an earlier run has chosen it. */
  readonly volume?: FoundVolume;
  /** Absent when it was only to be said what would be done. */
  readonly snapshot?: FoundSnapshot;
  /** Mount points that were held still. */
  readonly frozen: readonly string[];
  readonly pruning: Pruning;
}

export async function runSnapshot(run: SnapshotRun, context: CommandContext): Promise<SnapshotResult> {
  if (run.resume !== undefined) return resumed(run, run.resume, context);
  const { session, tags, consistent } = run;
  const volume = await findVolume(session, run.choice);
  if (run.dryRun) return { volume, frozen: [], pruning: await pruned(run, context, [pretended(volume, context)]) };
  const { say, waiting } = context;
  const { snapshot, frozen } = consistent
    ? await beginConsistent(volume, tags, { session, waiting, undoWaiting: realWaiting(), say })
    : { snapshot: await begin(volume, tags, { session }), frozen: [] };
  say(`${snapshot.id} of ${volume.id} (${volume.sizeGiB} GiB) begun`);
  if (!run.wait) return { volume, snapshot, frozen, pruning: noPruning };
  return { volume, frozen, ...(await finished(run, snapshot.id, context)) };
}

/** Only a snapshot of this volume is taken up: what is pruned then are its elders. */
async function resumed(run: SnapshotRun, id: string, context: CommandContext): Promise<SnapshotResult> {
  const all = await snapshotsByTag(run.session, run.lineage);
  const snapshot = all.find((one) => one.id === id);
  if (snapshot === undefined) {
    const known = all.map((one) => one.id).join(", ") || "none";
    throw new OpsError(exitCodes.notExactlyOne, `${id} is no snapshot with ${describeTags(run.lineage)}; there is: ${known}.`);
  }
  if (run.dryRun) return { snapshot, frozen: [], pruning: await pruned(run, context) };
  return { frozen: [], ...(await finished(run, id, context)) };
}

async function finished(run: SnapshotRun, id: string, context: CommandContext): Promise<Pick<SnapshotResult, "snapshot" | "pruning">> {
  const { timeoutSeconds } = run;
  const deadline = context.waiting.now() + timeoutSeconds * 1_000;
  const snapshot = await completed(new EC2Client(run.session.clientArguments), id, { ...context, deadline, timeoutSeconds });
  try {
    return { snapshot, pruning: await pruned(run, context) };
  } catch (error) {
    if (!(error instanceof OpsError)) throw error;
    throw new OpsError(
      error.exitCode,
      `${id} is complete, but older ones were not pruned: ${error.message} To prune alone: --resume ${id}.`,
      {
        cause: error,
      },
    );
  }
}

/** @param more what is not there yet */
async function pruned({ session, lineage, keep, dryRun }: SnapshotRun, { waiting }: CommandContext, more: readonly FoundSnapshot[] = []) {
  if (keep.newest === undefined && keep.days === undefined) return noPruning;
  const all = [...more, ...(await snapshotsByTag(session, lineage))];
  return prune(all, { session, rules: keep, nowMs: waiting.now(), dryRun });
}

/** The snapshot that would be made: it would count among the newest. */
const pretended = ({ id, sizeGiB }: FoundVolume, { waiting }: CommandContext): FoundSnapshot => ({
  id: "the new one",
  state: "completed",
  startedAt: new Date(waiting.now()).toISOString(),
  volumeId: id,
  sizeGiB,
  progress: "",
});
