/** Stands in for blkid: 2 = nothing is on the device. */
import process from "node:process";
import { isFormatted, volumeOf } from "./devices.ts";
import { record } from "./record.ts";

const device = process.argv.at(-1) ?? "";
record();
if (!isFormatted(volumeOf(device))) process.exit(2);
console.log(`${device}: TYPE="ext4"`);
