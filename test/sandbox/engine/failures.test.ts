import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TestStack, errorsOf, nameOf, operations } from "./stack.ts";

describe("failures", function () {
  let stack: TestStack;
  beforeEach(() => (stack = new TestStack()));
  afterEach(() => stack[Symbol.dispose]());

  it("of a create leave what was done in the state, and the next run goes on from there", async () => {
    const things = (fail: string) => [
      { name: "a" },
      { name: "b", from: { of: "a.arn" }, inputs: { fail } },
      { name: "c", from: { of: "b.arn" } },
    ];
    const failed = await stack.up(things("create"));
    assert.equal(failed.ok, false);
    // Nothing else is said: neither by the engine nor by the program, whose open calls end with it.
    assert.deepEqual(
      failed.diagnostics.map(({ severity, message, urn = "" }) => [severity, message, nameOf(urn)]),
      [["error", "told to fail at create", "b"]],
    );
    assert.deepEqual(stack.existing(), ["a"]);
    assert.equal(stack.state().pending_operations, undefined);
    const mended = await stack.up(things("never"));
    assert.deepEqual(operations(mended), { b: ["create"], c: ["create"] });
    assert.deepEqual(stack.existing(), ["a", "b", "c"]);
  });

  it("keep a resource that exists but is not ready, and try it again", async () => {
    const failed = await stack.up([{ name: "a", inputs: { fail: "partial" } }]);
    assert.equal(failed.ok, false);
    assert.deepEqual(stack.resource("a")?.["initErrors"], ["not ready"]);
    const mended = await stack.up([{ name: "a", inputs: { fail: "no" } }]);
    assert.deepEqual(operations(mended), { a: ["update"] });
    assert.equal(stack.resource("a")?.["initErrors"], undefined);
  });

  it("of an update leave the old inputs in the state", async () => {
    await stack.up([{ name: "a", inputs: { x: 1 } }]);
    const failed = await stack.up([{ name: "a", inputs: { x: 2, fail: "update" } }]);
    assert.match(errorsOf(failed), /told to fail at update/);
    assert.equal((stack.resource("a")?.["inputs"] as { x: number }).x, 1);
  });

  it("of a deletion keep the resource, and what it depends on", async () => {
    await stack.up([{ name: "a" }, { name: "b", dependsOn: ["a"], inputs: { fail: "delete" } }]);
    const failed = await stack.destroy();
    assert.match(errorsOf(failed), /told to fail at delete/);
    assert.deepEqual(stack.existing(), ["a", "b"]);
    assert.ok(stack.resource("a") && stack.resource("b"));
  });

  it("of a check stop the preview, so that nothing is created", async () => {
    const failed = await stack.up([{ name: "a" }, { name: "b", inputs: { fail: "check" } }]);
    assert.match(errorsOf(failed), /test:index:Thing "b" has invalid inputs:\n {2}fail: told to fail at check/);
    assert.deepEqual(failed.steps, []);
    assert.deepEqual(stack.existing(), []);
  });

  it("of the program stop the run with its message", async () => {
    const failed = await stack.up([{ name: "a" }, { name: "b", parent: "nowhere" }]);
    assert.match(errorsOf(failed), /nowhere is not declared before it is used/);
    assert.deepEqual(stack.existing(), []);
  });

  it("of a plugin that dies leave the operation pending, and the next run asks for it", async () => {
    const things = [{ name: "a", inputs: { die: true } }];
    const failed = await stack.up(things);
    assert.match(errorsOf(failed), /plugin test is gone/);
    assert.deepEqual(
      stack.state().pending_operations?.map(({ type, resource }) => `${type} ${nameOf(resource.urn)}`),
      ["creating a"],
    );
    const mended = await stack.up([{ name: "a", inputs: {} }]);
    assert.equal(errorsOf(mended), "");
    assert.match(mended.diagnostics[0]?.message ?? "", /ended after it created .*::a; it was found as a-[0-9a-f]{7} and taken over/);
    assert.deepEqual(stack.existing(), ["a"]);
  });

  it("name what is asked for twice", async () => {
    const failed = await stack.preview([{ name: "a" }, { name: "a" }]);
    assert.match(errorsOf(failed), /registers urn:pulumi:dev::declared::test:index:Thing::a twice/);
  });

  it("name an unknown package and the known ones", async () => {
    const failed = await stack.preview([{ name: "a", type: "gcp:storage:Bucket" }]);
    assert.match(errorsOf(failed), /There is no plugin for the package "gcp" here; the known ones are: test\./);
  });

  it("name an option that is not supported", async () => {
    const failed = await stack.preview([{ name: "a", options: { import: "x" } }]);
    assert.match(errorsOf(failed), /test:index:Thing "a" uses the resource option `import`, which the embedded engine does not support/);
  });

  it("name every protected resource before anything is deleted, and let it go once it is not", async () => {
    const protectedThings = [
      { name: "a", options: { protect: true } },
      { name: "b", dependsOn: ["a"], options: { protect: true } },
      { name: "c", dependsOn: ["b"] },
    ];
    await stack.up(protectedThings);
    const refused = await stack.destroy();
    assert.match(errorsOf(refused), /Thing::a is protected and cannot be deleted[^]*Thing::b is protected and cannot be deleted/);
    assert.deepEqual(stack.existing(), ["a", "b", "c"]);
    const replaced = await stack.up([{ ...protectedThings[0], inputs: { key: 1 } }, ...protectedThings.slice(1)]);
    assert.match(errorsOf(replaced), /Thing::a is protected and cannot be replaced/);
    const open = await stack.up(protectedThings.map((thing) => ({ ...thing, options: { protect: false } })));
    assert.deepEqual(operations(open), {});
    assert.equal((await stack.destroy()).ok, true);
    assert.deepEqual(stack.existing(), []);
  });

  it("name a plugin that does not print its port, with what it said", async () => {
    const plugin = join(stack.folder, "broken");
    mkdirSync(stack.folder, { recursive: true });
    writeFileSync(plugin, "#!/bin/sh\necho no port >&2\nexit 3\n");
    chmodSync(plugin, 0o755);
    const failed = await stack.preview([{ name: "a" }], { plugins: { test: { command: [plugin] } } });
    assert.match(errorsOf(failed), /plugin test ended with code 3 before it printed its port[^]*no port/);
  });
});
