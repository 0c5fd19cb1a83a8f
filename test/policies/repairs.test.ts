/** Remediation: what a rule repairs, it then finds nothing wrong with; it changes nothing else, and secrets stay secret. */
import assert from "node:assert/strict";
import { rules } from "../../policies/rules.ts";
import { nameOf, type ResourceFacts } from "../../policies/model/resource.ts";
import { secretSignature, signatureKey } from "../../policies/model/value.ts";
import { kinds, type Kind } from "../../policies/model/kinds.ts";
import { materialise, readExamples } from "../../policies/tools/examples.ts";
import { PackInProcess } from "./helpers/pack.ts";

const repairing = rules.filter((rule) => Object.keys(rule.repairs).length > 0);
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Rules whose violations only the stack shows; what they repair is judged there. */
const onlyWithTheStack = new Set(["template-monitoring-matches-alarms", "consumer-logs-retained", "scaling-cooldown-covers-boot"]);

describe("remediation", () => {
  for (const rule of repairing) {
    it(`${rule.id}: repairs its bad examples and leaves its good ones alone`, async () => {
      const repaired = new Set((Object.keys(rule.repairs) as Kind[]).map((kind) => kinds[kind]));
      const { good, bad } = readExamples(rule.id);
      let changes = 0;
      for (const example of [...good, ...bad]) {
        const configured = { ...example.configOf, [rule.id]: { ...example.config } };
        const pack = new PackInProcess([rule], { configured, stack: example.stack ?? "test", now: example.now, level: "remediate" });
        for (const facts of materialise(example, true).inputs) {
          const before = await pack.analyze(facts);
          const properties = await pack.remediate(facts);
          if (properties === undefined) {
            if (bad.includes(example) && before.length > 0 && !onlyWithTheStack.has(rule.id))
              assert.ok(!repaired.has(facts.type) || leaves(rule.id), facts.urn);
            continue;
          }
          changes++;
          assert.ok(!good.includes(example) || onlyWithTheStack.has(rule.id), `${example.title}: ${nameOf(facts.urn)} was changed`);
          const after = await pack.analyze({ ...facts, properties });
          assert.ok(after.length < before.length || onlyWithTheStack.has(rule.id), `${rule.id} ${nameOf(facts.urn)}`);
          assert.equal(await pack.remediate({ ...facts, properties }), undefined, "a second remediation");
        }
      }
      assert.ok(changes > 0, `${rule.id} repairs nothing in its examples`);
    });

    it(`${rule.id}: does not fail when any top-level property is unknown or secret`, async () => {
      const { good, bad } = readExamples(rule.id);
      for (const example of [...good, ...bad]) {
        const configured = { ...example.configOf, [rule.id]: { ...example.config } };
        const pack = new PackInProcess([rule], { configured, level: "remediate", now: example.now });
        for (const facts of materialise(example, true).inputs) {
          for (const [key, value] of Object.entries(facts.properties)) {
            for (const other of [unknown, { [signatureKey]: secretSignature, value }]) {
              const changed: ResourceFacts = { ...facts, properties: { ...facts.properties, [key]: other } };
              const properties = await pack.remediate(changed);
              if (properties !== undefined && other !== unknown) assert.ok(isSecret(properties[key]), `${key} lost its secrecy`);
            }
          }
        }
      }
    });
  }

  it("sets exactly the property at fault", async () => {
    const pack = new PackInProcess(
      rules.filter(({ id }) => id === "template-imdsv2"),
      { level: "remediate" },
    );
    const facts = { urn: "urn:pulumi:test::example::aws:ec2/launchTemplate:LaunchTemplate::web", type: kinds.launchTemplate };
    const properties = { imageId: "ami-1", metadataOptions: { httpTokens: "optional", httpPutResponseHopLimit: 1 } };
    assert.deepEqual(await pack.remediate({ ...facts, properties }), {
      imageId: "ami-1",
      metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
    });
    const secretOptions = { [signatureKey]: secretSignature, value: { httpTokens: "optional" } };
    assert.deepEqual(await pack.remediate({ ...facts, properties: { userData: unknown, metadataOptions: secretOptions } }), {
      userData: unknown,
      metadataOptions: { [signatureKey]: secretSignature, value: { httpTokens: "required" } },
    });
    assert.equal(await pack.remediate({ ...facts, properties: { metadataOptions: unknown } }), undefined);
  });
});

/** Rules of whose violations only some can be repaired. */
const leaves = (rule: string) => ["group-tags-propagate", "group-health-check", "template-ebs-encrypted", "image-encrypted"].includes(rule);

const isSecret = (value: unknown) =>
  typeof value === "object" && value !== null && (value as Record<string, unknown>)[signatureKey] === secretSignature;
