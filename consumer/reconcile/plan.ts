import { instanceIdPattern } from "../../contract/notices.ts";
import type { NodeFacts } from "../chef/client.ts";

export interface ReconcileOptions {
  /** Account and region that EC2 was asked in; nodes elsewhere are left alone. */
  readonly accountId: string;
  readonly region: string;
  /** Seconds since a node's last report before it may be taken for an orphan, 0 or more; default 3,600. */
  readonly minAgeSeconds: number;
  /** Most objects deleted in one run, 1 or more; default 50. */
  readonly maxDeletions: number;
  /**
   * Whether clients that are named like an instance and have no node may go. A client does not say which account its
   * instance was in, so this is for an organization that serves this account and region alone. Default false.
   */
  readonly clientsWithoutNode: boolean;
}

export interface ReconcileFacts {
  /** What the search index shows. */
  readonly indexed: readonly NodeFacts[];
  /** What the database holds. */
  readonly nodeNames: readonly string[];
  readonly clientNames: readonly string[];
  /** State of every instance that EC2 still shows. */
  readonly instanceStates: ReadonlyMap<string, string>;
  readonly nowSeconds: number;
}

export interface Orphan {
  readonly name: string;
  readonly instanceId: string;
  readonly node: boolean;
  readonly client: boolean;
  readonly reason: string;
}

export interface ReconcilePlan {
  /** Why nothing may be deleted in this run, if so. */
  readonly refused: string | undefined;
  readonly orphans: readonly Orphan[];
  /** Orphans over the run's limit; the next run takes them. */
  readonly postponed: readonly Orphan[];
  /** Nodes that were not judged, with the reason. */
  readonly unjudged: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Which nodes and clients have lost their instance. An instance counts as gone when EC2 answered and either does not
 * know it or shows it terminated; a call that failed never counts.
 */
export function planReconcile(facts: ReconcileFacts, options: ReconcileOptions): ReconcilePlan {
  const refused = disagreement(facts);
  const unjudged: { name: string; reason: string }[] = [];
  const clients = new Set(facts.clientNames);
  const orphans: Orphan[] = [];
  for (const node of facts.indexed) {
    const doubt = reasonNotToJudge(node, facts, options);
    if (doubt !== undefined) unjudged.push({ name: node.name, reason: doubt });
    else if (node.instanceId !== undefined && isGone(node.instanceId, facts)) {
      orphans.push({
        name: node.name,
        instanceId: node.instanceId,
        node: true,
        client: clients.has(node.name),
        reason: goneReason(node.instanceId, facts),
      });
    }
  }
  if (options.clientsWithoutNode) orphans.push(...loneClients(facts));
  return { refused, orphans: orphans.slice(0, options.maxDeletions), postponed: orphans.slice(options.maxDeletions), unjudged };
}

/** An index that shows other nodes than the database holds cannot be trusted (chef-server #3041, #3109). */
function disagreement({ indexed, nodeNames }: ReconcileFacts): string | undefined {
  const inIndex = new Set(indexed.map(({ name }) => name));
  const inDatabase = new Set(nodeNames);
  const missing = nodeNames.filter((name) => !inIndex.has(name));
  const surplus = [...inIndex].filter((name) => !inDatabase.has(name));
  if (missing.length + surplus.length === 0) return undefined;
  const examples = [...missing, ...surplus].slice(0, 3).join(", ");
  return `the search index and the list of nodes differ in ${missing.length + surplus.length} nodes (${examples}): wait for the index, or run "chef-server-ctl reindex", then try again`;
}

function reasonNotToJudge(node: NodeFacts, { nowSeconds }: ReconcileFacts, options: ReconcileOptions): string | undefined {
  if (node.instanceId === undefined || !instanceIdPattern.test(node.instanceId)) return "it names no EC2 instance";
  if (node.accountId !== options.accountId) return `its account is ${node.accountId ?? "unknown"}`;
  if (node.region !== options.region) return `its region is ${node.region ?? "unknown"}`;
  if (node.lastSeenSeconds === undefined) return "it never reported";
  const age = nowSeconds - node.lastSeenSeconds;
  return age < options.minAgeSeconds ? `it reported ${Math.round(age)} s ago` : undefined;
}

const isGone = (instanceId: string, { instanceStates }: ReconcileFacts) =>
  (instanceStates.get(instanceId) ?? "terminated") === "terminated";

const goneReason = (instanceId: string, { instanceStates }: ReconcileFacts) =>
  instanceStates.has(instanceId) ? "the instance is terminated" : "EC2 does not know the instance any more";

function loneClients(facts: ReconcileFacts): Orphan[] {
  const nodes = new Set(facts.nodeNames);
  return facts.clientNames
    .filter((name) => instanceIdPattern.test(name) && !nodes.has(name) && isGone(name, facts))
    .map((name) => ({ name, instanceId: name, node: false, client: true, reason: goneReason(name, facts) }));
}

/** Instances that the plan asks EC2 about. */
export function instancesOf(
  facts: Pick<ReconcileFacts, "indexed" | "clientNames">,
  options: Pick<ReconcileOptions, "clientsWithoutNode">,
): string[] {
  const named = facts.indexed.flatMap(({ instanceId }) =>
    instanceId !== undefined && instanceIdPattern.test(instanceId) ? [instanceId] : [],
  );
  const lone = options.clientsWithoutNode ? facts.clientNames.filter((name) => instanceIdPattern.test(name)) : [];
  return [...new Set([...named, ...lone])];
}
