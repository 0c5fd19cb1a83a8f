/** The processes and connections of one run, from its first phase to its last. */
import { randomBytes } from "node:crypto";
import type { DeployOptions, Diagnostic, Phase } from "./api.ts";
import { Deployment } from "./deploy/deployment.ts";
import { Recorder } from "./deploy/recorder.ts";
import type { Source } from "./deploy/source.ts";
import { Monitor } from "./monitor.ts";
import { PolicyPack } from "./policy/pack.ts";
import { Processes } from "./processes.ts";
import type { Child } from "./processes.ts";
import { programPlace, startProgram } from "./program.ts";
import { PluginHost } from "./provider/plugin-host.ts";
import { ProviderRegistry } from "./provider/registry.ts";
import type { Checkpoint } from "./state/checkpoint.ts";
import { loadCheckpoint } from "./state/checkpoint.ts";
import { recover } from "./state/recovery.ts";
import { Snapshot } from "./state/snapshot.ts";

/** What fits a small machine and does not wait in line on a large stack. */
const defaultParallel = 16;
/** For what runs when the user loses patience: long enough for a provider to have heard of it. */
const cancelMilliseconds = 5000;

/** A program that waits for its first answer. */
export interface Launched {
  readonly child: Child;
  readonly begin: (source: Source) => void;
  readonly giveUp: (error: Error) => void;
  /** Lets go of what the program has asked for, once it has ended. */
  readonly end: () => void;
}

export class Run {
  readonly options: DeployOptions;
  readonly processes = new Processes();
  readonly parallel: number;
  /** For packs and plugins, from the beginning to the end; each pass of the program has one of its own. */
  readonly #monitor: Monitor;
  readonly #monitors = new Set<Monitor>();
  readonly #seed = randomBytes(32);
  readonly #started = performance.now();
  #host: PluginHost | undefined;
  #packs: readonly PolicyPack[] = [];
  #recorder: Recorder | undefined;
  #cancelled: Promise<unknown> | undefined;
  /** What was found of an earlier run: it concerns every phase of this one. */
  #recovered: readonly Diagnostic[] = [];

  constructor(options: DeployOptions) {
    this.options = options;
    this.parallel = options.parallel ?? defaultParallel;
    this.#monitor = this.#newMonitor();
  }

  #newMonitor(): Monitor {
    const { options, parallel } = this;
    const { projectName: project, stack, organization = "organization", config } = options;
    const monitor = new Monitor({ project, stack, organization, config, parallel, programDir: programPlace(options).pwd });
    this.#monitors.add(monitor);
    return monitor;
  }

  /**
   * Starts the program. Its first call, with which the SDK asks what the engine can do, is answered once the source is
   * there; none of the program's own code runs before.
   */
  async launch(dryRun: boolean): Promise<Launched> {
    const monitor = this.#newMonitor();
    await monitor.listen();
    monitor.recorder = this.#recorder;
    const { promise, resolve, reject } = Promise.withResolvers<Source>();
    promise.catch(() => undefined);
    monitor.source = promise;
    const { options: deploy, parallel } = this;
    let source: Source | undefined;
    const onLine = (line: string) => {
      // Once a step has failed the SDK is refused every further call, and says so many times over.
      if (source?.deployment.stopped !== true) this.say(line);
    };
    const begin = (given: Source) => resolve((source = given));
    const child = startProgram(this.processes, { deploy, address: monitor.address, dryRun, parallel, onLine });
    const end = () => {
      monitor.close();
      this.#monitors.delete(monitor);
    };
    return { child, begin, giveUp: reject, end };
  }

  get host(): PluginHost {
    if (this.#host === undefined) throw new Error("the run has not begun");
    return this.#host;
  }

  get packs(): readonly PolicyPack[] {
    return this.#packs;
  }

  get durationSeconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  /** A child's line in the diagnostics of the phase that is on. */
  say(line: string): void {
    if (line.trim() !== "") this.#recorder?.diagnostic("info", line);
  }

  async listen(): Promise<void> {
    await this.#monitor.listen();
    this.#host = new PluginHost(this.options, this.processes, this.#monitor.address, (line) => this.say(line));
    const { signal, killSignal } = this.options;
    signal?.addEventListener("abort", () => void this.#cancel(), { once: true });
    killSignal?.addEventListener("abort", () => void this.#kill(), { once: true });
    if (killSignal?.aborted) this.processes.killAll();
  }

  /** Asks plugins and packs, once, to end what takes long: as Pulumi's engine does at the first signal. None is waited for. */
  #cancel(): Promise<unknown> {
    return (this.#cancelled ??= Promise.all([this.#host?.cancel(), ...this.#packs.map((pack) => pack.cancel())]));
  }

  async #kill(): Promise<void> {
    const late = new Promise((resolve) => setTimeout(resolve, cancelMilliseconds).unref());
    await Promise.race([this.#cancel(), late]);
    this.processes.killAll();
  }

  async startPacks(dryRun: boolean): Promise<void> {
    const { options } = this;
    const started = (options.policyPacks ?? []).map((pack) =>
      PolicyPack.start(this.processes, {
        pack,
        organization: options.organization ?? "organization",
        project: options.projectName,
        stack: options.stack,
        config: options.config,
        env: options.env,
        engineAddress: this.#monitor.address,
        dryRun,
        onLine: (line) => this.say(line),
      }),
    );
    this.#packs = await Promise.all(started);
    for (const { name, version, policies } of this.#packs) options.onEvent?.({ kind: "policyPack", name, version, policies });
  }

  recorder(phase: Phase): Recorder {
    const recorder = new Recorder(phase, (event) => this.options.onEvent?.(event));
    recorder.diagnostics.push(...this.#recovered);
    this.#recorder = recorder;
    for (const monitor of this.#monitors) monitor.recorder = recorder;
    return recorder;
  }

  deployment(recorder: Recorder, checkpoint: Checkpoint, write: boolean): Deployment {
    const { options } = this;
    return new Deployment({
      scope: { project: options.projectName, stack: options.stack },
      dryRun: !write,
      config: options.config,
      parallel: this.parallel,
      snapshot: new Snapshot(checkpoint, write ? options.stateFile : undefined),
      registry: new ProviderRegistry(this.host),
      packs: this.#packs,
      recorder,
      seed: this.#seed,
      signal: options.signal,
      killSignal: options.killSignal,
    });
  }

  /** The state, with what an earlier run left open settled. */
  async checkpoint(recorder: Recorder): Promise<Checkpoint> {
    const { stateFile, passphrase } = this.options;
    const loaded = await loadCheckpoint(stateFile, passphrase);
    if (loaded.pending.length === 0) return loaded;
    const registry = new ProviderRegistry(this.host);
    const find = (urn: string) => loaded.resources.find((state) => state.urn === urn);
    const provider = ({ provider: reference = "" }: { provider?: string }) => registry.ensure(reference, find);
    const { resources, notes } = await recover(loaded.resources, loaded.pending, provider, stateFile);
    for (const note of notes) recorder.diagnostic("warning", note);
    this.#recovered = recorder.diagnostics.slice(-notes.length);
    registry.release();
    return { ...loaded, resources, pending: [] };
  }

  async close(): Promise<void> {
    await this.processes.stopAll();
    for (const monitor of this.#monitors) monitor.close();
  }
}
