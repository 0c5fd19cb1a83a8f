/**
 * What a stack costs in the sandbox: npm start, first and second update, the policy pack, one fleet beside fifty, memory, and
 * the embedded engine beside Pulumi's own CLI with the same plugins where one is on the PATH.
 *
 *   npm run bench -- stack [--fleets N]
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { PolicyPackOptions } from "../sandbox/engine/api.ts";
import { preview } from "../sandbox/engine/engine.ts";
import { openSession } from "../sandbox/verbs/session.ts";
import { Checkout } from "../test/helpers/checkout.ts";

const { values } = parseArgs({ options: { fleets: { type: "string", default: "50" } } });
const many = Number(values.fleets);

interface Run {
  readonly seconds: number;
  /** Highest resident memory of the engine's process and of the program's, MiB. */
  readonly engineMiB: number;
  readonly programMiB: number;
}

/** Highest resident memory so far of the processes below the checkout whose command line contains `part`, MiB. */
function peak(checkout: Checkout, part: string): number {
  const sizes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        const cwd = line.includes(checkout.path) || readFileSync(`/proc/${pid}/environ`, "utf8").includes(checkout.path);
        if (!cwd || !line.includes(part)) return 0;
        return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
      } catch {
        return 0; // it ended meanwhile
      }
    });
  return Math.max(0, ...sizes);
}

async function timed(checkout: Checkout, verb: string, ...args: readonly string[]): Promise<Run> {
  const started = performance.now();
  let engineMiB = 0;
  let programMiB = 0;
  const sampler = setInterval(() => {
    engineMiB = Math.max(engineMiB, peak(checkout, "sandbox/cli.ts"));
    programMiB = Math.max(programMiB, peak(checkout, "/cmd/run"));
  }, 200);
  const entry = ["sandbox/cli.ts", verb, "--stack", "staging", ...args];
  const { code, stdout, stderr } = await checkout.run("run.js", entry, { timeoutMs: 600_000 });
  clearInterval(sampler);
  if (code !== 0) throw new Error(`sandbox ${verb} ended with ${code}:\n${stdout.slice(-2_000)}${stderr.slice(-2_000)}`);
  return { seconds: (performance.now() - started) / 1000, engineMiB, programMiB };
}

/** Settings with `number` fleets like the staging stack's own. */
function fleets(number: number): string {
  const one = {
    image: { id: "ami-0a1b2c3d4e5f60718", bakeType: "t3.small" },
    instanceType: "t3.small",
    size: { min: 1, max: 3 },
    bootSeconds: 60,
    scaling: { up: { threshold: 70 }, down: { threshold: 30 } },
  };
  return JSON.stringify(Object.fromEntries(Array.from({ length: number }, (_, index) => [`f${index}`, one])));
}

const show = (name: string, value: number, unit: string) => console.log(`${name}: ${value.toFixed(unit === "x" ? 2 : 1)} ${unit}`);

/** Previews with the packs in the list, seconds of the fastest of three: without the command's own start, which both have. */
async function previewSeconds(checkout: Checkout, policyPacks: readonly PolicyPackOptions[]): Promise<number> {
  const session = await openSession({ root: checkout.path, stack: "staging", set: [], say: () => undefined });
  const never = new AbortController().signal;
  const options = session.deployOptions({ signal: never, killSignal: never, onEvent: () => undefined });
  const seconds: number[] = [];
  for (let turn = 0; turn < 3; turn++) {
    const { ok, durationSeconds, diagnostics } = await preview({ ...options, policyPacks });
    if (!ok) throw new Error(`the preview failed: ${JSON.stringify(diagnostics)}`);
    seconds.push(durationSeconds);
  }
  return Math.min(...seconds);
}

async function story(): Promise<void> {
  const checkout = new Checkout();
  try {
    const { code, stdout } = await checkout.run("run.js", ["sandbox/start.ts"], { timeoutMs: 600_000 });
    const [, without = "", whole = ""] = /([\d.]+) s without growing and shrinking, ([\d.]+) s with it/.exec(stdout) ?? [];
    if (code !== 0 || without === "") throw new Error(`npm start ended with ${code}:\n${stdout.slice(-2_000)}`);
    show("npm start without growing and shrinking", Number(without), "s");
    show("npm start", Number(whole), "s");
  } finally {
    await checkout.remove();
  }
}

async function oneStack(): Promise<void> {
  const checkout = new Checkout();
  try {
    const first = await timed(checkout, "up");
    const second = await timed(checkout, "up");
    const whole = await timed(checkout, "preview");
    const bare = await previewSeconds(checkout, []);
    const withPack = await previewSeconds(checkout, [{ dir: join(checkout.path, "policies") }]);
    show("first up of staging, local AWS included", first.seconds, "s");
    show("second up, all unchanged", second.seconds, "s");
    show("preview", whole.seconds, "s");
    show("what the policy pack adds to a preview", withPack - bare, "s");
    if (spawnSync("pulumi", ["version"]).status === 0) {
      await timed(checkout, "destroy");
      const embedded = await timed(checkout, "up", "--keep");
      await timed(checkout, "destroy", "--keep");
      const cli = await timed(checkout, "up", "--engine", "pulumi");
      show("embedded up beside Pulumi's CLI with the same plugins", embedded.seconds / cli.seconds, "x");
    } else {
      console.log("embedded up beside Pulumi's CLI: no pulumi on the PATH");
    }
  } finally {
    await checkout.remove();
  }
}

async function manyFleets(): Promise<void> {
  const seconds: number[] = [];
  for (const number of [1, many]) {
    const checkout = new Checkout();
    try {
      const run = await timed(checkout, "up", "--set", `fleet:fleets=${fleets(number)}`);
      seconds.push(run.seconds);
      show(`up of ${number} fleet(s)`, run.seconds, "s");
      show(`  engine memory`, run.engineMiB, "MiB");
      show(`  the program's own memory`, run.programMiB, "MiB");
    } finally {
      await checkout.remove();
    }
  }
  const [one = 0, all = 0] = seconds;
  show(`each further fleet, of ${many}, beside the first stack`, (all - one) / (many - 1) / one, "x");
}

await story();
await oneStack();
await manyFleets();
