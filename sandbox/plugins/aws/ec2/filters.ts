import { isObject, textOf } from "../../protocol/values.ts";
import type { Properties, Value } from "../../protocol/values.ts";

export interface Filter {
  readonly Name: string;
  readonly Values: readonly string[];
}

/** `filters` and `tags` of a data source as EC2's filters. */
export function filtersOf(args: Properties): Filter[] {
  const given = Array.isArray(args["filters"]) ? (args["filters"] as { name: string; values: string[] }[]) : [];
  const tags = isObject(args["tags"]) ? Object.entries(args["tags"]) : [];
  return [
    ...given.map(({ name, values }) => ({ Name: name, Values: values })),
    ...tags.map(([key, value]) => ({ Name: `tag:${key}`, Values: [value as string] })),
  ];
}

/** Filters from arguments of their own: argument name to filter name. */
export function filtersFrom(args: Properties, names: Readonly<Record<string, string>>): Filter[] {
  return Object.entries(names).flatMap(([key, name]) => {
    const value: Value | undefined = args[key];
    return value === undefined ? [] : [{ Name: name, Values: [textOf(value)] }];
  });
}

/** `Filters` of a call; EC2 takes no empty list. */
export const filterInput = (filters: readonly Filter[]): { Filters?: readonly Filter[] } =>
  filters.length > 0 ? { Filters: filters } : {};

/** The one that was found; more or none of them is an error, as with the real provider. */
export function exactlyOne<T>(what: string, found: readonly T[] | undefined): T {
  const [first] = found ?? [];
  if (first === undefined) throw new Error(`no matching ${what} found`);
  if (found !== undefined && found.length > 1)
    throw new Error(`${found.length} ${what}s matched; use additional constraints to reduce matches to a single ${what}`);
  return first;
}
