import type { PropertyMap, Value } from "../values.ts";

/**
 * One resource as Pulumi's checkpoint keeps it; the field names are the checkpoint's. Fields that the engine does not
 * know stay as they are. A state is never changed in place: its serialized form is kept.
 * https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/core.go (ResourceV3)
 */
export interface ResourceState {
  readonly urn: string;
  readonly custom: boolean;
  /** Replaced; waits for its deletion. */
  readonly delete?: boolean;
  /** Absent for components, and in a preview for what is not created yet. */
  readonly id?: string;
  readonly type: string;
  readonly inputs?: PropertyMap;
  readonly outputs?: PropertyMap;
  readonly parent?: string;
  readonly protect?: boolean;
  /** Read, not managed. */
  readonly external?: boolean;
  readonly dependencies?: readonly string[];
  /** Why a resource that exists did not become ready. */
  readonly initErrors?: readonly string[];
  readonly provider?: string;
  readonly propertyDependencies?: Readonly<Record<string, readonly string[]>>;
  /** Deleted so that its replacement can be created, which has not happened yet. */
  readonly pendingReplacement?: boolean;
  readonly additionalSecretOutputs?: readonly string[];
  readonly aliases?: readonly string[];
  readonly customTimeouts?: CustomTimeouts;
  readonly retainOnDelete?: boolean;
  readonly deletedWith?: string;
  readonly replaceWith?: readonly string[];
  readonly replacementTrigger?: Value;
  /** ISO 8601, as `modified`. */
  readonly created?: string;
  readonly modified?: string;
  readonly ignoreChanges?: readonly string[];
  readonly replaceOnChanges?: readonly string[];
  readonly hideDiff?: readonly unknown[];
}

/** Seconds. */
export interface CustomTimeouts {
  readonly create?: number;
  readonly update?: number;
  readonly delete?: number;
  readonly read?: number;
}

/** What was begun and may or may not have happened when the state was written. */
export interface PendingOperation {
  readonly type: "creating" | "updating" | "deleting" | "reading" | "importing";
  readonly resource: ResourceState;
}

/** All that a resource depends on; its provider is named by URN. */
export function dependenciesOf(state: ResourceState): Set<string> {
  const urns = new Set(state.dependencies);
  for (const list of Object.values(state.propertyDependencies ?? {})) for (const urn of list) urns.add(urn);
  if (state.parent !== undefined && state.parent !== "") urns.add(state.parent);
  if (state.deletedWith !== undefined && state.deletedWith !== "") urns.add(state.deletedWith);
  if (state.provider !== undefined && state.provider !== "") urns.add(state.provider.slice(0, state.provider.lastIndexOf("::")));
  return urns;
}

/** The state itself when it does not refer to `from`. */
export function renameReferences(state: ResourceState, from: string, to: string): ResourceState {
  if (!dependenciesOf(state).has(from)) return state;
  const one = (urn: string) => (urn === from ? to : urn);
  const { dependencies, propertyDependencies, parent, deletedWith, provider } = state;
  return {
    ...state,
    ...(dependencies && { dependencies: dependencies.map(one) }),
    ...(propertyDependencies && {
      propertyDependencies: Object.fromEntries(Object.entries(propertyDependencies).map(([key, urns]) => [key, urns.map(one)])),
    }),
    ...(parent !== undefined && { parent: one(parent) }),
    ...(deletedWith !== undefined && { deletedWith: one(deletedWith) }),
    ...(provider?.startsWith(`${from}::`) && { provider: to + provider.slice(from.length) }),
  };
}
