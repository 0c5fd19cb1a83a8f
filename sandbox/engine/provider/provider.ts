import type { PropertyDiff } from "../api.ts";
import type { PropertyMap } from "../values.ts";

/** What a resource operation is about. */
export interface ResourceRequest {
  readonly urn: string;
}

export interface CheckRequest extends ResourceRequest {
  /** Inputs of the last run; absent when the resource is to be created. */
  readonly olds?: PropertyMap;
  readonly news: PropertyMap;
  /** What random names are drawn from. */
  readonly seed: Uint8Array;
}

export interface CheckFailure {
  /** Empty when it concerns the resource as a whole. */
  readonly property: string;
  readonly reason: string;
}

export interface CheckResult {
  readonly inputs: PropertyMap;
  readonly failures: readonly CheckFailure[];
}

export interface DiffRequest extends ResourceRequest {
  readonly id: string;
  readonly oldInputs: PropertyMap;
  readonly oldOutputs: PropertyMap;
  readonly newInputs: PropertyMap;
  readonly ignoreChanges: readonly string[];
}

export interface DiffResult {
  /** `unknown`: the provider leaves the comparison to the engine. */
  readonly changes: "none" | "some" | "unknown";
  readonly replaceKeys: readonly string[];
  readonly changedKeys: readonly string[];
  readonly deleteBeforeReplace: boolean;
  readonly detailedDiff?: Readonly<Record<string, PropertyDiff>>;
}

/** How an operation is carried out. */
export interface OperationOptions {
  readonly preview: boolean;
  readonly timeoutSeconds?: number;
}

export interface CreateRequest extends ResourceRequest, OperationOptions {
  readonly inputs: PropertyMap;
}

export interface UpdateRequest extends ResourceRequest, OperationOptions {
  readonly id: string;
  readonly oldInputs: PropertyMap;
  readonly oldOutputs: PropertyMap;
  readonly newInputs: PropertyMap;
  readonly ignoreChanges: readonly string[];
}

export interface DeleteRequest extends ResourceRequest {
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
  readonly timeoutSeconds?: number;
}

export interface ReadRequest extends ResourceRequest {
  readonly id: string;
  readonly inputs?: PropertyMap;
  readonly state: PropertyMap;
  readonly timeoutSeconds?: number;
}

export interface CreateResult {
  /** Empty in a preview. */
  readonly id: string;
  readonly outputs: PropertyMap;
}

export interface ReadResult {
  /** Empty when there is no such resource. */
  readonly id: string;
  readonly outputs: PropertyMap;
  readonly inputs?: PropertyMap;
}

export interface InvokeResult {
  readonly value: PropertyMap;
  readonly failures: readonly CheckFailure[];
}

/** The operations on resources of one package. All throw an RpcError, with `initFailure` when the resource exists all the same. */
export interface Provider {
  check(request: CheckRequest): Promise<CheckResult>;
  diff(request: DiffRequest): Promise<DiffResult>;
  create(request: CreateRequest): Promise<CreateResult>;
  update(request: UpdateRequest): Promise<PropertyMap>;
  delete(request: DeleteRequest): Promise<void>;
  read(request: ReadRequest): Promise<ReadResult>;
}
