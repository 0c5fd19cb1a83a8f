import { defineRule } from "../core/rule.ts";
import { violation } from "../core/finding.ts";

export const packConfigKnown = defineRule({
  id: "pack-config-known",
  title: "The pack's configuration names only rules and options that exist, with values of the right type.",
  why: "The engine accepts a misspelt rule or option in silence, and the rule then runs with its default.",
  severity: "high",
  level: "mandatory",
  controls: [],
  remediation: "Correct or remove the entry in the file given with --policy-pack-config.",
  url: "https://www.pulumi.com/docs/insights/policy/policy-packs/configuration/",
  *stack(_deployment, { pack }) {
    for (const fault of pack.configFaults()) yield violation(fault);
  },
});
