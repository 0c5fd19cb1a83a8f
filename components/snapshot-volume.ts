import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { typeTokens } from "../contract/type-tokens.ts";
import type { DataVolume } from "./fleet-args.ts";

/** Where a volume's data come from: one snapshot by its id, or at boot the newest that has some tags. */
export type SnapshotVolumeArgs = Pick<DataVolume, "deviceName" | "attach" | "snapshotId" | "snapshotTags" | "sizeGiB">;

/** Of the snapshot as EC2 describes it, what decides whether it can be used. */
export interface DescribedSnapshot {
  readonly snapshotId: string;
  readonly state: string;
  readonly volumeSize: number;
}

/** Everything that speaks against a volume of `snapshot`, one sentence each. */
export function snapshotFaults(
  { snapshotId, state, volumeSize }: DescribedSnapshot,
  { deviceName, sizeGiB }: SnapshotVolumeArgs,
): string[] {
  return [
    ...(state === "completed"
      ? []
      : [`Snapshot ${snapshotId} for ${deviceName} is in state "${state}"; allowed: "completed". Wait for it, or name another one.`]),
    ...(sizeGiB === undefined || sizeGiB >= volumeSize
      ? []
      : [`The volume ${deviceName} has sizeGiB ${sizeGiB}; allowed: ${volumeSize} or more, the size of snapshot ${snapshotId}.`]),
  ];
}

/** A volume of a snapshot, verified before anything of its fleet is made. Creates nothing: launch or boot makes the volume. */
export class SnapshotVolume extends pulumi.ComponentResource {
  /** Id of the snapshot that a volume made now would have; fails with the reasons when there is none, or when it cannot be used. */
  readonly snapshotId: Promise<string>;

  constructor(name: string, args: SnapshotVolumeArgs, opts?: pulumi.ComponentResourceOptions) {
    super(typeTokens.snapshotVolume, name, args, opts);
    this.snapshotId = lookUp(args, this);
    this.snapshotId.catch(() => undefined); // told by whoever waits for it
    this.registerOutputs({});
  }
}

async function lookUp(args: SnapshotVolumeArgs, parent: SnapshotVolume): Promise<string> {
  const snapshot = await find(args, parent);
  const faults = snapshotFaults(snapshot, args);
  if (faults.length > 0) throw new pulumi.RunError(faults.join("\n"));
  return snapshot.snapshotId;
}

async function find({ deviceName, snapshotId, snapshotTags }: SnapshotVolumeArgs, parent: SnapshotVolume): Promise<DescribedSnapshot> {
  try {
    if (snapshotId !== undefined) return await aws.ebs.getSnapshot({ snapshotIds: [snapshotId] }, { parent });
    const tags = Object.entries(snapshotTags ?? {}).map(([key, value]) => ({ name: `tag:${key}`, values: [value] }));
    const filters = [...tags, { name: "status", values: ["completed"] }];
    return await aws.ebs.getSnapshot({ owners: ["self"], mostRecent: true, filters }, { parent });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const wanted =
      snapshotId === undefined
        ? `No completed snapshot of this account has the tags ${JSON.stringify(snapshotTags)} that the volume ${deviceName} asks for`
        : `Snapshot ${snapshotId} for ${deviceName} cannot be read in this region`;
    throw new pulumi.RunError(
      `${wanted}: ${reason}\nTake one (npm run ops -- snapshot --help), or correct the volume in the fleet's settings.`,
    );
  }
}
