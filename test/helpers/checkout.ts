import { execFileSync, spawn, type ChildProcessByStdio } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";

const root = join(import.meta.dirname, "../..");

interface StartOptions {
  readonly environment?: Record<string, string>;
  /** Sends itself this signal when what it has said on stdout fits the pattern. */
  readonly signalAt?: { readonly pattern: RegExp; readonly signal: NodeJS.Signals };
  /** After that it is killed; default 300,000: a hang on any machine, where an `up` on a cold, busy one takes more than a minute. */
  readonly timeoutMs?: number;
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A copy of the working tree with a sandbox of its own, so that what runs in it meets nothing else on the machine.
 * Packages and emulators are shared with the original.
 */
export class Checkout {
  readonly path = mkdtempSync(join(tmpdir(), "fleet-checkout-"));

  constructor() {
    const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], { cwd: root, encoding: "utf8" });
    for (const file of files.split("\0").filter((name) => name !== "" && !name.startsWith("test/"))) {
      mkdirSync(dirname(join(this.path, file)), { recursive: true });
      cpSync(join(root, file), join(this.path, file), { preserveTimestamps: true });
    }
    // With the times of the original, so that bundles made there count as fresh here.
    if (existsSync(join(root, "dist"))) cpSync(join(root, "dist"), join(this.path, "dist"), { recursive: true, preserveTimestamps: true });
    for (const shared of ["node_modules", ".venv"]) symlinkSync(join(root, shared), join(this.path, shared));
  }

  /** Starts one of the project's TypeScript entries; `environment` comes on top of this process's. */
  start(entry: string, args: readonly string[], options: StartOptions = {}): ChildProcessByStdio<null, Readable, Readable> {
    const { signalAt } = options;
    const imports = signalAt === undefined ? [] : ["--import", join(import.meta.dirname, "signal-at.ts")];
    const signalling = signalAt === undefined ? {} : { FLEET_SIGNAL_AT: signalAt.pattern.source, FLEET_SIGNAL: signalAt.signal };
    return spawn(process.execPath, [...imports, join(this.path, entry), ...args], {
      cwd: this.path,
      env: { ...process.env, ...this.#compileCache(), ...signalling, ...options.environment },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: options.timeoutMs ?? 300_000,
      killSignal: "SIGKILL",
    });
  }

  /** The same, to its end. */
  run(entry: string, args: readonly string[], options: StartOptions = {}): Promise<Finished> {
    return new Promise((resolve, reject) => {
      const child = this.start(entry, args, options);
      const output = { stdout: "", stderr: "" };
      child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
      child.on("error", reject).on("close", (code) => resolve({ code: code ?? -1, ...output }));
    });
  }

  /** Compiled code by its path from here, as in the original, so that copies share it. */
  #compileCache(): Record<string, string> {
    if (process.env["NODE_COMPILE_CACHE"] === undefined) return {};
    return { NODE_COMPILE_CACHE: join(this.path, "node_modules", ".cache", "node-compile") };
  }

  sandbox(verb: string, ...args: readonly string[]): Promise<Finished> {
    return this.run("sandbox/cli.ts", [verb, ...args]);
  }

  /** Ends its local AWS and removes it. */
  async remove(): Promise<void> {
    await this.sandbox("down");
    rmSync(this.path, { recursive: true, force: true });
  }
}
