/** The part of JSON Schema that configurations of policies use; a keyword outside of it is an error, not a pass. */
import { isDeepStrictEqual } from "node:util";

type Schema = Readonly<Record<string, unknown>>;
type Check = (argument: never, value: unknown, at: string) => string[];

const kinds: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
};

const show = (value: unknown) => JSON.stringify(value);
const say = (holds: boolean, text: string) => (holds ? [] : [text]);
const asObject = (value: unknown) => (kinds["object"]?.(value) ? (value as Record<string, unknown>) : undefined);
const numeric = (value: unknown, holds: (number: number) => boolean) => typeof value !== "number" || holds(value);
const sized = (value: unknown, kind: "string" | "array", holds: (length: number) => boolean) =>
  !kinds[kind]?.(value) || holds(kind === "string" ? Array.from(value as string).length : (value as unknown[]).length);

function checkType(argument: string | string[], value: unknown, at: string): string[] {
  const wanted = [argument].flat();
  return say(
    wanted.some((kind) => kinds[kind]?.(value)),
    `${at} is ${show(value)}, expected: ${wanted.join(" or ")}`,
  );
}

function checkAdditional(argument: Schema | boolean, value: unknown, at: string, known: readonly string[]): string[] {
  const others = Object.entries(asObject(value) ?? {}).filter(([key]) => !known.includes(key));
  if (argument === true) return [];
  if (argument === false) return others.map(([key]) => `${at}.${key} is unknown; known are: ${known.join(", ")}`);
  return others.flatMap(([key, item]) => faults(argument, item, `${at}.${key}`));
}

const checks: Readonly<Record<string, Check>> = {
  type: checkType,
  enum: (argument: unknown[], value, at) =>
    say(
      argument.some((one) => isDeepStrictEqual(one, value)),
      `${at} is ${show(value)}, allowed: ${argument.map(show).join(", ")}`,
    ),
  const: (argument: unknown, value, at) => say(isDeepStrictEqual(argument, value), `${at} is ${show(value)}, allowed: ${show(argument)}`),
  minimum: (argument: number, value, at) =>
    say(
      numeric(value, (number) => number >= argument),
      `${at} is ${show(value)}, at least ${argument}`,
    ),
  maximum: (argument: number, value, at) =>
    say(
      numeric(value, (number) => number <= argument),
      `${at} is ${show(value)}, at most ${argument}`,
    ),
  exclusiveMinimum: (argument: number, value, at) =>
    say(
      numeric(value, (number) => number > argument),
      `${at} is ${show(value)}, more than ${argument}`,
    ),
  exclusiveMaximum: (argument: number, value, at) =>
    say(
      numeric(value, (number) => number < argument),
      `${at} is ${show(value)}, less than ${argument}`,
    ),
  multipleOf: (argument: number, value, at) =>
    say(
      numeric(value, (number) => Number.isInteger(number / argument)),
      `${at} is ${show(value)}, a multiple of ${argument}`,
    ),
  minLength: (argument: number, value, at) =>
    say(
      sized(value, "string", (length) => length >= argument),
      `${at} is ${show(value)}, at least ${argument} characters`,
    ),
  maxLength: (argument: number, value, at) =>
    say(
      sized(value, "string", (length) => length <= argument),
      `${at} is ${show(value)}, at most ${argument} characters`,
    ),
  pattern: (argument: string, value, at) =>
    say(typeof value !== "string" || new RegExp(argument, "u").test(value), `${at} is ${show(value)}, expected to match ${argument}`),
  minItems: (argument: number, value, at) =>
    say(
      sized(value, "array", (length) => length >= argument),
      `${at} has fewer than ${argument} items`,
    ),
  maxItems: (argument: number, value, at) =>
    say(
      sized(value, "array", (length) => length <= argument),
      `${at} has more than ${argument} items`,
    ),
  uniqueItems: (argument: boolean, value, at) =>
    say(
      !argument ||
        !Array.isArray(value) ||
        value.every((item, index) => !value.slice(0, index).some((other) => isDeepStrictEqual(item, other))),
      `${at} has equal items`,
    ),
  items: (argument: Schema, value, at) =>
    Array.isArray(value) ? value.flatMap((item, index) => faults(argument, item, `${at}[${index}]`)) : [],
  required: (argument: string[], value, at) => {
    const object = asObject(value);
    return object === undefined ? [] : argument.filter((key) => !(key in object)).map((key) => `${at}.${key} is missing`);
  },
  properties: (argument: Readonly<Record<string, Schema>>, value, at) =>
    Object.entries(argument).flatMap(([key, schema]) => {
      const item = asObject(value)?.[key];
      return item === undefined ? [] : faults(schema, item, `${at}.${key}`);
    }),
  anyOf: (argument: Schema[], value, at) =>
    say(
      argument.some((schema) => faults(schema, value, at).length === 0),
      `${at} is ${show(value)}, which fits none of the alternatives`,
    ),
  oneOf: (argument: Schema[], value, at) =>
    say(
      argument.filter((schema) => faults(schema, value, at).length === 0).length === 1,
      `${at} is ${show(value)}, which does not fit exactly one alternative`,
    ),
  allOf: (argument: Schema[], value, at) => argument.flatMap((schema) => faults(schema, value, at)),
};

/** Keywords that describe and do not constrain. */
const descriptions: ReadonlySet<string> = new Set([
  "title",
  "description",
  "default",
  "examples",
  "$comment",
  "$schema",
  "deprecated",
  "format",
]);

/** What is wrong with `value`, each fault with its place. */
export function faults(schema: Schema, value: unknown, at: string): string[] {
  return Object.entries(schema).flatMap(([keyword, argument]) => {
    if (descriptions.has(keyword)) return [];
    if (keyword === "additionalProperties")
      return checkAdditional(argument as Schema | boolean, value, at, Object.keys(schema["properties"] ?? {}));
    const check = checks[keyword];
    if (check === undefined) return [`${at}: its schema uses "${keyword}", which this engine does not know`];
    return check(argument as never, value, at);
  });
}
