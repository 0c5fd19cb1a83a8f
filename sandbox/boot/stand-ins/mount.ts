/** Stands in for mount: a fake block device is mounted by binding its folder; `mount POINT` looks into fstab. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { contentOf, isFormatted, volumeOf } from "./devices.ts";
import { behaveAsTold, record, refuse } from "./record.ts";

const words = process.argv.slice(2).filter((word) => !word.startsWith("-"));
const [first = refuse("nothing is given to mount"), second] = words;

function fromFstab(point: string): string {
  const lines = readFileSync("/etc/fstab", "utf8").split("\n");
  const fields = lines.map((line) => line.trim().split(/\s+/)).find(([device = "#", at]) => !device.startsWith("#") && at === point);
  return fields?.[0] ?? refuse(`can't find ${point} in /etc/fstab.`);
}

behaveAsTold();
const [device, point] = second === undefined ? [fromFstab(first), first] : [first, second];
const volume = volumeOf(device.startsWith("LABEL=") ? `/dev/disk/by-label/${device.slice("LABEL=".length)}` : device);
if (!isFormatted(volume)) refuse(`${point}: wrong fs type, bad option, bad superblock on ${device}`, 32);
if (!existsSync(point)) refuse(`${point}: mount point does not exist.`, 32);
execFileSync("/usr/bin/mount", ["--bind", contentOf(volume), point]);
record();
