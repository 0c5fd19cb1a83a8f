/**
 * What the engine tells the pack: the configuration of every rule and the stack.
 *
 * A policy is handed only its own configuration, and the engine accepts names of rules that do not exist. So the request
 * itself is read on its way in: the service definition of the analyzer protocol is a plain table, and its decoder of the
 * configuration message is wrapped before the server is started.
 */
import { createRequire } from "node:module";

interface PolicyConfigMessage {
  getEnforcementlevel(): number;
  getProperties(): { toJavaScript(): Record<string, unknown> } | undefined;
}

interface ConfigureMessage {
  getPolicyconfigMap(): { entries(): Iterable<[string, PolicyConfigMessage]> };
}

interface AnalyzerService {
  readonly AnalyzerService: { readonly configure: { requestDeserialize: (bytes: Uint8Array) => ConfigureMessage } };
}

type Properties = Readonly<Record<string, unknown>>;

/** `REMEDIATE` of the protocol's levels. */
const remediateLevel = 3;

export class Settings {
  #configured: ReadonlyMap<string, Properties> | undefined;
  #remediating = true;

  /** Configuration per rule; undefined until the engine has sent it. */
  get configured(): ReadonlyMap<string, Properties> | undefined {
    return this.#configured;
  }

  /** Whether a rule may be told to repair resources; true until the engine has told the levels. */
  get remediating(): boolean {
    return this.#remediating;
  }

  accept(configured: ReadonlyMap<string, Properties>, remediating: boolean): void {
    this.#configured = configured;
    this.#remediating = remediating;
  }
}

/** Reads the configuration of every policy from the engine's own message. Call it before `new PolicyPack`. */
export function observeSettings(): Settings {
  const settings = new Settings();
  const { configure } = (createRequire(import.meta.url)("@pulumi/pulumi/proto/analyzer_grpc_pb.js") as AnalyzerService).AnalyzerService;
  const decode = configure.requestDeserialize;
  configure.requestDeserialize = (bytes) => {
    const message = decode(bytes);
    const entries = [...message.getPolicyconfigMap().entries()];
    settings.accept(
      new Map(entries.map(([name, config]) => [name, config.getProperties()?.toJavaScript() ?? {}])),
      entries.some(([, config]) => config.getEnforcementlevel() === remediateLevel),
    );
    return message;
  };
  return settings;
}

/** The setting `fleet:policies` of the stack: `advisory` turns every mandatory rule into an advisory one. */
export function stackLevel(environment: NodeJS.ProcessEnv): "advisory" | "required" {
  let config: unknown;
  try {
    config = JSON.parse(environment["PULUMI_CONFIG"] ?? "{}");
  } catch {
    return "required"; // the engine wrote something else; the stricter reading is the safe one
  }
  const setting = (config as Record<string, unknown> | null)?.["fleet:policies"];
  return setting === "advisory" ? "advisory" : "required";
}
