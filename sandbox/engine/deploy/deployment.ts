/** What all parts of one deployment share: a preview, an update, a refresh or a destroy. */
import { createHmac } from "node:crypto";
import type { ConfigMap } from "../api.ts";
import type { PolicyPack } from "../policy/pack.ts";
import type { Provider } from "../provider/provider.ts";
import type { ProviderRegistry } from "../provider/registry.ts";
import type { ResourceState } from "../state/resource-state.ts";
import type { Snapshot } from "../state/snapshot.ts";
import type { UrnScope } from "../urn.ts";
import { isProviderType } from "../urn.ts";
import { Aliases } from "./aliases.ts";
import type { Goal } from "./goal.ts";
import { Limit } from "./limit.ts";
import type { Recorder } from "./recorder.ts";

/** The deployment goes no further; why has been reported. */
export class Stopped extends Error {
  override readonly name = "Stopped";
}

export interface DeploymentOptions {
  readonly scope: UrnScope;
  readonly dryRun: boolean;
  readonly config: ConfigMap;
  readonly parallel: number;
  readonly snapshot: Snapshot;
  readonly registry: ProviderRegistry;
  readonly packs: readonly PolicyPack[];
  readonly recorder: Recorder;
  /** One per run, so that preview and update draw the same random names. */
  readonly seed: Buffer;
  readonly signal: AbortSignal | undefined;
  readonly killSignal: AbortSignal | undefined;
}

export class Deployment {
  readonly options: DeploymentOptions;
  readonly scope: UrnScope;
  readonly recorder: Recorder;
  readonly snapshot: Snapshot;
  readonly registry: ProviderRegistry;
  readonly limit: Limit;
  readonly aliases: Aliases;
  /** What the state held at the beginning, without what waits for its deletion. */
  readonly olds = new Map<string, ResourceState>();
  /** Everything that the state held, in its order. */
  readonly base: readonly ResourceState[];
  readonly goals = new Map<string, Goal>();
  /** As registered in this run, with outputs. */
  readonly news = new Map<string, ResourceState>();
  readonly claimed = new Set<string>();
  readonly replaced = new Set<string>();
  /** URNs with a deletion in this run; what is `deletedWith` them is not deleted on its own. */
  readonly deleted = new Set<string>();
  /** Deleted ahead because something that they depend on is replaced; they are created again when registered. */
  readonly recreate = new Map<string, readonly string[]>();
  rootUrn = "";
  readonly #running = new Set<Promise<unknown>>();
  #stopped = false;

  constructor(options: DeploymentOptions) {
    this.options = options;
    this.scope = options.scope;
    this.recorder = options.recorder;
    this.snapshot = options.snapshot;
    this.registry = options.registry;
    this.limit = new Limit(options.parallel);
    this.aliases = new Aliases(options.scope);
    this.base = options.snapshot.resources();
    for (const state of this.base) if (!state.delete) this.olds.set(state.urn, state);
  }

  get stopped(): boolean {
    return this.#stopped || this.options.signal?.aborted === true || this.options.killSignal?.aborted === true;
  }

  /** Throws when the deployment has failed or is to end. */
  check(): void {
    if (this.stopped) throw new Stopped();
  }

  /** Reports the error, once, and ends the deployment. What fails because everything was killed is no news. */
  fail(error: unknown, urn?: string): Stopped {
    this.#stopped = true;
    if (!(error instanceof Stopped) && !this.options.killSignal?.aborted) this.recorder.diagnostic("error", (error as Error).message, urn);
    return new Stopped();
  }

  /** What goes on even when nobody waits for it any more, as when the program has died. */
  async track<Result>(work: Promise<Result>): Promise<Result> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }

  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  seed(urn: string): Buffer {
    return createHmac("sha256", this.options.seed).update(urn).digest();
  }

  /** For operations on what the program registers or the state holds. */
  async provider(state: Pick<ResourceState, "type" | "provider">): Promise<Provider> {
    if (isProviderType(state.type)) return this.registry;
    return this.registry.ensure(
      state.provider ?? "",
      (urn) => this.news.get(urn) ?? this.olds.get(urn) ?? this.base.find((one) => one.urn === urn),
    );
  }
}
