import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Provisioning } from "../../contract/fleets-output.ts";
import { bootSettingsText } from "./settings-text.ts";
import type { BootSettings } from "./settings-text.ts";

const folder = join(import.meta.dirname, "../../boot");

/** Parts of the script beside those that every boot has, in order. */
const partsOf: Readonly<Record<Provisioning, readonly string[]>> = {
  none: ["systems/none.sh"],
  "chef-server": ["secrets.sh", "ohai.sh", "chef.sh", "systems/chef-server.sh"],
  "chef-solo": ["ohai.sh", "chef.sh", "systems/chef-solo.sh"],
  "managed-node": ["ohai.sh", "systems/managed-node.sh"],
};

export interface BootScript {
  readonly provisioning: Provisioning;
  /** Whether there are volumes to mount. */
  readonly volumes: boolean;
}

/** Files of boot/ that make up the script. */
export function bootParts({ provisioning, volumes }: BootScript): string[] {
  const volumePart = volumes ? "volumes.sh" : "no-volumes.sh";
  return ["log.sh", "metadata.sh", "api.sh", "report.sh", "tags.sh", volumePart, ...partsOf[provisioning], "main.sh"];
}

/**
 * Without comments, empty lines and indentation: user data is short. No part has a text over several lines that would
 * mean something else then; a test compares what bash makes of both.
 */
export function compacted(script: string): string {
  return script
    .split("\n")
    .map((line) => line.trimStart())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => `${line}\n`)
    .join("");
}

/** The script as an instance gets it: settings as data, then the parts. */
export function bootScript(script: BootScript, settings: BootSettings): string {
  const parts = bootParts(script).map((part) => compacted(readFileSync(join(folder, part), "utf8")));
  return `#!/bin/bash\n${bootSettingsText(settings)}${parts.join("")}`;
}
