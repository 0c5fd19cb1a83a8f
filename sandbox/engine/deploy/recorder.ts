/** Collects what a deployment does and says, and passes it on as it happens. */
import type {
  ChangeSummary,
  Diagnostic,
  EngineEvent,
  Phase,
  PolicyRemediation,
  PolicyViolation,
  Severity,
  Step,
  StepEvent,
  StepOp,
  StepState,
} from "../api.ts";
import type { DiffResult } from "../provider/provider.ts";
import type { ResourceState } from "../state/resource-state.ts";
import { isDefaultProvider, urnType } from "../urn.ts";
import { redacted } from "../values.ts";

/** Not in the summary, as in Pulumi's: reads change nothing, and a replacement counts once, not in its parts. */
const uncounted: ReadonlySet<StepOp> = new Set(["create-replacement", "delete-replaced", "read", "read-replacement", "discard-replaced"]);

export interface StepDescription {
  readonly op: StepOp;
  readonly urn: string;
  readonly old?: ResourceState;
  readonly new?: ResourceState;
  readonly diff?: DiffResult;
}

function stepState(state: ResourceState): StepState {
  return {
    urn: state.urn,
    type: state.type,
    custom: state.custom,
    ...(state.id && { id: state.id }),
    ...(state.parent && { parent: state.parent }),
    ...(state.provider && { provider: state.provider }),
    ...(state.protect && { protect: true }),
    inputs: redacted(state.inputs ?? {}),
    outputs: redacted(state.outputs ?? {}),
  };
}

export class Recorder {
  readonly phase: Phase;
  readonly #listen: (event: EngineEvent) => void;
  readonly steps: Step[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly violations: PolicyViolation[] = [];
  /** Whether something was reported that makes the run a failure. */
  failed = false;

  constructor(phase: Phase, listen: (event: EngineEvent) => void) {
    this.phase = phase;
    this.#listen = listen;
    listen({ kind: "phase", phase });
  }

  diagnostic(severity: Severity, message: string, urn?: string): void {
    const diagnostic = { severity, message, ...(urn && { urn }) };
    if (severity === "error") this.failed = true;
    this.diagnostics.push(diagnostic);
    this.#listen({ kind: "diagnostic", phase: this.phase, ...diagnostic });
  }

  /** A passing message: shown while the step runs, not kept. */
  status(severity: Severity, message: string, urn?: string): void {
    this.#listen({ kind: "diagnostic", phase: this.phase, severity, message, ...(urn && { urn }) });
  }

  violation(violation: PolicyViolation): void {
    if (violation.enforcementLevel === "mandatory") this.failed = true;
    this.violations.push(violation);
    this.#listen({ kind: "policyViolation", phase: this.phase, ...violation });
  }

  remediation(remediation: PolicyRemediation): void {
    this.#listen({ kind: "policyRemediation", phase: this.phase, ...remediation });
  }

  /** Default providers are the engine's own affair: as in Pulumi they appear in no plan and no count. */
  #step(event: StepEvent): void {
    if (!isDefaultProvider(event.urn)) this.#listen(event);
  }

  /** Runs `work`, whose result is the state as it is afterwards. */
  async step<Result extends ResourceState | undefined>(description: StepDescription, work: () => Promise<Result>): Promise<Result> {
    const { op, urn } = description;
    const event = { kind: "step", phase: this.phase, op, urn, type: urnType(urn) } as const;
    const started = performance.now();
    const durationSeconds = () => (performance.now() - started) / 1000;
    this.#step({ ...event, state: "started" });
    try {
      const result = await work();
      this.#keep(description, result ?? description.new);
      this.#step({ ...event, state: "done", durationSeconds: durationSeconds() });
      return result;
    } catch (error) {
      this.#step({ ...event, state: "failed", durationSeconds: durationSeconds(), error: (error as Error).message });
      throw error;
    }
  }

  /** A refresh is named by what came of it. */
  async refreshStep(old: ResourceState, work: () => Promise<ResourceState | undefined>): Promise<ResourceState | undefined> {
    const event = { kind: "step", phase: this.phase, urn: old.urn, type: old.type } as const;
    const started = performance.now();
    const durationSeconds = () => (performance.now() - started) / 1000;
    this.#step({ ...event, op: "refresh", state: "started" });
    try {
      const state = await work();
      const op = state === undefined ? "delete" : state === old ? "same" : "update";
      this.#keep({ op, urn: old.urn, old }, state);
      this.#step({ ...event, op, state: "done", durationSeconds: durationSeconds() });
      return state;
    } catch (error) {
      this.#step({ ...event, op: "refresh", state: "failed", durationSeconds: durationSeconds(), error: (error as Error).message });
      throw error;
    }
  }

  #keep({ op, urn, old, diff }: StepDescription, state: ResourceState | undefined): void {
    if (isDefaultProvider(urn)) return;
    const provider = (state ?? old)?.provider;
    this.steps.push({
      op,
      urn,
      ...(provider && { provider }),
      ...(old && { oldState: stepState(old) }),
      ...(state && { newState: stepState(state) }),
      ...(diff && diff.changedKeys.length > 0 && { diffReasons: diff.changedKeys }),
      ...(diff && diff.replaceKeys.length > 0 && { replaceReasons: diff.replaceKeys }),
      ...(diff?.detailedDiff && { detailedDiff: diff.detailedDiff }),
    });
  }

  changeSummary(): ChangeSummary {
    const summary: Partial<Record<StepOp, number>> = {};
    for (const { op } of this.steps) if (!uncounted.has(op)) summary[op] = (summary[op] ?? 0) + 1;
    return summary;
  }

  summary(durationSeconds: number): void {
    this.#listen({ kind: "summary", phase: this.phase, ok: !this.failed, changeSummary: this.changeSummary(), durationSeconds });
  }
}
