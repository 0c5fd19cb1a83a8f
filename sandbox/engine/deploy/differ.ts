/** Says how a resource differs from its state, and whether that asks for a replacement. */
import { contains, ignoreChanges as ignore, parsePath } from "../paths.ts";
import type { DiffResult } from "../provider/provider.ts";
import type { ResourceState } from "../state/resource-state.ts";
import { isProviderType, parseReference } from "../urn.ts";
import type { PropertyMap, Value } from "../values.ts";
import { containsUnknown, equal, mapWithoutSecrets, withoutSecrets } from "../values.ts";
import type { Deployment } from "./deployment.ts";

export const noDifference: DiffResult = { changes: "none", replaceKeys: [], changedKeys: [], deleteBeforeReplace: false };
const replaceFor = (key: string): DiffResult => ({ ...noDifference, changes: "some", replaceKeys: [key] });

/** Stands for "did not become ready" in `replaceOnChanges`. */
const initErrorKey = "#initerror";

/** Compares inputs where the provider leaves it to the engine. */
function compareInputs(before: PropertyMap, after: PropertyMap): DiffResult {
  const [one, other] = [mapWithoutSecrets(before), mapWithoutSecrets(after)];
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((key) => !equal(one[key], other[key]));
  if (keys.length === 0) return noDifference;
  const kind = (key: string) => (!(key in one) ? "add" : key in other ? "update" : "delete");
  return {
    ...noDifference,
    changes: "some",
    changedKeys: keys,
    detailedDiff: Object.fromEntries(keys.map((key) => [key, { kind: kind(key), inputDiff: true }])),
  };
}

function withReplaceOnChanges(diff: DiffResult, paths: readonly string[], unready: boolean): DiffResult {
  if (paths.length === 0 || (diff.changes !== "some" && !unready)) return diff;
  const prefixes = paths.map(parsePath);
  const asked = (path: string) => prefixes.some((prefix) => contains(prefix, parsePath(path)));
  const replaceKeys = new Set(diff.replaceKeys);
  for (const key of diff.changedKeys) if (asked(key)) replaceKeys.add(key);
  const detailed = Object.entries(diff.detailedDiff ?? {}).map(([path, one]) => {
    if (!asked(path) || one.kind.endsWith("-replace")) return [path, one] as const;
    replaceKeys.add(path);
    return [path, { ...one, kind: `${one.kind}-replace` }] as const;
  });
  const forUnready = unready && asked(initErrorKey);
  if (forUnready) replaceKeys.add(initErrorKey);
  return {
    ...diff,
    changes: forUnready ? "some" : diff.changes,
    replaceKeys: [...replaceKeys],
    ...(diff.detailedDiff && { detailedDiff: Object.fromEntries(detailed) }),
  };
}

/** Whether a changed `replacementTrigger` asks for a replacement; none on either side asks for nothing. */
export function isTriggered(before: Value | undefined, after: Value | undefined): boolean {
  const [one = null, other = null] = [before, after].map((value) => withoutSecrets(value ?? null));
  if (containsUnknown(one) || containsUnknown(other)) return true;
  return one !== null && other !== null && !equal(one, other);
}

/** A provider that is another one, and not just differently named or configured, replaces its resources. */
async function providerReplaces(deployment: Deployment, old: ResourceState, state: ResourceState): Promise<boolean> {
  const [before = "", after = ""] = [old.provider, state.provider];
  if (before === after) return false;
  if (before === "" || after === "") return true;
  const [oldReference, newReference] = [parseReference(before), parseReference(after)];
  if (deployment.aliases.current(oldReference.urn) === newReference.urn) return deployment.replaced.has(newReference.urn);
  const oldState = deployment.olds.get(oldReference.urn);
  const newState = deployment.news.get(newReference.urn);
  const provider = deployment.registry.get(after);
  if (oldState === undefined || newState === undefined || provider === undefined) return true;
  const { changes, replaceKeys } = await provider.diffConfig({
    urn: newReference.urn,
    id: oldReference.id,
    oldInputs: oldState.inputs ?? {},
    oldOutputs: oldState.outputs ?? {},
    newInputs: newState.inputs ?? {},
    ignoreChanges: [],
  });
  return changes !== "none" && replaceKeys.length > 0;
}

export async function providerDiff(
  deployment: Deployment,
  old: ResourceState,
  inputs: PropertyMap,
  options: Pick<ResourceState, "ignoreChanges" | "replaceOnChanges">,
): Promise<DiffResult> {
  const provider = await deployment.provider(old);
  const ignoreChanges = options.ignoreChanges ?? [];
  const request = {
    urn: deployment.aliases.current(old.urn),
    id: old.id ?? "",
    oldInputs: old.inputs ?? {},
    oldOutputs: old.outputs ?? {},
  };
  const diff = await provider.diff({ ...request, newInputs: inputs, ignoreChanges });
  const compared =
    diff.changes === "unknown" ? compareInputs(request.oldInputs, ignore(inputs, request.oldInputs, ignoreChanges).inputs) : diff;
  const unready = (old.initErrors ?? []).length > 0;
  return withReplaceOnChanges(compared, options.replaceOnChanges ?? [], unready);
}

/** How `state`, with inputs checked, differs from `old`. */
export async function difference(deployment: Deployment, old: ResourceState, state: ResourceState): Promise<DiffResult> {
  if (isTriggered(old.replacementTrigger, state.replacementTrigger)) return replaceFor("replacementTrigger");
  if (state.replaceWith?.some((urn) => deployment.replaced.has(urn))) return replaceFor("replaceWith");
  if (state.deletedWith && deployment.replaced.has(state.deletedWith)) return replaceFor("deletedWith");
  if (!state.custom) {
    return equal(old.inputs ?? {}, state.inputs ?? {}) ? noDifference : compareInputs(old.inputs ?? {}, state.inputs ?? {});
  }
  if (!isProviderType(state.type) && (await providerReplaces(deployment, old, state))) return replaceFor("provider");
  const through = { ...old, ...(state.provider && { provider: state.provider }) };
  return providerDiff(deployment, through, state.inputs ?? {}, state);
}
