import type { Properties } from "./values.ts";

export interface CheckFailure {
  /** Path of the property at fault. */
  readonly property: string;
  readonly reason: string;
}

export interface Checked {
  readonly inputs: Properties;
  readonly failures: readonly CheckFailure[];
}

export type ChangeKind = "add" | "delete" | "update";

export interface Change {
  /** Path of the property, `launchTemplate.version` or `steps[1].lower`. */
  readonly path: string;
  readonly kind: ChangeKind;
  /** The change cannot be made in place. */
  readonly replace: boolean;
}

export interface Difference {
  readonly changes: readonly Change[];
  /** The old one must go before the new one can be made: both would have the same name. */
  readonly deleteBeforeReplace: boolean;
}

/** What every call about one resource carries. */
export interface Call {
  readonly urn: string;
  /** Last part of the URN. */
  readonly name: string;
  /** Ends when the engine cancels: whatever takes long stops then. */
  readonly signal: AbortSignal;
  /** Ends when nobody hears the answer any more, or a while after a Cancel: single requests go on until then, so that their outcome is known. */
  readonly lost: AbortSignal;
  /** From `customTimeouts`, in seconds; undefined = the type's own limit. */
  readonly timeoutSeconds: number | undefined;
  /** A message for the user, shown at the resource; `status` ones are passing. */
  log(severity: "debug" | "info" | "warning" | "error", message: string, status?: boolean): void;
}

export interface CheckCall extends Call {
  readonly olds: Properties | undefined;
  readonly news: Properties;
  readonly randomSeed: Uint8Array;
}

export interface DiffCall extends Call {
  readonly id: string;
  readonly oldInputs: Properties;
  readonly oldOutputs: Properties;
  readonly news: Properties;
}

export interface CreateCall extends Call {
  readonly inputs: Properties;
  readonly preview: boolean;
}

export interface ReadCall extends Call {
  readonly id: string;
  /** Empty for an import. */
  readonly state: Properties;
  readonly inputs: Properties;
}

export interface UpdateCall extends DiffCall {
  readonly preview: boolean;
}

export interface DeleteCall extends Call {
  readonly id: string;
  readonly state: Properties;
}

export interface Created {
  readonly id: string;
  readonly outputs: Properties;
}

export interface ReadResult extends Created {
  readonly inputs: Properties;
}

/** One resource type. Values are plain: no secrets; unknowns only where a preview or a diff may meet them. */
export interface Resource {
  check(call: CheckCall): Checked | Promise<Checked>;
  diff(call: DiffCall): Difference | Promise<Difference>;
  create(call: CreateCall): Promise<Created>;
  /** Undefined = it is gone. */
  read(call: ReadCall): Promise<ReadResult | undefined>;
  update(call: UpdateCall): Promise<Properties>;
  delete(call: DeleteCall): Promise<void>;
  /** Outputs that are secret whatever the inputs were. */
  readonly secretOutputs?: readonly string[];
}

export interface Provider {
  readonly name: string;
  readonly version: string;
  /** Type tokens of resources and functions. */
  readonly resources: readonly string[];
  readonly functions: readonly string[];
  checkConfig(inputs: Properties): Checked;
  configure(inputs: Properties): Promise<void>;
  /** Throws an error that lists the known types when `token` is none of them. */
  resource(token: string): Promise<Resource>;
  invoke(token: string, args: Properties, call: Call): Promise<{ result: Properties; failures: readonly CheckFailure[] }>;
}

/** The resource exists, but is not what was asked for: the engine records it, and the next run works on it. */
export class PartialFailure extends Error {
  readonly id: string;
  readonly outputs: Properties;
  /** What of the wanted inputs has come about; undefined = all. The rest shows as a change in the next preview. */
  readonly inputs: Properties | undefined;
  constructor(message: string, id: string, outputs: Properties, inputs?: Properties) {
    super(message);
    this.id = id;
    this.outputs = outputs;
    this.inputs = inputs;
  }
}
