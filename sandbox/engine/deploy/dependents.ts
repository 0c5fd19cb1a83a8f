/** What must be deleted first, so that a resource can be deleted before it is replaced. */
import type { ResourceState } from "../state/resource-state.ts";
import { dependenciesOf } from "../state/resource-state.ts";
import { formatReference, isProviderType, parseReference } from "../urn.ts";
import type { Value } from "../values.ts";
import { unknown } from "../values.ts";
import type { Deployment } from "./deployment.ts";
import { providerDiff } from "./differ.ts";

export interface Dependent {
  readonly state: ResourceState;
  /** What of it asks for its replacement. */
  readonly keys: readonly string[];
}

/** Whether the resource cannot stay while those in `gone` are away. */
async function mustGo(deployment: Deployment, state: ResourceState, gone: ReadonlySet<string>): Promise<Dependent | undefined> {
  if (!state.custom || state.external) return undefined;
  if (state.provider && gone.has(parseReference(state.provider).urn)) return { state, keys: ["provider"] };
  if (state.deletedWith && gone.has(state.deletedWith)) return { state, keys: ["deletedWith"] };
  if (state.replaceWith?.some((urn) => gone.has(urn))) return { state, keys: ["replaceWith"] };
  const affected = (key: string) => (state.propertyDependencies?.[key] ?? []).some((urn) => gone.has(urn));
  const inputs = Object.entries(state.inputs ?? {});
  if (!inputs.some(([key]) => affected(key))) return undefined;
  // With what comes from the others unknown: would that alone replace the resource?
  const changed = Object.fromEntries(inputs.map(([key, value]): [string, Value] => [key, affected(key) ? unknown : value]));
  if (isProviderType(state.type)) await deployment.registry.ensure(formatReference({ urn: state.urn, id: state.id ?? "" }), () => state);
  const { replaceKeys } = await providerDiff(deployment, state, changed, state);
  return replaceKeys.length > 0 ? { state, keys: replaceKeys } : undefined;
}

/** In the order of the state: dependencies before dependents. */
export async function dependentsToReplace(deployment: Deployment, root: ResourceState): Promise<Dependent[]> {
  const reached = new Set([root.urn]);
  const gone = new Set([root.urn]);
  const found: Dependent[] = [];
  for (const state of deployment.base) {
    if (state.delete || state === root) continue;
    if (![...dependenciesOf(state), ...(state.replaceWith ?? [])].some((urn) => reached.has(urn))) continue;
    reached.add(state.urn);
    const current = deployment.aliases.current(state.urn);
    // What the program has registered already cannot depend on something that is only now being replaced.
    if (deployment.claimed.has(current) || deployment.deleted.has(current)) continue;
    const dependent = await mustGo(deployment, state, gone);
    if (dependent === undefined) continue;
    gone.add(state.urn);
    found.push(dependent);
  }
  return found;
}
