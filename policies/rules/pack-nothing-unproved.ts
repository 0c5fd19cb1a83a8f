import { violation } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";

export const packNothingUnproved = defineRule({
  id: "pack-nothing-unproved",
  title: "Every check is proved, or named here until its values are known.",
  why: "A check that met a value which is not known before the deployment has proved nothing; silence would look like a pass.",
  severity: "medium",
  level: "advisory",
  controls: [],
  remediation: "Give the value plainly, or let the resource refer to another of the stack; after a deployment most values are known.",
  url: "https://github.com/pulumi/pulumi-policy/issues/181",
  *stack(_deployment, { pack }) {
    for (const { rule, message, urn } of pack.takeUnproved())
      yield { ...violation(message, urn === undefined ? undefined : { urn }), subject: `${rule} is unproved` };
  },
});
