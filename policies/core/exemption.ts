/** Exemptions: one rule, one resource, a reason, and a last day. */
import type { PolicyConfigJSONSchema } from "@pulumi/policy/schema.js";
import { nameOf } from "../model/resource.ts";

export interface Exemption {
  /** Id of the rule. */
  readonly rule: string;
  /** Name of the resource, or its whole URN where several share the name. */
  readonly resource: string;
  readonly reason: string;
  /** Last day on which it holds: `YYYY-MM-DD`, UTC. */
  readonly expires: string;
  /** Stack to which it applies; absent = every stack. */
  readonly stack?: string;
}

export const exemptionSchema: PolicyConfigJSONSchema = {
  type: "object",
  properties: {
    rule: { type: "string", minLength: 1 },
    resource: { type: "string", minLength: 1 },
    reason: { type: "string", minLength: 1 },
    expires: { type: "string", pattern: "^\\d{4}-\\d{2}-\\d{2}$", description: "YYYY-MM-DD" },
    stack: { type: "string", minLength: 1 },
  },
  required: ["rule", "resource", "reason", "expires"],
};

const dayMs = 86_400_000;

/** End of its last day; NaN when that is no day of the calendar. */
function endOf(exemption: Pick<Exemption, "expires">): number {
  const start = Date.parse(`${exemption.expires}T00:00:00Z`);
  const real = /^\d{4}-\d{2}-\d{2}$/.test(exemption.expires) && new Date(start).toISOString().startsWith(exemption.expires);
  return real ? start + dayMs : NaN;
}

export type Standing = "valid" | "expired" | "no day" | "no reason";

export function standing(exemption: Pick<Exemption, "expires" | "reason">, now: number): Standing {
  if (exemption.reason.trim() === "") return "no reason";
  const end = endOf(exemption);
  if (Number.isNaN(end)) return "no day";
  return now < end ? "valid" : "expired";
}

/** Whether the exemption speaks of this resource. */
export function names(exemption: Exemption, urn: string): boolean {
  return exemption.resource === urn || exemption.resource === nameOf(urn);
}
