/**
 * What an earlier run began and did not note as done: it was killed, or its plugin died. The provider is asked what has
 * become of it, so that nothing is created twice and nothing is lost.
 */
import { EngineError } from "../api.ts";
import type { Provider } from "../provider/provider.ts";
import { redacted } from "../values.ts";
import type { PendingOperation, ResourceState } from "./resource-state.ts";
import { dependenciesOf } from "./resource-state.ts";

export interface Recovered {
  readonly resources: readonly ResourceState[];
  /** What was found, in sentences. */
  readonly notes: readonly string[];
}

type FindProvider = (state: ResourceState) => Promise<Provider>;

function orphan({ resource }: PendingOperation, stateFile: string, why: string): EngineError {
  const { urn, type, inputs } = resource;
  return new EngineError(
    `An earlier run was ended while it created ${urn}, and its provider cannot tell whether it exists: ${why}\n` +
      `Look for a ${type} with these inputs: ${JSON.stringify(redacted(inputs ?? {}))}. Delete it if it exists, then take the entry out of "pending_operations" in ${stateFile} and try again.`,
  );
}

/** The created resource takes its place in the state, and what it replaces waits for its deletion. */
function adopt(resources: readonly ResourceState[], created: ResourceState): ResourceState[] {
  const others = resources.flatMap((state) => {
    if (state.urn !== created.urn || state.delete) return [state];
    return state.pendingReplacement ? [] : [{ ...state, delete: true }];
  });
  return [...others, created];
}

async function recoverCreate(
  operation: PendingOperation,
  resources: readonly ResourceState[],
  provider: Provider,
  stateFile: string,
): Promise<Recovered> {
  const { resource } = operation;
  const { urn, inputs = {} } = resource;
  // An empty id: the provider looks by what it finds in the inputs, names above all.
  const found = await provider.read({ urn, id: "", inputs, state: {} }).catch((error: unknown) => {
    throw orphan(operation, stateFile, (error as Error).message);
  });
  if (found.id === "") return { resources, notes: [`an earlier run was ended before it created ${urn}`] };
  return {
    // With the inputs as they are there: what the killed create had not come to yet is then a change of this run.
    resources: adopt(resources, { ...resource, id: found.id, outputs: found.outputs, ...(found.inputs && { inputs: found.inputs }) }),
    notes: [`an earlier run was ended after it created ${urn}; it was found as ${found.id} and taken over`],
  };
}

async function recoverDelete({ resource }: PendingOperation, resources: readonly ResourceState[], provider: Provider): Promise<Recovered> {
  const { urn, id = "", inputs = {}, outputs = {} } = resource;
  const found = await provider.read({ urn, id, inputs, state: outputs });
  if (found.id !== "") return { resources, notes: [`an earlier run was ended before it deleted ${urn}`] };
  return {
    resources: resources.filter((state) => state.urn !== urn || state.id !== id),
    notes: [`an earlier run was ended after it deleted ${urn}`],
  };
}

/** Dependencies before dependents, otherwise in the given order. */
function inOrder(resources: readonly ResourceState[]): ResourceState[] {
  const byUrn = new Map<string, ResourceState>();
  for (const state of resources) if (!state.delete) byUrn.set(state.urn, state);
  const placed = new Set<ResourceState>();
  const place = (state: ResourceState | undefined) => {
    if (state === undefined || placed.has(state)) return;
    // Before its dependencies, so that a circle ends; then once more behind them.
    placed.add(state);
    for (const urn of dependenciesOf(state)) place(byUrn.get(urn));
    placed.delete(state);
    placed.add(state);
  };
  resources.forEach(place);
  return [...placed];
}

/** Throws an EngineError that names a resource of which nobody knows whether it exists. */
export async function recover(
  resources: readonly ResourceState[],
  pending: readonly PendingOperation[],
  findProvider: FindProvider,
  stateFile: string,
): Promise<Recovered> {
  let current = resources;
  const notes: string[] = [];
  for (const operation of pending) {
    // An update is simply done again: the state holds what it started from.
    if (operation.type !== "creating" && operation.type !== "deleting") continue;
    const provider = await findProvider(operation.resource);
    const result =
      operation.type === "creating"
        ? await recoverCreate(operation, current, provider, stateFile)
        : await recoverDelete(operation, current, provider);
    current = result.resources;
    notes.push(...result.notes);
  }
  return { resources: inOrder(current), notes };
}
