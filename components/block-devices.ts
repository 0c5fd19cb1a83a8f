import { fault, within } from "../scaling/checks/fault.ts";
import type { Fault } from "../scaling/checks/fault.ts";
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

/** Root volume under the image's own device name, so that there is one root volume, and what is attached beside it at launch. */
export function blockDevices(image: ImageFacts, root: RootVolume, volumes: readonly DataVolume[]): BlockDevice[] {
  // The size is said even when it is the image's own: a mapping that names neither size nor snapshot rests on EC2's merging.
  const sized = { ...root, sizeGiB: root.sizeGiB ?? image.rootSizeGiB };
  const atLaunch = volumes.filter(({ attach }) => attach !== "boot");
  return [device(image.rootDeviceName, sized), ...atLaunch.map((volume) => device(volume.deviceName, volume))];
}

/** What the image tells of the volumes: a root volume that is too small, a volume in its place, two in one place. */
export function blockDeviceFaults(image: ImageFacts, root: RootVolume, volumes: readonly DataVolume[]): Fault[] {
  const least = image.rootSizeGiB;
  const tooSmall = root.sizeGiB !== undefined && root.sizeGiB < least;
  return [
    ...(tooSmall ? [fault("rootVolume.sizeGiB", root.sizeGiB, `${least} or more, the size of the image's root snapshot`)] : []),
    ...volumes.flatMap((volume, index) => within(`volumes[${index}]`, volumeFaults(volume, index, image, volumes))),
  ];
}

function volumeFaults(volume: DataVolume, index: number, image: ImageFacts, volumes: readonly DataVolume[]): Fault[] {
  const { attach, deviceName, sizeGiB, snapshotId } = volume;
  const isFirst = volumes.findIndex((other) => other.deviceName === deviceName) === index;
  return [
    ...(isFirst ? [] : [fault("deviceName", deviceName, "each device once")]),
    ...(deviceName === image.rootDeviceName ? [fault("deviceName", deviceName, "any device but the image's root device")] : []),
    ...(attach !== "boot" && sizeGiB === undefined && snapshotId === undefined
      ? [fault("sizeGiB", sizeGiB, "a size, or a snapshotId whose size is taken")]
      : []),
  ];
}
