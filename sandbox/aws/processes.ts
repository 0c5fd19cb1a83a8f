/** Processes by id: alive, what they run, waiting for their end. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** True for a process that runs; false for one that is gone or only waits to be reaped. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  try {
    // The state is the first field behind the name, which is in parentheses and may hold spaces.
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return process.platform !== "linux";
  }
}

/** When the process started, in the system's own form: with the id it names one process for ever. Undefined when it is gone. */
export function startOf(pid: number): string | undefined {
  try {
    // Field 22, counted from the state behind the name's closing parenthesis: ticks since boot.
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").pop()?.split(" ")[19];
  } catch {
    if (process.platform === "linux") return undefined;
  }
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", timeout: 5000 }).trim();
  } catch {
    return undefined;
  }
}

/** False when one of them still runs at the time-out. */
export async function waitUntilGone(pids: readonly number[], timeoutMs: number): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 10))) {
    if (!pids.some(isAlive)) return true;
  }
  return !pids.some(isAlive);
}
