/** Deletes the snapshots of a volume that no rule keeps and nothing needs. */
import { DeleteSnapshotCommand, EC2Client } from "@aws-sdk/client-ec2";
import type { AwsSession } from "../account.ts";
import { errorName } from "../aws-calls.ts";
import { usesOf } from "./in-use.ts";
import { beyondKeeping, type KeepRules } from "./prune.ts";
import type { FoundSnapshot } from "./snapshots.ts";

export interface Pruning {
  /** Deleted, or, when it was only to be said, what would be. */
  readonly deleted: readonly string[];
  /** Old enough, and still needed. */
  readonly inUse: readonly { readonly id: string; readonly uses: readonly string[] }[];
  /** Could not be deleted, and why. */
  readonly failed: readonly { readonly id: string; readonly reason: string }[];
}

export const noPruning: Pruning = { deleted: [], inUse: [], failed: [] };

export interface PruningOptions {
  readonly session: AwsSession;
  readonly rules: KeepRules;
  readonly nowMs: number;
  readonly dryRun: boolean;
}

/** @param snapshots all of one volume */
export async function prune(snapshots: readonly FoundSnapshot[], { session, rules, nowMs, dryRun }: PruningOptions): Promise<Pruning> {
  const old = beyondKeeping(snapshots, rules, nowMs);
  const ids = old.map(({ id }) => id);
  const uses = await usesOf(session, ids);
  const inUse = ids.flatMap((id) => {
    const found = uses.get(id);
    return found === undefined ? [] : [{ id, uses: found }];
  });
  const free = ids.filter((id) => !uses.has(id));
  if (dryRun) return { deleted: free, inUse, failed: [] };
  const outcome = { deleted: [] as string[], inUse, failed: [] as { id: string; reason: string }[] };
  const client = new EC2Client(session.clientArguments);
  for (const id of free) await remove(client, id, outcome);
  return outcome;
}

/** One that cannot be deleted does not keep the others. */
async function remove(
  client: EC2Client,
  id: string,
  outcome: { deleted: string[]; inUse: { id: string; uses: readonly string[] }[]; failed: { id: string; reason: string }[] },
): Promise<void> {
  try {
    await client.send(new DeleteSnapshotCommand({ SnapshotId: id }));
    outcome.deleted.push(id);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const name = errorName(error);
    if (name === "InvalidSnapshot.InUse") outcome.inUse.push({ id, uses: [message] });
    else if (name !== "InvalidSnapshot.NotFound") outcome.failed.push({ id, reason: `${name}: ${message}` });
  }
}
