import { list } from "../core/config.ts";
import { exemptionSchema, names, standing, type Exemption, type Standing } from "../core/exemption.ts";
import { violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";

const faults: Readonly<Record<Exclude<Standing, "valid">, string>> = {
  expired: "has expired; mend the resource, or renew the exemption with a new reason",
  "no day": "has no last day in the form YYYY-MM-DD",
  "no reason": "gives no reason",
};

function* judge(
  exemption: Pick<Exemption, "rule" | "reason" | "expires">,
  what: string,
  now: number,
  ruleIds: ReadonlySet<string>,
): Checking {
  if (!ruleIds.has(exemption.rule)) yield violation(`${what} names no rule of this pack`);
  const fault = standing(exemption, now);
  if (fault !== "valid") yield violation(`${what} (expires "${exemption.expires}") ${faults[fault]}`);
}

export const packExemptionsValid = defineRule({
  id: "pack-exemptions-valid",
  title: "Each exemption names a rule and a resource of the stack, gives a reason and has not expired.",
  why: "An exemption that outlives its reason switches a rule off for good, and nobody notices.",
  severity: "high",
  level: "mandatory",
  controls: ["cdk-nag:acknowledgements"],
  remediation: "Remove the exemption, or correct its rule, resource, reason or last day.",
  url: "https://github.com/pulumi/pulumi-policy/issues/438",
  options: {
    exemptions: list<Exemption>(
      "Exemptions beside those in policies/exemptions.ts and in the arguments of a fleet: rule, resource (name or URN), reason, expires (last day, YYYY-MM-DD), stack (absent = all).",
      exemptionSchema,
    ),
  },
  *stack(deployment, { pack, now }) {
    for (const exemption of pack.exemptions()) {
      const what = `the exemption of ${exemption.resource} from ${exemption.rule}`;
      yield* judge(exemption, what, now, pack.ruleIds);
      if (!deployment.resources.some((one) => names(exemption, one.urn))) yield violation(`${what} matches no resource of this stack`);
    }
    for (const exemption of pack.fleetExemptions()) {
      for (const fault of judge(exemption, `the exemption from ${exemption.rule}`, now, pack.ruleIds))
        yield { ...fault, urn: exemption.fleet };
    }
  },
});
