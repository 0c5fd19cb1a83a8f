/** Boots every instance that the local groups launch, and ends it when it is terminated. */
import { AutoScalingClient, paginateDescribeAutoScalingInstances } from "@aws-sdk/client-auto-scaling";
import { EC2Client } from "@aws-sdk/client-ec2";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Machine } from "./machine.ts";
import { removeWithOverlays } from "./overlay-folders.ts";

export interface WatchOptions {
  readonly checkout: string;
  /** Folder of all instances; emptied at the start: their AWS is another one's. */
  readonly home: string;
  readonly endpoint: string;
  readonly region: string;
  log(line: string): void;
}

/** Auto Scaling is in the endpoint's own process, and answers within milliseconds. */
const lookEveryMs = 250;
/** So many instances start at once; more only wait for each other's processor. */
const bootsAtOnce = 4;

export class Watch {
  readonly #options: WatchOptions;
  readonly #scaling: AutoScalingClient;
  readonly #ec2: EC2Client;
  readonly #machines = new Map<string, Machine>();
  readonly #booting = new Set<Promise<unknown>>();
  #ended = false;
  #count = 0;
  #loop: Promise<void> | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    const { endpoint, region } = options;
    const client = {
      endpoint,
      region,
      credentials: { accessKeyId: "AKIASANDBOXSANDBOX00", secretAccessKey: "sandbox-has-no-secrets-0000000000000000" },
    };
    this.#scaling = new AutoScalingClient(client);
    this.#ec2 = new EC2Client(client);
    for (const name of ["volumes", "told", "snapshots"]) mkdirSync(join(options.home, name), { recursive: true });
  }

  /** What stands already has started without us. */
  async start(): Promise<void> {
    const standing = new Set(await this.#instances());
    this.#loop = this.#follow(standing);
  }

  async stop(): Promise<void> {
    this.#ended = true;
    await this.#loop;
    await Promise.all([...this.#machines.values()].map((machine) => machine.stop()));
  }

  #isEnded(): boolean {
    return this.#ended;
  }

  async #instances(): Promise<string[]> {
    const found: string[] = [];
    for await (const page of paginateDescribeAutoScalingInstances({ client: this.#scaling }, {})) {
      const alive = (page.AutoScalingInstances ?? []).filter(({ LifecycleState: state = "" }) => !state.startsWith("Terminat"));
      found.push(...alive.map(({ InstanceId: id = "" }) => id));
    }
    return found;
  }

  async #follow(standing: ReadonlySet<string>): Promise<void> {
    for (; !this.#isEnded();) {
      try {
        const now = await this.#instances();
        for (const id of now) if (!standing.has(id) && !this.#machines.has(id) && this.#booting.size < bootsAtOnce) this.#boot(id);
        for (const [id, machine] of this.#machines) if (!now.includes(id)) await machine.stop();
      } catch (error) {
        if (!this.#isEnded()) this.#options.log(`the instances cannot be listed: ${String(error)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  #boot(instanceId: string): void {
    const { checkout, home, endpoint } = this.#options;
    const log = (line: string) => this.#options.log(line);
    const machine = new Machine({ instanceId, ordinal: ++this.#count, checkout, home, endpoint, ec2: this.#ec2, log });
    this.#machines.set(instanceId, machine);
    const booting: Promise<unknown> = machine
      .boot()
      .catch((error: unknown) => log(`${instanceId}: cannot be booted: ${String(error)}`))
      .finally(() => this.#booting.delete(booting));
    this.#booting.add(booting);
  }
}

/** Folders of instances of an earlier local AWS. */
export function clearHome(home: string): void {
  removeWithOverlays(home, "i-*/work/*");
  mkdirSync(home, { recursive: true });
}
