/** One emulator as a child process: started on a free port of 127.0.0.1, watched, ended. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

export type EmulatorName = "moto" | "ministack";

export interface EmulatorOptions {
  readonly name: EmulatorName;
  /** The checkout: `.venv` below it has the interpreter. */
  readonly root: string;
  /** The emulator's own folder, for its log, its home and its temporary files. */
  readonly directory: string;
  readonly accountId: string;
  readonly region: string;
  /** Port of the endpoint: what ministack writes into queue URLs and into the environment of functions. */
  readonly endpointPort: number;
}

/** A cold start takes 0.5 s on two idle cores; a loaded machine may need many times that. */
const startTimeoutMs = 60_000;
const stopTimeoutMs = 5000;
const exitReportMs = 250;

export class EmulatorError extends Error {
  override name = "EmulatorError";
}

/** Nothing of the caller's environment but what a process needs to run: no credential, profile or proxy gets in. */
function environment({ name, directory, accountId, region, endpointPort }: EmulatorOptions): Record<string, string> {
  const common = {
    PATH: [dirname(process.execPath), process.env["PATH"] ?? "/usr/bin:/bin"].join(delimiter),
    HOME: directory,
    TMPDIR: join(directory, "tmp"),
    LANG: "C.UTF-8",
    PYTHONUNBUFFERED: "1",
    PYTHONDONTWRITEBYTECODE: "1",
    NO_PROXY: "*",
    ...(process.env["FLEET_TEST_RUN"] === undefined ? {} : { FLEET_TEST_RUN: process.env["FLEET_TEST_RUN"] }),
  };
  if (name === "moto")
    return {
      ...common,
      MOTO_ACCOUNT_ID: accountId,
      MOTO_IAM_LOAD_MANAGED_POLICIES: "true",
      MOTO_ENABLE_AMI_VALIDATION: "true",
      AWS_DEFAULT_REGION: region,
    };
  return {
    ...common,
    MINISTACK_ACCOUNT_ID: accountId,
    MINISTACK_REGION: region,
    MINISTACK_HOST: "127.0.0.1",
    GATEWAY_PORT: String(endpointPort),
    AWS_ENDPOINT_URL: `http://127.0.0.1:${endpointPort}`,
    LAMBDA_EXECUTOR: "local",
    LOG_LEVEL: "WARNING",
    // Each of these would listen on all addresses, or look for a container engine.
    IOT_MTLS_ENABLED: "0",
    SFTP_ENABLED: "0",
    DOCKER_HOST: "unix:///nonexistent",
  };
}

const health: Readonly<Record<EmulatorName, string>> = { moto: "/moto-api/", ministack: "/_ministack/health" };

export class Emulator {
  readonly name: EmulatorName;
  readonly #child: ChildProcess;
  readonly #logPath: string;
  #port: number | undefined;
  #ending = false;
  #exit: string | undefined;

  constructor(options: EmulatorOptions) {
    this.name = options.name;
    mkdirSync(join(options.directory, "tmp"), { recursive: true });
    // Functions run from there; the checkout's own package.json would make ES modules of their `.js` files, and of what starts them.
    writeFileSync(join(options.directory, "tmp", "package.json"), "{}\n");
    this.#logPath = join(options.directory, "log.txt");
    const python = join(options.root, ".venv", "bin", "python");
    if (!existsSync(python)) {
      throw new EmulatorError(
        `The emulators are not installed: ${python} is missing. Run \`npm run setup\` in ${options.root}, which needs Python 3.10 or newer.`,
      );
    }
    const log = openSync(this.#logPath, "w");
    this.#child = spawn(python, [join(import.meta.dirname, "serve.py"), options.name], {
      cwd: options.directory,
      env: environment(options),
      stdio: ["pipe", "pipe", log],
      detached: true, // a process group of its own
    });
    closeSync(log);
    this.#child.on("exit", (code, signal) => (this.#exit = signal ? `ended by ${signal}` : `exit code ${code ?? "unknown"}`));
    this.#child.on("error", (error) => (this.#exit = error.message));
    this.#child.stdin?.on("error", () => undefined); // the pipe's other end is gone: `exit` tells
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** `http://127.0.0.1:<port>`; only after `ready`. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get port(): number {
    if (this.#port === undefined) throw new EmulatorError(`${this.name} has not started`);
    return this.#port;
  }

  /** Why it does not run, as a sentence for people; undefined while it does. */
  get fault(): string | undefined {
    if (this.#exit === undefined) return undefined;
    const tail = this.#logTail();
    return (
      `The emulator ${this.name} is not running (${this.#exit}). What it held is lost: stop the local AWS with ` +
      `\`npm run sandbox -- down\` and start it again; its log is ${this.#logPath}${tail ? `, last lines:\n${tail}` : " (empty)"}`
    );
  }

  /** Resolves when it answers. */
  async ready(): Promise<void> {
    const deadline = Date.now() + startTimeoutMs;
    this.#port = await this.#readPort(deadline);
    while (Date.now() < deadline) {
      if (this.#exit !== undefined) throw new EmulatorError(this.fault);
      try {
        // The port listens from the start; the answer comes when the application is there.
        const answer = await fetch(`${this.url}${health[this.name]}`, { signal: AbortSignal.timeout(deadline - Date.now()) });
        await answer.arrayBuffer();
        if (answer.ok) return;
      } catch {
        // refused or reset: the process is ending, which the next round sees
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new EmulatorError(
      `${this.name} did not answer within ${startTimeoutMs / 1000} s; see ${this.#logPath}, free the machine's processors and start again.`,
    );
  }

  /** Ends the process and all it started; resolves when it is gone. */
  async stop(): Promise<void> {
    this.#ending = true;
    if (this.#exit !== undefined || this.#child.pid === undefined) return;
    const gone = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    this.#child.stdin?.end(); // serve.py ends its group
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), stopTimeoutMs);
    await gone;
    clearTimeout(timer);
  }

  /** Why it broke a connection: the process's end may be reported a little after its sockets'. Undefined when it still runs. */
  async faultSoon(): Promise<string | undefined> {
    if (this.#exit === undefined) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, exitReportMs);
        this.#child.once("exit", () => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return this.fault;
  }

  /** Calls back once if it ends without being asked to. */
  onUnexpectedExit(report: (fault: string) => void): void {
    this.#child.once("exit", () => {
      if (!this.#ending) report(this.fault ?? "");
    });
  }

  #readPort(deadline: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new EmulatorError(`${this.name} gave no port in time; see ${this.#logPath}`)),
        deadline - Date.now(),
      );
      const settle = (done: () => void) => {
        clearTimeout(timer);
        done();
      };
      let text = "";
      this.#child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        if (text.includes("\n")) settle(() => resolve(Number.parseInt(text, 10)));
      });
      this.#child.once("exit", () => settle(() => reject(new EmulatorError(this.fault))));
      this.#child.once("error", () => settle(() => reject(new EmulatorError(this.fault))));
    });
  }

  #logTail(): string {
    try {
      return readFileSync(this.#logPath, "utf8").trim().split("\n").slice(-5).join("\n");
    } catch {
      return "";
    }
  }
}
