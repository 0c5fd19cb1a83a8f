/** Resources that the program reads and does not manage (`Queue.get`). */
import { EngineError } from "../api.ts";
import type { ResourceState } from "../state/resource-state.ts";
import { makeUrn } from "../urn.ts";
import type { PropertyMap } from "../values.ts";
import { isUnknown } from "../values.ts";
import type { Deployment } from "./deployment.ts";
import { replace, withSecretOutputs } from "./operations.ts";

export interface ReadGoal {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly parent: string;
  readonly provider: string;
  readonly inputs: PropertyMap;
  readonly dependencies: readonly string[];
  readonly additionalSecretOutputs: readonly string[];
}

async function readOutputs(deployment: Deployment, state: ResourceState, id: string): Promise<ResourceState> {
  if (isUnknown(id)) return { ...state, outputs: {} };
  const provider = await deployment.provider(state);
  const { inputs = {} } = state;
  const found = await provider.read({ urn: state.urn, id, inputs, state: inputs });
  if (found.id === "") throw new EngineError(`${state.type} "${id}" does not exist`);
  return { ...state, id: found.id, outputs: withSecretOutputs(found.outputs, state.additionalSecretOutputs) };
}

/** Throws Stopped when the deployment does not go on; why has been reported then. */
export async function read(deployment: Deployment, goal: ReadGoal): Promise<ResourceState> {
  deployment.check();
  const parent = goal.parent === "" ? deployment.rootUrn : goal.parent;
  const urn = makeUrn(deployment.scope, parent === "" ? undefined : parent, goal.type, goal.name);
  try {
    if (goal.id === "") throw new EngineError(`${goal.type} "${goal.name}" is read without an id`);
    if (deployment.claimed.has(urn)) throw new EngineError(`The program registers ${urn} twice. Give one of the two another name.`);
    deployment.claimed.add(urn);
    const old = deployment.olds.get(urn);
    const state: ResourceState = {
      urn,
      custom: true,
      id: goal.id,
      type: goal.type,
      inputs: goal.inputs,
      outputs: {},
      ...(parent !== "" && { parent }),
      external: true,
      ...(goal.dependencies.length > 0 && { dependencies: [...goal.dependencies].sort() }),
      provider: goal.provider,
      ...(goal.additionalSecretOutputs.length > 0 && { additionalSecretOutputs: goal.additionalSecretOutputs }),
    };
    const relinquished = old !== undefined && !old.external && old.id !== goal.id;
    const op = relinquished ? "read-replacement" : "read";
    const result = await deployment.limit.run(() =>
      deployment.recorder.step({ op, urn, ...(old && { old }), new: state }, async () => {
        const found = await readOutputs(deployment, state, goal.id);
        // What was managed under this name and is another resource goes at the end of the run.
        if (relinquished) deployment.snapshot.mark(old, { ...old, delete: true });
        deployment.snapshot.put(relinquished ? undefined : old, found);
        deployment.news.set(urn, found);
        return found;
      }),
    );
    if (relinquished) {
      deployment.replaced.add(urn);
      await replace(deployment, old, result, undefined);
    }
    return result;
  } catch (error) {
    throw deployment.fail(error, urn);
  }
}
