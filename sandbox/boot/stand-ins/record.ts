/** What a stand-in was given, and how it was told to behave. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";

const log = "/var/log/sandbox";

/** Name of this stand-in, and of the executable that it stands for. */
export const name = basename(process.argv[1] ?? "", ".ts");

/** One line for each call, with what else is worth knowing of it. */
export function record(facts: Readonly<Record<string, unknown>> = {}): void {
  appendFileSync(`${log}/${name}.jsonl`, `${JSON.stringify({ arguments: process.argv.slice(2), ...facts })}\n`);
}

/** Ends with a sentence, as the real one would, with its own words. */
export function refuse(sentence: string, status = 1): never {
  record({ refused: sentence });
  console.error(`${name} (stand-in): ${sentence}`);
  process.exit(status);
}

interface Told {
  /** So many first calls on an instance fail. */
  readonly failures?: number;
  readonly status?: number;
  /** On which instances, counted in the order of their launch from 1; absent = on all. */
  readonly instances?: readonly number[];
}

/** The status with which this call is to fail when `.sandbox/boot/told/<name>.json` says so. */
export function toldStatus(): number | undefined {
  const file = `/run/told/${name}.json`;
  if (!existsSync(file)) return undefined;
  const { failures = 0, status = 1, instances } = JSON.parse(readFileSync(file, "utf8")) as Told;
  if (instances !== undefined && !instances.includes(Number(process.env["FLEET_SANDBOX_ORDINAL"]))) return undefined;
  const calls = existsSync(`${log}/${name}.jsonl`) ? readFileSync(`${log}/${name}.jsonl`, "utf8").split("\n").length - 1 : 0;
  return calls < failures ? status : undefined;
}

/** Fails when it is told to. */
export function behaveAsTold(): void {
  const status = toldStatus();
  if (status !== undefined) refuse("told to fail", status);
}
