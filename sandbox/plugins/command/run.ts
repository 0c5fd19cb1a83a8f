import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Call } from "../protocol/provider.ts";

export interface CommandInputs {
  readonly create?: string;
  readonly update?: string;
  readonly delete?: string;
  readonly stdin?: string;
  readonly logging?: "stdout" | "stderr" | "stdoutAndStderr" | "none";
  readonly interpreter?: readonly string[];
  readonly dir?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly addPreviousOutputInEnv?: boolean;
}

export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** How much of a failed command's output stands in the error; all of it went to the log. */
const errorLines = 40;
/** What a command may take to end after it was asked to, before it is made to. */
const graceMilliseconds = 3000;

function environmentOf(inputs: CommandInputs, previous: CommandOutput): NodeJS.ProcessEnv {
  const environment = { ...process.env, ...inputs.environment };
  if (inputs.addPreviousOutputInEnv !== false) {
    if (previous.stdout !== "") environment["PULUMI_COMMAND_STDOUT"] = previous.stdout;
    if (previous.stderr !== "") environment["PULUMI_COMMAND_STDERR"] = previous.stderr;
  }
  return environment;
}

/** Kills the whole process group: a shell's children would otherwise go on. */
function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It ended meanwhile.
  }
}

/** Collects a stream and hands its lines on as they come. */
function collect(stream: Readable, into: string[], onLine: ((line: string) => void) | undefined): Promise<void> {
  stream.setEncoding("utf8").on("data", (text: string) => into.push(text));
  if (onLine === undefined) return Promise.resolve();
  const lines = createInterface({ input: stream, crlfDelay: Infinity });
  lines.on("line", onLine);
  return new Promise((resolve) => lines.once("close", resolve));
}

const withoutLastNewline = (text: string): string => (text.endsWith("\n") ? text.slice(0, -1) : text);

/**
 * Runs `line` as the command provider does: under `/bin/sh -c` unless told, in the directory and with the environment of the
 * process that started the plugin, its output logged line by line as it appears. Throws when it ends with anything but 0.
 */
export async function runCommand(line: string, inputs: CommandInputs, previous: CommandOutput, call: Call): Promise<CommandOutput> {
  call.signal.throwIfAborted();
  const [program = "/bin/sh", ...rest] = inputs.interpreter?.length ? inputs.interpreter : ["/bin/sh", "-c"];
  const child = spawn(program, [...rest, line], {
    cwd: inputs.dir ?? process.cwd(),
    env: environmentOf(inputs, previous),
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const stop = () => {
    kill(child, "SIGTERM");
    setTimeout(() => kill(child, "SIGKILL"), graceMilliseconds).unref();
  };
  call.signal.addEventListener("abort", stop, { once: true });
  const stdout: string[] = [];
  const stderr: string[] = [];
  const both: string[] = [];
  const logged = (stream: "stdout" | "stderr") =>
    [undefined, stream, "stdoutAndStderr"].includes(inputs.logging) ? (text: string) => call.log("info", text, true) : undefined;
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: string) => both.push(text));
  const collected = [collect(child.stdout, stdout, logged("stdout")), collect(child.stderr, stderr, logged("stderr"))];
  child.stdin.on("error", () => undefined); // a command that reads nothing closes its end
  child.stdin.end(inputs.stdin ?? "");
  try {
    const ended = await endOf(child);
    await Promise.all(collected);
    if (ended !== undefined) throw new Error(failure(ended, line, both.join(""), call.signal));
  } finally {
    call.signal.removeEventListener("abort", stop);
  }
  return { stdout: withoutLastNewline(stdout.join("")), stderr: withoutLastNewline(stderr.join("")) };
}

/** Undefined = it ended with 0; otherwise how it ended. */
function endOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => {
      if (code === 0) resolve(undefined);
      else resolve(code === null ? `signal ${signal ?? "unknown"}` : `exit status ${code}`);
    });
  });
}

function failure(ended: string, line: string, output: string, signal: AbortSignal): string {
  const why = signal.aborted ? `${ended} (${(signal.reason as Error).message})` : ended;
  const lines = withoutLastNewline(output).split("\n");
  const shown = lines.slice(-errorLines).join("\n");
  const left = lines.length - errorLines;
  return `${why}: running ${JSON.stringify(line)}:\n${left > 0 ? `(${left} lines before these)\n` : ""}${shown}`;
}
