/** Kills an engine at chosen moments and lets the next run go on. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { DeployOptions } from "../../../sandbox/engine/api.ts";
import { TestStack, errorsOf } from "./stack.ts";

export const runner = join(import.meta.dirname, "fixtures/run-up.ts");

/** Runs `up` in a process of its own; answers how it ended. */
export async function upInProcess(options: DeployOptions, ...moment: string[]): Promise<{ code: number | null; signal: string | null }> {
  const child = spawn(process.execPath, [runner, JSON.stringify(options), ...moment], {
    stdio: ["ignore", "ignore", "inherit"],
    env: options.env,
  });
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  return { code, signal };
}

/** Processes whose environment names the cloud: what a run has started. */
export const processesOf = (cloud: string) =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").includes(cloud);
      } catch {
        return false;
      }
    });

export async function untilGone(cloud: string): Promise<void> {
  for (let tries = 0; processesOf(cloud).length > 0; tries++) {
    if (tries > 200) throw new Error(`left behind: ${processesOf(cloud).join(", ")}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Without what cannot be sent to another process; one operation at a time, so that every run writes the same. */
export const serializable = (stack: TestStack, things: readonly unknown[]): DeployOptions =>
  JSON.parse(JSON.stringify(stack.options({ things }, { parallel: 1 }))) as DeployOptions;

/** Kills the run at every write in turn until one ends by itself; the next run must converge each time. */
export async function killAtEvery(
  moment: "before" | "after",
  start: readonly unknown[] | undefined,
  goal: readonly unknown[],
  names: string[],
): Promise<number> {
  for (let write = 1; ; write++) {
    using stack = new TestStack();
    if (start !== undefined) assert.equal(errorsOf(await stack.up(start)), "");
    const { signal, code } = await upInProcess(serializable(stack, goal), moment, String(write));
    await untilGone(stack.cloud);
    if (signal === null) {
      assert.equal(code, 0);
      return write - 1;
    }
    assert.equal(signal, "SIGKILL");
    const result = await stack.up(goal);
    const situation = `killed ${moment} write ${write}`;
    assert.equal(errorsOf(result), "", situation);
    assert.deepEqual(stack.existing(), names, situation);
    assert.equal(stack.state().pending_operations, undefined, situation);
    assert.deepEqual(stack.ids(), stack.knownIds(), situation);
  }
}
