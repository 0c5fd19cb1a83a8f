/**
 * The engine's child processes: program, packs and plugins.
 *
 * Each leads a process group of its own, so that Ctrl-C in a terminal reaches the engine only. A watchdog, one small
 * shell, knows the groups and reads from a pipe that only the engine holds: when the engine ends in whatever way, kill -9
 * included, the pipe closes and the watchdog kills what is left of the groups.
 */
import { spawn } from "node:child_process";
import type { ChildProcess, ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { EngineError } from "./api.ts";

/** Between the polite and the hard end of a child. */
const graceMilliseconds = 3000;
/** A plugin or pack that has not told its port by then never will; packs compiled on the way took 14 s at worst. */
const startMilliseconds = 60_000;

const watchdogScript = `
trap '' INT TERM HUP
groups=
while read -r what group; do
  case $what in
    add) groups="$groups $group " ;;
    end) groups=$(printf '%s' "$groups" | sed "s/ $group / /") ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
`;

/** Node with what makes the SDK's runners start fast; see preload.ts. */
export const runnerCommand = (runner: string): readonly string[] => [
  process.execPath,
  "--disable-warning=ExperimentalWarning",
  `--require=${join(import.meta.dirname, "preload.ts")}`,
  runner,
];

export interface ChildOptions {
  /** For messages: `plugin aws`. */
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Receives what the child prints, line by line. */
  readonly onLine: (line: string, stream: "stdout" | "stderr") => void;
}

export interface Child {
  readonly name: string;
  /** Resolves with the exit code, or -1 after a signal. */
  readonly exited: Promise<number>;
  /** Ends the child and what it started. */
  stop(): Promise<void>;
  /** The same at once, without its consent. */
  kill(): void;
}

export class Processes {
  readonly #children = new Set<Child>();
  #watchdog: ChildProcess | undefined;
  /** Set at the end: what is only now about to start would outlive the run. */
  #over = false;

  #watch(order: "add" | "end", group: number): void {
    if (this.#watchdog === undefined) {
      this.#watchdog = spawn("/bin/sh", ["-c", watchdogScript], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
      this.#watchdog.stdin?.on("error", () => undefined);
      this.#watchdog.unref();
    }
    this.#watchdog.stdin?.write(`${order} ${group}\n`);
  }

  start(options: ChildOptions): Child {
    if (this.#over) throw new EngineError(`The run ended before ${options.name} was started.`);
    const file = options.command[0] ?? "";
    const child = spawnGroup(options);
    const group = child.pid;
    if (group !== undefined) this.#watch("add", group);
    for (const stream of ["stdout", "stderr"] as const) {
      createInterface({ input: child[stream], crlfDelay: Infinity }).on("line", (line) => options.onLine(line, stream));
    }
    const exited = new Promise<number>((resolve) => {
      child.on("error", (error) => {
        options.onLine(`cannot start ${file}: ${error.message}`, "stderr");
        resolve(-1);
      });
      // What the child started may outlive it, and hold its output open.
      child.on("exit", () => group !== undefined && killGroup(group, "SIGKILL"));
      child.on("close", (code) => resolve(code ?? -1));
    }).then((code) => {
      this.#children.delete(handle);
      if (group !== undefined) this.#watch("end", group);
      return code;
    });
    const handle: Child = {
      name: options.name,
      exited,
      stop: () => stopGroup(group, exited),
      kill: () => group !== undefined && killGroup(group, "SIGKILL"),
    };
    this.#children.add(handle);
    return handle;
  }

  /** Starts a server that prints its port as the first line of its standard output. */
  async startServer(options: ChildOptions): Promise<{ child: Child; port: number }> {
    const early: string[] = [];
    let settle: ((line: string) => void) | undefined;
    const firstLine = new Promise<string>((resolve) => (settle = resolve));
    const child = this.start({
      ...options,
      onLine: (line, stream) => {
        if (stream === "stdout" && settle !== undefined) {
          settle(line);
          settle = undefined;
        } else {
          if (settle !== undefined) early.push(line);
          options.onLine(line, stream);
        }
      },
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), startMilliseconds)));
    const outcome = await Promise.race([firstLine, late, child.exited.then((code) => code)]);
    clearTimeout(timer);
    if (typeof outcome === "string" && /^\d+$/.test(outcome.trim())) return { child, port: Number(outcome) };
    await child.stop();
    const said = early.length === 0 ? "" : `\n${early.slice(-30).join("\n")}`;
    if (typeof outcome === "string")
      throw new EngineError(
        `${options.name} printed "${outcome}" where its port was expected as the first line of its standard output.${said}`,
      );
    if (outcome === undefined) throw new EngineError(`${options.name} did not print its port within ${startMilliseconds / 1000} s.${said}`);
    throw new EngineError(
      `${options.name} ended with code ${outcome} before it printed its port (command: ${options.command.join(" ")}).${said}`,
    );
  }

  /** Ends all children, then the watchdog; none is started any more. */
  async stopAll(): Promise<void> {
    this.#over = true;
    await Promise.all([...this.#children].map((child) => child.stop()));
    const watchdog = this.#watchdog;
    if (watchdog === undefined) return;
    this.#watchdog = undefined;
    if (watchdog.exitCode !== null || watchdog.signalCode !== null) return;
    const ended = new Promise((resolve) => watchdog.once("close", resolve));
    watchdog.ref();
    watchdog.stdin?.end();
    await ended;
  }

  /** Without waiting: the hard end for an impatient user. */
  killAll(): void {
    this.#over = true;
    for (const child of this.#children) child.kill();
  }
}

function spawnGroup({ name, command, cwd, env }: ChildOptions): ChildProcessByStdio<null, Readable, Readable> {
  const [file = "", ...args] = command;
  try {
    return spawn(file, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "E2BIG") throw error;
    const [variable, value] = Object.entries(env).reduce((one, other) => (other[1].length > one[1].length ? other : one));
    throw new EngineError(
      `The ${name} cannot be started: the variable ${variable} has ${value.length} characters, and the system takes about 128,000. ` +
        `Pulumi hands a stack's configuration over in one variable: make it smaller.`,
    );
  }
}

function killGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // Nobody left in the group.
  }
}

async function stopGroup(group: number | undefined, exited: Promise<number>): Promise<void> {
  if (group === undefined) return;
  killGroup(group, "SIGTERM");
  const timer = setTimeout(() => killGroup(group, "SIGKILL"), graceMilliseconds);
  await exited;
  clearTimeout(timer);
}
