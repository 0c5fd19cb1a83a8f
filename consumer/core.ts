import { ChefError } from "./chef/errors.ts";
import { retryDelaySeconds } from "./backoff.ts";
import { readMessage, withNodeName, type Ownership, type Request } from "./message.ts";
import type { Outcome, Retry } from "./outcome.ts";
import { resolveNode, UnresolvableError, UnsettledError, type NamingDependencies } from "./resolve.ts";

export interface Message {
  readonly body: string;
  /** How often it was received, this time included. */
  readonly receiveCount: number;
}

/** Auto Scaling's lifecycle actions, as far as a terminating hook needs them. */
export interface LifecyclePort {
  /** Starts the hook's time-out anew. False when the action is over. */
  heartbeat(action: LifecycleAction): Promise<boolean>;
  /** Completes with CONTINUE; an action that is over counts as completed. */
  complete(action: LifecycleAction): Promise<void>;
}

export interface LifecycleAction {
  readonly groupName: string;
  readonly hookName: string;
  readonly token: string;
  readonly instanceId: string;
}

/** Stops what runs on an instance that is about to go. */
export interface DrainPort {
  /** One look: true when drained; false when it is still going on. Starts the drain when nothing runs. */
  drain(instanceId: string): Promise<boolean>;
}

export interface CoreDependencies extends NamingDependencies {
  readonly ours: Ownership;
  readonly lifecycle: LifecyclePort;
  /** Absent: a terminating hook is completed at once. */
  readonly drain?: DrainPort;
  /** Reads and resolves, deletes and completes nothing. */
  readonly dryRun: boolean;
  /** 0 to 1; default Math.random. */
  readonly random?: () => number;
}

/** Names of people and machines that keep an organization running; no notice may remove them. */
const protectedName = /^(pivotal|admin)$|-validator$/;

/**
 * One message in, one outcome out. Doing a message twice does no harm: what is gone already counts as gone, each object
 * on its own. Throws nothing.
 */
export async function handleMessage(message: Message, deps: CoreDependencies): Promise<Outcome> {
  const request = readMessage(message.body, deps.ours);
  if (request.kind === "ignored") return request;
  if (request.kind === "malformed") return { kind: "give-up", instanceId: undefined, reason: request.reason };
  try {
    return request.kind === "departed" ? await remove(request, deps, message) : await release(request, deps, message);
  } catch (error) {
    return failed(error, request.instanceId, message, deps);
  }
}

/** Node first, then client; a name that had to be looked up is kept in the message before either goes. */
async function remove(request: Extract<Request, { kind: "departed" }>, deps: CoreDependencies, message: Message): Promise<Outcome> {
  const { instanceId } = request;
  const target = await resolveNode(request, message.receiveCount, deps);
  if (target === undefined) return { kind: "gone", instanceId, nodeName: undefined };
  const { nodeName } = target;
  if (protectedName.test(nodeName) || nodeName === deps.user)
    return refuse(instanceId, `${nodeName} is no node's client and is never deleted`);
  // A client named like an instance id cannot be a validator that somebody made by hand, so the question is saved.
  if (nodeName !== instanceId) {
    const client = await deps.chef.client(nodeName);
    if (client?.validator === true || client?.admin === true)
      return refuse(instanceId, `client ${nodeName} is a validator or an administrator and is never deleted`);
  }
  if (deps.dryRun) return { kind: "removed", instanceId, nodeName, node: false, client: false };
  if (nodeName !== instanceId && request.nodeName === undefined) {
    return { kind: "resolved", instanceId, nodeName, replacement: withNodeName(request, deps.ours, nodeName) };
  }
  const node = target.nodeGone ? false : await deps.chef.deleteNode(nodeName);
  const client = await deps.chef.deleteClient(nodeName);
  return node || client ? { kind: "removed", instanceId, nodeName, node, client } : { kind: "gone", instanceId, nodeName };
}

/** The instance still runs, so its node stays; the terminate notice that follows removes it. */
async function release(request: Extract<Request, { kind: "terminating" }>, deps: CoreDependencies, message: Message): Promise<Outcome> {
  const { instanceId } = request;
  if (deps.dryRun) return { kind: "released", instanceId };
  if (deps.drain !== undefined) {
    if (!(await deps.lifecycle.heartbeat(request))) return { kind: "released", instanceId };
    if (!(await deps.drain.drain(instanceId))) {
      return {
        kind: "retry",
        instanceId,
        reason: "still draining",
        cause: "passing",
        delaySeconds: Math.min(30, retryDelaySeconds("passing", message.receiveCount, 0)),
      };
    }
  }
  await deps.lifecycle.complete(request);
  return { kind: "released", instanceId };
}

const refuse = (instanceId: string, reason: string): Outcome => ({ kind: "give-up", instanceId, reason });

const passing = new Set<ChefError["kind"]>(["overload", "network"]);

function failed(error: unknown, instanceId: string, message: Message, deps: CoreDependencies): Outcome {
  if (error instanceof UnresolvableError) return refuse(instanceId, error.message);
  const cause = error instanceof UnsettledError || (error instanceof ChefError ? passing.has(error.kind) : true) ? "passing" : "operator";
  const asked = error instanceof ChefError ? error.retryAfterSeconds : undefined;
  const retry: Retry = {
    kind: "retry",
    instanceId,
    reason: error instanceof Error ? error.message : "unknown failure",
    cause,
    delaySeconds: retryDelaySeconds(cause, message.receiveCount, (deps.random ?? Math.random)(), asked),
  };
  return retry;
}
