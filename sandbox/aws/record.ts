/** The file that tells later commands where the local AWS of a checkout is: `.sandbox/aws/aws.json`. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startOf } from "./processes.ts";

export interface AwsRecord {
  /** Names one life of the local AWS: a state made against another one describes resources that are gone. */
  readonly id: string;
  readonly pid: number;
  /** With the id, names the process for ever. */
  readonly processStart: string | undefined;
  readonly emulatorPids: readonly number[];
  readonly endpoint: string;
  readonly accountId: string;
  readonly region: string;
  readonly speed: number | "stepped";
  readonly startedAt: string;
}

export const awsDirectory = (root: string) => join(root, ".sandbox", "aws");
const recordPath = (directory: string) => join(directory, "aws.json");

/** Records the local AWS that this process runs. */
export function writeRecord(directory: string, facts: Omit<AwsRecord, "pid" | "processStart">): void {
  const record: AwsRecord = { ...facts, pid: process.pid, processStart: startOf(process.pid) };
  mkdirSync(directory, { recursive: true });
  const path = recordPath(directory);
  writeFileSync(`${path}.new`, `${JSON.stringify(record, undefined, 2)}\n`);
  renameSync(`${path}.new`, path); // readers see the old file or the whole new one
}

/** Undefined when there is none. Throws for a file that is no record: what runs is then not known, and must not be started twice. */
export function readRecord(directory: string): AwsRecord | undefined {
  const path = recordPath(directory);
  if (!existsSync(path)) return undefined;
  const record = parsed(readFileSync(path, "utf8"));
  if (record !== undefined) return record;
  throw new Error(`${path} cannot be read as the record of a local AWS. End the process that it may name, remove the file and try again.`);
}

function parsed(text: string): AwsRecord | undefined {
  try {
    const record = JSON.parse(text) as Partial<AwsRecord>;
    const isComplete = typeof record.id === "string" && typeof record.pid === "number" && typeof record.endpoint === "string";
    return isComplete && Array.isArray(record.emulatorPids) ? (record as AwsRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** Removes the record, unless it is already another life's. */
export function removeRecord(directory: string, id: string): void {
  if (readRecord(directory)?.id === id) rmSync(recordPath(directory), { force: true });
}
