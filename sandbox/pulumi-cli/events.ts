/**
 * Turns the CLI's event stream (`--json`: one event a line) into what the embedded engine says.
 * https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/events.go
 */
import type {
  ChangeSummary,
  Diagnostic,
  EnforcementLevel,
  EngineEvent,
  Phase,
  PolicyViolation,
  PropertyDiff,
  Severity,
  Step,
  StepOp,
  StepState,
  DeployResult,
} from "../engine/api.ts";
import { redacted } from "../engine/values.ts";
import type { PropertyMap } from "../engine/values.ts";

interface StateMetadata {
  readonly urn: string;
  readonly type: string;
  readonly custom?: boolean;
  readonly id?: string;
  readonly parent?: string;
  readonly protect?: boolean;
  readonly provider?: string;
  readonly inputs?: PropertyMap;
  readonly outputs?: PropertyMap;
}

interface StepMetadata {
  readonly op: StepOp;
  readonly urn: string;
  readonly type: string;
  readonly old: StateMetadata | null;
  readonly new: StateMetadata | null;
  readonly keys?: readonly string[];
  readonly diffs?: readonly string[];
  readonly detailedDiff: Readonly<Record<string, { readonly diffKind: string; readonly inputDiff: boolean }>> | null;
  readonly provider?: string;
}

interface PolicyEvent {
  readonly resourceUrn?: string;
  readonly message: string;
  readonly policyName: string;
  readonly policyPackName: string;
  readonly policyPackVersionTag: string;
  readonly policyPackVersion: string;
  readonly enforcementLevel: EnforcementLevel;
  readonly severity?: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

interface CliEvent {
  readonly diagnosticEvent?: { readonly urn?: string; readonly message: string; readonly severity: string; readonly ephemeral?: boolean };
  readonly resourcePreEvent?: { readonly metadata: StepMetadata };
  readonly resOutputsEvent?: { readonly metadata: StepMetadata };
  readonly resOpFailedEvent?: { readonly metadata: StepMetadata };
  readonly policyEvent?: PolicyEvent;
  readonly policyRemediationEvent?: PolicyEvent;
  readonly errorEvent?: { readonly error: string };
  readonly summaryEvent?: { readonly resourceChanges: ChangeSummary | null; readonly durationSeconds: number };
}

const severities: Readonly<Record<string, Severity>> = { info: "info", "info#err": "info", warning: "warning", error: "error" };

function stateOf(state: StateMetadata | null): StepState | undefined {
  if (state === null) return undefined;
  const { urn, type, custom = false, id, parent, protect, provider, inputs, outputs } = state;
  return {
    urn,
    type,
    custom,
    ...(id && { id }),
    ...(parent && { parent }),
    ...(provider && { provider }),
    ...(protect && { protect }),
    inputs: redacted(inputs ?? {}),
    outputs: redacted(outputs ?? {}),
  };
}

function stepOf(metadata: StepMetadata): Step {
  const { op, urn, provider, keys, diffs, detailedDiff } = metadata;
  const oldState = stateOf(metadata.old);
  const newState = stateOf(metadata.new);
  const detailed = Object.entries(detailedDiff ?? {}).map(([path, { diffKind, inputDiff }]): [string, PropertyDiff] => [
    path,
    { kind: diffKind, inputDiff },
  ]);
  return {
    op,
    urn,
    ...(provider && { provider }),
    ...(oldState && { oldState }),
    ...(newState && { newState }),
    ...(diffs && diffs.length > 0 && { diffReasons: diffs }),
    ...(keys && keys.length > 0 && { replaceReasons: keys }),
    ...(detailedDiff && { detailedDiff: Object.fromEntries(detailed) }),
  };
}

const isStack = (urn: string) => urn.includes("::pulumi:pulumi:Stack::");

export class EventReader {
  readonly #phase: Phase;
  readonly #listen: (event: EngineEvent) => void;
  /** By operation and URN: the stack's own step is told twice, with and without outputs. */
  #steps = new Map<string, Step>();
  readonly #started = new Map<string, number>();
  readonly #diagnostics: Diagnostic[] = [];
  readonly #violations: PolicyViolation[] = [];
  #summary: ChangeSummary = {};
  #outputs: Readonly<Record<string, unknown>> = {};
  failed = false;

  constructor(phase: Phase, listen: (event: EngineEvent) => void) {
    this.#phase = phase;
    this.#listen = listen;
    listen({ kind: "phase", phase });
  }

  read(line: string): void {
    if (!line.startsWith("{")) return;
    const event = JSON.parse(line) as CliEvent;
    if (event.diagnosticEvent) this.#diagnostic(event.diagnosticEvent);
    if (event.resourcePreEvent) this.#step(event.resourcePreEvent.metadata, "started");
    if (event.resOutputsEvent) this.#step(event.resOutputsEvent.metadata, "done");
    if (event.resOpFailedEvent) this.#step(event.resOpFailedEvent.metadata, "failed");
    if (event.policyEvent) this.#violation(event.policyEvent);
    if (event.policyRemediationEvent) this.#remediation(event.policyRemediationEvent);
    if (event.errorEvent) this.#report("error", event.errorEvent.error);
    if (event.summaryEvent) this.#end(event.summaryEvent);
  }

  #report(severity: Severity, message: string, urn?: string): void {
    const diagnostic = { severity, message, ...(urn && { urn }) };
    if (severity === "error") this.failed = true;
    this.#diagnostics.push(diagnostic);
    this.#listen({ kind: "diagnostic", phase: this.#phase, ...diagnostic });
  }

  #diagnostic({ urn, message, severity, ephemeral }: NonNullable<CliEvent["diagnosticEvent"]>): void {
    const known = severities[severity];
    // What is on the PATH was put there on purpose.
    if (known === undefined || ephemeral || /^using pulumi-resource-.* from \$PATH/.test(message)) return;
    this.#report(known, message.trimEnd(), urn);
  }

  #step(metadata: StepMetadata, state: "started" | "done" | "failed"): void {
    const { op, urn, type } = metadata;
    if (type.startsWith("pulumi:providers:") && urn.includes("::default")) return;
    const key = `${op} ${urn}`;
    const again = state === "done" && this.#steps.has(key);
    if (state === "done") this.#steps.set(key, stepOf(metadata));
    if (isStack(urn) && metadata.new) this.#outputs = redacted(metadata.new.outputs ?? {});
    if (again) return;
    const started = this.#started.get(key) ?? performance.now();
    this.#started.set(key, started);
    const duration = state === "started" ? {} : { durationSeconds: (performance.now() - started) / 1000 };
    this.#listen({ kind: "step", phase: this.#phase, state, op, urn, type, ...duration });
  }

  #violation(event: PolicyEvent): void {
    const {
      resourceUrn: urn = "",
      message,
      policyName,
      policyPackName,
      policyPackVersion,
      policyPackVersionTag,
      enforcementLevel,
      severity,
    } = event;
    if (enforcementLevel === "mandatory") this.failed = true;
    const violation = {
      urn,
      policyName,
      policyPackName,
      policyPackVersion: policyPackVersionTag || policyPackVersion,
      description: message.split("\n")[0] ?? "",
      message,
      enforcementLevel,
      ...(severity && { severity }),
    };
    this.#violations.push(violation);
    this.#listen({ kind: "policyViolation", phase: this.#phase, ...violation });
  }

  #remediation({
    resourceUrn: urn = "",
    policyName,
    policyPackName,
    policyPackVersion,
    policyPackVersionTag,
    before,
    after,
  }: PolicyEvent): void {
    const policy = { urn, policyName, policyPackName, policyPackVersion: policyPackVersionTag || policyPackVersion, description: "" };
    this.#listen({ kind: "policyRemediation", phase: this.#phase, ...policy, before, after });
  }

  #end({ resourceChanges, durationSeconds }: NonNullable<CliEvent["summaryEvent"]>): void {
    this.#summary = resourceChanges ?? {};
    this.#listen({ kind: "summary", phase: this.#phase, ok: !this.failed, changeSummary: this.#summary, durationSeconds });
  }

  /** What the command's end adds: a failure without an event says why on stderr. */
  finish(code: number, errors: string): void {
    if (code === 0) return;
    if (!this.failed) this.#report("error", errors.trim() === "" ? `pulumi ended with code ${code}` : errors.trim());
    this.failed = true;
  }

  /** A plan that was not carried out. */
  withoutSteps(): this {
    this.#steps = new Map();
    this.#summary = {};
    return this;
  }

  result(durationSeconds: number): DeployResult {
    return {
      ok: !this.failed,
      steps: [...this.#steps.values()],
      changeSummary: this.#summary,
      diagnostics: this.#diagnostics,
      policyViolations: this.#violations,
      outputs: this.#outputs,
      durationSeconds,
    };
  }
}
