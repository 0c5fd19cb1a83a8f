/** Who is using the local AWS: one file per running command, so that none ends it under another. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { isAlive } from "../aws/processes.ts";
import { sandboxDirectory } from "./local-state.ts";

const directory = (root: string) => join(sandboxDirectory(root), "aws", "users");

export interface AwsUser extends Disposable {
  /** Whether another running command uses it, too. */
  readonly hasCompany: () => boolean;
}

/** Counts this process as a user until disposed. */
export function useAws(root: string): AwsUser {
  const file = join(directory(root), String(process.pid));
  mkdirSync(directory(root), { recursive: true });
  writeFileSync(file, "");
  return { hasCompany: () => hasOtherUsers(root), [Symbol.dispose]: () => rmSync(file, { force: true }) };
}

/** Files of commands that were killed are removed. */
function hasOtherUsers(root: string): boolean {
  const pids = readdirSync(directory(root)).map(Number);
  for (const pid of pids) if (!isAlive(pid)) rmSync(join(directory(root), String(pid)), { force: true });
  return pids.some((pid) => pid !== process.pid && isAlive(pid));
}
