/** What a schema allows, in words, from its JSON schema: error messages and docs say the same. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly patternErrorMessage?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly propertyNames?: JsonSchema;
  readonly items?: JsonSchema;
}

export type Path = readonly (string | number)[];

/** The schema of the value at `path`; undefined where the schema knows no such place. */
export function schemaAt(schema: JsonSchema | undefined, path: Path): JsonSchema | undefined {
  const [first, ...rest] = path;
  if (schema === undefined || first === undefined) return schema;
  if (typeof first === "number") return schemaAt(schema.items, rest);
  const others = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
  return schemaAt(schema.properties?.[first] ?? others, rest);
}

export function allowedBy(schema: JsonSchema): string {
  const { minimum, maximum, minItems, maxItems } = schema;
  if (schema.patternErrorMessage !== undefined) return schema.patternErrorMessage;
  if (schema.enum !== undefined) return schema.enum.map(String).join(", ");
  switch (schema.type) {
    case "integer":
      return `a whole number from ${String(minimum)} to ${String(maximum)}`;
    case "number":
      return "a number";
    case "boolean":
      return "true, false";
    case "array":
      return maxItems === undefined ? `a list of ${minItems ?? 0} or more` : `a list of ${minItems ?? 0} to ${maxItems}`;
    case "object":
      return schema.properties === undefined ? "entries by name" : `an object with ${Object.keys(schema.properties).join(", ")}`;
    default:
      return "text";
  }
}

/** A place at or below `path` that one value mends, and that value: the first required setting in it. */
export function exampleAt(schema: JsonSchema, path: Path): { readonly path: Path; readonly value: unknown } {
  if (schema.type === "object" && schema.properties !== undefined) {
    const name = schema.required?.[0] ?? Object.keys(schema.properties)[0] ?? "";
    const property = schema.properties[name];
    if (property !== undefined) return exampleAt(property, [...path, name]);
  }
  if (schema.type === "object" && typeof schema.additionalProperties === "object") {
    return exampleAt(schema.additionalProperties, [...path, nameExample(schema)]);
  }
  if (schema.type === "array" && schema.items !== undefined) return exampleAt(schema.items, [...path, 0]);
  return { path, value: schema.default ?? schema.examples?.[0] };
}

function nameExample({ propertyNames }: JsonSchema): string {
  const example = propertyNames?.examples?.[0];
  return typeof example === "string" ? example : "name";
}
