/** Property paths as in `ignoreChanges`: `tags.owner`, `rules[0].port`, `data["a.b"]`, with `*` for every element. */
import { EngineError } from "./api.ts";
import type { PropertyMap, Value, ValueObject } from "./values.ts";
import { isList, isObject, without } from "./values.ts";

export type Path = readonly (string | number)[];

const syntax = /\.?([^.[\]"]+)|\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]/y;

/** Throws an EngineError that names the path. */
export function parsePath(text: string): Path {
  const path: (string | number)[] = [];
  syntax.lastIndex = 0;
  while (syntax.lastIndex < text.length) {
    const at = syntax.lastIndex;
    const match = syntax.exec(text);
    if (match === null || (at === 0 && text.startsWith("."))) {
      throw new EngineError(
        `"${text}" is no property path: expected names joined by dots, [index], ["name"] or *, for example tags.owner or rules[0].port`,
      );
    }
    const [, name, quoted, index] = match;
    if (name !== undefined) path.push(name);
    else if (quoted !== undefined) path.push(quoted.replaceAll(/\\(.)/g, "$1"));
    else path.push(index === "*" ? "*" : Number(index));
  }
  return path;
}

/** Whether `path` is `prefix` or lies under it. */
export const contains = (prefix: Path, path: Path): boolean =>
  prefix.length <= path.length && prefix.every((part, index) => part === "*" || part === path[index]);

/** The value with what stands at `path` taken from `old`; undefined when that cannot be done. */
function resetValue(path: Path, old: Value | undefined, value: Value | undefined): { value: Value | undefined } | undefined {
  const [part, ...rest] = path;
  if (part === undefined) return { value: old };
  if (part === "*") return resetAll(rest, old, value);
  if (typeof part === "number") {
    if (!isList(value) || part >= value.length || !isList(old) || part >= old.length)
      return isList(value) && isList(old) ? undefined : both(old, value);
    const inner = resetValue(rest, old[part], value[part]);
    if (inner?.value === undefined) return undefined;
    return { value: value.with(part, inner.value) };
  }
  if ((old !== undefined && !isObject(old)) || (value !== undefined && !isObject(value))) return undefined;
  const inner = resetValue(rest, old?.[part], value?.[part]);
  if (inner === undefined) return undefined;
  if (inner.value === undefined) {
    if (value === undefined) return { value };
    return { value: without(value, part) as ValueObject };
  }
  // What neither side has at the place above cannot be made up here.
  if (value === undefined) return undefined;
  return { value: { ...value, [part]: inner.value } };
}

const both = (old: Value | undefined, value: Value | undefined) => (old === undefined && value === undefined ? { value } : undefined);

function resetAll(rest: Path, old: Value | undefined, value: Value | undefined): { value: Value | undefined } | undefined {
  if (isList(value) && isList(old)) {
    if (value.length !== old.length) return rest.length === 0 ? { value: old } : undefined;
    const items = value.map((item, index) => resetValue(rest, old[index], item));
    return items.every((item) => item?.value !== undefined) ? { value: items.map((item) => item?.value ?? null) } : undefined;
  }
  if (isObject(value) && isObject(old)) {
    let result: { value: Value | undefined } | undefined = { value };
    for (const key of new Set([...Object.keys(old), ...Object.keys(value)])) {
      result = result && resetValue([key, ...rest], old, result.value);
    }
    return result;
  }
  return both(old, value);
}

/** `inputs` with everything that `ignoreChanges` names as it was in `old`, and the paths for which that was not possible. */
export function ignoreChanges(
  inputs: PropertyMap,
  old: PropertyMap,
  paths: readonly string[],
): { inputs: PropertyMap; impossible: string[] } {
  const impossible: string[] = [];
  let result = inputs;
  for (const text of paths) {
    const reset = resetValue(parsePath(text), old, result);
    if (reset !== undefined && isObject(reset.value)) result = reset.value;
    else impossible.push(text);
  }
  return { inputs: result, impossible };
}
