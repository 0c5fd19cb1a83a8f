/** Shows a deployment while it runs: on a terminal with a last line that is rewritten, in a pipe as plain lines. */
import { stripVTControlCharacters } from "node:util";
import type { Diagnostic, EngineEvent, Phase, PolicyViolation, StepEvent, StepOp } from "../engine/api.ts";

/** Where lines go; `process.stdout`, `process.stderr` and a test's own are of this form. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** As in Pulumi's own display. */
const signs: Readonly<Record<StepOp, string>> = {
  same: " ",
  create: "+",
  update: "~",
  delete: "-",
  replace: "+-",
  "create-replacement": "++",
  "delete-replaced": "--",
  read: ">",
  "read-replacement": ">>",
  refresh: "~",
  discard: "<",
  "discard-replaced": "<<",
};

/** What is worth a line: everything but resources that stay as they are. */
const isQuiet = (event: StepEvent) => event.op === "same" || event.op === "read" || event.op === "replace";

export const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);

/** `aws:sns/topic:Topic` to `sns.Topic`, `fleet:components:Fleet` to `Fleet`. */
export function shortType(type: string): string {
  const [, module = "", name = type] = type.split(":");
  const service = module.split("/")[0] ?? "";
  return type.startsWith("aws:") ? `${service}.${name}` : name;
}

const columns = (...[sign, op, type, name]: readonly [string, string, string, string]) =>
  `${sign.padStart(2)} ${op.padEnd(18)} ${type.padEnd(32)} ${name}`;

export function stepLine(event: StepEvent): string {
  const line = columns(signs[event.op], event.op, shortType(event.type), nameOf(event.urn));
  const time = event.durationSeconds === undefined || event.phase === "preview" ? "" : `  ${event.durationSeconds.toFixed(1)} s`;
  // Why stands in the diagnostic that follows.
  return event.state === "failed" ? `${line}${time}  FAILED` : `${line}${time}`;
}

export function diagnosticLine({ severity, message, urn }: Diagnostic): string {
  return `${severity}: ${urn === undefined ? "" : `${nameOf(urn)}: `}${message.trimEnd()}`;
}

export function violationLines(violation: PolicyViolation): string {
  const head = `policy ${violation.policyName} (${violation.enforcementLevel}${violation.severity ? `, ${violation.severity}` : ""})`;
  return `${head}: ${violation.urn === "" ? "the stack" : nameOf(violation.urn)}\n    ${violation.message.trimEnd().replaceAll("\n", "\n    ")}`;
}

const phaseTitles = { preview: "Previewing", up: "Updating", destroy: "Destroying", refresh: "Refreshing" } as const;

export class Progress {
  readonly #screen: Screen;
  readonly #running = new Map<string, StepEvent>();
  readonly #startedAt = Date.now();
  /** The preview of an `up` tells what the update then tells again: of it only what forbids is shown. */
  readonly #verb: Phase;
  readonly #told = new Set<string>();
  #phase: Phase | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(screen: Screen, verb: Phase) {
    this.#screen = screen;
    this.#verb = verb;
    if (screen.isTTY) this.#timer = setInterval(() => this.#redraw(), 250).unref();
  }

  /** Never throws; the engine calls it for every event in order. */
  show(event: EngineEvent): void {
    switch (event.kind) {
      case "phase":
        this.#phase = event.phase;
        this.line(`${phaseTitles[event.phase]}:`);
        break;
      case "step":
        this.#step(event);
        break;
      case "diagnostic":
        if (event.severity !== "debug") this.#once(diagnosticLine(event));
        break;
      case "policyViolation":
        if (!this.#isPlan() || event.enforcementLevel === "mandatory") this.#once(violationLines(event));
        break;
      case "policyRemediation":
        this.line(`policy ${event.policyName} changed ${nameOf(event.urn)}: ${event.description}`);
        break;
      case "policyPack":
        this.line(`Policy pack ${event.name} ${event.version}: ${event.policies.length} policies`);
        break;
      case "summary":
        break; // the verb prints the last summary itself
    }
  }

  line(text: string): void {
    if (this.#screen.isTTY) this.#screen.write("\r\u001b[K");
    // Programs colour what they throw; a pipe gets plain text.
    this.#screen.write(`${this.#screen.isTTY ? text : stripVTControlCharacters(text)}\n`);
    this.#redraw();
  }

  /** Removes the rewritten line and stops its timer. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#screen.isTTY) this.#screen.write("\r\u001b[K");
  }

  #isPlan(): boolean {
    return this.#verb === "up" && this.#phase === "preview";
  }

  #once(text: string): void {
    if (this.#told.has(text)) return;
    this.#told.add(text);
    this.line(text);
  }

  #step(event: StepEvent): void {
    if (event.state === "started") this.#running.set(`${event.op} ${event.urn}`, event);
    else this.#running.delete(`${event.op} ${event.urn}`);
    if (event.state === "failed" || (event.state === "done" && !isQuiet(event) && !this.#isPlan())) this.line(stepLine(event));
    else this.#redraw();
  }

  #redraw(): void {
    if (this.#timer === undefined) return;
    const names = [...this.#running.values()].filter((event) => !isQuiet(event)).map((event) => nameOf(event.urn));
    const text = `${((Date.now() - this.#startedAt) / 1000).toFixed(0)} s${names.length > 0 ? `, working on ${names.join(", ")}` : ""}`;
    this.#screen.write(`\r\u001b[K${text.slice(0, (this.#screen.columns ?? 80) - 1)}`);
  }
}
