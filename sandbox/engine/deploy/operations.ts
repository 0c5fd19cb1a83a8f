/** Carries out one step: the call to the provider, and the state before and after it. */
import grpc from "@grpc/grpc-js";
import type { DiffResult } from "../provider/provider.ts";
import { RpcError } from "../rpc.ts";
import type { PendingOperation, ResourceState } from "../state/resource-state.ts";
import { isProviderType } from "../urn.ts";
import type { PropertyMap } from "../values.ts";
import { makeSecret } from "../values.ts";
import type { Deployment } from "./deployment.ts";

/** After these nobody knows what has happened: the pending operation stays, and the next run asks the provider. */
const undecided: ReadonlySet<grpc.status> = new Set([grpc.status.UNAVAILABLE, grpc.status.DEADLINE_EXCEEDED, grpc.status.CANCELLED]);

const now = () => new Date().toISOString();

export function withSecretOutputs(outputs: PropertyMap, keys: readonly string[] = []): PropertyMap {
  return Object.fromEntries(Object.entries(outputs).map(([key, value]) => [key, keys.includes(key) ? makeSecret(value) : value]));
}

/** Runs `work` between writing the pending operation down and taking it off again. */
async function noted<Result>(
  deployment: Deployment,
  type: PendingOperation["type"],
  state: ResourceState,
  work: () => Promise<Result>,
): Promise<Result> {
  if (deployment.options.dryRun || !state.custom || isProviderType(state.type)) return work();
  const operation = await deployment.snapshot.begin(type, state);
  try {
    const result = await work();
    deployment.snapshot.end(operation);
    return result;
  } catch (error) {
    const unclear = error instanceof RpcError && undecided.has(error.code);
    if (!unclear && !deployment.options.killSignal?.aborted) deployment.snapshot.end(operation);
    throw error;
  }
}

function record(deployment: Deployment, old: ResourceState | undefined, state: ResourceState): ResourceState {
  deployment.snapshot.put(old, state);
  deployment.news.set(state.urn, state);
  return state;
}

/** What is kept of a resource that exists but did not become ready. */
function unready(error: unknown, state: ResourceState): ResourceState | undefined {
  if (!(error instanceof RpcError) || error.initFailure === undefined) return undefined;
  const { id, properties, inputs, reasons } = error.initFailure;
  return {
    ...state,
    id,
    outputs: withSecretOutputs(properties, state.additionalSecretOutputs),
    ...(inputs && { inputs }),
    initErrors: reasons,
  };
}

/** Puts a resource that exists but did not become ready into the state before it passes the error on. */
async function keepUnready<Result>(
  state: ResourceState,
  keep: (partial: ResourceState) => void,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const partial = unready(error, state);
    if (partial !== undefined) keep(partial);
    throw error;
  }
}

interface CreateOptions {
  /** What is replaced; stays behind, marked for deletion, unless it is deleted already. */
  readonly replaces?: ResourceState;
  readonly diff?: DiffResult;
}

export function create(deployment: Deployment, goal: ResourceState, { replaces, diff }: CreateOptions = {}): Promise<ResourceState> {
  const { snapshot, options, recorder } = deployment;
  const time = now();
  const state: ResourceState = { ...goal, created: time, modified: time };
  const put = (made: ResourceState) => {
    const before = replaces && snapshot.marked(replaces);
    if (replaces !== undefined && before !== undefined) {
      // Of a resource that was deleted ahead only a note was left, which the new one makes superfluous.
      if (before.pendingReplacement) snapshot.remove(replaces);
      else snapshot.mark(replaces, { ...before, delete: true });
    }
    return record(deployment, undefined, made);
  };
  const op = replaces === undefined ? "create" : "create-replacement";
  return recorder.step({ op, urn: state.urn, ...(replaces && { old: replaces }), new: state, ...(diff && { diff }) }, async () => {
    if (!state.custom) return put({ ...state, outputs: state.outputs ?? {} });
    const provider = await deployment.provider(state);
    const timeout = state.customTimeouts?.create;
    return noted(deployment, "creating", state, () =>
      keepUnready(state, put, async () => {
        const request = {
          urn: state.urn,
          inputs: state.inputs ?? {},
          preview: options.dryRun,
          ...(timeout && { timeoutSeconds: timeout }),
        };
        const { id, outputs } = await provider.create(request);
        return put({ ...state, ...(id !== "" && { id }), outputs: withSecretOutputs(outputs, state.additionalSecretOutputs) });
      }),
    );
  });
}

export function update(deployment: Deployment, old: ResourceState, goal: ResourceState, diff: DiffResult): Promise<ResourceState> {
  const { id = "", created } = old;
  const state: ResourceState = { ...goal, ...(id !== "" && { id }), ...(created && { created }), modified: now() };
  const put = (made: ResourceState) => record(deployment, old, made);
  return deployment.recorder.step({ op: "update", urn: state.urn, old, new: state, diff }, async () => {
    if (!state.custom) return put({ ...state, outputs: old.outputs ?? {} });
    const provider = await deployment.provider(state);
    const timeout = state.customTimeouts?.update;
    return noted(deployment, "updating", state, () =>
      keepUnready(state, put, async () => {
        const outputs = await provider.update({
          urn: state.urn,
          id,
          oldInputs: old.inputs ?? {},
          oldOutputs: old.outputs ?? {},
          newInputs: state.inputs ?? {},
          ignoreChanges: state.ignoreChanges ?? [],
          preview: deployment.options.dryRun,
          ...(timeout && { timeoutSeconds: timeout }),
        });
        return put({ ...state, outputs: withSecretOutputs(outputs, state.additionalSecretOutputs) });
      }),
    );
  });
}

export function same(deployment: Deployment, old: ResourceState, goal: ResourceState): Promise<ResourceState> {
  const { id, outputs = {}, created, modified, initErrors } = old;
  const state: ResourceState = {
    ...goal,
    ...(id && { id }),
    outputs: withSecretOutputs(outputs, goal.additionalSecretOutputs),
    ...(created && { created }),
    ...(modified && { modified }),
    ...(initErrors && { initErrors }),
  };
  return deployment.recorder.step({ op: "same", urn: state.urn, old, new: state }, async () => {
    // Configured with the old inputs: what the provider calls no difference must not become one.
    if (isProviderType(state.type)) await deployment.registry.same({ ...state, inputs: old.inputs ?? {} });
    return record(deployment, old, state);
  });
}

/** Only a line in the plan: the parts of a replacement are steps of their own. */
export function replace(
  deployment: Deployment,
  old: ResourceState,
  goal: ResourceState,
  diff: DiffResult | undefined,
): Promise<ResourceState> {
  return deployment.recorder.step({ op: "replace", urn: goal.urn, old, new: goal, ...(diff && { diff }) }, () => Promise.resolve(goal));
}

/** How a deletion is named. */
function deleteOp(state: ResourceState, replaced: boolean) {
  if (state.external) return replaced ? "discard-replaced" : "discard";
  return replaced ? "delete-replaced" : "delete";
}

interface RemoveOptions {
  readonly replaced: boolean;
  /** Whether a note stays in the state until the replacement is created. */
  readonly ahead?: boolean;
  /** The state as it refers to others now, when that has changed. */
  readonly current?: ResourceState;
}

/** Deletes one of those the run began with. */
export async function remove(
  deployment: Deployment,
  original: ResourceState,
  { replaced, ahead = false, current }: RemoveOptions,
): Promise<void> {
  const { snapshot, recorder, options } = deployment;
  const old = current ?? original;
  const { urn, id = "", inputs = {}, outputs = {}, customTimeouts, deletedWith } = old;
  await recorder.step({ op: deleteOp(old, replaced), urn, old }, async () => {
    const goesWithAnother = deletedWith !== undefined && deployment.deleted.has(deployment.aliases.current(deletedWith));
    const gone = () => {
      if (ahead) snapshot.mark(original, { ...old, pendingReplacement: true });
      else snapshot.remove(original);
    };
    if (options.dryRun || !old.custom || old.external || old.retainOnDelete || goesWithAnother) {
      gone();
      return undefined;
    }
    const provider = await deployment.provider(old);
    const timeout = customTimeouts?.delete;
    return noted(deployment, "deleting", old, async () => {
      await provider.delete({ urn, id, inputs, outputs, ...(timeout && { timeoutSeconds: timeout }) });
      gone();
      return undefined;
    });
  });
}

export const protectedMessage = (urn: string, verb: string) =>
  `${urn} is protected and cannot be ${verb}. Set \`protect: false\` on it in the program, run \`up\` once, and try again.`;
