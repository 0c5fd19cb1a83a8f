/** The provider resources of a deployment (`pulumi:providers:<package>`), and the plugins that stand behind them. */
import { randomUUID } from "node:crypto";
import { EngineError } from "../api.ts";
import type { ResourceState } from "../state/resource-state.ts";
import { formatReference, parseReference, providerPackage, unknownProviderId, urnType } from "../urn.ts";
import type { PropertyMap, Value } from "../values.ts";
import { equal } from "../values.ts";
import type { PluginHost } from "./plugin-host.ts";
import type { PluginProvider } from "./plugin-provider.ts";
import type * as types from "./provider.ts";

/** Holds what the engine itself notes about a provider; plugins never see it. */
const internalKey = "__internal";

const withoutInternal = (inputs: PropertyMap): PropertyMap =>
  Object.fromEntries(Object.entries(inputs).filter(([key]) => key !== internalKey));

/** Inputs of a provider with the version and origin that the program asks for, noted as Pulumi notes them. */
export function withVersion(inputs: PropertyMap, version: string, pluginDownloadUrl: string): PropertyMap {
  if (version === "" && pluginDownloadUrl === "") return inputs;
  const internal: Record<string, Value> = pluginDownloadUrl === "" ? {} : { pluginDownloadURL: pluginDownloadUrl };
  return { ...inputs, [internalKey]: internal, ...(version !== "" && { version }) };
}

/** Name of the provider that stands for all resources that name none. */
export function defaultProviderName(version: string, pluginDownloadUrl: string): string {
  const suffix = version === "" ? "" : `_${version.replaceAll(/[.+-]/g, "_")}`;
  const url = pluginDownloadUrl === "" ? "" : `_${pluginDownloadUrl.replaceAll(/[^A-Za-z0-9_.-]/g, "_")}`;
  return `default${suffix}${url}`;
}

export class ProviderRegistry implements types.Provider {
  readonly #host: PluginHost;
  /** By URN: checked, not yet configured. */
  readonly #candidates = new Map<string, PluginProvider>();
  /** By reference. */
  readonly #providers = new Map<string, PluginProvider>();
  readonly #ensuring = new Map<string, Promise<PluginProvider>>();

  constructor(host: PluginHost) {
    this.#host = host;
  }

  get(reference: string): PluginProvider | undefined {
    return this.#providers.get(reference);
  }

  /** The provider of a state, which may have left the program. */
  ensure(reference: string, find: (urn: string) => ResourceState | undefined): Promise<PluginProvider> {
    const known = this.#providers.get(reference);
    if (known !== undefined) return Promise.resolve(known);
    let ensuring = this.#ensuring.get(reference);
    if (ensuring === undefined) {
      const { urn, id } = parseReference(reference);
      const state = find(urn);
      if (state?.id !== id) return Promise.reject(new EngineError(`The state names the provider ${reference}, which is not in it.`));
      ensuring = this.#configure(urn, id, state.inputs ?? {}, undefined);
      this.#ensuring.set(reference, ensuring);
    }
    return ensuring;
  }

  async #configure(urn: string, id: string, inputs: PropertyMap, candidate: PluginProvider | undefined): Promise<PluginProvider> {
    const packageName = providerPackage(urnType(urn));
    const settings = withoutInternal(inputs);
    let provider = candidate ?? (await this.#host.acquire(packageName, settings));
    if (provider.configuredWith !== undefined && !equal(provider.configuredWith, settings)) {
      // A plugin is configured once; this one serves another configuration.
      this.#host.release(packageName, provider);
      provider = await this.#host.acquire(packageName, settings);
    }
    if (!equal(provider.configuredWith, settings)) await provider.configure(packageName, urn, id, settings);
    this.#providers.set(formatReference({ urn, id }), provider);
    return provider;
  }

  async check({ urn, olds, news }: types.CheckRequest): Promise<types.CheckResult> {
    const settings = withoutInternal(news);
    const candidate = this.#candidates.get(urn) ?? (await this.#host.acquire(providerPackage(urnType(urn)), settings));
    this.#candidates.set(urn, candidate);
    const { inputs, failures } = await candidate.checkConfig({ urn, olds: withoutInternal(olds ?? {}), news: settings });
    const { version, [internalKey]: internal } = news;
    return {
      inputs: { ...(version !== undefined && { version }), ...inputs, ...(internal !== undefined && { [internalKey]: internal }) },
      failures,
    };
  }

  async diff(request: types.DiffRequest): Promise<types.DiffResult> {
    const provider = this.#candidates.get(request.urn) ?? this.#providers.get(formatReference(request));
    if (provider === undefined) throw new Error(`provider ${request.urn} is compared before it is checked`);
    const newInputs = withoutInternal(request.newInputs);
    const diff = await provider.diffConfig({ ...request, oldInputs: withoutInternal(request.oldInputs), newInputs });
    if (diff.changes !== "unknown") return diff;
    return { ...diff, changes: equal(request.oldOutputs, newInputs) ? "none" : "some" };
  }

  async create({ urn, inputs, preview }: types.CreateRequest): Promise<types.CreateResult> {
    const id = preview ? unknownProviderId : randomUUID();
    await this.#configure(urn, id, inputs, this.#take(urn));
    return { id, outputs: withoutInternal(inputs) };
  }

  async update({ urn, id, newInputs }: types.UpdateRequest): Promise<PropertyMap> {
    await this.#configure(urn, id, newInputs, this.#take(urn));
    return withoutInternal(newInputs);
  }

  /** Unchanged: configured with what it was configured with. */
  async same(state: ResourceState): Promise<void> {
    const { urn, id = "", inputs = {} } = state;
    if (this.#providers.has(formatReference({ urn, id }))) return;
    await this.#configure(urn, id, inputs, this.#take(urn));
  }

  delete(): Promise<void> {
    return Promise.resolve();
  }

  read({ id, inputs, state }: types.ReadRequest): Promise<types.ReadResult> {
    return Promise.resolve({ id, outputs: state, ...(inputs && { inputs }) });
  }

  #take(urn: string): PluginProvider | undefined {
    const candidate = this.#candidates.get(urn);
    this.#candidates.delete(urn);
    return candidate;
  }

  /** Leaves the plugins to the next deployment of the same run. */
  release(): void {
    const seen = new Set<PluginProvider>();
    const giveBack = (urn: string, provider: PluginProvider) => {
      if (seen.has(provider)) return;
      seen.add(provider);
      this.#host.release(providerPackage(urnType(urn)), provider);
    };
    for (const [urn, provider] of this.#candidates) giveBack(urn, provider);
    for (const [reference, provider] of this.#providers) giveBack(parseReference(reference).urn, provider);
  }
}
