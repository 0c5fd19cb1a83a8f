import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { outputs } from "../../../sandbox/engine/engine.ts";
import { TestStack, errorsOf, nameOf } from "./stack.ts";

describe("a program's features", function () {
  const stack = new TestStack("features");
  after(() => stack[Symbol.dispose]());
  const options = () => {
    const given = stack.options({ "test:region": "eu-west-1" });
    return { ...given, config: { ...given.config, "features:password": { value: "hunter2", secret: true } } };
  };
  const property = (name: string, key: string) => (stack.resource(name)?.["outputs"] as Record<string, unknown> | undefined)?.[key];

  it("preview: what only the update knows is unknown, and functions and reads of it are left out", async () => {
    const result = await stack.engine.preview(options());
    assert.equal(errorsOf(result), "");
    assert.deepEqual(result.outputs, { early: "EARLY", region: "eu-west-1", hidden: "[secret]", text: true });
    assert.deepEqual(stack.history(0, "create", "read", "invoke"), ["invoke test:index:echo"]);
  });

  it("update: functions are called, resources read, providers told apart", async () => {
    const result = await stack.engine.up(options());
    assert.equal(errorsOf(result), "");
    assert.deepEqual(result.outputs, {
      early: "EARLY",
      late: "ARN:MADE",
      read: "arn:made",
      region: "eu-west-1",
      nested: { list: [1, "arn:made"] },
      hidden: "[secret]",
      text: true,
    });
    assert.equal(property("uses-invoke", "heard"), "ARN:MADE");
    assert.equal(property("uses-existing", "of"), "arn:made");
    assert.equal(stack.resource("existing")?.["external"], true);
    const provider = (name: string) => nameOf(String(stack.resource(name)?.["provider"]).replace(/::[^:]*$/, ""));
    assert.deepEqual(["made", "elsewhere", "group-child"].map(provider), ["default", "second", "second"]);
    const configured = stack.calls("configure").map(({ detail }) => detail);
    assert.ok(configured.some((one) => one["region"] === "eu-west-1"));
    assert.ok(configured.some((one) => one["account"] === "222"));
  });

  it("secrets of configuration and providers stay encrypted", async () => {
    assert.equal(stack.stateText().includes("hunter2"), false);
    assert.deepEqual((await outputs(options()))["hidden"], { a: 1 });
  });

  it("assets carry the hash of their content", () => {
    const inputs = stack.resource("bundle")?.["inputs"] as Record<string, { hash: string; path?: string }>;
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
    assert.equal(inputs["text"]?.hash, sha256("some text"));
    assert.equal(inputs["file"]?.hash, sha256("hello\n"));
    assert.equal(inputs["code"]?.path, "./files");
    // As Pulumi's CLI 3.260 computes them.
    assert.equal(inputs["code"].hash, "0b0444857f452adf743e927036a2b401f845bb86951a1cdbd08746d6ae24db2e");
    assert.equal(inputs["mixed"]?.hash, "cd4abb408d99edddd65b95525e2c4511f1b7b83bd0f1e805c2d752637f69e1c2");
  });

  it("a second update changes nothing", async () => {
    const { changeSummary } = await stack.engine.up(options());
    assert.deepEqual(changeSummary, { same: 10 });
  });

  it("destroy: what was read is let go, not deleted", async () => {
    const result = await stack.engine.destroy(options());
    assert.equal(errorsOf(result), "");
    assert.equal(result.changeSummary.discard, 1);
    assert.deepEqual(stack.existing(), []);
  });
});
