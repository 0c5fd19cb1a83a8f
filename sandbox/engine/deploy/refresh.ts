/** Takes what the providers say about the resources into the state. */
import type { ResourceState } from "../state/resource-state.ts";
import { isProviderType } from "../urn.ts";
import { equal, without } from "../values.ts";
import type { Deployment } from "./deployment.ts";
import { withSecretOutputs } from "./operations.ts";

/** Undefined when it is gone. */
async function reread(deployment: Deployment, old: ResourceState): Promise<ResourceState | undefined> {
  if (!old.custom || isProviderType(old.type) || old.pendingReplacement) return old;
  const { urn, id = "", inputs = {}, outputs = {}, customTimeouts } = old;
  const provider = await deployment.provider(old);
  const found = await provider.read({
    urn,
    id,
    inputs,
    state: outputs,
    ...(customTimeouts?.read && { timeoutSeconds: customTimeouts.read }),
  });
  if (found.id === "") return undefined;
  const rest = without(old, "initErrors");
  const state = {
    ...rest,
    id: found.id,
    inputs: found.inputs ?? inputs,
    outputs: withSecretOutputs(found.outputs, old.additionalSecretOutputs),
  };
  if (equal(state.inputs, inputs) && equal(state.outputs, outputs) && state.id === id) return old.initErrors ? { ...state } : old;
  return { ...state, modified: new Date().toISOString() };
}

/** References to what is gone would make the state inconsistent. */
function withoutDependencies(state: ResourceState, gone: ReadonlySet<string>): ResourceState {
  const kept = (urns: readonly string[]) => urns.filter((urn) => !gone.has(urn));
  const { dependencies, propertyDependencies, deletedWith, ...rest } = state;
  return {
    ...rest,
    ...(dependencies && { dependencies: kept(dependencies) }),
    ...(propertyDependencies && {
      propertyDependencies: Object.fromEntries(Object.entries(propertyDependencies).map(([key, urns]) => [key, kept(urns)])),
    }),
    ...(deletedWith !== undefined && !gone.has(deletedWith) && { deletedWith }),
  };
}

export async function refreshAll(deployment: Deployment): Promise<void> {
  const { snapshot, recorder, limit, base } = deployment;
  const results = new Map<ResourceState, ResourceState | undefined>();
  await Promise.all(
    base.map((old) =>
      limit.run(async () => {
        if (deployment.stopped) return;
        try {
          results.set(old, await recorder.refreshStep(old, () => reread(deployment, old)));
        } catch (error) {
          deployment.fail(error, old.urn);
        }
      }),
    ),
  );
  const gone = new Set(base.filter((old) => results.has(old) && results.get(old) === undefined).map((old) => old.urn));
  for (const old of base) {
    const state = results.has(old) ? results.get(old) : old;
    if (state === undefined) snapshot.remove(old);
    else snapshot.mark(old, gone.size > 0 ? withoutDependencies(state, gone) : state);
  }
  deployment.check();
}
