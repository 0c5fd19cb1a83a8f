import type { Change } from "./provider.ts";
import { equal, isObject } from "./values.ts";
import type { Value } from "./values.ts";

/** The smallest paths at which `before` and `after` differ. */
export function differences(path: string, before: Value | undefined, after: Value | undefined): Omit<Change, "replace">[] {
  if (equal(before, after)) return [];
  if (before === undefined) return [{ path, kind: "add" }];
  if (after === undefined) return [{ path, kind: "delete" }];
  if (Array.isArray(before) && Array.isArray(after)) {
    return Array.from({ length: Math.max(before.length, after.length) }, (_, index) =>
      differences(`${path}[${index}]`, before[index], after[index]),
    ).flat();
  }
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => differences(member(path, key), before[key], after[key]));
  }
  return [{ path, kind: "update" }];
}

/** `tags.Name`, but `tags["fleet:role"]`, as Pulumi writes property paths. */
function member(path: string, key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}
