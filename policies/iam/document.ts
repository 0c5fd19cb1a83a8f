/**
 * Policy documents as data: resource policies of topics, queues and keys, and the inline policies of roles.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */

export interface Principals {
  /** `*`, or a list by kind: `AWS`, `Service`, `Federated`, `CanonicalUser`. */
  readonly everyone: boolean;
  readonly byKind: Readonly<Record<string, readonly string[]>>;
}

export interface Condition {
  /** As written: `ForAnyValue:StringLikeIfExists`. */
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

export interface Statement {
  readonly effect: "Allow" | "Deny";
  readonly principal: Principals | undefined;
  readonly notPrincipal: Principals | undefined;
  readonly actions: readonly string[] | undefined;
  readonly notActions: readonly string[] | undefined;
  readonly resources: readonly string[] | undefined;
  readonly notResources: readonly string[] | undefined;
  readonly conditions: readonly Condition[];
}

export type PolicyDocument = readonly Statement[];

type Raw = Readonly<Record<string, unknown>>;

const isRaw = (value: unknown): value is Raw => typeof value === "object" && value !== null && !Array.isArray(value);

function list(value: unknown): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  return (Array.isArray(value) ? (value as unknown[]) : [value]).map(String);
}

function principals(value: unknown): Principals | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isRaw(value)) return { everyone: (list(value) ?? []).includes("*"), byKind: {} };
  const byKind = Object.fromEntries(Object.entries(value).map(([kind, names]) => [kind, list(names) ?? []]));
  return { everyone: byKind["AWS"]?.includes("*") === true, byKind };
}

function conditions(value: unknown): Condition[] {
  if (!isRaw(value)) return [];
  return Object.entries(value).flatMap(([operator, keys]) =>
    isRaw(keys) ? Object.entries(keys).map(([key, values]) => ({ operator, key, values: list(values) ?? [] })) : [],
  );
}

function statement(raw: Raw): Statement {
  return {
    effect: raw["Effect"] === "Allow" ? "Allow" : "Deny",
    principal: principals(raw["Principal"]),
    notPrincipal: principals(raw["NotPrincipal"]),
    actions: list(raw["Action"]),
    notActions: list(raw["NotAction"]),
    resources: list(raw["Resource"]),
    notResources: list(raw["NotResource"]),
    conditions: conditions(raw["Condition"]),
  };
}

/** The statements of a document given as text or as an object; undefined when it is none. */
export function parsePolicy(given: unknown): PolicyDocument | undefined {
  let document = given;
  if (typeof given === "string") {
    try {
      document = JSON.parse(given);
    } catch {
      return undefined;
    }
  }
  if (!isRaw(document)) return undefined;
  const statements = document["Statement"];
  const all = Array.isArray(statements) ? (statements as unknown[]) : [statements];
  return all.every(isRaw) ? all.map(statement) : undefined;
}
