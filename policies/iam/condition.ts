/** Conditions of a statement against what is known of a request. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
import type { Condition } from "./document.ts";
import { arnMatches, every, hasVariable, not, some, wildcard, yesIf, type Answer } from "./match.ts";

/** Value of a condition key in a request; null = the request does not have it. A key that is not listed is not known. */
export type RequestContext = Readonly<Record<string, string | null>>;

type Comparison = (value: string, wanted: string) => Answer;

const compareNumbers =
  (holds: (value: number, wanted: number) => boolean, read: (text: string) => number): Comparison =>
  (value, wanted) => {
    const [one, other] = [read(value), read(wanted)];
    return Number.isNaN(one) || Number.isNaN(other) ? "no" : yesIf(holds(one, other));
  };

const orders: Readonly<Record<string, (value: number, wanted: number) => boolean>> = {
  Equals: (value, wanted) => value === wanted,
  LessThan: (value, wanted) => value < wanted,
  LessThanEquals: (value, wanted) => value <= wanted,
  GreaterThan: (value, wanted) => value > wanted,
  GreaterThanEquals: (value, wanted) => value >= wanted,
};

const asTime = (text: string) => (/^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text));

const ordered = (prefix: string, read: (text: string) => number): [string, Comparison][] =>
  Object.entries(orders).map(([name, holds]) => [prefix + name, compareNumbers(holds, read)]);

/** Positive operators; `Not` ones are their negation. */
const comparisons: ReadonlyMap<string, Comparison> = new Map<string, Comparison>([
  ["StringEquals", (value, wanted) => yesIf(value === wanted)],
  ["StringEqualsIgnoreCase", (value, wanted) => yesIf(value.toLowerCase() === wanted.toLowerCase())],
  ["StringLike", (value, wanted) => yesIf(wildcard(wanted, value))],
  ["ArnEquals", (value, wanted) => yesIf(arnMatches(wanted, value))],
  ["ArnLike", (value, wanted) => yesIf(arnMatches(wanted, value))],
  ["Bool", (value, wanted) => yesIf(value.toLowerCase() === wanted.toLowerCase())],
  ["BinaryEquals", (value, wanted) => yesIf(value === wanted)],
  ...ordered("Numeric", Number),
  ...ordered("Date", asTime),
]);

const negations: Readonly<Record<string, string>> = {
  StringNotEquals: "StringEquals",
  StringNotEqualsIgnoreCase: "StringEqualsIgnoreCase",
  StringNotLike: "StringLike",
  ArnNotEquals: "ArnEquals",
  ArnNotLike: "ArnLike",
  NumericNotEquals: "NumericEquals",
  DateNotEquals: "DateEquals",
};

interface Operator {
  readonly name: string;
  readonly negated: boolean;
  readonly ifExists: boolean;
  readonly quantifier: "ForAllValues" | "ForAnyValue" | undefined;
}

function parseOperator(written: string): Operator {
  const [, quantifier, rest = written] = /^(?:(ForAllValues|ForAnyValue):)?(.*)$/.exec(written) ?? [];
  const ifExists = rest.endsWith("IfExists");
  const name = ifExists ? rest.slice(0, -"IfExists".length) : rest;
  const positive = negations[name];
  return { name: positive ?? name, negated: positive !== undefined, ifExists, quantifier: quantifier as Operator["quantifier"] };
}

function lookUp(context: RequestContext, key: string): string | null | undefined {
  const lower = key.toLowerCase();
  const found = Object.keys(context).find((one) => one.toLowerCase() === lower);
  return found === undefined ? undefined : context[found];
}

function holds({ operator, key, values }: Condition, context: RequestContext): Answer {
  const { name, negated, ifExists, quantifier } = parseOperator(operator);
  const value = lookUp(context, key);
  if (value === undefined) return "unknown";
  if (name === "Null") return some(values.map((wanted) => yesIf((value === null) === (wanted.toLowerCase() === "true"))));
  // A key that the request lacks: positive operators fail, negated ones hold, and so does a list of no values.
  if (value === null) return yesIf(ifExists || negated || quantifier === "ForAllValues");
  const compare = comparisons.get(name);
  if (!compare) return "unknown";
  const any = some(values.map((wanted) => (hasVariable(wanted) ? "unknown" : compare(value, wanted))));
  return negated ? not(any) : any;
}

/** Whether all conditions of a statement hold for the request. */
export function conditionsHold(conditions: readonly Condition[], context: RequestContext): Answer {
  return every(conditions.map((condition) => holds(condition, context)));
}
