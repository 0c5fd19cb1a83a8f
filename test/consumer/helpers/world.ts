/** A Chef server, an instance registry and a queue in memory, with faults at will: what the core's properties run in. */
import { ChefError } from "../../../consumer/chef/errors.ts";
import type { ChefApi, ClientFacts, NodeFacts } from "../../../consumer/chef/client.ts";
import type { CoreDependencies, LifecycleAction } from "../../../consumer/core.ts";
import type { NodeNaming } from "../../../consumer/resolve.ts";
import type { QueueDepth, QueueMessage, QueuePort } from "../../../consumer/queue.ts";
import { ours } from "./messages.ts";

export type FaultKind = "none" | "overload" | "network" | "network-after" | "authentication" | "missingOrganization";

export const nodeFacts = (name: string, changes: Partial<NodeFacts> = {}): NodeFacts => ({
  name,
  instanceId: name,
  lastSeenSeconds: 1,
  accountId: ours.accountId,
  region: "eu-west-1",
  ...changes,
});

export class MemoryChef implements ChefApi {
  readonly nodes = new Map<string, NodeFacts>();
  readonly clients = new Map<string, ClientFacts>();
  /** Faults of the next calls, in order. */
  faults: FaultKind[] = [];
  readonly calls: string[] = [];
  /** What the index shows instead of the truth, when set. */
  index: (() => NodeFacts[]) | undefined;

  plant(name: string, instanceId = name, client: Partial<ClientFacts> = {}): void {
    this.nodes.set(name, nodeFacts(name, { instanceId }));
    this.clients.set(name, { name, validator: false, admin: false, ...client });
  }

  async #call<T>(line: string, work: () => T): Promise<T> {
    this.calls.push(line);
    await Promise.resolve();
    const fault = this.faults.shift() ?? "none";
    const result = fault === "none" || fault === "network-after" ? work() : undefined;
    if (fault === "none") return result as T;
    throw new ChefError(fault === "network-after" ? "network" : fault, `injected ${fault}`);
  }

  deleteNode = (name: string) => this.#call(`delete node ${name}`, () => this.nodes.delete(name));
  deleteClient = (name: string) => this.#call(`delete client ${name}`, () => this.clients.delete(name));
  node = (name: string) => this.#call(`node ${name}`, () => this.nodes.get(name));
  client = (name: string) => this.#call(`client ${name}`, () => this.clients.get(name));
  listNodes = () => this.#call("list nodes", () => [...this.nodes.keys()]);
  listClients = () => this.#call("list clients", () => [...this.clients.keys()]);
  searchAllNodes = () => this.#call("search *:*", () => this.index?.() ?? [...this.nodes.values()]);
  searchNodes = (query: string, limit: number) =>
    this.#call(`search ${query}`, () => {
      const wanted = query.replace("ec2_instance_id:", "");
      const hits = (this.index?.() ?? [...this.nodes.values()]).filter(({ instanceId }) => instanceId === wanted);
      return { total: hits.length, nodes: hits.slice(0, limit) };
    });
}

export interface World {
  readonly chef: MemoryChef;
  readonly tags: Map<string, string>;
  readonly actions: string[];
  readonly deps: CoreDependencies;
}

export function world(naming: NodeNaming = "instance-id", changes: Partial<CoreDependencies> = {}): World {
  const chef = new MemoryChef();
  const tags = new Map<string, string>();
  const actions: string[] = [];
  const lifecycle = {
    heartbeat: ({ instanceId }: LifecycleAction) => (actions.push(`heartbeat ${instanceId}`), Promise.resolve(true)),
    complete: ({ instanceId }: LifecycleAction) => (actions.push(`complete ${instanceId}`), Promise.resolve()),
  };
  const nodeNameTag = (instanceId: string) => Promise.resolve(tags.get(instanceId));
  return {
    chef,
    tags,
    actions,
    deps: { chef, user: "janitor", naming, nodeNameTag, ours, lifecycle, dryRun: false, random: () => 0, ...changes },
  };
}

interface Entry {
  readonly message: Omit<QueueMessage, "receiveCount" | "receiptHandle">;
  visibleAt: number;
  receives: number;
}

/** An SQS queue in virtual seconds: at least once, invisible while in hand, a dead-letter queue beside it. */
export class MemoryQueue implements QueuePort, QueueDepth {
  readonly entries = new Map<string, Entry>();
  readonly dead: { body: string; reason: string }[] = [];
  nowSeconds = 0;
  readonly visibilitySeconds = 30;
  #number = 0;

  put(body: string, delaySeconds = 0): void {
    const id = `m-${++this.#number}`;
    this.entries.set(id, {
      message: { id, body, sentAtMs: this.nowSeconds * 1000 },
      visibleAt: this.nowSeconds + delaySeconds,
      receives: 0,
    });
  }

  receive(count: number): Promise<QueueMessage[]> {
    const visible = [...this.entries.values()].filter(({ visibleAt }) => visibleAt <= this.nowSeconds).slice(0, count);
    return Promise.resolve(
      visible.map((entry) => {
        entry.visibleAt = this.nowSeconds + this.visibilitySeconds;
        entry.receives++;
        return { ...entry.message, receiptHandle: entry.message.id, receiveCount: entry.receives };
      }),
    );
  }

  remove(messages: readonly QueueMessage[]): Promise<void> {
    for (const { id } of messages) this.entries.delete(id);
    return Promise.resolve();
  }

  returnAfter({ id }: QueueMessage, seconds: number): Promise<void> {
    const entry = this.entries.get(id);
    if (entry) entry.visibleAt = this.nowSeconds + seconds;
    return Promise.resolve();
  }

  send(body: string, seconds: number): Promise<void> {
    this.put(body, seconds);
    return Promise.resolve();
  }

  bury(message: QueueMessage, reason: string): Promise<void> {
    this.dead.push({ body: message.body, reason });
    return Promise.resolve();
  }

  depth(): ReturnType<QueueDepth["depth"]> {
    const entries = [...this.entries.values()];
    const visible = entries.filter(({ visibleAt }) => visibleAt <= this.nowSeconds).length;
    const inFlight = entries.filter(({ visibleAt, receives }) => visibleAt > this.nowSeconds && receives > 0).length;
    return Promise.resolve({ visible, inFlight, delayed: entries.length - visible - inFlight, deadLetters: this.dead.length });
  }

  /** Moves to the moment when the next message is visible; false when there is none. */
  advance(): boolean {
    const next = Math.min(...[...this.entries.values()].map(({ visibleAt }) => visibleAt));
    if (next === Infinity) return false;
    this.nowSeconds = Math.max(this.nowSeconds, next);
    return true;
  }
}
