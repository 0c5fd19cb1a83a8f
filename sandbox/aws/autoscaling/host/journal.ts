/**
 * What survives a kill: a snapshot and, behind it, a journal of every call since. The model is deterministic, so the calls at their times
 * give the same state and the same effects again.
 *
 * A line is one entry and is written whole before anything is done because of it; a line that a kill cut short is as if it had never been
 * there. Nothing is synced to the disk: this outlives the process, not the machine.
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

interface Stored<Snapshot> {
  readonly generation: number;
  readonly snapshot: Snapshot;
}

export class Journal<Snapshot, Entry> {
  readonly #directory: string;
  #generation = 0;
  #file: number | undefined;
  #entries = 0;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  /** Entries since the snapshot. */
  get entries(): number {
    return this.#entries;
  }

  /** What an earlier process left, once, before the first `append`. */
  open(): { readonly snapshot: Snapshot | undefined; readonly entries: readonly Entry[] } {
    const stored = existsSync(this.#snapshotPath) ? (JSON.parse(readFileSync(this.#snapshotPath, "utf8")) as Stored<Snapshot>) : undefined;
    this.#generation = stored?.generation ?? 0;
    const text = existsSync(this.#journalPath) ? readFileSync(this.#journalPath, "utf8") : "";
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    if (whole.length < text.length) writeFileSync(this.#journalPath, whole);
    const lines = whole.split("\n").filter((line) => line !== "");
    this.#entries = lines.length;
    this.#file = openSync(this.#journalPath, "a");
    return { snapshot: stored?.snapshot, entries: lines.map((line) => JSON.parse(line) as Entry) };
  }

  append(entry: Entry): void {
    if (this.#file === undefined) throw new Error("the journal is not open");
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
    this.#entries++;
  }

  /** Begins again from `snapshot`. A kill at any point leaves either the old snapshot with its journal or the new one. */
  compact(snapshot: Snapshot): void {
    const old = this.#journalPath;
    const stored: Stored<Snapshot> = { generation: this.#generation + 1, snapshot };
    writeFileSync(`${this.#snapshotPath}.new`, JSON.stringify(stored));
    renameSync(`${this.#snapshotPath}.new`, this.#snapshotPath);
    this.close();
    this.#generation++;
    this.#file = openSync(this.#journalPath, "w");
    this.#entries = 0;
    rmSync(old, { force: true });
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  get #snapshotPath(): string {
    return join(this.#directory, "snapshot.json");
  }

  get #journalPath(): string {
    return join(this.#directory, `journal-${this.#generation}.jsonl`);
  }
}
