/** Fake block devices: a file in /dev whose text is the id of a volume, which is a folder below /run/volumes. */
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { refuse } from "./record.ts";

/** Folder of the volume behind a device. */
export function volumeOf(device: string): string {
  if (!existsSync(device) || !statSync(device).isFile()) return refuse(`${device} is no block device`);
  return join("/run/volumes", readFileSync(realpathSync(device), "utf8").trim());
}

/** Whether a file system is on it. */
export const isFormatted = (volume: string): boolean => existsSync(join(volume, "formatted"));

export const contentOf = (volume: string): string => join(volume, "content");
