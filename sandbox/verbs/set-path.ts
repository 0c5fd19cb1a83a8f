/** `--set KEY=VALUE`, with the paths of `pulumi config set --path`: `fleet:fleets.web.size.max=6`, `aws:allowedAccountIds[0]=…`. */
import { parse } from "yaml";
import type { Project, Settings } from "./project.ts";
import { UsageError } from "./usage-error.ts";

type Part = string | number;

/** `a.b[0]["c.d"]` to its parts. */
export function parsePath(path: string): Part[] {
  const parts: Part[] = [];
  let rest = path;
  while (rest !== "") {
    const match =
      /^\[(\d+)\]/.exec(rest) ?? /^\["((?:[^"\\]|\\.)*)"\]/.exec(rest) ?? (parts.length === 0 ? /^([^.[\]]+)/ : /^\.([^.[\]]+)/).exec(rest);
    if (match === null)
      throw new UsageError(
        `--set ${path}: cannot be read from "${rest}" on; a path looks like fleet:fleets.web.size.max or fleet:list[0].`,
      );
    const [whole, inner = ""] = match;
    parts.push(/^\[\d/.test(whole) ? Number(inner) : inner);
    rest = rest.slice(whole.length);
  }
  return parts;
}

/** A copy of `holder` with `value` at `path`; objects and lists on the way come into being. */
export function setAt(holder: unknown, path: readonly Part[], value: unknown): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  if (typeof head === "number") {
    const list: unknown[] = Array.isArray(holder) ? [...(holder as unknown[])] : [];
    if (head > list.length)
      throw new UsageError(`--set: index ${head} is beyond the end of a list of ${list.length}; the next one is ${list.length}.`);
    list[head] = setAt(list[head], rest, value);
    return list;
  }
  const record = typeof holder === "object" && holder !== null && !Array.isArray(holder) ? (holder as Record<string, unknown>) : {};
  if (value === undefined && rest.length === 0) return Object.fromEntries(Object.entries(record).filter(([key]) => key !== head));
  return { ...record, [head]: setAt(record[head], rest, value) };
}

/** Applies `--set` options in order. A value is read as YAML, so `5`, `true` and `{a: 1}` are what they look like; an empty one removes the key. */
export function applySets(project: Project, settings: Settings, sets: readonly string[]): Settings {
  return sets.reduce<Settings>((current, option) => {
    const equals = option.indexOf("=");
    if (equals < 1) throw new UsageError(`--set ${option}: allowed is KEY=VALUE, for example fleet:fleets.web.size.max=6.`);
    const key = option.slice(0, equals);
    const [namespaced = "", ...path] = parsePath(key.includes(":") ? key : `${project.name}:${key}`);
    const text = option.slice(equals + 1);
    return setAt(current, [String(namespaced), ...path], text === "" ? undefined : readValue(text)) as Settings;
  }, settings);
}

function readValue(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch {
    return text; // a text with characters that YAML reserves stands for itself
  }
}
