import assert from "node:assert/strict";
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

  it("finishes the step under way, starts no other and keeps the state right", async () => {
    const abort = new AbortController();
    const result = await stack.up(things(1000), { signal: abort.signal, ...whenCreating(abort) });
    assert.equal(result.ok, false);
    assert.match(errorsOf(result), /^The run was interrupted; what was done is in the state/);
    assert.deepEqual(stack.history(0, "created", "create"), ["create slow", "created slow"]);
    assert.ok(stack.resource("slow"));
    assert.equal(stack.state().pending_operations, undefined);
    assert.deepEqual(processesOf(stack.cloud), []);
    assert.deepEqual(operations(await stack.up(things(1000))), { next: ["create"] });
  });

  it("ends at once at the second signal, with the step under way noted as pending", async () => {
    const abort = new AbortController();
    const result = await stack.up(things(30_000), { signal: abort.signal, killSignal: abort.signal, ...whenCreating(abort) });
    assert.equal(result.ok, false);
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
