import assert from "node:assert/strict";
import { processesOf } from "./kill.ts";
import { TestStack, nameOf, operations } from "./stack.ts";

const things = (slowMilliseconds: number) => [
  { name: "slow", inputs: { slowMilliseconds } },
  { name: "next", from: { of: "slow.arn" } },
];

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}

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

  it("sends every plugin one Cancel; what that comes to stands in the state, and the next run goes on from there", async () => {
    const abort = new AbortController();
    const { test } = stack.options({}).plugins;
    const answering = (answer: string) => ({ ...test!, env: { ...test!.env, TEST_CANCEL: answer } });
    const plugins = { test: test!, deaf: answering("unimplemented"), mortal: answering("die") };
    const wanted = (milliseconds: number) => [
      { name: "unready", inputs: { readyMilliseconds: milliseconds } },
      { name: "deaf", type: "deaf:index:Thing", inputs: { slowMilliseconds: Math.min(milliseconds, 1000) } },
      { name: "mortal", type: "mortal:index:Thing", inputs: { slowMilliseconds: milliseconds } },
      { name: "slow", inputs: { slowMilliseconds: milliseconds } },
      { name: "next", from: { of: "slow.arn" } },
    ];
    const asked = () => stack.history(0, "create", "created");
    const underWay = () =>
      asked().includes("created unready") && ["deaf", "mortal", "slow"].every((name) => asked().includes(`create ${name}`));
    let over = false;
    void until(() => over || underWay()).then(() => abort.abort());
    const result = await stack.up(wanted(60_000), { plugins, signal: abort.signal }).finally(() => (over = true));
    assert.equal(result.ok, false);
    const errors = result.diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message);
    assert.deepEqual(errors.map((message) => message.replace(/\(Create: .*\)/, "(Create: …)")).sort(), [
      "The run was interrupted; what was done is in the state, and the next run goes on from there.",
      "not ready",
      "plugin mortal is gone (Create: …)",
      "the engine cancelled the operation",
    ]);
    assert.equal(stack.calls("cancel").length, 2, "one for each that knows it");
    assert.deepEqual(stack.resource("unready")?.["initErrors"], ["not ready"]);
    assert.ok(stack.resource("deaf"), "the step under way was finished");
    const pending = stack.state().pending_operations?.map(({ type, resource }) => `${type} ${nameOf(resource.urn)}`);
    assert.deepEqual(pending?.sort(), ["creating mortal", "creating slow"]);
    assert.equal(stack.history(0, "create").includes("create next"), false, "no other step was started");
    assert.deepEqual(processesOf(stack.cloud), []);
    assert.deepEqual(operations(await stack.up(wanted(0), { plugins })), {
      unready: ["update"],
      deaf: ["update"],
      mortal: ["create"],
      slow: ["create"],
      next: ["create"],
    });
    assert.equal(stack.resource("unready")?.["initErrors"], undefined);
    assert.deepEqual(stack.existing(), ["deaf", "mortal", "next", "slow", "unready"]);
  });

  it("ends at once at the second signal, with the step under way noted as pending", async () => {
    const abort = new AbortController();
    const result = await stack.up(things(30_000), { signal: abort.signal, killSignal: abort.signal, ...whenCreating(abort) });
    assert.equal(result.ok, false);
    assert.ok(stack.calls("cancel").length <= 1, "not one for each signal");
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
