/** `sandbox logs INSTANCE`: what an instance that was booted here said. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sandboxDirectory } from "./local-state.ts";
import { UsageError } from "./usage-error.ts";

const instancePattern = /^i-[0-9a-f]+$/;

/** The log of its boot; where it never came to begin one, what it printed. */
export function runLogs(root: string, instance: string): number {
  const home = join(sandboxDirectory(root), "boot");
  const files = [join(home, instance, "var/log/fleet/boot.log"), join(home, instance, "output.txt")];
  const file = instancePattern.test(instance) ? files.find((one) => existsSync(one)) : undefined;
  if (file === undefined) throw new UsageError(`There is no log of ${instance}. ${knownInstances(home)}`);
  process.stdout.write(readFileSync(file, "utf8"));
  return 0;
}

function knownInstances(home: string): string {
  const known = existsSync(home) ? readdirSync(home).filter((name) => instancePattern.test(name)) : [];
  return known.length === 0 ? "No instance was booted: npm run sandbox -- up --stack staging --boot" : `There are ${known.join(", ")}.`;
}
