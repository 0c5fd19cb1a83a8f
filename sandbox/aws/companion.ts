/** A process beside the local AWS: started when it is first asked for, ended with the daemon, also when that is killed. */
import { spawn } from "node:child_process";
import type { ChildProcess, ChildProcessByStdio } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** A process of Node on a busy machine. */
const startTimeoutMs = 30_000;

/** Processes that are killed are gone within a second; a busy machine gets more. */
const endTimeoutMs = 10_000;

export interface CompanionOptions {
  /** What it is, in sentences for people. */
  readonly title: string;
  /** Its main file, relative to this folder. */
  readonly entry: string;
  readonly arguments: readonly string[];
  /** Where its log is written. */
  readonly directory: string;
  /** Before each start. */
  readonly prepare?: () => void;
}

export class Companion {
  readonly #options: CompanionOptions;
  #child: ChildProcess | undefined;
  #begun: Promise<string> | undefined;

  constructor(options: CompanionOptions) {
    this.#options = options;
  }

  /** Its first line. A failed start is tried anew the next time; so is one that ended, without what it held. */
  begun(): Promise<string> {
    this.#begun ??= this.#start().catch((error: unknown) => {
      this.#begun = undefined;
      throw error;
    });
    return this.#begun;
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.stdin?.end(); // what it started ends with it in order; what it holds belongs to this life of the local AWS
    const timer = setTimeout(() => child.kill("SIGKILL"), endTimeoutMs);
    await gone;
    clearTimeout(timer);
  }

  #start(): Promise<string> {
    const { title, entry, directory, prepare } = this.#options;
    mkdirSync(directory, { recursive: true });
    prepare?.();
    const logPath = join(directory, "log.txt");
    const log = openSync(logPath, "w");
    // Its standard input is a pipe from here: it ends when that closes.
    const stdio: ["pipe", "pipe", number] = ["pipe", "pipe", log];
    const command = [join(import.meta.dirname, entry), ...this.#options.arguments];
    const child = spawn(process.execPath, command, { stdio }) as ChildProcessByStdio<Writable, Readable, null>;
    closeSync(log);
    this.#child = child;
    child.stdin.on("error", () => undefined); // the other end is gone: `exit` tells
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${title} did not start: ${why}; its log is ${logPath}`));
      const timer = setTimeout(() => child.kill("SIGKILL"), startTimeoutMs);
      createInterface({ input: child.stdout }).once("line", (line) => {
        clearTimeout(timer);
        resolve(line);
      });
      child.once("error", (error) => fail(error.message));
      child.once("exit", (code, signal) => {
        clearTimeout(timer);
        this.#begun = undefined;
        fail(`it ended with ${signal ?? code ?? "nothing"}`);
      });
    });
  }
}
