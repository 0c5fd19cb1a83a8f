import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DeployOptions, DeployResult, PolicyPackOptions } from "../../../sandbox/engine/api.ts";
import { TestStack, errorsOf } from "./stack.ts";

const dir = join(import.meta.dirname, "fixtures/pack");
const violations = (result: DeployResult) =>
  result.policyViolations.map(({ policyName, enforcementLevel, message }) => ({ policyName, enforcementLevel, message }));

describe("policies", function () {
  let stack: TestStack;
  beforeEach(() => (stack = new TestStack()));
  afterEach(() => stack[Symbol.dispose]());

  const withPack = (pack: Partial<PolicyPackOptions> = {}): Partial<DeployOptions> => ({ policyPacks: [{ dir, ...pack }] });
  const group = (size: number) => ({ name: "group", component: true, inputs: { size } });

  it("see the inputs of components, and a mandatory violation blocks before the first create", async () => {
    const result = await stack.up([{ name: "a", inputs: { owner: "me" } }, group(11)], withPack());
    assert.equal(result.ok, false);
    assert.deepEqual(violations(result), [
      { policyName: "component-size", enforcementLevel: "mandatory", message: "A group is small.\nsize is 11, at most 10" },
    ]);
    assert.equal(result.policyViolations[0]?.policyPackVersion, "1.2.3");
    assert.deepEqual(stack.existing(), []);
    assert.deepEqual(stack.calls("create"), []);
  });

  it("take their settings from the file: a level, a property, all", async () => {
    const configFile = join(stack.folder, "config.json");
    writeFileSync(configFile, JSON.stringify({ all: "disabled", "component-size": { enforcementLevel: "advisory", largest: 3 } }));
    const result = await stack.up([{ name: "a" }, group(4)], withPack({ configFile }));
    assert.equal(errorsOf(result), "");
    assert.deepEqual(violations(result), [
      { policyName: "component-size", enforcementLevel: "advisory", message: "A group is small.\nsize is 4, at most 3" },
    ]);
    assert.equal((stack.resource("a")?.["inputs"] as { owner?: string }).owner, undefined);
  });

  it("refuse settings that are wrong, all at once", async () => {
    const run = (config: Record<string, unknown>) => stack.preview([], withPack({ config }));
    await assert.rejects(
      run({ "component-size": { largest: 0 }, unknown: { x: 1 } }),
      /component-size\.largest is 0, at least 1\n.*unknown is no policy of this pack/,
    );
    await assert.rejects(run({ "component-size": { largest: "3" } }), /component-size\.largest is "3", expected: integer/);
    await assert.rejects(
      run({ owner: "sometimes" }),
      /"owner" has the enforcement level "sometimes"; allowed are: advisory, mandatory, remediate, disabled/,
    );
    await assert.rejects(stack.preview([], withPack({ configFile: "/nowhere.json" })), /\/nowhere\.json cannot be read/);
  });

  it("mend inputs before the resource is created, asked by one process in preview and update", async () => {
    const result = await stack.up([{ name: "a" }], withPack());
    assert.equal(errorsOf(result), "");
    assert.equal((stack.resource("a")?.["outputs"] as { owner: string }).owner, "nobody");
    const remediated = stack.events
      .filter((event) => event.kind === "policyRemediation")
      .map(({ phase, policyName }) => [phase, policyName]);
    assert.deepEqual(remediated, [
      ["preview", "owner"],
      ["up", "owner"],
    ]);
    assert.equal(stack.events.filter(({ kind }) => kind === "policyPack").length, 1);
    assert.equal(stack.calls("configure").length, 1, "nor is there more than one plugin");
  });

  it("that read what is not known yet are reported, not failed", async () => {
    const result = await stack.preview(
      [
        { name: "a", inputs: { owner: "me" } },
        { name: "b", inputs: { owner: "me" }, from: { of: "a.arn" } },
      ],
      withPack(),
    );
    assert.equal(result.ok, true);
    assert.equal(result.policyViolations.length, 1);
    assert.equal(result.policyViolations[0]?.enforcementLevel, "advisory");
    assert.match(result.policyViolations[0].message, /can't run policy 'no-unknown-surprise'/i);
  });

  it("judge the stack as a whole on outputs, already at preview", async () => {
    const blocked = await stack.up([{ name: "lonely", inputs: { owner: "me" } }], withPack());
    assert.deepEqual(violations(blocked), [
      { policyName: "has-companion", enforcementLevel: "mandatory", message: "A lonely thing has a companion.\nlonely among 3" },
    ]);
    assert.deepEqual(stack.existing(), []);
    const things = [
      { name: "companion", inputs: { owner: "me" } },
      { name: "lonely", inputs: { owner: "me" } },
      { name: "shown", inputs: { owner: "me" }, from: { source: "companion.arn" } },
    ];
    const passed = await stack.up(things, withPack());
    assert.equal(errorsOf(passed), "");
    assert.deepEqual(
      violations(passed).map(({ message }) => message),
      ["Says what it sees of a thing's outputs.\nversion 1, depends on companion"],
    );
  });

  it("that crash fail the run with what they said", async () => {
    const result = await stack.preview([{ name: "a", inputs: { owner: "me", crash: true } }], withPack());
    assert.match(errorsOf(result), /The policy pack test-pack \(.*pack\) failed: .*[^]*the rule itself is wrong/);
    const noisy = stack.preview([], { ...withPack(), env: { ...stack.options({}).env, PACK_NOISE: "1" } });
    await assert.rejects(noisy, /printed "noise before the port" where its port was expected/);
    const crashed = stack.preview([], { ...withPack(), env: { ...stack.options({}).env, PACK_CRASH: "1" } });
    await assert.rejects(crashed, /ended with code \d+ before it printed its port[^]*crash while loading/);
    await assert.rejects(stack.preview([], withPack({ dir: stack.folder })), /is not a policy pack: it has no PulumiPolicy\.yaml/);
  });
});
