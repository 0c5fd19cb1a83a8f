/** Builds the local AWS in this process: the endpoint, the emulators, the services of ours, in the order they need each other. */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { RealClock, VirtualClock } from "../../scaling/clock.ts";
import type { Clock } from "../../scaling/clock.ts";
import { Companion } from "./companion.ts";
import { EmulatedService } from "./endpoint/emulated.ts";
import { AdminError, createAdmin } from "./endpoint/admin.ts";
import { CallLog } from "./endpoint/calls.ts";
import { Direct } from "./endpoint/direct.ts";
import { Forwarder } from "./endpoint/forward.ts";
import { assignments } from "./endpoint/parties.ts";
import { Endpoint } from "./endpoint/server.ts";
import { Sessions } from "./endpoint/sessions.ts";
import { Emulator } from "./emulators/emulator.ts";
import type { EmulatorName } from "./emulators/emulator.ts";
import type { AdminAction } from "./endpoint/admin.ts";
import type { OwnServices } from "./services.ts";
import { World } from "./world.ts";

export interface DaemonOptions {
  /** The checkout, whose `.venv` has the emulators. */
  readonly root: string;
  /** For everything that is written: logs, temporary files, state of our services. */
  readonly directory: string;
  readonly id: string;
  /** Virtual seconds per second, or `stepped`: time stands still until `POST /_fleet/clock` moves it. */
  readonly speed: number | "stepped";
  readonly accountId: string;
  readonly region: string;
  /** 0 takes a free port. */
  readonly port: number;
  log(line: string): void;
  /** Called after `POST /_fleet/shutdown` was answered. */
  onShutdown(): void;
}

export interface RunningDaemon {
  readonly endpoint: string;
  readonly emulatorPids: readonly number[];
  close(): Promise<void>;
}

const emulatorNames: readonly EmulatorName[] = ["moto", "ministack"];

class Daemon {
  readonly #options: DaemonOptions;
  readonly #clock: Clock;
  readonly #calls = new CallLog();
  readonly #sessions = new Sessions();
  readonly #forwarder = new Forwarder();
  readonly #emulators = new Map<EmulatorName, Emulator>();
  readonly #chef: Companion;
  #boot: Companion | undefined;
  readonly #endpoint: Endpoint;
  #world: World | undefined;
  #own: OwnServices | undefined;

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#chef = chefCompanion(options.root);
    this.#clock = options.speed === "stepped" ? new VirtualClock(Date.now()) : new RealClock(options.speed);
    this.#endpoint = new Endpoint({
      accountId: options.accountId,
      clock: this.#clock,
      calls: this.#calls,
      sessions: this.#sessions,
      log: (line) => options.log(line),
      admin: createAdmin(this.#adminActions()),
      metadata: (instanceId, request) => this.#own?.metadata.handle(instanceId, request) ?? Promise.reject(new Error("not started")),
    });
  }

  async start(): Promise<RunningDaemon> {
    const { accountId, region } = this.#options;
    const stateDirectory = freshState(this.#options.directory);
    const port = await this.#endpoint.listen(this.#options.port);
    const url = `http://127.0.0.1:${port}`;
    try {
      for (const name of emulatorNames) this.#emulators.set(name, this.#startEmulator(name, port));
      const emulated = this.#emulatedServices();
      const direct = new Direct({
        service: (name) => emulated.get(name) ?? this.#endpoint.service(name),
        accountId,
        region,
        record: (action, request, status) => this.#calls.record(this.#clock.now(), action, request, status),
      });
      this.#world = new World({
        clock: this.#clock,
        accountId,
        region,
        endpoint: url,
        stateDirectory,
        direct,
        log: (line) => this.#options.log(line),
        urlOf: (service) => (assignments[service]?.party === "ours" ? url : this.#emulatorOf(service).url),
      });
      // Loading the services and their SDK clients takes as long as the emulators' start: both at once.
      const [{ ownServices }] = await Promise.all([
        import("./services.ts"),
        ...[...this.#emulators.values()].map((emulator) => emulator.ready()),
      ]);
      const emulatedService = (name: string) => {
        const service = emulated.get(name);
        if (service === undefined) throw new Error(`no emulator has the service ${name}`);
        return service;
      };
      this.#own = ownServices(this.#world, { direct, sessions: this.#sessions, emulated: emulatedService });
      this.#endpoint.open([...emulated.values(), ...this.#own.all]);
    } catch (error) {
      await this.close();
      throw error;
    }
    return { endpoint: url, emulatorPids: [...this.#emulators.values()].flatMap(({ pid }) => pid ?? []), close: () => this.close() };
  }

  async close(): Promise<void> {
    await this.#endpoint.close();
    await this.#own?.close();
    for (const service of this.#own?.all ?? []) await service.close();
    await Promise.all([...this.#emulators.values()].map((emulator) => emulator.stop()));
    await this.#boot?.close();
    await this.#chef.close();
    this.#forwarder.close();
    for (const name of emulatorNames) rmSync(join(this.#options.directory, name, "tmp"), { recursive: true, force: true });
  }

  #startEmulator(name: EmulatorName, endpointPort: number): Emulator {
    const { root, directory, accountId, region } = this.#options;
    const emulator = new Emulator({ name, root, directory: join(directory, name), accountId, region, endpointPort });
    emulator.onUnexpectedExit((fault) => this.#options.log(fault));
    return emulator;
  }

  #emulatorOf(service: string): Emulator {
    const party = assignments[service]?.party;
    const emulator = party === undefined || party === "ours" ? undefined : this.#emulators.get(party);
    if (emulator === undefined) throw new Error(`no emulator has the service ${service}`);
    return emulator;
  }

  #emulatedServices(): Map<string, EmulatedService> {
    const names = Object.keys(assignments).filter((name) => assignments[name]?.party !== "ours");
    return new Map(names.map((name) => [name, new EmulatedService(name, this.#emulatorOf(name), this.#forwarder)]));
  }

  #adminActions(): Readonly<Record<string, AdminAction>> {
    return {
      "GET /_fleet/status": () => this.#status(),
      "GET /_fleet/calls": () => ({ calls: this.#calls.read() }),
      "DELETE /_fleet/calls": () => this.#calls.clear(),
      "GET /_fleet/clock": () => this.#clockStatus(),
      "POST /_fleet/clock": async (body) => {
        await advance(this.#clock, this.#world, body["advanceSeconds"]);
        return this.#clockStatus();
      },
      "GET /_fleet/refusals": () => ({ refusals: this.#own?.publisher.refusals ?? [] }),
      "POST /_fleet/metrics": (body) => this.#putMetrics(body),
      "POST /_fleet/imds/*": async (_, instanceId) => ({ endpoint: await this.#own?.metadata.listen(instanceId) }),
      "POST /_fleet/chef": async () => ({ url: await this.#chef.begun() }),
      "POST /_fleet/boot": () => this.#bootInstances(),
      "POST /_fleet/autoscaling/*": (body, path) => this.#administerAutoScaling(path, body),
      "POST /_fleet/shutdown": () => {
        setImmediate(() => this.#options.onShutdown());
        return { stopping: true };
      },
    };
  }

  /** From now on, what the groups launch really boots. */
  async #bootInstances(): Promise<{ readonly home: string }> {
    const { root, region } = this.#options;
    const home = join(root, ".sandbox", "boot");
    this.#boot ??= new Companion({
      title: "What boots the instances",
      entry: "../boot/main.ts",
      arguments: ["--endpoint", this.#world?.endpoint ?? "", "--region", region, "--home", home],
      directory: join(root, ".sandbox", "boot-log"),
    });
    await this.#boot.begun();
    return { home };
  }

  /** Metrics that AWS's own services publish, which PutMetricData refuses: `{namespace, name, dimensions, value, unit}`. */
  #putMetrics({ namespace, name, dimensions = {}, value, unit = "None" }: Readonly<Record<string, unknown>>): void {
    const isText = (one: unknown): one is string => typeof one === "string" && one !== "";
    const pairs = typeof dimensions === "object" && dimensions !== null ? Object.entries(dimensions as Record<string, unknown>) : [];
    if (!isText(namespace) || !isText(name) || !isText(unit) || typeof value !== "number" || !pairs.every(([, one]) => isText(one))) {
      throw new AdminError("namespace, name and unit must be texts, value a number, dimensions an object of texts");
    }
    const texts = Object.fromEntries(pairs.map(([key, one]) => [key, String(one)]));
    this.#own?.cloudWatch.put(namespace, [{ name, dimensions: texts, value, unit }]);
  }

  async #administerAutoScaling(path: string, body: unknown): Promise<void> {
    try {
      await this.#own?.autoScaling.admin(path, body);
    } catch (error) {
      throw new AdminError(error instanceof Error ? error.message : String(error));
    }
  }

  #clockStatus() {
    return { now: new Date(this.#clock.now()).toISOString(), speed: this.#options.speed };
  }

  #status() {
    const { id, accountId, region } = this.#options;
    return {
      id,
      pid: process.pid,
      accountId,
      region,
      ...this.#clockStatus(),
      emulators: [...this.#emulators.values()].map(({ name, pid, fault }) => ({ name, pid, running: fault === undefined, fault })),
      memoryMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
    };
  }
}

function chefCompanion(root: string): Companion {
  const directory = join(root, ".sandbox", "chef");
  const file = join(directory, "state.json");
  // Nodes of an earlier life, whose instances are gone.
  const prepare = () => rmSync(file, { force: true });
  return new Companion({ title: "The Chef double", entry: "../chef/main.ts", arguments: ["--file", file], directory, prepare });
}

/** Resolves when every service answers; rejects with a sentence about what is missing, nothing left running. */
export function startDaemon(options: DaemonOptions): Promise<RunningDaemon> {
  return new Daemon(options).start();
}

/** State of our services that an earlier life left describes instances and queues that are gone with its emulators: set aside. */
function freshState(directory: string): string {
  const state = join(directory, "state");
  if (existsSync(state)) {
    rmSync(`${state}.bak`, { recursive: true, force: true });
    renameSync(state, `${state}.bak`);
  }
  mkdirSync(state, { recursive: true });
  return state;
}

/** The step of a stepped clock: effects of one virtual second are complete before the next begins. */
const stepMs = 1000;
const longestAdvanceSeconds = 7 * 86_400;

async function advance(clock: Clock, world: World | undefined, seconds: unknown): Promise<void> {
  if (!(clock instanceof VirtualClock))
    throw new AdminError("the clock runs by itself; start the local AWS with speed `stepped` to move it");
  if (typeof seconds !== "number" || !(seconds >= 0 && seconds <= longestAdvanceSeconds)) {
    throw new AdminError(`advanceSeconds is ${JSON.stringify(seconds)}; it must be a number from 0 to ${longestAdvanceSeconds}`);
  }
  await world?.settled();
  for (let left = seconds * 1000; left > 0; left -= stepMs) {
    clock.advanceBy(Math.min(stepMs, left));
    await world?.settled();
  }
}
