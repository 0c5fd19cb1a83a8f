import type { DataSource } from "../data-source.ts";
import { findSnapshots } from "./snapshots.ts";

export const dataSource: DataSource = {
  token: "aws:ebs/getSnapshotIds:getSnapshotIds",
  async read(args, context) {
    return { id: context.region, ids: (await findSnapshots(args, context)).map((snapshot) => snapshot.SnapshotId ?? "") };
  },
};
