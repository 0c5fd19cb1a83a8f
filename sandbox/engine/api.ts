/** What a caller gives to the embedded engine and gets from it. The verbs themselves are in `engine.ts`: `preview`, `up`, `destroy`, `refresh`, `outputs`, `stackResources`. */

/** One configuration value as Pulumi hands it to a program. */
export interface ConfigValue {
  /** The text; for structured values their JSON. */
  readonly value: string;
  /** Whether the value is a secret; default false. */
  readonly secret?: boolean;
  /** Whether `value` is the JSON of an object or list; default false. */
  readonly object?: boolean;
}

/** Keys are `namespace:name`, for example `aws:region`. */
export type ConfigMap = Readonly<Record<string, ConfigValue>>;

/** How to start the plugin of one package. It prints its port as the first line of its standard output. */
export interface PluginCommand {
  /** Executable and arguments; the engine adds its own gRPC address, as Pulumi does. */
  readonly command: readonly string[];
  /** Variables for this plugin beside `DeployOptions.env`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A policy pack and its configuration: what `pulumi up --policy-pack DIR --policy-pack-config FILE` names. */
export interface PolicyPackOptions {
  /** Folder with PulumiPolicy.yaml and package.json. */
  readonly dir: string;
  /** Configuration file (JSON), as for `--policy-pack-config`. Either this or `config`. */
  readonly configFile?: string;
  /** The same configuration as a value: policy name (or `all`) to enforcement level or properties. */
  readonly config?: Readonly<Record<string, unknown>>;
}

export interface DeployOptions {
  /** Folder of the project, the program's working directory. */
  readonly projectDir: string;
  readonly projectName: string;
  /** Entry of the program, relative to `projectDir`: `main` of Pulumi.yaml. */
  readonly main: string;
  readonly stack: string;
  /** Default `organization`, as with Pulumi's file backend. */
  readonly organization?: string;
  /** File that holds the stack's state; it and its folder come into being with the first write. */
  readonly stateFile: string;
  readonly config: ConfigMap;
  /** Encrypts the secrets in the state; the same one is needed to read them again. */
  readonly passphrase: string;
  /** Package name, for example `aws`, to the plugin that serves it. */
  readonly plugins: Readonly<Record<string, PluginCommand>>;
  readonly policyPacks?: readonly PolicyPackOptions[];
  /** Environment of program, packs and plugins; nothing of the caller's own environment is passed on. */
  readonly env: Readonly<Record<string, string>>;
  /** Resource operations at a time; default 16. */
  readonly parallel?: number;
  /** The first abort starts no further step and waits for those under way; see `DeployOptions.killSignal`. */
  readonly signal?: AbortSignal;
  /** Ends all children at once, without waiting for the steps under way; the state keeps them as pending. */
  readonly killSignal?: AbortSignal;
  /** Called for every event in order; must not throw. */
  readonly onEvent?: (event: EngineEvent) => void;
}

/** Operations as `pulumi preview --json` names them. */
export type StepOp =
  | "same"
  | "create"
  | "update"
  | "delete"
  | "replace"
  | "create-replacement"
  | "delete-replaced"
  | "read"
  | "read-replacement"
  | "refresh"
  | "discard"
  | "discard-replaced";

/** The embedded engine passes no `debug` on: the SDK's hold every property, secrets in plain text. */
export type Severity = "debug" | "info" | "warning" | "error";

export type EnforcementLevel = "advisory" | "mandatory" | "remediate" | "disabled";

/** The two halves of `up`: the plan, and its execution. */
export type Phase = "preview" | "up" | "destroy" | "refresh";

export interface StepEvent {
  readonly kind: "step";
  readonly phase: Phase;
  readonly state: "started" | "done" | "failed";
  readonly op: StepOp;
  readonly urn: string;
  readonly type: string;
  /** With `done` and `failed`: how long the operation took. */
  readonly durationSeconds?: number;
  readonly error?: string;
}

export interface Diagnostic {
  readonly severity: Severity;
  readonly message: string;
  /** The resource it is about; absent for the stack as a whole. */
  readonly urn?: string;
}

export interface PolicyViolation {
  readonly urn: string;
  readonly policyName: string;
  readonly policyPackName: string;
  readonly policyPackVersion: string;
  readonly description: string;
  readonly message: string;
  readonly enforcementLevel: EnforcementLevel;
  /** `low`, `medium`, `high` or `critical` where the pack says so. */
  readonly severity?: string;
}

export interface PolicyRemediation {
  readonly urn: string;
  readonly policyName: string;
  readonly policyPackName: string;
  readonly policyPackVersion: string;
  readonly description: string;
  /** Input properties before and after; secrets are shown as `[secret]`. */
  readonly before: unknown;
  readonly after: unknown;
}

export type EngineEvent =
  | StepEvent
  | ({ readonly kind: "diagnostic"; readonly phase: Phase } & Diagnostic)
  | ({ readonly kind: "policyViolation"; readonly phase: Phase } & PolicyViolation)
  | ({ readonly kind: "policyRemediation"; readonly phase: Phase } & PolicyRemediation)
  | { readonly kind: "policyPack"; readonly name: string; readonly version: string; readonly policies: readonly string[] }
  | { readonly kind: "phase"; readonly phase: Phase }
  | {
      readonly kind: "summary";
      readonly phase: Phase;
      readonly ok: boolean;
      readonly changeSummary: ChangeSummary;
      readonly durationSeconds: number;
    };

/** Number of steps per operation, as Pulumi counts: a replacement once (`replace`), reads not at all; what did not occur is absent. */
export type ChangeSummary = Readonly<Partial<Record<StepOp, number>>>;

/** State of a resource within a step, as `pulumi preview --json` shows it; secrets are `[secret]`. */
export interface StepState {
  readonly urn: string;
  readonly type: string;
  readonly custom: boolean;
  readonly id?: string;
  readonly parent?: string;
  readonly provider?: string;
  readonly protect?: boolean;
  readonly inputs?: unknown;
  readonly outputs?: unknown;
}

export interface PropertyDiff {
  /** As in `pulumi preview --json`: `add`, `add-replace`, `delete`, `delete-replace`, `update`, `update-replace`. */
  readonly kind: string;
  readonly inputDiff: boolean;
}

/** One step in the shape of `pulumi preview --json`. */
export interface Step {
  readonly op: StepOp;
  readonly urn: string;
  readonly provider?: string;
  readonly oldState?: StepState;
  readonly newState?: StepState;
  /** Top-level properties that differ. */
  readonly diffReasons?: readonly string[];
  /** Property paths that ask for the replacement. */
  readonly replaceReasons?: readonly string[];
  readonly detailedDiff?: Readonly<Record<string, PropertyDiff>>;
}

export interface DeployResult {
  readonly ok: boolean;
  /** Of the plan for `preview`; of what was really done for `up`, `destroy` and `refresh`, in order of completion. */
  readonly steps: readonly Step[];
  readonly changeSummary: ChangeSummary;
  readonly diagnostics: readonly Diagnostic[];
  readonly policyViolations: readonly PolicyViolation[];
  /** Stack outputs; secrets are `[secret]` (see `outputs` for their values), unknown ones are absent. */
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly durationSeconds: number;
}

/** What the state holds of one resource: `stackResources`. */
export interface StackResource {
  readonly urn: string;
  readonly type: string;
  readonly custom: boolean;
  readonly id?: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly parent?: string;
  readonly protect: boolean;
  readonly dependencies: readonly string[];
}

/** A fault of the caller's or of the environment, told in a sentence that says what to do; not a bug of the engine. */
export class EngineError extends Error {
  override readonly name = "EngineError";
}

/**
 * The engine's verbs. `engine.ts` implements them without Pulumi's CLI, `../pulumi-cli.ts` with it.
 *
 * They answer with `ok: false` when the program, a policy or a resource operation fails, and throw an `EngineError` when
 * nothing could be begun: a corrupt or locked state, an unknown plugin, a wrong passphrase.
 */
export interface DeploymentEngine {
  /** Runs program and policies and says what `up` would do; changes nothing. */
  preview(options: DeployOptions): Promise<DeployResult>;
  /** Previews with the policies first; a mandatory violation or an error there ends it before anything is created. */
  up(options: DeployOptions): Promise<DeployResult>;
  /** Deletes everything in the state, in reverse dependency order; does not run the program. */
  destroy(options: DeployOptions): Promise<DeployResult>;
  /** Reads every resource and takes what the provider says into the state. */
  refresh(options: DeployOptions): Promise<DeployResult>;
  /** Stack outputs with secrets in plain text. Needs the passphrase only when there are secrets. */
  outputs(options: Pick<DeployOptions, "stateFile" | "passphrase">): Promise<Readonly<Record<string, unknown>>>;
  /** The resources of a state, secrets as `[secret]`; empty when there is no state. */
  stackResources(stateFile: string): Promise<readonly StackResource[]>;
}
