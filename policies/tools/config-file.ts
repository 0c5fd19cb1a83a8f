/** Reads a configuration file as `--policy-pack-config` takes it: a level, or an object with options and a level, per rule. */
import type { EnforcementLevel } from "@pulumi/policy";
import { configFaults } from "../core/config.ts";
import type { AnyRule } from "../core/rule.ts";
import { InputFault } from "./fault.ts";
import { levels } from "./schema.ts";

export interface PackConfig {
  /** Levels given, by rule; `all` for the rest. */
  readonly levels: ReadonlyMap<string, EnforcementLevel>;
  readonly properties: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

const isLevel = (value: unknown): value is EnforcementLevel => levels.some((level) => level === value);

function entry(name: string, value: unknown): { level?: EnforcementLevel; properties: Record<string, unknown>; faults: string[] } {
  const wrong = (given: unknown) => `${name} has level ${JSON.stringify(given)}; it must be one of ${levels.join(", ")}`;
  if (typeof value === "string")
    return isLevel(value) ? { level: value, properties: {}, faults: [] } : { properties: {}, faults: [wrong(value)] };
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { properties: {}, faults: [`${name} must be a level or an object`] };
  const { enforcementLevel, ...properties } = value as Record<string, unknown>;
  if (enforcementLevel === undefined) return { properties, faults: [] };
  return isLevel(enforcementLevel)
    ? { level: enforcementLevel, properties, faults: [] }
    : { properties, faults: [wrong(enforcementLevel)] };
}

function parse(text: string, file: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = text.trim() === "" ? {} : JSON.parse(text);
  } catch (error) {
    throw new InputFault(`${file} is not JSON: ${(error as Error).message}`);
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
  throw new InputFault(`${file} holds no object of rules`);
}

/**
 * @throws InputFault that lists every value of a wrong type, as the engine refuses such a file. Names of rules and options
 * that do not exist are left to `pack-config-known`, as with the engine.
 */
export function readPackConfig(text: string, file: string, rules: readonly AnyRule[]): PackConfig {
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const found = Object.entries(parse(text, file)).map(([name, value]) => ({ name, ...entry(name, value) }));
  const faults = found.flatMap(({ name, properties, faults: own }) => {
    const options = byId.get(name)?.options ?? {};
    const known = Object.fromEntries(Object.entries(properties).filter(([key]) => key in options));
    return [...own, ...configFaults(name, options, known)];
  });
  if (faults.length > 0) throw new InputFault(`${file} cannot be used:\n${faults.map((fault) => `- ${fault}`).join("\n")}`);
  return {
    levels: new Map(found.flatMap(({ name, level }) => (level === undefined ? [] : [[name, level] as const]))),
    properties: new Map(found.map(({ name, properties }) => [name, properties])),
  };
}

/** The level of a rule: its own in the file, that of `all`, or the rule's. */
export function levelOf(rule: AnyRule, { levels: given }: Pick<PackConfig, "levels">): EnforcementLevel {
  return given.get(rule.id) ?? given.get("all") ?? rule.level;
}
