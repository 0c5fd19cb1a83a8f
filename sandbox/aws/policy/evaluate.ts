/**
 * Evaluates policy documents: resource policies with principals, identity policies without.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
import { conditionHolds, PolicyError, wildcard } from "./conditions.ts";
import type { ConditionContext } from "./conditions.ts";

export type Principal =
  /** For example sns.amazonaws.com. */
  | { readonly kind: "service"; readonly name: string }
  /** A role or user; `arn` as policies name it (arn:aws:iam::…:role/…). */
  | { readonly kind: "identity"; readonly arn: string; readonly accountId: string };

export interface PolicyRequest {
  readonly principal: Principal;
  /** `sqs:SendMessage`. */
  readonly action: string;
  readonly resource: string;
  readonly context: ConditionContext;
}

export interface Decision {
  readonly effect: "Allow" | "Deny" | "none";
  /** `Sid` or position of the statement that decided. */
  readonly statement: string | undefined;
  /** True when the statement names this principal (or everybody), not only the account it belongs to. */
  readonly direct: boolean;
}

interface Statement {
  readonly Sid?: string;
  readonly Effect?: string;
  readonly Principal?: PrincipalElement;
  readonly NotPrincipal?: PrincipalElement;
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

type PrincipalElement = string | Readonly<Record<string, string | readonly string[]>>;
type Match = "direct" | "account" | undefined;

const list = (value: unknown): string[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(String);

/** Statements of a document. Throws PolicyError for one that is no policy. */
function statements(document: string): Statement[] {
  try {
    const { Statement: found } = JSON.parse(document) as { readonly Statement?: Statement | readonly Statement[] };
    if (found === undefined) throw new PolicyError("The policy has no Statement.");
    return Array.isArray(found) ? [...(found as readonly Statement[])] : [found as Statement];
  } catch (error) {
    if (error instanceof PolicyError) throw error;
    throw new PolicyError(`The policy is not valid JSON: ${String(error)}`);
  }
}

/** A denying statement wins over every allowing one; without either the request is implicitly denied (`none`). */
export function evaluatePolicy(document: string, request: PolicyRequest): Decision {
  const matching = statements(document).flatMap((statement, index) => {
    const match = matches(statement, request);
    return match === undefined ? [] : [{ statement, match, name: statement.Sid ?? `statement ${index + 1}` }];
  });
  const denial = matching.find(({ statement }) => statement.Effect === "Deny");
  if (denial !== undefined) return { effect: "Deny", statement: denial.name, direct: denial.match === "direct" };
  const grants = matching.filter(({ statement }) => statement.Effect === "Allow");
  const grant = grants.find(({ match }) => match === "direct") ?? grants[0];
  return grant === undefined
    ? { effect: "none", statement: undefined, direct: false }
    : { effect: "Allow", statement: grant.name, direct: grant.match === "direct" };
}

function matches(statement: Statement, { principal, action, resource, context }: PolicyRequest): Match {
  const match = principalMatch(statement, principal);
  if (match === undefined) return undefined;
  const actions = statement.Action ?? statement.NotAction;
  const namesAction = list(actions).some((pattern) => wildcard(pattern, true).test(action));
  if (namesAction !== (statement.NotAction === undefined)) return undefined;
  const resources = statement.Resource ?? statement.NotResource;
  const namesResource = resources === undefined || list(resources).some((pattern) => wildcard(pattern).test(resource));
  if (namesResource !== (statement.NotResource === undefined)) return undefined;
  const holds = Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => conditionHolds(operator, key, list(wanted), context)),
  );
  return holds ? match : undefined;
}

/** A statement without principal stands in an identity policy and is about whoever has it. */
function principalMatch({ Principal: element, NotPrincipal: not }: Statement, principal: Principal): Match {
  if (not !== undefined) return named(not, principal) === undefined ? "direct" : undefined;
  return element === undefined ? "direct" : named(element, principal);
}

function named(element: PrincipalElement, principal: Principal): Match {
  if (typeof element === "string") return element === "*" ? "direct" : undefined;
  const aws = list(element["AWS"]);
  if (aws.includes("*")) return "direct";
  if (principal.kind === "service") return list(element["Service"]).includes(principal.name) ? "direct" : undefined;
  if (aws.includes(principal.arn)) return "direct";
  const account = principal.accountId;
  return aws.some((one) => one === account || new RegExp(`^arn:[a-z-]+:iam::${account}:root$`).test(one)) ? "account" : undefined;
}
