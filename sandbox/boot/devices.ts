/** Fake block devices of an instance: what EC2 says is attached appears in its /dev, as on a Nitro instance. */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DescribeVolumesCommand, type EC2Client } from "@aws-sdk/client-ec2";

export interface Attached {
  readonly volumeId: string;
  readonly deviceName: string;
  readonly snapshotId: string | undefined;
}

export async function attachedTo(ec2: EC2Client, instanceId: string): Promise<Attached[]> {
  const filter = { Name: "attachment.instance-id", Values: [instanceId] };
  const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ Filters: [filter] }));
  return Volumes.flatMap(({ VolumeId: volumeId = "", SnapshotId, Attachments = [] }) =>
    Attachments.filter((one) => one.InstanceId === instanceId).map(({ Device: deviceName = "" }) => ({
      volumeId,
      deviceName,
      snapshotId: SnapshotId === "" ? undefined : SnapshotId,
    })),
  );
}

export class FakeDevices {
  readonly #dev: string;
  readonly #volumes: string;
  readonly #snapshots: string;

  /**
   * @param dev the instance's /dev.
   * @param home folder of all volumes and of what snapshots hold: `volumes/<id>/content`, `snapshots/<id>`.
   */
  constructor(dev: string, home: string) {
    this.#dev = dev;
    this.#volumes = join(home, "volumes");
    this.#snapshots = join(home, "snapshots");
    mkdirSync(join(dev, "disk/by-id"), { recursive: true });
  }

  /** Makes what is attached appear, each under a name that says nothing and under its volume's id. */
  show(attached: readonly Attached[]): void {
    const links = new Map(attached.map((one) => [`nvme-Amazon_Elastic_Block_Store_${one.volumeId.replace("-", "")}`, one]));
    for (const name of readdirSync(join(this.#dev, "disk/by-id"))) if (!links.has(name)) rmSync(join(this.#dev, "disk/by-id", name));
    for (const [name, volume] of links) {
      const link = join(this.#dev, "disk/by-id", name);
      if (existsSync(link)) continue;
      this.#fill(volume);
      const device = `nvme${readdirSync(this.#dev).filter((one) => one.startsWith("nvme")).length}n1`;
      writeFileSync(join(this.#dev, device), volume.volumeId);
      symlinkSync(`../../${device}`, link);
    }
  }

  /** A new volume has what its snapshot had; here that is a sample repository of cookbooks when nothing else was put there. */
  #fill({ volumeId, snapshotId }: Attached): void {
    const volume = join(this.#volumes, volumeId);
    if (existsSync(volume)) return;
    mkdirSync(join(volume, "content"), { recursive: true });
    if (snapshotId === undefined) return;
    const snapshot = join(this.#snapshots, snapshotId);
    cpSync(existsSync(snapshot) ? snapshot : join(import.meta.dirname, "sample-repository"), join(volume, "content"), { recursive: true });
    writeFileSync(join(volume, "formatted"), "");
  }
}
