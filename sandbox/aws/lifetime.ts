/**
 * One local AWS per checkout: started in the background by the first command that needs it, found by the next ones,
 * ended by `down`. What it is and where stands in `.sandbox/aws/aws.json`.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startDaemon } from "./daemon.ts";
import { withLock } from "./lock.ts";
import { isAlive, startOf, waitUntilGone } from "./processes.ts";
import { awsDirectory, readRecord, removeRecord, writeRecord } from "./record.ts";
import type { AwsRecord } from "./record.ts";

export interface AwsOptions {
  /** The checkout. */
  readonly root: string;
  /** Virtual seconds per second, more than 0; `stepped`: time stands still until it is moved. Default 1. */
  readonly speed?: number | "stepped";
  /** Default `eu-west-1`. */
  readonly region?: string;
  /** Twelve digits; default `123456789012`. */
  readonly accountId?: string;
  /** Port of the endpoint on 127.0.0.1; default 0, a free one. */
  readonly port?: number;
  /** One line for people: what is started, and what is noticed. */
  log(line: string): void;
}

export interface LocalAws {
  readonly endpoint: string;
  readonly id: string;
  readonly accountId: string;
  readonly region: string;
  readonly speed: number | "stepped";
  /** False when it ran already. */
  readonly startedByUs: boolean;
}

export interface AwsStatus {
  readonly endpoint: string;
  readonly id: string;
  readonly pid: number;
  readonly accountId: string;
  readonly region: string;
  readonly speed: number | "stepped";
  /** Virtual time. */
  readonly now: string;
  readonly emulators: readonly { readonly name: string; readonly pid: number; readonly running: boolean; readonly fault?: string }[];
  readonly memoryMiB: number;
}

export class AwsError extends Error {
  override name = "AwsError";
}

/** Longer than the emulators' own time-out, so that their message, which says more, is the one that is shown. */
const startTimeoutMs = 75_000;
/** It answers within milliseconds; this long does not even on a machine that swaps, or is held up by other work. */
const answerTimeoutMs = 30_000;
const stopTimeoutMs = 10_000;

/** The local AWS of the checkout; started when none runs. Rejects with AwsError, which says what to do. */
export async function ensureAws(options: AwsOptions): Promise<LocalAws> {
  const running = await awsStatus(options.root);
  if (running !== undefined) return found(running, options);
  return withLock(join(awsDirectory(options.root), "lock"), async () => {
    const meanwhile = await awsStatus(options.root);
    return meanwhile === undefined ? startInBackground(options) : found(meanwhile, options);
  });
}

/** What runs, asked from it; undefined when nothing does. A record whose process is gone or is another one counts as nothing. */
export async function awsStatus(root: string): Promise<AwsStatus | undefined> {
  const record = readRecord(awsDirectory(root));
  if (record === undefined) return undefined;
  try {
    const answer = await fetch(`${record.endpoint}/_fleet/status`, { signal: AbortSignal.timeout(answerTimeoutMs) });
    const status = (await answer.json()) as AwsStatus;
    return status.id === record.id ? { ...status, endpoint: record.endpoint } : undefined;
  } catch (error) {
    if (!isOurs(record)) return undefined;
    throw new AwsError(
      `The local AWS (process ${record.pid}, ${record.endpoint}) runs but does not answer: ${String(error)}. ` +
        `End it with \`npm run sandbox -- down\`; its log is ${logPath(root)}.`,
    );
  }
}

/** Ends the local AWS with all its processes; false when none ran. Rejects with AwsError when a process is left. */
export async function stopAws(root: string): Promise<boolean> {
  const directory = awsDirectory(root);
  const record = readRecord(directory);
  if (record === undefined) return false;
  const ran = isOurs(record);
  if (ran) {
    await fetch(`${record.endpoint}/_fleet/shutdown`, { method: "POST", signal: AbortSignal.timeout(answerTimeoutMs) }).catch(
      () => undefined,
    );
    if (!(await waitUntilGone([record.pid], stopTimeoutMs)) && isOurs(record)) process.kill(record.pid, "SIGKILL");
    const left = [record.pid, ...record.emulatorPids];
    if (!(await waitUntilGone(left, stopTimeoutMs))) {
      throw new AwsError(`Processes of the local AWS do not end: ${left.filter(isAlive).join(", ")}. End them with kill -9.`);
    }
  }
  removeRecord(directory, record.id);
  return ran;
}

/** Runs the local AWS in this process until `until` is aborted; `ready` is called when it answers. */
export async function runForeground(options: AwsOptions, ready: (aws: LocalAws) => void, until: AbortSignal): Promise<void> {
  const directory = awsDirectory(options.root);
  const argument = daemonArgument(options);
  const shutdown = Promise.withResolvers<undefined>();
  until.addEventListener("abort", () => shutdown.resolve(undefined));
  const daemon = await withLock(join(directory, "lock"), async () => {
    const other = await awsStatus(options.root);
    if (other !== undefined) {
      throw new AwsError(`A local AWS runs already at ${other.endpoint} (process ${other.pid}); end it with \`npm run sandbox -- down\`.`);
    }
    const running = await startDaemon({ ...argument, log: (line) => options.log(line), onShutdown: () => shutdown.resolve(undefined) });
    writeRecord(directory, { ...argument, endpoint: running.endpoint, emulatorPids: running.emulatorPids });
    return running;
  });
  try {
    ready(started(argument, daemon.endpoint));
    if (!until.aborted) await shutdown.promise;
  } finally {
    await daemon.close();
    removeRecord(directory, argument.id);
  }
}

const logPath = (root: string) => join(awsDirectory(root), "log.txt");

function daemonArgument({ root, speed = 1, region = "eu-west-1", accountId = "123456789012", port = 0 }: AwsOptions) {
  const faults = [
    ...(speed === "stepped" || (Number.isFinite(speed) && speed > 0)
      ? []
      : [`speed is ${speed}; it must be a number greater than 0, or "stepped"`]),
    ...(/^[a-z]{2}(-[a-z]+)+-\d$/.test(region) ? [] : [`region is "${region}"; it must be the name of an AWS region such as eu-west-1`]),
    ...(/^\d{12}$/.test(accountId) ? [] : [`accountId is "${accountId}"; it must have twelve digits`]),
    ...(Number.isInteger(port) && port >= 0 && port < 65_536 ? [] : [`port is ${port}; it must be 0 (a free one) or a port up to 65535`]),
  ];
  if (faults.length > 0) throw new AwsError(`The local AWS cannot start: ${faults.join("; ")}.`);
  return { root, directory: awsDirectory(root), id: randomUUID(), speed, region, accountId, port, startedAt: new Date().toISOString() };
}

function started({ id, accountId, region, speed }: Omit<LocalAws, "endpoint" | "startedByUs">, endpoint: string): LocalAws {
  return { endpoint, id, accountId, region, speed, startedByUs: true };
}

function found(status: AwsStatus, options: AwsOptions): LocalAws {
  const { speed } = options;
  if (speed !== undefined && speed !== status.speed) {
    options.log(`The local AWS runs already, at speed ${status.speed}; for speed ${speed}, end it first: npm run sandbox -- down`);
  }
  for (const { running, fault } of status.emulators) if (!running && fault !== undefined) options.log(fault);
  const { endpoint, id, accountId, region, speed: actual } = status;
  return { endpoint, id, accountId, region, speed: actual, startedByUs: false };
}

async function startInBackground(options: AwsOptions): Promise<LocalAws> {
  const argument = daemonArgument(options);
  const { root } = options;
  const directory = argument.directory;
  const old = readRecord(directory);
  if (old !== undefined) {
    options.log(`The local AWS of ${old.startedAt} is gone, and with it what it held; a new one is started.`);
    removeRecord(directory, old.id);
  }
  mkdirSync(directory, { recursive: true });
  const log = openSync(logPath(root), "w");
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), JSON.stringify(argument)], {
    cwd: root,
    env: daemonEnvironment(),
    stdio: ["ignore", log, log],
    detached: true,
  });
  closeSync(log);
  let ended: string | undefined;
  child.on("error", (error) => (ended = error.message));
  child.on("exit", () => (ended = logTail(root)));
  child.unref();
  for (const deadline = Date.now() + startTimeoutMs; Date.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 15))) {
    if (ended !== undefined) throw new AwsError(`The local AWS did not start. ${ended}`);
    const record = readRecord(directory);
    if (record?.id === argument.id) return started(argument, record.endpoint);
  }
  child.kill("SIGKILL"); // the emulators end with it
  throw new AwsError(`The local AWS did not answer within ${startTimeoutMs / 1000} s; its log is ${logPath(root)}.`);
}

/** Nothing of the caller's AWS or Pulumi settings reaches the daemon. */
function daemonEnvironment(): NodeJS.ProcessEnv {
  const kept = [
    "PATH",
    "HOME",
    "TMPDIR",
    "LANG",
    "TZ",
    "NODE_COMPILE_CACHE",
    "NODE_COMPILE_CACHE_PORTABLE",
    "NODE_V8_COVERAGE",
    "FLEET_TEST_RUN",
  ];
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
}

/** A process id can be given again to another process. */
const isOurs = (record: AwsRecord) => isAlive(record.pid) && startOf(record.pid) === record.processStart;

function logTail(root: string): string {
  const path = logPath(root);
  if (!existsSync(path)) return "";
  return readFileSync(path, "utf8").trim().split("\n").slice(-12).join("\n");
}
