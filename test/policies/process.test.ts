/** The pack as the engine runs it: a process of its own, spoken to over the analyzer protocol in the engine's order. */
import assert from "node:assert/strict";
import { rules } from "../../policies/rules.ts";
import { materialise, readExamples } from "../../policies/tools/examples.ts";
import { PackProcess } from "./helpers/process.ts";

describe("pack as a process", function () {
  let pack: PackProcess;

  before(async () => {
    pack = await PackProcess.start({ stack: "production" });
  });

  after(() => pack.stop());

  it("prints its port and nothing else on standard output", () => {
    assert.match(pack.printed, /^\d+\n$/);
  });

  it("tells the engine of every rule: severity, level, steps, page and options", async () => {
    const info = await pack.info();
    assert.deepEqual(
      info.policies.map((policy) => policy.name),
      rules.map((rule) => rule.id),
    );
    for (const [index, policy] of info.policies.entries()) {
      const rule = rules[index]!;
      assert.equal(policy.level, rule.level, rule.id);
      assert.equal(policy.severity, rule.severity, rule.id);
      assert.equal(policy.steps, rule.remediation, rule.id);
      assert.equal(policy.url, rule.url, rule.id);
      assert.deepEqual(policy.options, Object.keys(rule.options).sort(), rule.id);
    }
  });

  it("repairs what a rule is told to, and nothing before and after", async () => {
    const queue = { type: "aws:sqs:Queue", properties: { sqsManagedSseEnabled: false, delaySeconds: 3 } };
    const [facts] = materialise({ resources: { jobs: queue } }, true).inputs;
    await pack.configure();
    assert.equal(await pack.remediate(facts!), undefined);
    await pack.configure({}, ["queue-encrypted"]);
    assert.deepEqual(await pack.remediate(facts!), { name: "jobs", sqsManagedSseEnabled: true, delaySeconds: 3 });
    await pack.configure();
    assert.equal(await pack.remediate(facts!), undefined);
  });

  for (const rule of rules) {
    it(`${rule.id}: each failing example fails for the right reason`, async () => {
      for (const example of readExamples(rule.id).bad) {
        const configured = { ...example.configOf, [rule.id]: { ...example.config } };
        await pack.configure(configured);
        const found = await pack.analyzeAll(materialise(example, true));
        const own = found.filter((one) => one.rule === rule.id);
        const expected = (example.says ?? []).map(({ message }) => message).sort();
        // Other rules, too, may have something unproved in the example of the rule that reports it.
        const spoken = own
          .map(({ message }) => message)
          .filter((message) => rule.id !== "pack-nothing-unproved" || expected.includes(message));
        assert.deepEqual(spoken.sort(), expected, example.title);
        assert.ok(own.every(({ level }) => level === (rule.level === "disabled" ? "advisory" : rule.level)));
      }
    });
  }
});

describe("pack of a stack that sets fleet:policies to advisory", function () {
  it("has no mandatory rule, and leaves disabled ones disabled", async () => {
    const pack = await PackProcess.start({ stack: "staging", config: { "fleet:policies": "advisory" } });
    try {
      const { policies } = await pack.info();
      const expected = rules.map((rule) => (rule.level === "disabled" ? "disabled" : "advisory"));
      assert.deepEqual(
        policies.map((policy) => policy.level),
        expected,
      );
    } finally {
      await pack.stop();
    }
  });
});

describe("pack started elsewhere", function () {
  it("says why it cannot start outside of its folder", async () => {
    await assert.rejects(PackProcess.start({ cwd: "/" }), /was started in \/; start it in its own folder/);
  });
});
