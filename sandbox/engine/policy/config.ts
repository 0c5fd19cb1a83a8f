/**
 * Settings of a pack: defaults of the schemas, then what the pack itself was built with, then the file.
 * https://github.com/pulumi/pulumi/blob/master/pkg/resource/analyzer/config.go
 */
import { readFile } from "node:fs/promises";
import { EngineError } from "../api.ts";
import type { EnforcementLevel, PolicyPackOptions } from "../api.ts";
import { faults } from "./schema.ts";

export interface PolicySetting {
  readonly enforcementLevel?: EnforcementLevel;
  readonly properties: Readonly<Record<string, unknown>>;
}

export type PolicySettings = Readonly<Record<string, PolicySetting>>;

export interface PolicyDescription {
  readonly name: string;
  readonly enforcementLevel: EnforcementLevel;
  readonly schema?: { readonly properties: Readonly<Record<string, unknown>>; readonly required: readonly string[] };
}

const levels: readonly string[] = ["advisory", "mandatory", "remediate", "disabled"] satisfies EnforcementLevel[];

const isLevel = (value: unknown): value is EnforcementLevel => typeof value === "string" && levels.includes(value);

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function readSetting(name: string, value: unknown, source: string): PolicySetting {
  const wrong = (what: unknown) =>
    new EngineError(`${source}: "${name}" has the enforcement level ${JSON.stringify(what)}; allowed are: ${levels.join(", ")}`);
  if (typeof value === "string") {
    if (!isLevel(value)) throw wrong(value);
    return { enforcementLevel: value, properties: {} };
  }
  if (!isObject(value))
    throw new EngineError(`${source}: "${name}" is ${JSON.stringify(value)}; expected an enforcement level or an object`);
  const { enforcementLevel, ...properties } = value;
  if (enforcementLevel === undefined) return { properties };
  if (!isLevel(enforcementLevel)) throw wrong(enforcementLevel);
  return { enforcementLevel, properties };
}

function readSettings(config: unknown, source: string): PolicySettings {
  if (!isObject(config)) throw new EngineError(`${source} is not a JSON object of policy name to settings`);
  if ("environments" in config)
    throw new EngineError(`${source}: "environments" needs Pulumi Cloud, which this engine does not use; take it out`);
  return Object.fromEntries(Object.entries(config).map(([name, value]) => [name, readSetting(name, value, source)]));
}

/** What the caller says about a pack's policies; throws an EngineError that names file and key. */
export async function callerSettings({ configFile, config }: PolicyPackOptions): Promise<PolicySettings> {
  if (configFile === undefined) return readSettings(config ?? {}, "The policy pack's configuration");
  const text = await readFile(configFile, "utf8").catch((error: unknown) => {
    throw new EngineError(`The policy pack's configuration ${configFile} cannot be read: ${(error as Error).message}`);
  });
  if (text.trim() === "") return {};
  try {
    return readSettings(JSON.parse(text), configFile);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError(`The policy pack's configuration ${configFile} is not JSON: ${(error as Error).message}`);
  }
}

function apply(settings: PolicySettings, changes: PolicySettings): PolicySettings {
  const all = changes["all"]?.enforcementLevel;
  const result: Record<string, PolicySetting> = {};
  for (const [name, setting] of Object.entries(settings))
    result[name] = all === undefined ? setting : { ...setting, enforcementLevel: all };
  for (const [name, { enforcementLevel, properties }] of Object.entries(changes)) {
    const before = result[name];
    const level = enforcementLevel ?? before?.enforcementLevel;
    result[name] = { ...(level && { enforcementLevel: level }), properties: { ...before?.properties, ...properties } };
  }
  return result;
}

const defaultsOf = (properties: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(properties).flatMap(([key, schema]) => (isObject(schema) && "default" in schema ? [[key, schema["default"]]] : [])),
  );

/** What to send to the pack; throws an EngineError that lists every fault. */
export function mergeSettings(
  pack: string,
  policies: readonly PolicyDescription[],
  initial: PolicySettings,
  caller: PolicySettings,
): PolicySettings {
  const defaults = Object.fromEntries(
    policies.map(({ name, enforcementLevel, schema }) => [name, { enforcementLevel, properties: defaultsOf(schema?.properties ?? {}) }]),
  );
  const merged = apply(apply(defaults, initial), caller);
  const found = policies.flatMap(({ name, schema }) =>
    schema === undefined
      ? []
      : faults({ type: "object", properties: schema.properties, required: schema.required }, merged[name]?.properties ?? {}, name),
  );
  for (const [name, { enforcementLevel }] of Object.entries(merged)) {
    if (enforcementLevel === undefined) found.push(`${name} is no policy of this pack, and has no enforcement level`);
  }
  if (found.length > 0)
    throw new EngineError(`The configuration of the policy pack ${pack} is wrong:\n${found.map((fault) => `  ${fault}`).join("\n")}`);
  return merged;
}
