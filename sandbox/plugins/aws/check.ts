import { autoname } from "../protocol/autoname.ts";
import { messageOf } from "../protocol/errors.ts";
import type { CheckCall, Checked, CheckFailure } from "../protocol/provider.ts";
import { isObject, unknown } from "../protocol/values.ts";
import type { Properties, Value } from "../protocol/values.ts";
import type { Definition, Naming } from "./definition.ts";
import { resourceSchema } from "./schema.ts";
import type { Property } from "./schema.ts";
import { fitted, shapeName } from "./shape.ts";

/** Names of the inputs that the provider filled in; Pulumi's AWS provider keeps them under this key too. */
export const defaultsKey = "__defaults";

export const filledIn = (inputs: Properties | undefined): readonly string[] => {
  const list = inputs?.[defaultsKey];
  return Array.isArray(list) ? (list as string[]) : [];
};

/** Checks and completes inputs: types, unknown and missing properties, defaults, the name. All faults are reported together. */
export async function check(definition: Definition, call: CheckCall): Promise<Checked> {
  const schema = resourceSchema(definition.token);
  const failures: CheckFailure[] = [];
  const given = Object.entries(call.news).filter(([key]) => key !== defaultsKey);
  const inputs: Properties = {};
  for (const [key, value] of given) inputs[key] = checkedProperty(definition, schema[key], key, value, failures);
  const filled = fillIn(definition, call, inputs, failures);
  for (const [key, property] of Object.entries(schema)) {
    if (property.input === "required" && inputs[key] === undefined)
      failures.push({ property: key, reason: `${key} is missing; it must be ${shapeName(property.type)}` });
  }
  if (failures.length === 0) failures.push(...(definition.validate?.(inputs) ?? []));
  const prepared = failures.length === 0 ? ((await definition.prepare?.(inputs)) ?? inputs) : inputs;
  return { inputs: { ...prepared, ...(filled.length > 0 ? { [defaultsKey]: [...filled].sort() } : {}) }, failures };
}

function checkedProperty(
  definition: Definition,
  property: Property | undefined,
  key: string,
  value: Value,
  failures: CheckFailure[],
): Value {
  if (property?.input === undefined) {
    const known = Object.entries(resourceSchema(definition.token)).filter(([, one]) => one.input !== undefined);
    const names = known.map(([name]) => name).sort();
    failures.push({ property: key, reason: `${key} is not an input of ${definition.token}; its inputs are ${names.join(", ")}` });
    return value;
  }
  if (definition.unsupported?.includes(key)) {
    failures.push({ property: key, reason: `${key} of ${definition.token} is not supported by the sandbox's AWS provider` });
    return value;
  }
  if (definition.json?.includes(key)) return jsonText(key, value, failures);
  return fitted(value, property.type, key, failures);
}

/** A document as text; objects are accepted, as @pulumi/aws types them. */
function jsonText(key: string, value: Value, failures: CheckFailure[]): Value {
  if (isObject(value)) return JSON.stringify(value);
  if (value === unknown) return value;
  try {
    if (typeof value !== "string") throw new Error("it is no text");
    JSON.parse(value);
  } catch (error) {
    failures.push({ property: key, reason: `${key} must be JSON: ${messageOf(error)}` });
  }
  return value;
}

/** Fills in the name and the defaults; the names of what it filled in. A name once made is kept. */
function fillIn(definition: Definition, call: CheckCall, inputs: Properties, failures: CheckFailure[]): string[] {
  const filled: string[] = [];
  const { naming } = definition;
  const name = naming?.property ?? "name";
  if (naming && inputs[name] === undefined) {
    const old = call.olds?.[name];
    const prefix = inputs[`${name}Prefix`];
    const keep = old !== undefined && filledIn(call.olds).includes(name) && call.olds?.[`${name}Prefix`] === prefix;
    try {
      inputs[name] = keep ? old : madeName(naming, prefix, inputs, call);
      filled.push(name);
    } catch (error) {
      failures.push({ property: name, reason: messageOf(error) });
    }
  }
  for (const [key, value] of Object.entries(definition.defaults ?? {})) {
    if (inputs[key] !== undefined) continue;
    inputs[key] = value;
    filled.push(key);
  }
  for (const [path, defaults] of Object.entries(definition.nestedDefaults ?? {})) fillInside(inputs, path.split("."), defaults);
  return filled;
}

/** Puts `defaults` under what the object, or each object of the list, at `path` has. */
function fillInside(inside: { [key: string]: Value }, [key = "", ...rest]: readonly string[], defaults: Properties): void {
  const value = inside[key];
  const objects = (Array.isArray(value) ? value : [value]).filter(isObject);
  if (rest.length > 0) {
    for (const one of objects) fillInside(one, rest, defaults);
    return;
  }
  const filled = objects.map((one) => ({ ...defaults, ...one }));
  const [first] = filled;
  if (first !== undefined) inside[key] = Array.isArray(value) ? filled : first;
}

function madeName(naming: Naming, prefix: Value | undefined, inputs: Properties, call: CheckCall): string {
  if (prefix === unknown) return unknown;
  const ending = naming.ending?.(inputs) ?? "";
  if (typeof prefix === "string") return autoname(prefix, call.randomSeed, naming.maxLength, ending);
  return autoname(`${naming.start ?? ""}${call.name}-`, call.randomSeed, naming.maxLength, ending);
}
