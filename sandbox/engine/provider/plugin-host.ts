/** The plugin processes of a run. They live from the preview to the end of the update. */
import { EngineError } from "../api.ts";
import type { DeployOptions } from "../api.ts";
import { programPlace } from "../program.ts";
import type { Processes } from "../processes.ts";
import type { PropertyMap } from "../values.ts";
import { equal } from "../values.ts";
import { PluginProvider } from "./plugin-provider.ts";

type HostOptions = Pick<DeployOptions, "plugins" | "env" | "projectDir" | "main">;

export class PluginHost {
  readonly #options: HostOptions;
  readonly #processes: Processes;
  readonly #onLine: (plugin: string, line: string) => void;
  /** Started and free. */
  readonly #free = new Map<string, PluginProvider[]>();
  readonly #warming = new Map<string, Promise<void>>();
  readonly #all = new Set<PluginProvider>();

  readonly #engineAddress: string;

  constructor(options: HostOptions, processes: Processes, engineAddress: string, onLine: (plugin: string, line: string) => void) {
    this.#options = options;
    this.#engineAddress = engineAddress;
    this.#processes = processes;
    this.#onLine = onLine;
  }

  async #start(packageName: string): Promise<PluginProvider> {
    const plugin = this.#options.plugins[packageName];
    if (plugin === undefined) {
      const known = Object.keys(this.#options.plugins).sort().join(", ");
      throw new EngineError(
        `There is no plugin for the package "${packageName}" here; the known ones are: ${known === "" ? "none" : known}.`,
      );
    }
    const { child, port } = await this.#processes.startServer({
      name: `plugin ${packageName}`,
      command: [...plugin.command, this.#engineAddress],
      cwd: programPlace(this.#options).pwd,
      env: { ...this.#options.env, ...plugin.env },
      onLine: (line) => this.#onLine(packageName, line),
    });
    const provider = new PluginProvider(child, port);
    await provider.handshake(this.#engineAddress);
    this.#all.add(provider);
    void child.exited.then(() => {
      this.#all.delete(provider);
      provider.close();
    });
    return provider;
  }

  /** Starts a plugin that will be wanted, while something else is going on. */
  warm(packageName: string): void {
    if (this.#options.plugins[packageName] === undefined || this.#warming.has(packageName)) return;
    const starting = this.#start(packageName).then((provider) => this.release(packageName, provider));
    // Whoever acquires it meets the error.
    starting.catch(() => undefined);
    this.#warming.set(packageName, starting);
  }

  warmAll(): void {
    for (const packageName of Object.keys(this.#options.plugins)) this.warm(packageName);
  }

  /** A plugin that can be configured with `inputs`, or is already. */
  async acquire(packageName: string, inputs: PropertyMap): Promise<PluginProvider> {
    await this.#warming.get(packageName);
    const free = (this.#free.get(packageName) ?? []).filter((provider) => this.#all.has(provider));
    const chosen = free.find((one) => equal(one.configuredWith, inputs)) ?? free.find((one) => one.configuredWith === undefined);
    this.#free.set(
      packageName,
      free.filter((one) => one !== chosen),
    );
    return chosen ?? this.#start(packageName);
  }

  release(packageName: string, provider: PluginProvider): void {
    this.#free.set(packageName, [...(this.#free.get(packageName) ?? []), provider]);
  }

  async cancel(): Promise<void> {
    await Promise.all([...this.#all].map((provider) => provider.cancel()));
  }
}
