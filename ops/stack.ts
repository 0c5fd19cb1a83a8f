/** What operations know of a stack: its output `fleets`, and nothing else. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Command } from "commander";
import type { FleetOutput, FleetsOutput } from "../contract/fleets-output.ts";
import { exitCodes, OpsError } from "./exit-codes.ts";

/** Where the output comes from; one of the three. */
export interface StackSource {
  readonly stack?: string;
  /** JSON file with the output `fleets`, or with all outputs. */
  readonly outputs?: string;
  /** The stack in this checkout's sandbox; its local AWS is then the one that is called. */
  readonly sandbox?: boolean;
}

/** The options of every verb that works on a stack. */
export function stackOptions(command: Command): Command {
  return command
    .option("--stack <name>", "stack; its output is read through Pulumi's CLI")
    .option("--outputs <file>", "read the output from a file that `pulumi stack output --json` wrote")
    .option("--sandbox", "the stack in this checkout's sandbox, and its local AWS");
}

/** `pulumi stack output` of a large stack over a slow backend takes seconds; a minute is a hang. */
const readTimeoutMs = 60_000;

function run(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { timeout: readTimeoutMs, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
        return;
      }
      const missing = error.code === "ENOENT";
      const reason = missing ? `${file} is not on the PATH` : stderr.trim() || error.message;
      reject(
        new OpsError(
          exitCodes.usage,
          `${[file, ...args].join(" ")} failed: ${reason}. Give --outputs FILE, or --sandbox for the local stack.`,
        ),
      );
    });
  });
}

const sandboxCli = join(import.meta.dirname, "..", "sandbox", "cli.ts");
const sandbox = (...args: readonly string[]) => run(process.execPath, [sandboxCli, ...args]);

/** Takes over the `export NAME='value'` lines of the sandbox, so that every client of this process calls the local AWS. */
export async function useSandbox(): Promise<void> {
  for (const [, name = "", value = ""] of (await sandbox("env")).matchAll(/^export (\w+)='(.*)'$/gm)) process.env[name] = value;
  delete process.env["AWS_PROFILE"];
  delete process.env["AWS_SESSION_TOKEN"];
}

async function readText({ stack, outputs, sandbox: local }: StackSource): Promise<string> {
  if (outputs !== undefined) {
    try {
      return readFileSync(outputs, "utf8");
    } catch (error) {
      throw new OpsError(exitCodes.usage, `--outputs ${outputs} cannot be read: ${(error as Error).message}.`);
    }
  }
  if (stack === undefined) throw new OpsError(exitCodes.usage, "--stack is missing; allowed is the name of a stack, or --outputs FILE.");
  if (local !== true) return run("pulumi", ["stack", "output", "fleets", "--json", "--stack", stack]);
  const text = await sandbox("outputs", "--stack", stack, "--json");
  await useSandbox();
  return text;
}

const isFleet = (value: unknown): value is FleetOutput =>
  typeof value === "object" && value !== null && "group" in value && "launchTemplate" in value && "region" in value;

export async function readFleets(source: StackSource): Promise<FleetsOutput> {
  const text = await readText(source);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new OpsError(exitCodes.usage, `The stack's output is no JSON (${(error as Error).message}).`);
  }
  const holder = (value ?? {}) as Record<string, unknown>;
  const fleets = holder["fleets"] !== undefined && !isFleet(holder["fleets"]) ? holder["fleets"] : value;
  if (typeof fleets !== "object" || fleets === null || !Object.values(fleets).every(isFleet)) {
    throw new OpsError(
      exitCodes.usage,
      'This is not the output "fleets" of a stack of this project; deploy the stack once with "pulumi up".',
    );
  }
  return fleets as FleetsOutput;
}

/** One fleet by name; the only one when none is named. */
export function chooseFleet<Fleet = FleetOutput>(fleets: Readonly<Record<string, Fleet>>, asked: string | undefined): Fleet {
  const names = Object.keys(fleets);
  const name = asked ?? (names.length === 1 ? names[0] : undefined);
  const fleet = name === undefined ? undefined : fleets[name];
  if (fleet === undefined)
    throw new OpsError(exitCodes.usage, `--fleet is ${asked ?? "missing"}; fleets of this stack: ${names.join(", ") || "none"}.`);
  return fleet;
}
