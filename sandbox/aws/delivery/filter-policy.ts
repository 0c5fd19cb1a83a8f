/**
 * Filter policies of subscriptions.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
 */

export class FilterError extends Error {
  override name = "FilterError";
}

type Rule = string | number | boolean | null | Readonly<Record<string, unknown>>;

/** Values of one attribute or property of the message; undefined when it has none. */
type Candidates = readonly unknown[] | undefined;

const comparisons: Readonly<Record<string, (actual: number, wanted: number) => boolean>> = {
  "=": (actual, wanted) => actual === wanted,
  "<": (actual, wanted) => actual < wanted,
  "<=": (actual, wanted) => actual <= wanted,
  ">": (actual, wanted) => actual > wanted,
  ">=": (actual, wanted) => actual >= wanted,
};

/** `candidatesOf` gives the values for a path of keys. */
export function passesFilter(policy: Readonly<Record<string, unknown>>, candidatesOf: (path: readonly string[]) => Candidates): boolean {
  const passes = (node: Readonly<Record<string, unknown>>, path: readonly string[]): boolean =>
    Object.entries(node).every(([key, rule]) => {
      const below = [...path, key];
      if (Array.isArray(rule)) return (rule as Rule[]).some((one) => ruleHolds(one, candidatesOf(below)));
      if (typeof rule === "object" && rule !== null) return passes(rule as Readonly<Record<string, unknown>>, below);
      throw new FilterError(`The filter policy has at ${below.join(".")} neither a list nor an object.`);
    });
  return passes(policy, []);
}

/** Values at a path of keys in a JSON value; undefined when there are none. */
export function valuesAt(value: unknown, [key, ...rest]: readonly string[]): readonly unknown[] | undefined {
  if (key === undefined) return value === undefined ? undefined : Array.isArray(value) ? (value as unknown[]) : [value];
  if (typeof value !== "object" || value === null) return undefined;
  return valuesAt((value as Readonly<Record<string, unknown>>)[key], rest);
}

function ruleHolds(rule: Rule, candidates: Candidates): boolean {
  if (typeof rule !== "object" || rule === null) return candidates?.some((value) => value === rule) ?? false;
  if (rule["exists"] !== undefined) return rule["exists"] === (candidates !== undefined);
  if (candidates === undefined) return false;
  const [name, wanted] = Object.entries(rule)[0] ?? ["", undefined];
  switch (name) {
    case "prefix":
      return texts(candidates).some((value) => value.startsWith(String(wanted)));
    case "suffix":
      return texts(candidates).some((value) => value.endsWith(String(wanted)));
    case "equals-ignore-case":
      return texts(candidates).some((value) => value.toLowerCase() === String(wanted).toLowerCase());
    case "anything-but":
      return !candidates.some((value) => isOneOf(value, wanted));
    case "numeric":
      return candidates.some((value) => typeof value === "number" && numeric(value, wanted));
    default:
      throw new FilterError(
        `The filter policy has the operator ${name}; supported are prefix, suffix, equals-ignore-case, anything-but, numeric and exists.`,
      );
  }
}

const texts = (candidates: readonly unknown[]) => candidates.filter((value) => typeof value === "string");

function isOneOf(value: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) return wanted.includes(value);
  if (typeof wanted === "object" && wanted !== null) return ruleHolds(wanted as Rule, [value]);
  return value === wanted;
}

/** `[">", 0, "<=", 5]`. */
function numeric(value: number, wanted: unknown): boolean {
  const parts = Array.isArray(wanted) ? (wanted as unknown[]) : [];
  for (let at = 0; at < parts.length; at += 2) {
    const compare = comparisons[String(parts[at])];
    const limit = parts[at + 1];
    if (compare === undefined || typeof limit !== "number")
      throw new FilterError(`The filter policy has the numeric rule ${JSON.stringify(wanted)}, which is not one.`);
    if (!compare(value, limit)) return false;
  }
  return parts.length > 0;
}
