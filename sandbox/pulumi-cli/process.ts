/** Runs the CLI. */
import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { EngineError } from "../engine/api.ts";

/** Undefined when no folder of `path` holds an executable of that name. */
export function findOnPath(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return statSync(file).isFile();
      } catch {
        return false;
      }
    });
}

/** The CLI's executable; throws an EngineError that says what is missing. */
export function requirePulumi(path: string): string {
  const pulumi = findOnPath("pulumi", path);
  const missing = [
    ...(pulumi === undefined ? ["pulumi"] : []),
    ...(findOnPath("pulumi-language-nodejs", path) === undefined ? ["pulumi-language-nodejs"] : []),
  ];
  if (pulumi !== undefined && missing.length === 0) return pulumi;
  throw new EngineError(
    `--engine pulumi needs Pulumi's CLI: ${missing.join(" and ")} not found on the PATH. Install it (https://www.pulumi.com/docs/install/), or leave the option out: the embedded engine needs no CLI.`,
  );
}

/** What the CLI may take to end at once by itself. */
const endMilliseconds = 5000;

/** The executable, and what it runs in. */
export interface Installation {
  readonly pulumi: string;
  /** The working directory. */
  readonly project: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface RunOptions {
  readonly onLine?: (line: string) => void;
  /** What an abort asks for the CLI's own way of ending: it waits for the operations under way. */
  readonly signal?: AbortSignal;
  /** What an abort after that asks for: the CLI leaves what is under way, ends its plugins, lifts its lock. One that does not is killed. */
  readonly killSignal?: AbortSignal;
  readonly input?: string;
}

export interface Finished {
  readonly code: number;
  readonly output: string;
  /** What it printed on stderr. */
  readonly errors: string;
}

/** A group of its own, so that Ctrl-C in a terminal reaches it only through us; see `signal`. */
export async function runPulumi(installation: Installation, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = spawn(installation.pulumi, args, {
    cwd: installation.project,
    env: installation.env,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const send = (signal: NodeJS.Signals, group: boolean) => {
    try {
      if (child.pid !== undefined) process.kill(group ? -child.pid : child.pid, signal);
    } catch {
      // It has ended.
    }
  };
  const interrupt = () => send("SIGINT", false);
  const kill = () => send("SIGKILL", true);
  let late: NodeJS.Timeout | undefined;
  const end = () => {
    interrupt();
    late = setTimeout(kill, endMilliseconds);
  };
  options.signal?.addEventListener("abort", interrupt, { once: true });
  options.killSignal?.addEventListener("abort", end, { once: true });
  process.once("exit", kill);
  const lines: string[] = [];
  const errors: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    options.onLine?.(line);
  });
  createInterface({ input: child.stderr }).on("line", (line) => errors.push(line));
  child.stdin.on("error", () => undefined).end(options.input ?? "");
  const code = await new Promise<number>((resolve) => {
    child.on("error", (error) => {
      errors.push(error.message);
      resolve(-1);
    });
    child.on("close", (status) => resolve(status ?? -1));
  });
  clearTimeout(late);
  // Plugins that outlive a killed CLI.
  kill();
  process.off("exit", kill);
  options.signal?.removeEventListener("abort", interrupt);
  options.killSignal?.removeEventListener("abort", end);
  return { code, output: lines.join("\n"), errors: errors.join("\n") };
}
