import { tagsOf } from "../codec.ts";
import type { DataSource } from "../data-source.ts";
import { findSnapshots } from "./snapshots.ts";

export const dataSource: DataSource = {
  token: "aws:ebs/getSnapshot:getSnapshot",
  async read(args, context) {
    const found = await findSnapshots(args, context);
    const [snapshot] = found;
    if (snapshot === undefined)
      throw new Error("no snapshot matches; change the search criteria (owners, filters, snapshotIds, tags) and try again");
    if (found.length > 1 && args["mostRecent"] !== true)
      throw new Error(`${found.length} snapshots match; use more specific search criteria, or set mostRecent to true`);
    return {
      id: snapshot.SnapshotId,
      arn: `arn:${context.partition}:ec2:${context.region}::snapshot/${snapshot.SnapshotId ?? ""}`,
      dataEncryptionKeyId: snapshot.DataEncryptionKeyId ?? "",
      description: snapshot.Description ?? "",
      encrypted: snapshot.Encrypted ?? false,
      kmsKeyId: snapshot.KmsKeyId ?? "",
      outpostArn: snapshot.OutpostArn ?? "",
      ownerAlias: snapshot.OwnerAlias ?? "",
      ownerId: snapshot.OwnerId ?? "",
      snapshotId: snapshot.SnapshotId,
      startTime: snapshot.StartTime?.toISOString().replace(/\.\d{3}Z$/, "Z"),
      state: snapshot.State,
      storageTier: snapshot.StorageTier ?? "standard",
      tags: tagsOf(snapshot.Tags),
      volumeId: snapshot.VolumeId ?? "",
      volumeSize: snapshot.VolumeSize ?? 0,
      mostRecent: args["mostRecent"] ?? false,
    };
  },
};
