/** The Chef double beside the local AWS: started when it is first asked for, ended with the daemon, also when that is killed. */
import { spawn } from "node:child_process";
import type { ChildProcess, ChildProcessByStdio } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** A process of Node on a busy machine. */
const startTimeoutMs = 30_000;

export class ChefCompanion {
  readonly #root: string;
  #child: ChildProcess | undefined;
  #url: Promise<string> | undefined;

  /** @param root the checkout, under whose `.sandbox/chef` it keeps state and log. */
  constructor(root: string) {
    this.#root = root;
  }

  /** Its address. A failed start is tried anew the next time; so is one that ended, without what it held. */
  url(): Promise<string> {
    this.#url ??= this.#start().catch((error: unknown) => {
      this.#url = undefined;
      throw error;
    });
    return this.#url;
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGKILL"); // what it holds belongs to this life of the local AWS
    await gone;
  }

  #start(): Promise<string> {
    const directory = join(this.#root, ".sandbox", "chef");
    mkdirSync(directory, { recursive: true });
    const file = join(directory, "state.json");
    rmSync(file, { force: true }); // nodes of an earlier life, whose instances are gone
    const logPath = join(directory, "log.txt");
    const log = openSync(logPath, "w");
    // Its standard input is a pipe from here: it ends when that closes.
    const stdio: ["pipe", "pipe", number] = ["pipe", "pipe", log];
    const child = spawn(process.execPath, [join(import.meta.dirname, "../chef/main.ts"), "--file", file], { stdio }) as ChildProcessByStdio<
      Writable,
      Readable,
      null
    >;
    closeSync(log);
    this.#child = child;
    child.stdin.on("error", () => undefined); // the other end is gone: `exit` tells
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`The Chef double did not start: ${why}; its log is ${logPath}`));
      const timer = setTimeout(() => child.kill("SIGKILL"), startTimeoutMs);
      createInterface({ input: child.stdout }).once("line", (line) => {
        clearTimeout(timer);
        resolve(line);
      });
      child.once("error", (error) => fail(error.message));
      child.once("exit", (code, signal) => {
        clearTimeout(timer);
        this.#url = undefined;
        fail(`it ended with ${signal ?? code ?? "nothing"}`);
      });
    });
  }
}
