/** A lock between processes, in a file that names its holder: whoever finds the holder dead takes it over. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isAlive } from "./processes.ts";

/** A little more than a start may take. */
const waitTimeoutMs = 90_000;

export async function withLock<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  mkdirSync(dirname(path), { recursive: true });
  const deadline = Date.now() + waitTimeoutMs;
  while (!tryLock(path)) {
    if (Date.now() > deadline) throw new Error(`${path} is held by process ${holder(path) ?? "?"}; when that hangs, end it and try again.`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function tryLock(path: string): boolean {
  // The file appears with its content in one step: a lock that names nobody never exists.
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const pid = holder(path);
    if (pid !== undefined && !isAlive(pid)) takeAway(path, own, pid);
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Removes a dead holder's lock, and gives it back should it have become a living one's meanwhile. */
function takeAway(path: string, own: string, deadPid: number): void {
  const aside = `${own}.dead`;
  try {
    renameSync(path, aside);
    if (holder(aside) !== deadPid) linkSync(aside, path);
  } catch {
    // another process was faster
  } finally {
    rmSync(aside, { force: true });
  }
}

function holder(path: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(path, "utf8"), 10);
  } catch {
    return undefined; // released meanwhile
  }
}
