/** What @pulumi/policy is handed for each rule: metadata, levels, types; and what the rules are handed of the engine's resources. */
import assert from "node:assert/strict";
import { violation } from "../../policies/core/finding.ts";
import { defineRule } from "../../policies/core/rule.ts";
import { integer } from "../../policies/core/config.ts";
import { policiesOf } from "../../policies/engine/policies.ts";
import { apply } from "../../policies/engine/properties.ts";
import { runSettings } from "../../policies/engine/run-settings.ts";
import { kinds } from "../../policies/model/kinds.ts";
import { materialise } from "../../policies/tools/examples.ts";
import { PackInProcess } from "./helpers/pack.ts";

const text = {
  title: "Something holds.",
  why: "It is a test.",
  severity: "low",
  remediation: "Do it.",
  url: "https://example.com/",
} as const;
const settings = (rules: Parameters<typeof runSettings>[0]["rules"]) =>
  runSettings({ rules, exemptions: [], configured: () => undefined, stack: "test" });

const rule = (level: "advisory" | "mandatory" | "remediate" | "disabled", controls: readonly string[] = []) =>
  defineRule({
    ...text,
    id: `${level}-rule`,
    level,
    controls,
    options: { most: integer("The most.", 3, { minimum: 1 }) },
    resources: { group: () => [violation("seen")] },
  });

describe("rules as policies", () => {
  it("carry their metadata, the foundational control as a framework, and their options as a schema", () => {
    const [policy] = policiesOf(settings([rule("mandatory", ["checkov:CKV_AWS_1", "fsbp:EC2.170", "fsbp:AutoScaling.3"])]), "required");
    const { validateResource, ...rest } = policy as typeof policy & { validateResource: unknown };
    assert.equal(typeof validateResource, "function");
    assert.deepEqual(rest, {
      name: "mandatory-rule",
      description: text.title,
      displayName: "mandatory-rule",
      severity: "low",
      enforcementLevel: "mandatory",
      remediationSteps: text.remediation,
      url: text.url,
      tags: ["checkov:CKV_AWS_1", "fsbp:EC2.170", "fsbp:AutoScaling.3"],
      configSchema: {
        properties: {
          most: { type: "integer", minimum: 1, description: "The most.", default: 3 },
          whenUnproved: {
            type: "string",
            enum: ["report", "violation"],
            default: "report",
            description:
              "What becomes of a check that cannot be made because a value is not known yet: `report` leaves it to pack-nothing-unproved, `violation` reports it here at this rule's level.",
          },
        },
      },
      framework: {
        name: "AWS Foundational Security Best Practices",
        version: "1.0.0",
        reference: "EC2.170",
        specification: text.title,
      },
    });
    const [without] = policiesOf(settings([rule("advisory", ["checkov:CKV_AWS_1"])]), "required");
    assert.ok(without && !("framework" in without));
  });

  it("are advisory at most in a stack whose setting says so; what is disabled stays disabled", () => {
    const rules = (["advisory", "mandatory", "remediate", "disabled"] as const).map((level) => rule(level));
    const levels = (cap: "advisory" | "required") => policiesOf(settings(rules), cap).map((one) => one.enforcementLevel);
    assert.deepEqual(levels("advisory"), ["advisory", "advisory", "advisory", "disabled"]);
    assert.deepEqual(levels("required"), ["advisory", "mandatory", "remediate", "disabled"]);
  });

  it("name the one type that they look at, so that @pulumi/policy skips the rest; with several they say so themselves", async () => {
    const one = defineRule({ ...text, id: "one-type", level: "advisory", controls: [], resources: { group: () => [] } });
    const two = defineRule({ ...text, id: "two-types", level: "advisory", controls: [], resources: { group: () => [], queue: () => [] } });
    const stack = defineRule({ ...text, id: "needs-group", level: "advisory", controls: [], needs: "group", stack: () => [] });
    const any = defineRule({ ...text, id: "needs-nothing", level: "advisory", controls: [], stack: () => [] });
    const functions = policiesOf(settings([one, two, stack, any]), "required").map(
      (policy) => Object.entries(policy).find(([key]) => key.startsWith("validate"))?.[1] as { __pulumiType?: string },
    );
    assert.deepEqual(
      functions.map(({ __pulumiType }) => __pulumiType),
      [kinds.group, undefined, kinds.group, undefined],
    );
    const { inputs } = materialise({ resources: { a: { type: "aws:sns:Topic" }, b: { type: "aws:sqs:Queue" } } }, true);
    const reason = `Policy only applies to resources of types '${kinds.group}', '${kinds.queue}'`;
    const pack = new PackInProcess([two]);
    assert.deepEqual(await pack.notApplicable(inputs[0]!), [["two-types", reason]]);
    assert.deepEqual(await pack.notApplicable(inputs[0]!), [["two-types", reason]], "the second time as well");
    assert.deepEqual(await pack.notApplicable(inputs[1]!), []);
  });

  it("are told the parent of a resource, by the resource and by the option", async () => {
    const lineages: string[][] = [];
    const looking = defineRule({
      ...text,
      id: "parents",
      level: "advisory",
      controls: [],
      stack(deployment) {
        for (const queue of deployment.all("queue")) lineages.push(deployment.lineage(queue).map(({ name }) => name));
        return [];
      },
    });
    const { outputs } = materialise(
      { resources: { fleet: { type: "fleet:components:Fleet" }, jobs: { type: "aws:sqs:Queue", options: { parent: "fleet" } } } },
      true,
    );
    await new PackInProcess([looking]).analyzeStack(outputs);
    await new PackInProcess([looking]).analyzeStack(outputs.slice(1));
    assert.deepEqual(lineages, [["jobs", "fleet"], ["jobs"]]);
  });
});

describe("edits", () => {
  it("make the objects on their way, and stop where a value is not known yet", () => {
    const properties: Record<string, unknown> = { none: null, list: [{ a: 1 }], text: "unknown", number: 7 };
    assert.equal(apply(properties, { path: ["none", "inner"], value: 1 }), true);
    assert.equal(apply(properties, { path: ["made", "deep", "inner"], value: 2 }), true);
    assert.equal(apply(properties, { path: ["list", 0, "a"], value: 3 }), true);
    assert.equal(apply(properties, { path: ["text", "inner"], value: 4 }), false);
    assert.equal(apply(properties, { path: ["number", "inner"], value: 4 }), false);
    assert.deepEqual(properties, { none: { inner: 1 }, list: [{ a: 3 }], text: "unknown", number: 7, made: { deep: { inner: 2 } } });
  });
});
