/** One changing run per stack: a lock file that names the process that holds it. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { EngineError } from "../api.ts";

interface Holder {
  readonly pid: number;
  /** When the process started, in clock ticks since boot, where /proc says so: a pid may be used again. */
  readonly born?: string;
  readonly since: string;
}

/** Field 22 of /proc/<pid>/stat; the second field is in brackets and may hold blanks. */
function bornAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

function isAlive({ pid, born }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return born === undefined || bornAt(pid) === born;
}

function readHolder(lockFile: string): { text: string; holder: Holder | undefined } | undefined {
  try {
    const text = readFileSync(lockFile, "utf8");
    try {
      return { text, holder: JSON.parse(text) as Holder };
    } catch {
      return { text, holder: undefined };
    }
  } catch {
    return undefined;
  }
}

/** Makes the file with its content in one step, so that nobody reads an empty one. */
function create(lockFile: string, text: string): boolean {
  const temporary = `${lockFile}.${process.pid}.${performance.now()}`;
  writeFileSync(temporary, text);
  try {
    linkSync(temporary, lockFile);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(temporary);
  }
}

/** Takes a dead process's lock away, unless somebody else was faster. */
function removeStale(lockFile: string, expected: string): void {
  const aside = `${lockFile}.${process.pid}.stale`;
  try {
    renameSync(lockFile, aside);
    if (readFileSync(aside, "utf8") !== expected) linkSync(aside, lockFile);
  } catch {
    // Gone, or taken anew: the next look at the file tells.
  }
  rmSync(aside, { force: true });
}

/** Returns how to give the lock back. Throws an EngineError that names the process that holds it. */
export function lock(stateFile: string, stack: string): () => void {
  const lockFile = `${stateFile}.lock`;
  const born = bornAt(process.pid);
  const text = JSON.stringify({ pid: process.pid, ...(born !== undefined && { born }), since: new Date().toISOString() } satisfies Holder);
  try {
    mkdirSync(dirname(lockFile), { recursive: true });
  } catch (error) {
    throw new EngineError(`The state file ${stateFile} cannot be written: ${(error as Error).message}`);
  }
  while (!create(lockFile, text)) {
    const found = readHolder(lockFile);
    if (found === undefined) continue;
    if (found.holder !== undefined && isAlive(found.holder)) {
      throw new EngineError(
        `Stack ${stack} is being changed by another run (process ${found.holder.pid}, since ${found.holder.since}). Wait until it ends, or end it, and try again. The lock is ${lockFile}.`,
      );
    }
    removeStale(lockFile, found.text);
  }
  return () => {
    if (readHolder(lockFile)?.text === text) rmSync(lockFile, { force: true });
  };
}
