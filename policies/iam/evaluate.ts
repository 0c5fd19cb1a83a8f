/**
 * Decides a request by a resource policy as IAM does: an explicit denial wins, then an allowance, else nothing is said.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
import { conditionsHold, type RequestContext } from "./condition.ts";
import type { PolicyDocument, Principals, Statement } from "./document.ts";
import { every, hasVariable, not, some, wildcard, yesIf, type Answer } from "./match.ts";

/** Who asks: a service, or a role or user by its ARN. */
export type Caller =
  | { readonly service: string }
  | {
      readonly arn: string;
      /** Whether the caller's own policies allow the action, so that a statement for the whole account lets it in. */
      readonly allowedByOwnPolicies: boolean;
    };

export interface AccessRequest {
  readonly caller: Caller;
  readonly action: string;
  readonly resource: string;
  readonly context: RequestContext;
}

/** `silent`: neither allowed nor denied, which refuses unless the caller's own policies allow it within the account. */
export type Decision = "allow" | "deny" | "silent" | "unknown";

export const accountOf = (arn: string) => arn.split(":")[4] ?? "";

function principalMatches({ everyone, byKind }: Principals, caller: Caller): Answer {
  if (everyone) return "yes";
  if ("service" in caller) {
    // A service has regional names too: sns.amazonaws.com and sns.eu-south-1.amazonaws.com.
    const [name] = caller.service.split(".");
    return yesIf(
      (byKind["Service"] ?? []).some(
        (one) => one === "*" || one === caller.service || new RegExp(`^${name ?? ""}\\.[a-z0-9-]+\\.amazonaws\\.com$`).test(one),
      ),
    );
  }
  const account = accountOf(caller.arn);
  return some(
    (byKind["AWS"] ?? []).map((one) => {
      if (one === caller.arn) return "yes";
      const whole = one === account || new RegExp(`^arn:[^:]+:iam::${account}:root$`).test(one);
      return yesIf(whole && caller.allowedByOwnPolicies);
    }),
  );
}

/** NotPrincipal excludes a caller by its own name and by its account's. */
function principalExcluded(principals: Principals, caller: Caller): Answer {
  if ("service" in caller) return principalMatches(principals, caller);
  return principalMatches(principals, { ...caller, allowedByOwnPolicies: true });
}

function whoMatches({ principal, notPrincipal }: Statement, caller: Caller): Answer {
  if (principal) return principalMatches(principal, caller);
  if (notPrincipal) return not(principalExcluded(notPrincipal, caller));
  return "no"; // a resource policy must say for whom
}

function actionMatches({ actions, notActions }: Statement, action: string): Answer {
  const matches = (patterns: readonly string[]) => yesIf(patterns.some((pattern) => wildcard(pattern, action, true)));
  if (actions) return matches(actions);
  return notActions ? not(matches(notActions)) : "no";
}

function resourceMatches({ resources, notResources }: Statement, resource: string): Answer {
  const matches = (patterns: readonly string[]) =>
    some(patterns.map((pattern) => (hasVariable(pattern) ? "unknown" : yesIf(wildcard(pattern, resource)))));
  if (resources) return matches(resources);
  return notResources ? not(matches(notResources)) : "yes"; // key policies may leave it out
}

function matches(statement: Statement, { caller, action, resource, context }: AccessRequest): Answer {
  return every([
    actionMatches(statement, action),
    resourceMatches(statement, resource),
    whoMatches(statement, caller),
    conditionsHold(statement.conditions, context),
  ]);
}

export function decide(document: PolicyDocument, request: AccessRequest): Decision {
  const answer = (effect: Statement["effect"]) => some(document.filter((one) => one.effect === effect).map((one) => matches(one, request)));
  const denied = answer("Deny");
  if (denied === "yes") return "deny";
  const allowed = answer("Allow");
  if (allowed === "no") return denied === "unknown" ? "unknown" : "silent";
  return denied === "unknown" || allowed === "unknown" ? "unknown" : "allow";
}
