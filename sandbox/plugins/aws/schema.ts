import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Type of a property, as in `schema.json`, which is derived from the declarations of @pulumi/aws. */
export type Shape =
  | "string"
  | "number"
  | "boolean"
  | "any"
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly object: Readonly<Record<string, Member>> };

export interface Member {
  readonly type: Shape;
  readonly optional?: true;
}

export interface Property {
  readonly type: Shape;
  /** Absent = an output only. */
  readonly input?: "required" | "optional";
  /** Absent = an input only. `maybe` = may be undefined: the provider computes no value of its own. */
  readonly output?: "always" | "maybe";
}

export type ResourceSchema = Readonly<Record<string, Property>>;

export interface FunctionSchema {
  readonly arguments: Readonly<Record<string, Member>>;
  readonly result: Readonly<Record<string, Member>>;
}

export interface ReplaceSet {
  /** File of terraform-provider-aws that says so (`ForceNew`, or a plan modifier `RequiresReplace`). */
  readonly source: string;
  /** Property paths without indexes. */
  readonly replace: readonly string[];
}

const read = (file: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, file), "utf8"));

interface Schema {
  readonly resources: Readonly<Record<string, ResourceSchema>>;
  readonly functions: Readonly<Record<string, FunctionSchema>>;
}

let schema: Schema | undefined;
let replaceSets: Record<string, ReplaceSet> | undefined;

const known = () => (schema ??= read("schema.json") as Schema);

export function resourceSchema(token: string): ResourceSchema {
  const found = known().resources[token];
  if (found === undefined) throw new Error(`schema.json does not have the resource type ${token}`);
  return found;
}

export function functionSchema(token: string): FunctionSchema {
  const found = known().functions[token];
  if (found === undefined) throw new Error(`schema.json does not have the function ${token}`);
  return found;
}

export function replaceSetOf(token: string): readonly string[] {
  replaceSets ??= read("replace-sets.json") as Record<string, ReplaceSet>;
  const found = replaceSets[token];
  if (found === undefined) throw new Error(`replace-sets.json does not have ${token}`);
  return found.replace;
}
