import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { format, resolveConfig } from "prettier";
import { rules } from "../../policies/rules.ts";
import { policyDocs } from "../../policies/tools/docs.ts";
import { configFileSchema, levels } from "../../policies/tools/schema.ts";

const docs = join(import.meta.dirname, "../../docs");
const file = join(docs, "policies.md");

/**
 * Every id that a release has had. One that is no longer a rule moves to the list of those that are gone, and stays
 * there: who exempts or configures it must never meet another rule of that name.
 */
const ids = `
  alarm-actions-enabled alarm-direction-matches-policy alarm-missing-data-safe alarm-reaches-policy alarm-watches-its-group
  alarm-window-fits consumer-concurrency-bounded consumer-least-privilege consumer-logs-retained consumer-no-secrets
  consumer-partial-batch consumer-runtime consumer-tracing group-desired-not-fought group-grace-covers-boot
  group-health-check group-multi-az group-no-suspended-processes group-replaces-on-new-image group-single-type
  group-size-bounds group-tags-propagate group-uses-launch-template group-warm-pool-hooked group-warmup-covers-boot image-approved
  image-architecture-match image-encrypted image-facts-known image-instance-type-match image-max-age image-not-public
  image-pinned image-promoted key-not-public key-rotation notify-errors-too notify-key-allows-publisher
  notify-reaches-queue notify-terminate-exists notify-tls-only notify-topic-encrypted notify-topic-private
  pack-config-known pack-exemptions-valid pack-nothing-unproved queue-dlq-alarmed queue-encrypted queue-has-consumer
  queue-has-dlq queue-policy-sender queue-visibility scaling-cooldown-covers-boot scaling-no-oscillation
  scaling-not-simple scaling-out-and-in-exist scaling-steps-wellformed subscription-dlq template-ebs-encrypted
  template-hop-limit template-imdsv2 template-monitoring-matches-alarms template-no-public-ip template-no-secrets
`;
const idsOfTheGone: readonly string[] = [];

describe("docs/policies.md", () => {
  it("is what `npm run policies -- docs` writes", async () => {
    const options = await resolveConfig(file);
    const expected = await format(policyDocs(rules), { ...options, parser: "markdown" });
    assert.equal(readFileSync(file, "utf8"), expected, "run: npm run policies -- docs");
  });
});

describe("docs/policies.schema.json", () => {
  const schema = configFileSchema(rules) as {
    readonly properties: Readonly<
      Record<string, { readonly anyOf?: readonly [object, { readonly properties: Readonly<Record<string, object>> }] }>
    >;
    readonly additionalProperties: boolean;
    readonly definitions: {
      readonly level: { readonly enum: unknown };
      readonly whenUnproved: { readonly enum: unknown; readonly default: unknown };
    };
  };

  it("is what `npm run policies -- docs` writes", async () => {
    const path = join(docs, "policies.schema.json");
    const expected = await format(JSON.stringify(schema), { ...(await resolveConfig(path)), parser: "json" });
    assert.equal(readFileSync(path, "utf8"), expected, "run: npm run policies -- docs");
  });

  it("knows every rule with every option, and nothing else", () => {
    const { all, ...named } = schema.properties;
    assert.ok(all);
    assert.equal(schema.additionalProperties, false);
    assert.deepEqual(schema.definitions.level.enum, levels);
    assert.deepEqual(
      Object.entries(named).map(([id, { anyOf }]) => [id, ...Object.keys(anyOf![1].properties)]),
      rules.map((rule) => [rule.id, "enforcementLevel", ...Object.keys(rule.options)]),
    );
  });

  it("tells editors the default, the meaning and the allowed values of an option, and takes no others", () => {
    const options = (id: string) => schema.properties[id]!.anyOf![1];
    assert.deepEqual(options("image-instance-type-match"), {
      type: "object",
      properties: {
        enforcementLevel: { $ref: "#/definitions/level" },
        mode: {
          type: "string",
          enum: ["exact", "family", "architecture"],
          description:
            "How close the types must be: `exact` the same type, `family` the same family (m7g.large and m7g.xlarge), `architecture` the same processor architecture.",
          default: "exact",
        },
        whenUnproved: { $ref: "#/definitions/whenUnproved" },
      },
      additionalProperties: false,
    });
    assert.deepEqual([schema.definitions.whenUnproved.enum, schema.definitions.whenUnproved.default], [["report", "violation"], "report"]);
    const exemptions = options("pack-exemptions-valid").properties["exemptions"] as {
      items: { additionalProperties: boolean; required: string[] };
    };
    assert.deepEqual(
      [exemptions.items.additionalProperties, exemptions.items.required],
      [false, ["rule", "resource", "reason", "expires"]],
    );
    const images = options("image-facts-known").properties["images"] as { additionalProperties: { additionalProperties: boolean } };
    assert.equal(images.additionalProperties.additionalProperties, false);
  });
});

describe("metadata of the rules", () => {
  it("keeps every id that a release has had: none vanishes, none comes back for something else", () => {
    assert.deepEqual(rules.map((rule) => rule.id).sort(), ids.trim().split(/\s+/));
    assert.deepEqual(
      rules.filter(({ id }) => idsOfTheGone.includes(id)).map(({ id }) => id),
      [],
    );
  });

  it("has ids that are unique, in kebab case, and the names of their files", () => {
    const ids = rules.map((rule) => rule.id);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^[a-z]+(-[a-z0-9]+)+$/);
    const files = globSync("*.ts", { cwd: join(docs, "../policies/rules") }).map((name) => basename(name, ".ts"));
    assert.deepEqual(files.sort(), ids.sort());
  });

  it("is complete: a sentence that holds, its reason, what to do, and a page", () => {
    for (const { id, title, why, remediation, url } of rules) {
      for (const text of [title, why, remediation]) assert.match(text, /^[A-Z][\s\S]*\.$/, id);
      assert.match(url, /^https:\/\/(docs\.aws\.amazon\.com|www\.pulumi\.com|github\.com)\//, id);
    }
  });

  it("names controls of frameworks and tools as tool:rule, none both followed and contradicted", () => {
    for (const { id, controls, contradicts = [] } of rules) {
      for (const control of [...controls, ...contradicts]) assert.match(control, /^[a-z-]+:[A-Za-z0-9_.-]+$/, id);
      assert.deepEqual(
        controls.filter((control) => contradicts.includes(control)),
        [],
        id,
      );
    }
  });

  it("keeps the rules about the pack last, and the one that reports what is unproved after all others", () => {
    assert.deepEqual(
      rules.slice(-3).map((rule) => rule.id),
      ["pack-config-known", "pack-exemptions-valid", "pack-nothing-unproved"],
    );
  });
});
