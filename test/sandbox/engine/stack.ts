/** A stack in a temporary folder: the program `declared` (or another), the test provider with a cloud of its own. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { DeployOptions, DeployResult, DeploymentEngine, EngineEvent } from "../../../sandbox/engine/api.ts";
import * as embedded from "../../../sandbox/engine/engine.ts";

const here = import.meta.dirname;

export interface Call {
  readonly call: string;
  readonly name: string;
  readonly pid: number;
  readonly detail: Readonly<Record<string, unknown>>;
}

interface StateFile {
  readonly version: number;
  readonly deployment: {
    readonly resources: readonly Readonly<Record<string, unknown> & { urn: string }>[];
    readonly pending_operations?: readonly { readonly type: string; readonly resource: { readonly urn: string } }[];
    readonly secrets_providers: { readonly type: string; readonly state: { readonly salt: string } };
  };
}

/** Last part of the URN, which the tests keep unique. */
export const nameOf = (urn: string) => urn.split("::").at(-1) ?? "";

/** Operations by name, in their order; the stack and what is unchanged left out. */
export function operations(result: DeployResult): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { op, urn } of result.steps) {
    if (op !== "same" && !urn.includes("pulumi:pulumi:Stack")) (found[nameOf(urn)] ??= []).push(op);
  }
  return found;
}

export class TestStack {
  readonly folder = mkdtempSync(join(tmpdir(), "engine-"));
  readonly cloud = join(this.folder, "cloud");
  readonly stateFile = join(this.folder, "state", "dev.json");
  readonly events: EngineEvent[] = [];
  readonly engine: DeploymentEngine;
  readonly program: string;

  constructor(program = "declared", engine: DeploymentEngine = embedded) {
    this.program = program;
    this.engine = engine;
  }

  options(config: Readonly<Record<string, unknown>>, extra: Partial<DeployOptions> = {}): DeployOptions {
    return {
      projectDir: join(here, "programs", this.program),
      projectName: this.program,
      main: "index.ts",
      stack: "dev",
      stateFile: this.stateFile,
      passphrase: "correct horse",
      config: Object.fromEntries(
        Object.entries(config).map(([key, value]) => [
          key.includes(":") ? key : `${this.program}:${key}`,
          typeof value === "string" ? { value } : { value: JSON.stringify(value), object: true },
        ]),
      ),
      plugins: { test: { command: [process.execPath, join(here, "fixtures/test-provider.ts")], env: { TEST_CLOUD: this.cloud } } },
      env: {
        PATH: [dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter),
        HOME: this.folder,
        ...Object.fromEntries(
          ["NODE_COMPILE_CACHE", "NODE_COMPILE_CACHE_PORTABLE", "FLEET_TEST_RUN"].map((name) => [name, process.env[name] ?? ""]),
        ),
      },
      onEvent: (event) => this.events.push(event),
      ...extra,
    };
  }

  preview(things: readonly unknown[], extra: Partial<DeployOptions> = {}): Promise<DeployResult> {
    return this.engine.preview(this.options({ things }, extra));
  }

  up(things: readonly unknown[], extra: Partial<DeployOptions> = {}): Promise<DeployResult> {
    return this.engine.up(this.options({ things }, extra));
  }

  destroy(extra: Partial<DeployOptions> = {}): Promise<DeployResult> {
    return this.engine.destroy(this.options({}, extra));
  }

  refresh(extra: Partial<DeployOptions> = {}): Promise<DeployResult> {
    return this.engine.refresh(this.options({}, extra));
  }

  /** Ids of what exists. */
  ids(): string[] {
    if (!existsSync(this.cloud)) return [];
    const files = readdirSync(this.cloud).filter((file) => file.endsWith(".json"));
    return files.map((file) => file.replace(/\.json$/, "")).sort();
  }

  /** What exists, without the random part of the names. */
  existing(): string[] {
    return this.ids().map((id) => id.replace(/-[0-9a-f]{7}$/, ""));
  }

  /** Ids that the state knows. */
  knownIds(): string[] {
    return this.state()
      .resources.filter(({ type }) => type === "test:index:Thing")
      .map(({ id }) => String(id))
      .sort();
  }

  calls(...kinds: string[]): Call[] {
    const file = join(this.cloud, "calls.log");
    if (!existsSync(file)) return [];
    const all = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Call);
    return kinds.length === 0 ? all : all.filter(({ call }) => kinds.includes(call));
  }

  /** `create a`, `delete b` … from the call number `from` on. */
  history(from = 0, ...kinds: string[]): string[] {
    return this.calls()
      .slice(from)
      .filter(({ call }) => (kinds.length > 0 ? kinds : ["create", "update", "delete"]).includes(call))
      .map(({ call, name }) => `${call} ${name}`);
  }

  stateText(): string {
    return readFileSync(this.stateFile, "utf8");
  }

  state(): StateFile["deployment"] {
    // Pulumi's CLI leaves an empty list out.
    const { deployment } = JSON.parse(this.stateText()) as {
      deployment: Omit<StateFile["deployment"], "resources"> & Partial<StateFile["deployment"]>;
    };
    return { ...deployment, resources: deployment.resources ?? [] };
  }

  resource(name: string): Readonly<Record<string, unknown>> | undefined {
    return this.state().resources.find(({ urn }) => nameOf(urn) === name);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What went wrong, as one text. */
export const errorsOf = (result: DeployResult) =>
  result.diagnostics
    .filter(({ severity }) => severity === "error")
    .map(({ message }) => message)
    .join("\n");
