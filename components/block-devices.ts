import type { DataVolume, RootVolume } from "./fleet-args.ts";
import type { ImageFacts } from "./image-facts.ts";

/** One entry of the launch template's block device mappings; the provider takes booleans as strings here. */
export interface BlockDevice {
  readonly deviceName: string;
  readonly ebs: {
    readonly volumeType: "gp3";
    readonly encrypted: "true";
    readonly deleteOnTermination: "true";
    readonly volumeSize?: number;
    readonly snapshotId?: string;
    readonly iops?: number;
    readonly throughput?: number;
    readonly kmsKeyId?: string;
  };
}

type Volume = Omit<DataVolume, "deviceName">;

function device(deviceName: string, { sizeGiB, snapshotId, iops, throughputMiBps, kmsKeyArn }: Volume): BlockDevice {
  return {
    deviceName,
    ebs: {
      volumeType: "gp3",
      encrypted: "true",
      deleteOnTermination: "true",
      ...(sizeGiB === undefined ? {} : { volumeSize: sizeGiB }),
      ...(snapshotId === undefined ? {} : { snapshotId }),
      ...(iops === undefined ? {} : { iops }),
      ...(throughputMiBps === undefined ? {} : { throughput: throughputMiBps }),
      ...(kmsKeyArn === undefined ? {} : { kmsKeyId: kmsKeyArn }),
    },
  };
}

/** Root volume under the image's own device name, so that there is one root volume, and the volumes beside it. */
export function blockDevices(image: ImageFacts, root: RootVolume, volumes: readonly DataVolume[]): BlockDevice[] {
  return [device(image.rootDeviceName, root), ...volumes.map((volume) => device(volume.deviceName, volume))];
}

/** What only the image can tell: a root volume that is too small, a volume in the root volume's place. */
export function blockDeviceFaults(image: ImageFacts, root: RootVolume, volumes: readonly DataVolume[]): string[] {
  const faults: string[] = [];
  if (root.sizeGiB !== undefined && root.sizeGiB < image.rootSizeGiB) {
    faults.push(`rootVolume.sizeGiB is ${root.sizeGiB}; allowed: ${image.rootSizeGiB} or more, the size of the image's root snapshot`);
  }
  volumes.forEach(({ deviceName }, index) => {
    if (deviceName !== image.rootDeviceName) return;
    faults.push(`volumes[${index}].deviceName is "${deviceName}"; allowed: any device but the image's root device`);
  });
  return faults;
}
