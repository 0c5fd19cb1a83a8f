/** Deletes what is no longer wanted: each after everything that depends on it. */
import { EngineError } from "../api.ts";
import type { ResourceState } from "../state/resource-state.ts";
import { dependenciesOf } from "../state/resource-state.ts";
import type { Deployment } from "./deployment.ts";
import { protectedMessage, remove } from "./operations.ts";

interface Condemned {
  /** As the run found it. */
  readonly original: ResourceState;
  /** As it is named now. */
  readonly state: ResourceState;
  /** Replaced, or waiting for its deletion since an earlier run. */
  readonly replaced: boolean;
}

/** What the run began with and has not dealt with, as it is named now. */
function condemned(deployment: Deployment): Map<ResourceState, Condemned> {
  const result = new Map<ResourceState, Condemned>();
  for (const original of deployment.base) {
    const state = deployment.snapshot.marked(original);
    if (state !== undefined) result.set(original, { original, state, replaced: state.delete === true });
  }
  return result;
}

/** Dependents of each condemned resource among the condemned; of two with one URN, the later state is meant. */
function dependents(all: ReadonlyMap<ResourceState, Condemned>): Map<ResourceState, ResourceState[]> {
  const byUrn = new Map<string, ResourceState[]>();
  for (const [original, { state }] of all) byUrn.set(state.urn, [...(byUrn.get(state.urn) ?? []), original]);
  const result = new Map<ResourceState, ResourceState[]>([...all.keys()].map((original) => [original, []]));
  for (const [original, { state }] of all) {
    for (const urn of dependenciesOf(state))
      for (const target of byUrn.get(urn) ?? []) if (target !== original) result.get(target)?.push(original);
  }
  return result;
}

/** All of them, before the first is deleted. */
function refuseProtected(deployment: Deployment, all: ReadonlyMap<ResourceState, Condemned>): void {
  for (const { state, replaced } of all.values()) {
    if (state.protect && !replaced) deployment.fail(new EngineError(protectedMessage(state.urn, "deleted")), state.urn);
  }
  deployment.check();
}

/** Reports every failure; throws Stopped when there was one. */
export async function deleteRest(deployment: Deployment): Promise<void> {
  const all = condemned(deployment);
  refuseProtected(deployment, all);
  const waitFor = dependents(all);
  for (const { state } of all.values()) deployment.deleted.add(deployment.aliases.current(state.urn));
  const running = new Map<ResourceState, Promise<boolean>>();
  const order = [...all.keys()].reverse();
  const start = (original: ResourceState): Promise<boolean> => {
    const known = running.get(original);
    if (known !== undefined) return known;
    const promise = removeAfter(deployment, all.get(original), () => (waitFor.get(original) ?? []).map(start));
    running.set(original, promise);
    return promise;
  };
  const outcomes = await Promise.all(order.map(start));
  if (outcomes.includes(false)) deployment.check();
}

/** Answers whether it is gone. */
async function removeAfter(deployment: Deployment, one: Condemned | undefined, dependents: () => Promise<boolean>[]): Promise<boolean> {
  // A turn later: the caller has noted this promise by then.
  await Promise.resolve();
  if (one === undefined) return true;
  const gone = await Promise.all(dependents());
  if (gone.includes(false) || deployment.stopped) return false;
  return deployment.limit.run(async () => {
    if (deployment.stopped) return false;
    const { original, state, replaced } = one;
    try {
      if (state.pendingReplacement) deployment.snapshot.remove(original);
      else await remove(deployment, original, { replaced, current: state });
      return true;
    } catch (error) {
      deployment.fail(error, state.urn);
      return false;
    }
  });
}
