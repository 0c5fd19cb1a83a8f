/** The bridge between the proxies that @pulumi/policy hands out and plain data. */
import { Secret } from "@pulumi/policy";
import type { Edit } from "../core/rule.ts";
import { readWithRequest } from "./requests.ts";

/**
 * The properties behind the proxy of @pulumi/policy, which throws on every unknown one that is read. Property
 * descriptors are not intercepted and hold the plain values.
 */
export function plain(proxied: object): Record<string, unknown> {
  if (Object.hasOwn(proxied, readWithRequest)) {
    throw new Error("@pulumi/policy did not hand on the request as it came: install the version that package-lock.json names");
  }
  return Object.fromEntries(
    Object.entries(Object.getOwnPropertyDescriptors(proxied)).map(([key, descriptor]) => [key, descriptor.value as unknown]),
  );
}

type Container = Record<string | number, unknown>;

/** Changes one property in place. A value that was secret stays secret. Gives whether it could be reached. */
export function apply(properties: Record<string, unknown>, edit: Edit): boolean {
  let container: Container = properties;
  const keys = [...edit.path];
  const last = keys.pop() as string | number;
  for (const key of keys) {
    const present = container[key] instanceof Secret ? (container[key].value as unknown) : container[key];
    if (present === undefined || present === null) container[key] = {};
    const next = present ?? container[key];
    if (typeof next !== "object" || next === null) return false; // not known yet
    container = next as Container;
  }
  container[last] = container[last] instanceof Secret ? new Secret(edit.value) : edit.value;
  return true;
}
