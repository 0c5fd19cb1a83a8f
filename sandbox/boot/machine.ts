/** One instance: its folder, and the processes in its name spaces. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import type { EC2Client } from "@aws-sdk/client-ec2";
import { isRoot, unshareArguments } from "./ability.ts";
import { attachedTo, FakeDevices } from "./devices.ts";
import { fetchUserData, isScript } from "./user-data.ts";

export interface MachineOptions {
  readonly instanceId: string;
  /** Of all instances in the order of their launch, from 1. */
  readonly ordinal: number;
  readonly checkout: string;
  /** Folder of all instances. */
  readonly home: string;
  readonly endpoint: string;
  readonly ec2: EC2Client;
  log(line: string): void;
}

/** The kernel ends it with this process, also when that is killed. */
const withParent = ["--pdeathsig", "KILL"];

/** Between two looks at what is attached to an instance that boots. */
const lookEveryMs = 300;

export class Machine {
  readonly #options: MachineOptions;
  readonly #folder: string;
  readonly #devices: FakeDevices;
  #child: ChildProcess | undefined;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#folder = join(options.home, options.instanceId);
    for (const name of ["dev", "var"]) mkdirSync(join(this.#folder, name), { recursive: true });
    writeFileSync(join(this.#folder, "dev/console"), "", { flag: "a" });
    this.#devices = new FakeDevices(join(this.#folder, "dev"), options.home);
  }

  /** Runs the user data, and at a later call what a reboot runs; resolves with its exit status, undefined when nothing is to be run or it was ended. */
  async boot(): Promise<number | undefined> {
    const { instanceId, endpoint } = this.#options;
    const log = (line: string) => this.#options.log(`${instanceId}: ${line}`);
    const userData = await fetchUserData(this.#metadata());
    if (userData === undefined || !isScript(userData)) {
      log("its user data is no script; nothing is run");
      return undefined;
    }
    writeFileSync(join(this.#folder, "user-data"), userData);
    log("boots");
    const status = await this.#run(endpoint);
    log(status === undefined ? "ended" : status === 0 ? "booted" : `its boot failed with status ${status}`);
    return status;
  }

  /** Ends everything that runs in it. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.kill("SIGKILL");
    await gone;
  }

  #metadata = () => `${this.#options.endpoint}/_fleet/imds/${this.#options.instanceId}`;

  async #run(endpoint: string): Promise<number | undefined> {
    const { checkout, ordinal } = this.#options;
    const watching = new AbortController();
    await this.#look();
    const output = openSync(join(this.#folder, "output.txt"), "a");
    const script = join(import.meta.dirname, "enter.sh");
    const child = spawn(
      "setpriv",
      [...withParent, "unshare", ...unshareArguments(), "bash", script, this.#folder, checkout, process.execPath],
      {
        stdio: ["ignore", output, output, "pipe"],
        env: {
          PATH: process.env["PATH"],
          ...(process.env["FLEET_TEST_RUN"] === undefined ? {} : { FLEET_TEST_RUN: process.env["FLEET_TEST_RUN"] }),
          AWS_ENDPOINT_URL: endpoint,
          AWS_EC2_METADATA_SERVICE_ENDPOINT: this.#metadata(),
          FLEET_SANDBOX_ORDINAL: String(ordinal),
          FLEET_SANDBOX_ROOT: isRoot() ? "1" : "0",
        },
      },
    );
    closeSync(output);
    this.#child = child;
    const looking = this.#watch(watching.signal).catch(() => undefined); // ended by the signal
    try {
      return await exitStatus(child);
    } finally {
      watching.abort();
      await looking;
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    for (;;) {
      await setTimeout(lookEveryMs, undefined, { signal });
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    const { ec2, instanceId } = this.#options;
    try {
      this.#devices.show(await attachedTo(ec2, instanceId));
    } catch (error) {
      this.#options.log(`${instanceId}: its volumes cannot be looked at: ${String(error)}`);
    }
  }
}

/** What the machine says on the descriptor, or undefined when it ends without a word. */
function exitStatus(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    let text = "";
    (child.stdio[3] as Readable).setEncoding("utf8").on("data", (part: string) => {
      text += part;
      const status = /^exit (\d+)$/m.exec(text)?.[1];
      if (status !== undefined) resolve(Number(status));
    });
    child.once("error", reject);
    child.once("close", () => resolve(undefined));
  });
}
