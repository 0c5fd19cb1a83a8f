/** What the program may ask of a deployment: it settles providers and inheritance, and passes on. */
import { EngineError } from "../api.ts";
import { defaultProviderName, withVersion } from "../provider/registry.ts";
import type { InvokeResult } from "../provider/provider.ts";
import type { ResourceState } from "../state/resource-state.ts";
import { formatReference, isProviderType, packageOf, providerType } from "../urn.ts";
import type { PropertyMap, Value } from "../values.ts";
import { makeSecret } from "../values.ts";
import type { Deployment } from "./deployment.ts";
import { inherit, plainGoal } from "./goal.ts";
import type { Goal } from "./goal.ts";
import { read } from "./reads.ts";
import type { ReadGoal } from "./reads.ts";
import { register, registerOutputs } from "./registration.ts";

interface ProviderWish {
  readonly provider: string;
  readonly providers?: Readonly<Record<string, string>>;
  readonly parent: string;
  readonly version: string;
  readonly pluginDownloadUrl: string;
}

/** The engine's own functions and resources. */
const engineToken = "pulumi:pulumi:";

export class Source {
  readonly deployment: Deployment;
  readonly #defaults = new Map<string, Promise<string>>();
  /** Providers that components hand to their children, by URN and package. */
  readonly #providers = new Map<string, Readonly<Record<string, string>>>();

  constructor(deployment: Deployment) {
    this.deployment = deployment;
  }

  /** Settings of a package from the stack's configuration, `aws:region` and the like. */
  #packageConfig(packageName: string): PropertyMap {
    const prefix = `${packageName}:`;
    return Object.fromEntries(
      Object.entries(this.deployment.options.config)
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, { value, secret }]): [string, Value] => [key.slice(prefix.length), secret ? makeSecret(value) : value]),
    );
  }

  async #registerDefault(packageName: string, version: string, pluginDownloadUrl: string): Promise<string> {
    const denied = this.deployment.options.config["pulumi:disable-default-providers"]?.value;
    const list = denied ? (JSON.parse(denied) as unknown[]) : [];
    if (list.includes("*") || list.includes(packageName)) {
      throw this.deployment.fail(
        new EngineError(
          `The stack's configuration denies the default provider of "${packageName}" (pulumi:disable-default-providers); give the resource a provider.`,
        ),
      );
    }
    const inputs = withVersion(this.#packageConfig(packageName), version, pluginDownloadUrl);
    const goal = plainGoal(providerType(packageName), defaultProviderName(version, pluginDownloadUrl), true, inputs);
    const { urn, id = "" } = await register(this.deployment, goal);
    return formatReference({ urn, id });
  }

  /** Reference of the provider for something of this package. */
  #resolve(packageName: string, { provider, providers, parent, version, pluginDownloadUrl }: ProviderWish): Promise<string> {
    const explicit = provider || providers?.[packageName] || this.#providers.get(parent)?.[packageName];
    if (explicit) return Promise.resolve(explicit);
    const key = `${packageName} ${version} ${pluginDownloadUrl}`;
    let reference = this.#defaults.get(key);
    if (reference === undefined) {
      reference = this.#registerDefault(packageName, version, pluginDownloadUrl);
      this.#defaults.set(key, reference);
    }
    return reference;
  }

  async register(asked: Goal): Promise<ResourceState> {
    this.deployment.check();
    const parent = this.deployment.goals.get(asked.parent);
    const goal = parent === undefined ? asked : inherit(asked, parent);
    if (!goal.custom) {
      const state = await register(this.deployment, { ...goal, provider: "" });
      this.#providers.set(state.urn, { ...this.#providers.get(goal.parent), ...goal.providers });
      return state;
    }
    if (isProviderType(goal.type))
      return register(this.deployment, { ...goal, provider: "", inputs: withVersion(goal.inputs, goal.version, goal.pluginDownloadUrl) });
    if (goal.type.startsWith(engineToken))
      throw this.deployment.fail(
        new EngineError(`The embedded engine does not support resources of type ${goal.type}; use Pulumi's CLI (--engine pulumi)`),
      );
    return register(this.deployment, { ...goal, provider: await this.#resolve(packageOf(goal.type), goal) });
  }

  registerOutputs(urn: string, outputs: PropertyMap): void {
    registerOutputs(this.deployment, urn, outputs);
  }

  async read(goal: ReadGoal, wish: ProviderWish): Promise<ResourceState> {
    return read(this.deployment, { ...goal, provider: await this.#resolve(packageOf(goal.type), wish) });
  }

  async invoke(token: string, args: PropertyMap, wish: ProviderWish): Promise<InvokeResult> {
    if (token === "pulumi:pulumi:getResource") return { value: this.#getResource(args["urn"]), failures: [] };
    if (token.startsWith(engineToken))
      throw new EngineError(`The embedded engine does not support the function ${token}; use Pulumi's CLI (--engine pulumi)`);
    const reference = await this.#resolve(packageOf(token), wish);
    const provider = await this.deployment.registry.ensure(
      reference,
      (urn) => this.deployment.news.get(urn) ?? this.deployment.olds.get(urn),
    );
    return this.deployment.limit.run(() => provider.invoke(token, args, this.deployment.options.dryRun));
  }

  #getResource(urn: Value | undefined): PropertyMap {
    const state = typeof urn === "string" ? this.deployment.news.get(urn) : undefined;
    if (state === undefined) throw new EngineError(`${JSON.stringify(urn)} is not a resource of this program`);
    return { urn: state.urn, id: state.id ?? "", state: state.outputs ?? {} };
  }
}
