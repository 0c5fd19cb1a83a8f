/** When two values of a property mean the same. */
import { equal, hasUnknown, isObject, unknown } from "../protocol/values.ts";
import type { Value } from "../protocol/values.ts";
import type { Definition } from "./definition.ts";

/** A JSON document in a form in which equal meanings are equal: IAM takes a string and a list of that one string for the same. */
function canonical(value: Value): Value {
  if (Array.isArray(value)) {
    const items = value.map(canonical);
    if (items.length === 1 && typeof items[0] !== "object") return items[0] ?? null;
    return items.every((item) => typeof item === "string") ? [...items].sort() : items;
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, canonical(item)]));
}

function sameJson(one: Value, other: Value): boolean {
  if (typeof one !== "string" || typeof other !== "string") return false;
  try {
    return equal(canonical(JSON.parse(one) as Value), canonical(JSON.parse(other) as Value));
  } catch {
    return false;
  }
}

function sameSet(one: readonly Value[], other: readonly Value[]): boolean {
  const left = [...other];
  return (
    one.length === other.length &&
    one.every((item) => {
      const index = left.findIndex((candidate) => equal(item, candidate));
      if (index >= 0) left.splice(index, 1);
      return index >= 0;
    })
  );
}

const isEmpty = (value: Value | undefined): boolean =>
  value === undefined || (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0);

/** `path` without indexes. */
export function equivalent(definition: Definition, path: string, one: Value | undefined, other: Value | undefined): boolean {
  if (equal(one, other) || (isEmpty(one) && isEmpty(other))) return true;
  if (one === undefined || other === undefined || one === unknown || other === unknown) return false;
  if (definition.json?.includes(path)) return sameJson(one, other);
  if (!hasUnknown(one) && !hasUnknown(other) && definition.same?.[path]?.(one, other)) return true;
  if (definition.sets?.includes(path) && Array.isArray(one) && Array.isArray(other)) return sameSet(one, other);
  return sameMembers(definition, path, one, other);
}

/** Compares member by member; the rules of `path` itself are for the whole value, not for an item of a list. */
function sameMembers(definition: Definition, path: string, one: Value, other: Value): boolean {
  if (equal(one, other)) return true;
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, index) => sameMembers(definition, path, item, other[index] ?? null));
  if (!isObject(one) || !isObject(other)) return false;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].every((key) => equivalent(definition, `${path}.${key}`, one[key], other[key]));
}

/** What a read found, written as the inputs have it where both mean the same: no change then shows up as one. */
export function settled(definition: Definition, path: string, found: Value, given: Value | undefined): Value {
  if (given === undefined) return found;
  if (equivalent(definition, path, found, given)) return given;
  return definition.sets?.includes(path) ? found : settledMembers(definition, path, found, given);
}

function settledMembers(definition: Definition, path: string, found: Value, given: Value): Value {
  if (Array.isArray(found) && Array.isArray(given) && found.length === given.length)
    return found.map((item, index) => settledMembers(definition, path, item, given[index] ?? null));
  if (!isObject(found) || !isObject(given)) return found;
  return Object.fromEntries(Object.entries(found).map(([key, item]) => [key, settled(definition, `${path}.${key}`, item, given[key])]));
}

/** The part of `found` that `given` speaks of: what AWS adds by itself is no change of an input. */
export function spokenOf(found: Value, given: Value): Value {
  if (Array.isArray(found) && Array.isArray(given) && found.length === given.length)
    return found.map((item, index) => spokenOf(item, given[index] ?? null));
  if (!isObject(found) || !isObject(given)) return found;
  return Object.fromEntries(
    Object.keys(given).flatMap((key) => {
      const item = found[key];
      return item === undefined ? [] : [[key, spokenOf(item, given[key] ?? null)]];
    }),
  );
}
