import type { ChefApi, NodeFacts } from "./chef/client.ts";

/**
 * How an instance's node is found.
 * - `instance-id`: the node is named like the instance (what our boot scripts do unless told otherwise).
 * - `tag`: a tag that boot wrote holds the name; EC2 shows it for about an hour after the instance is gone, then search serves.
 * - `search`: the node whose `automatic.ec2.instance_id` is the instance.
 */
export type NodeNaming = "instance-id" | "tag" | "search";

export interface NamingDependencies {
  readonly chef: ChefApi;
  /** Chef user that we sign as. */
  readonly user: string;
  readonly naming: NodeNaming;
  /** Value of the node-name tag; undefined when EC2 knows the instance or the tag no more. */
  readonly nodeNameTag: (instanceId: string) => Promise<string | undefined>;
}

export interface Target {
  readonly nodeName: string;
  /** The node was deleted by an earlier try, or never came to be. */
  readonly nodeGone: boolean;
}

/** Will not be settled by waiting. */
export class UnresolvableError extends Error {}

/** May be settled by waiting: the search index lags behind. */
export class UnsettledError extends Error {}

/** Receives for which "found nothing" or "found several" may still be the index's lag; about half an hour of back-off. */
const patience = 8;

/** Undefined: there is no node of this instance, nor a client that could be found. */
export async function resolveNode(
  request: { readonly instanceId: string; readonly nodeName: string | undefined },
  receiveCount: number,
  deps: NamingDependencies,
): Promise<Target | undefined> {
  if (request.nodeName !== undefined) return byName(request.nodeName, request.instanceId, deps);
  if (deps.naming === "instance-id") return { nodeName: request.instanceId, nodeGone: false };
  const tagged = deps.naming === "tag" ? await deps.nodeNameTag(request.instanceId) : undefined;
  return tagged === undefined ? await bySearch(request.instanceId, receiveCount, deps) : await byName(tagged, request.instanceId, deps);
}

/** A name can be used again by a later instance; then neither node nor client is ours to delete. */
async function byName(nodeName: string, instanceId: string, deps: NamingDependencies): Promise<Target | undefined> {
  const node = await deps.chef.node(nodeName);
  if (node === undefined) return { nodeName, nodeGone: true };
  return belongsTo(node, instanceId) ? { nodeName, nodeGone: false } : undefined;
}

/** The instance id is checked by pattern before it comes here, so it needs no escaping. */
async function bySearch(instanceId: string, receiveCount: number, deps: NamingDependencies): Promise<Target | undefined> {
  const { total, nodes } = await deps.chef.searchNodes(`ec2_instance_id:${instanceId}`, 10);
  // Leaf names are indexed without their path, so other attributes can match: the exact one decides.
  const exact = nodes.filter((node) => node.instanceId === instanceId);
  const [only] = exact;
  if (only !== undefined && exact.length === 1 && total <= nodes.length) return { nodeName: only.name, nodeGone: false };
  const found = exact.length === 0 ? "no node" : `${Math.max(total, exact.length)} nodes`;
  if (receiveCount < patience) throw new UnsettledError(`the search for instance ${instanceId} finds ${found}; its index may lag behind`);
  if (exact.length === 0) return undefined;
  throw new UnresolvableError(
    `the search for instance ${instanceId} finds ${found} (${exact.map(({ name }) => name).join(", ")}): delete the wrong ones by hand, then redrive this message`,
  );
}

/** A node that never reported its cloud attributes is taken by its name. */
function belongsTo(node: NodeFacts, instanceId: string): boolean {
  return node.instanceId === undefined || node.instanceId === instanceId;
}
