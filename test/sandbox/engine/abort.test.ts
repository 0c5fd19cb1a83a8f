import assert from "node:assert/strict";
import type { DeployOptions } from "../../../sandbox/engine/api.ts";
import { processesOf } from "./kill.ts";
import { TestStack, errorsOf, nameOf, operations } from "./stack.ts";

const things = (slowMilliseconds: number) => [
  { name: "slow", inputs: { slowMilliseconds } },
  { name: "next", from: { of: "slow.arn" } },
];

describe("an interrupted run", function () {
  this.timeout(60_000);
  let stack: TestStack;
  beforeEach(() => (stack = new TestStack()));
  afterEach(() => stack[Symbol.dispose]());

  /** Aborts once the slow resource is being created. */
  const whenCreating = (abort: AbortController) => ({
    onEvent: (event: (typeof stack.events)[number]) => {
      if (event.kind === "step" && event.phase === "up" && nameOf(event.urn) === "slow" && event.state === "started") {
        setTimeout(() => abort.abort(), 200);
      }
    },
  });

  /** The test plugin with another answer to Cancel. */
  const onCancel = (answer: "unimplemented" | "die"): Partial<DeployOptions> => {
    const { test } = stack.options({}).plugins;
    return { plugins: { test: { ...test!, env: { ...test!.env, TEST_CANCEL: answer } } } };
  };

  it("lets a plugin that knows no Cancel finish the step under way, starts no other and keeps the state right", async () => {
    const abort = new AbortController();
    const extra = { signal: abort.signal, ...whenCreating(abort), ...onCancel("unimplemented") };
    const result = await stack.up(things(1000), extra);
    assert.equal(result.ok, false);
    assert.deepEqual(stack.calls("cancel"), []);
    assert.match(errorsOf(result), /^The run was interrupted; what was done is in the state/);
    assert.deepEqual(stack.history(0, "created", "create"), ["create slow", "created slow"]);
    assert.ok(stack.resource("slow"));
    assert.equal(stack.state().pending_operations, undefined);
    assert.deepEqual(processesOf(stack.cloud), []);
    assert.deepEqual(operations(await stack.up(things(1000))), { next: ["create"] });
  });

  it("sends every plugin one Cancel: what exists but is not ready is kept as such, and the next run works on it", async () => {
    const abort = new AbortController();
    const waiting = [{ name: "slow", inputs: { readyMilliseconds: 30_000 } }, things(0)[1]];
    // As long as the second signal does not come, nothing else is done to the plugin.
    const result = await stack.up(waiting, { signal: abort.signal, killSignal: new AbortController().signal, ...whenCreating(abort) });
    assert.equal(result.ok, false);
    assert.match(errorsOf(result), /^not ready\nThe run was interrupted/);
    assert.equal(stack.calls("cancel").length, 1);
    assert.deepEqual(stack.resource("slow")?.["initErrors"], ["not ready"]);
    assert.equal(stack.state().pending_operations, undefined);
    assert.deepEqual(stack.ids(), stack.knownIds());
    assert.deepEqual(processesOf(stack.cloud), []);
    assert.deepEqual(operations(await stack.up(waiting)), { slow: ["update"], next: ["create"] });
    assert.equal(stack.resource("slow")?.["initErrors"], undefined);
  });

  it("notes as pending what a Cancel ended before anybody knew what came of it", async () => {
    const abort = new AbortController();
    const result = await stack.up(things(30_000), { signal: abort.signal, ...whenCreating(abort) });
    assert.match(errorsOf(result), /^the engine cancelled the operation\nThe run was interrupted/);
    assert.deepEqual(
      stack.state().pending_operations?.map(({ type }) => type),
      ["creating"],
    );
    assert.deepEqual(operations(await stack.up(things(0))), { slow: ["create"], next: ["create"] });
  });

  it("ends all the same when a plugin dies of it, and the next run takes up what that had under way", async () => {
    const abort = new AbortController();
    const result = await stack.up(things(30_000), { signal: abort.signal, ...whenCreating(abort), ...onCancel("die") });
    assert.match(errorsOf(result), /^plugin test is gone \(Create: [^\n]+\)\nThe run was interrupted/);
    assert.deepEqual(processesOf(stack.cloud), []);
    assert.deepEqual(operations(await stack.up(things(0))), { slow: ["create"], next: ["create"] });
    assert.deepEqual(stack.existing(), ["next", "slow"]);
  });

  it("ends at once at the second signal, with the step under way noted as pending", async () => {
    const abort = new AbortController();
    const result = await stack.up(things(30_000), { signal: abort.signal, killSignal: abort.signal, ...whenCreating(abort) });
    assert.equal(result.ok, false);
    assert.equal(stack.calls("cancel").length, 1, "one for both signals");
    assert.deepEqual(
      stack.state().pending_operations?.map(({ type }) => type),
      ["creating"],
    );
    assert.deepEqual(processesOf(stack.cloud), []);
    assert.deepEqual(operations(await stack.up(things(0))), { slow: ["create"], next: ["create"] });
    assert.deepEqual(stack.existing(), ["next", "slow"]);
  });

  it("before the update changes nothing", async () => {
    const abort = new AbortController();
    abort.abort();
    const result = await stack.up(things(0), { signal: abort.signal });
    assert.equal(result.ok, false);
    assert.deepEqual(stack.existing(), []);
  });
});
