/**
 * Typed configuration of a rule: each option is defined once, and from that come the JSON schema that the engine checks,
 * the defaults, the documentation and the type that the check receives.
 */
import type { PolicyConfigJSONSchema } from "@pulumi/policy/schema.js";

export interface Option<T> {
  readonly default: T;
  readonly about: string;
  readonly schema: PolicyConfigJSONSchema;
}

export type Options = Readonly<Record<string, Option<unknown>>>;
export type ConfigOf<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
}

export const integer = (about: string, value: number, bounds: Bounds = {}): Option<number> => ({
  about,
  default: value,
  schema: { type: "integer", ...bounds },
});

export const number = (about: string, value: number, bounds: Bounds = {}): Option<number> => ({
  about,
  default: value,
  schema: { type: "number", ...bounds },
});

export const flag = (about: string, value: boolean): Option<boolean> => ({ about, default: value, schema: { type: "boolean" } });

export const choice = <const V extends readonly string[]>(about: string, values: V, value: V[number]): Option<V[number]> => ({
  about,
  default: value,
  schema: { type: "string", enum: [...values] },
});

export const choices = <const V extends readonly string[]>(
  about: string,
  values: V,
  value: readonly V[number][],
): Option<readonly V[number][]> => ({
  about,
  default: value,
  schema: { type: "array", items: { type: "string", enum: [...values] } },
});

export const text = (about: string, value: string): Option<string> => ({ about, default: value, schema: { type: "string", minLength: 1 } });

export const texts = (about: string, value: readonly string[] = []): Option<readonly string[]> => ({
  about,
  default: value,
  schema: { type: "array", items: { type: "string", minLength: 1 } },
});

/** A list or table of objects, described by the schema of one entry. */
export const list = <T>(about: string, items: PolicyConfigJSONSchema): Option<readonly T[]> => ({
  about,
  default: [],
  schema: { type: "array", items },
});

export const table = <T>(about: string, entry: PolicyConfigJSONSchema): Option<Readonly<Record<string, T>>> => ({
  about,
  default: {},
  schema: { type: "object", additionalProperties: entry },
});

export function defaultsOf<O extends Options>(options: O): ConfigOf<O> {
  return Object.fromEntries(Object.entries(options).map(([key, option]) => [key, option.default])) as ConfigOf<O>;
}

/** The schema of one option with its default and description, as the engine and editors read it. */
export function optionSchema(option: Option<unknown>): PolicyConfigJSONSchema {
  return { ...option.schema, description: option.about, default: option.default as string };
}

const typeName = (value: unknown) => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);

function rangeFaults(schema: PolicyConfigJSONSchema, value: number, path: string): string[] {
  if (schema.type === "integer" && !Number.isInteger(value)) return [`${path} is ${value}; it must be a whole number`];
  if (schema.minimum !== undefined && value < schema.minimum) return [`${path} is ${value}; it must be at least ${schema.minimum}`];
  if (schema.maximum !== undefined && value > schema.maximum) return [`${path} is ${value}; it must be at most ${schema.maximum}`];
  return [];
}

function textFaults(schema: PolicyConfigJSONSchema, value: string, path: string): string[] {
  if (schema.enum && !schema.enum.includes(value))
    return [`${path} is "${value}"; it must be one of ${(schema.enum as string[]).join(", ")}`];
  if (schema.minLength !== undefined && value.length < schema.minLength) return [`${path} is empty`];
  if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value))
    return [`${path} is "${value}"; it must look like ${schema.description ?? schema.pattern}`];
  return [];
}

function objectFaults(schema: PolicyConfigJSONSchema, value: Record<string, unknown>, path: string): string[] {
  const missing = (schema.required ?? []).filter((key) => !(key in value)).map((key) => `${path}.${key} is missing`);
  const found = Object.entries(value).flatMap(([key, entry]) => {
    const known = schema.properties?.[key] ?? schema.additionalProperties;
    if (typeof known === "object") return schemaFaults(known, entry, `${path}.${key}`);
    return [`${path}.${key} is not an option; known are ${Object.keys(schema.properties ?? {}).join(", ")}`];
  });
  return [...missing, ...found];
}

/** What is wrong with a value under the part of JSON schema that the options above use. */
export function schemaFaults(schema: PolicyConfigJSONSchema, value: unknown, path: string): string[] {
  const found = typeName(value);
  const wanted = schema.type === "integer" ? "number" : schema.type;
  if (wanted !== undefined && wanted !== found)
    return [`${path} is of type ${found}; it must be ${schema.type === "integer" ? "a whole number" : String(schema.type)}`];
  if (typeof value === "number") return rangeFaults(schema, value, path);
  if (typeof value === "string") return textFaults(schema, value, path);
  if (Array.isArray(value)) {
    const { items } = schema;
    return typeof items === "object" && !Array.isArray(items)
      ? value.flatMap((item, index) => schemaFaults(items, item, `${path}[${index}]`))
      : [];
  }
  return found === "object" ? objectFaults(schema, value as Record<string, unknown>, path) : [];
}

/** Faults of a rule's configuration: unknown keys, wrong types, values out of range. */
export function configFaults(rule: string, options: Options, given: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(given).flatMap(([key, value]) => {
    const option = options[key];
    if (option) return schemaFaults(option.schema, value, `${rule}.${key}`);
    return [`${rule}.${key} is not an option of this rule; it has ${Object.keys(options).join(", ")}`];
  });
}
