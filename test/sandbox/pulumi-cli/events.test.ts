import assert from "node:assert/strict";
import type { EngineEvent } from "../../../sandbox/engine/api.ts";
import { EventReader } from "../../../sandbox/pulumi-cli/events.ts";

const stack = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev";
const thing = "urn:pulumi:dev::p::test:index:Thing::a";
const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "[secret]" };

const step = (op: string, urn: string, outputs: unknown = {}) => ({
  metadata: {
    op,
    urn,
    type: urn.split("::")[2],
    old: null,
    new: { urn, type: urn.split("::")[2], custom: true, id: "x", parent: stack, inputs: { password: secret }, outputs, provider: "" },
    keys: ["key"],
    diffs: ["key", "x"],
    detailedDiff: { key: { diffKind: "update-replace", inputDiff: true } },
    provider: "",
  },
});

function read(events: readonly unknown[], code = 0, errors = "") {
  const heard: EngineEvent[] = [];
  const reader = new EventReader("up", (event) => heard.push(event));
  reader.read("Previewing update (dev):");
  for (const event of events) reader.read(JSON.stringify(event));
  reader.finish(code, errors);
  return { heard, result: reader.result(2) };
}

describe("the CLI's event stream", () => {
  it("becomes steps, with secrets hidden and default providers left out", () => {
    const { heard, result } = read([
      { resourcePreEvent: step("create", "urn:pulumi:dev::p::pulumi:providers:test::default_1_0_0") },
      { resourcePreEvent: step("create", stack) },
      { resourcePreEvent: step("create-replacement", thing) },
      { resOutputsEvent: step("create-replacement", thing, { arn: "arn:a" }) },
      { resOutputsEvent: step("create", stack, { arn: "arn:a", hidden: secret }) },
      { summaryEvent: { resourceChanges: { create: 1, replace: 1 }, durationSeconds: 1 } },
    ]);
    assert.deepEqual(
      heard.flatMap((event) => (event.kind === "step" ? [`${event.state} ${event.op} ${event.urn}`] : [])),
      [`started create ${stack}`, `started create-replacement ${thing}`, `done create-replacement ${thing}`, `done create ${stack}`],
    );
    assert.equal(result.ok, true);
    assert.deepEqual(result.changeSummary, { create: 1, replace: 1 });
    assert.deepEqual(result.outputs, { arn: "arn:a", hidden: "[secret]" });
    assert.deepEqual(result.steps[0], {
      op: "create-replacement",
      urn: thing,
      newState: {
        urn: thing,
        type: "test:index:Thing",
        custom: true,
        id: "x",
        parent: stack,
        inputs: { password: "[secret]" },
        outputs: { arn: "arn:a" },
      },
      diffReasons: ["key", "x"],
      replaceReasons: ["key"],
      detailedDiff: { key: { kind: "update-replace", inputDiff: true } },
    });
  });

  it("becomes diagnostics and violations, and decides whether the run was one", () => {
    const { result } = read(
      [
        { diagnosticEvent: { message: "using pulumi-resource-test from $PATH at /x", severity: "warning" } },
        { diagnosticEvent: { message: "for developers", severity: "debug" } },
        { diagnosticEvent: { message: "passing", severity: "info", ephemeral: true } },
        { diagnosticEvent: { message: "on stderr\n", severity: "info#err", urn: thing } },
        {
          policyEvent: {
            resourceUrn: thing,
            message: "Things are small.\nthis is large",
            policyName: "small",
            policyPackName: "pack",
            policyPackVersion: "hash",
            policyPackVersionTag: "1.2.3",
            enforcementLevel: "mandatory",
            severity: "high",
          },
        },
      ],
      255,
      "error: preview failed",
    );
    assert.equal(result.ok, false);
    assert.deepEqual(result.diagnostics, [{ severity: "info", message: "on stderr", urn: thing }]);
    assert.deepEqual(result.policyViolations, [
      {
        urn: thing,
        policyName: "small",
        policyPackName: "pack",
        policyPackVersion: "1.2.3",
        description: "Things are small.",
        message: "Things are small.\nthis is large",
        enforcementLevel: "mandatory",
        severity: "high",
      },
    ]);
  });

  it("says what stderr says when the command fails without an event", () => {
    assert.deepEqual(read([], 1, "error: no stack\n").result.diagnostics, [{ severity: "error", message: "error: no stack" }]);
    assert.deepEqual(read([], 3).result.diagnostics, [{ severity: "error", message: "pulumi ended with code 3" }]);
    assert.equal(read([{ errorEvent: { error: "broken" } }]).result.ok, false);
  });
});
