import type { Snapshot } from "@aws-sdk/client-ec2";
import type { Context } from "../context.ts";
import { filterInput, filtersOf } from "../ec2/filters.ts";
import type { Properties } from "../../protocol/values.ts";

/** Snapshots that fit the arguments, the newest first. */
export async function findSnapshots(args: Properties, context: Context): Promise<Snapshot[]> {
  const found = await context.aws("ec2", "DescribeSnapshots", {
    OwnerIds: args["owners"],
    RestorableByUserIds: args["restorableByUserIds"],
    SnapshotIds: args["snapshotIds"],
    ...filterInput(filtersOf(args)),
  });
  const start = (snapshot: Snapshot) => snapshot.StartTime?.getTime() ?? 0;
  return [...(found.Snapshots ?? [])].sort((one, other) => start(other) - start(one));
}
