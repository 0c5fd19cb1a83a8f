/** Stands in for mkfs. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { isFormatted, volumeOf } from "./devices.ts";
import { record, refuse } from "./record.ts";

const volume = volumeOf(process.argv.at(-1) ?? "");
if (isFormatted(volume)) refuse("there is a file system on it; the real one would ask");
writeFileSync(join(volume, "formatted"), "");
record();
