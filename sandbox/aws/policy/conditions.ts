/**
 * Condition operators of policies: the strings, ARNs, truth values and presence that policies of a notice path and of nodes use.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */

/** Keys in lower case: condition keys are not case-sensitive. A list is a key of several values, such as `aws:tagkeys`. */
export type ConditionContext = Readonly<Record<string, string | readonly string[]>>;

export class PolicyError extends Error {
  override name = "PolicyError";
}

/** `*` for any text, `?` for one character; a policy variable such as `${aws:username}` is a text here. */
export function wildcard(pattern: string, ignoreCase = false): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, ignoreCase ? "is" : "s");
}

/** Six parts between colons, each with wildcards of its own; the last may hold colons. */
function arnLike(pattern: string, arn: string): boolean {
  if (pattern === "*") return true;
  const cut = (text: string) => [...text.split(":").slice(0, 5), text.split(":").slice(5).join(":")];
  const parts = cut(arn);
  return cut(pattern).every((part, index) => wildcard(part).test(parts[index] ?? ""));
}

type Test = (wanted: string, actual: string) => boolean;

const tests: Readonly<Record<string, Test>> = {
  StringEquals: (wanted, actual) => wanted === actual,
  StringEqualsIgnoreCase: (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase(),
  StringLike: (wanted, actual) => wildcard(wanted).test(actual),
  // The two ARN operators behave alike.
  ArnEquals: arnLike,
  ArnLike: arnLike,
  Bool: (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase(),
};

const negations: Readonly<Record<string, string>> = {
  StringNotEquals: "StringEquals",
  StringNotEqualsIgnoreCase: "StringEqualsIgnoreCase",
  StringNotLike: "StringLike",
  ArnNotEquals: "ArnEquals",
  ArnNotLike: "ArnLike",
};

export const conditionOperators: readonly string[] = [...Object.keys(tests), ...Object.keys(negations), "Null"];

/**
 * Whether one operator with one key holds. Several wanted values mean any of them; for a negated operator, none of them. A key of
 * several values needs ForAllValues or ForAnyValue before its operator.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 */
export function conditionHolds(operator: string, key: string, wanted: readonly string[], context: ConditionContext): boolean {
  const [, set, single = operator] = /^(ForAllValues|ForAnyValue):(.*)$/.exec(operator) ?? [];
  const actual = context[key.toLowerCase()];
  if (set !== undefined) {
    const values = actual === undefined ? [] : typeof actual === "string" ? [actual] : actual;
    const holds = (value: string) => singleHolds(single, wanted, value);
    return set === "ForAllValues" ? values.every(holds) : values.some(holds);
  }
  if (typeof actual === "object")
    throw new PolicyError(`${key} has several values; ${operator} needs ForAllValues or ForAnyValue before it.`);
  return singleHolds(operator, wanted, actual);
}

function singleHolds(operator: string, wanted: readonly string[], actual: string | undefined): boolean {
  const ifExists = operator.endsWith("IfExists");
  const name = ifExists ? operator.slice(0, -"IfExists".length) : operator;
  if (name === "Null") return wanted.some((value) => (value.toLowerCase() === "true") === (actual === undefined));
  const positive = tests[name];
  const negated = tests[negations[name] ?? ""];
  if (positive === undefined && negated === undefined) {
    throw new PolicyError(`The condition operator ${operator} is not supported here; supported are ${conditionOperators.join(", ")}.`);
  }
  if (actual === undefined) return ifExists || negated !== undefined;
  if (positive !== undefined) return wanted.some((value) => positive(value, actual));
  return !wanted.some((value) => negated?.(value, actual));
}
