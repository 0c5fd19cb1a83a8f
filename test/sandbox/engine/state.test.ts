import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { spawnSync } from "node:child_process";
import { EngineError } from "../../../sandbox/engine/api.ts";
import { outputs, stackResources } from "../../../sandbox/engine/engine.ts";
import { existingCrypter, newCrypter } from "../../../sandbox/engine/state/secrets.ts";
import { TestStack, errorsOf, nameOf } from "./stack.ts";

describe("state", function () {
  let stack: TestStack;
  beforeEach(() => (stack = new TestStack()));
  afterEach(() => stack[Symbol.dispose]());

  const write = (text: string) => {
    mkdirSync(dirname(stack.stateFile), { recursive: true });
    writeFileSync(stack.stateFile, text);
  };

  it("holds secrets encrypted, and gives them back with the passphrase only", async () => {
    const result = await stack.up([{ name: "a", secretInputs: { password: "hunter2" }, options: { additionalSecretOutputs: ["arn"] } }]);
    assert.equal(errorsOf(result), "");
    assert.equal(stack.stateText().includes("hunter2"), false);
    assert.equal(stack.stateText().includes("arn:a-"), false);
    assert.deepEqual(result.outputs, { arns: { a: "[secret]" } });
    assert.equal(JSON.stringify(stack.events).includes("hunter2"), false);
    const { arns } = (await outputs(stack.options({}))) as { arns: { a: string } };
    assert.match(arns.a, /^arn:a-[0-9a-f]{7}$/);
    const shown = (await stackResources(stack.stateFile)).find(({ urn }) => nameOf(urn) === "a");
    assert.equal(shown?.inputs["password"], "[secret]");
    await assert.rejects(
      outputs(stack.options({}, { passphrase: "wrong" })),
      /secrets in the state file .*dev\.json cannot be read: wrong passphrase/,
    );
    assert.equal((await stack.up([{ name: "a", secretInputs: { password: "hunter2" } }])).changeSummary.same, 2);
  });

  it("uses Pulumi's own encryption", async () => {
    // Written by Pulumi's CLI 3.260 with the passphrase "secret".
    const salt = "v1:/BVw/Isw+BU=:v1:yEJMJ0JL2gJYD12L:Do3f/x7U52Gb1LJV0/gP1qKpBhBekQ==";
    const crypter = await existingCrypter("secret", salt);
    assert.equal(crypter.decrypt("v1:5i1UEKTxw+w5pZIq:jX5wQiIlgt7hVxvdIBh1xmmQJ1khN+qfhg=="), '"hunter2"');
    await assert.rejects(existingCrypter("Secret", salt), /wrong passphrase/);
    const own = await newCrypter("secret");
    assert.equal((await existingCrypter("secret", own.state)).decrypt(own.encrypt("text ü")), "text ü");
  });

  const corrupt = {
    "no JSON": ["{", /is not JSON/],
    "another version": ['{"version":2}', /its "version" is 2, expected 3/],
    "no deployment": ['{"version":3}', /it has no "deployment"/],
    "no resources": ['{"version":3,"deployment":{"resources":[{"urn":"a"}]}}', /"deployment.resources" is not a list of resources/],
  } as const;
  for (const [what, [text, message]] of Object.entries(corrupt)) {
    it(`with ${what} is refused with its path and left as it is`, async () => {
      write(text);
      for (const run of ["preview", "up"] as const) {
        await assert.rejects(stack[run]([]), (error: Error) => {
          assert.ok(error instanceof EngineError);
          assert.match(error.message, message);
          assert.ok(error.message.includes(stack.stateFile));
          return true;
        });
      }
      await assert.rejects(stack.refresh(), message);
      await assert.rejects(stack.destroy(), message);
      assert.equal(readFileSync(stack.stateFile, "utf8"), text);
      assert.deepEqual(readdirSync(dirname(stack.stateFile)), ["dev.json"]);
    });
  }

  it("of another secrets provider is refused", async () => {
    write('{"version":3,"deployment":{"resources":[],"secrets_providers":{"type":"cloud"}}}');
    await assert.rejects(stack.preview([]), /has the secrets provider "cloud"; this engine knows "passphrase" only/);
  });

  it("that cannot be read or written is named", async () => {
    const stateFile = "/dev/null/folder/dev.json";
    await assert.rejects(
      stack.up([], { stateFile }),
      /^EngineError: The state file \/dev\/null\/folder\/dev\.json cannot be written: ENOTDIR/,
    );
    await assert.rejects(
      stack.preview([], { stateFile }),
      /^EngineError: The state file \/dev\/null\/folder\/dev\.json cannot be read: ENOTDIR/,
    );
    // The place of the temporary file is taken: the first write fails, and the run with it, before anything is created.
    mkdirSync(`${dirname(stack.stateFile)}/.dev.json.${process.pid}.tmp`, { recursive: true });
    await assert.rejects(stack.up([{ name: "a" }]), /cannot be written: EISDIR/);
    assert.deepEqual(stack.existing(), []);
  });

  it("is changed by one run at a time, which the other names", async () => {
    const slow = stack.up([{ name: "a", inputs: { slowMilliseconds: 300 } }]);
    await assert.rejects(
      stack.up([]),
      new RegExp(`Stack dev is being changed by another run \\(process ${process.pid}, since .*dev\\.json\\.lock`),
    );
    assert.equal((await slow).ok, true);
    assert.equal(existsSync(`${stack.stateFile}.lock`), false);
  });

  it("takes over the lock of a process that is dead", async () => {
    const { pid } = spawnSync(process.execPath, ["-e", "0"]);
    write('{"version":3,"deployment":{}}');
    writeFileSync(`${stack.stateFile}.lock`, JSON.stringify({ pid, since: "2026-01-01T00:00:00Z" }));
    assert.equal((await stack.destroy()).ok, true);
    assert.equal(existsSync(`${stack.stateFile}.lock`), false);
  });

  it("follows a refresh: what has changed, and what is gone", async () => {
    await stack.up([{ name: "a", inputs: { x: 1 } }, { name: "b", from: { of: "a.arn" } }, { name: "c" }]);
    const file = (name: string) => `${stack.cloud}/${readdirSync(stack.cloud).find((one) => one.startsWith(`${name}-`)) ?? ""}`;
    writeFileSync(file("a"), readFileSync(file("a"), "utf8").replace('"x":1', '"x":7'));
    spawnSync("rm", [file("c")]);
    const result = await stack.refresh();
    assert.equal(errorsOf(result), "");
    assert.deepEqual(result.changeSummary, { same: 2, update: 1, delete: 1 });
    assert.equal((stack.resource("a")?.["inputs"] as { x: number }).x, 7);
    assert.equal(stack.resource("c"), undefined);
    const next = await stack.preview([{ name: "a", inputs: { x: 1 } }, { name: "b", from: { of: "a.arn" } }, { name: "c" }]);
    assert.deepEqual(next.changeSummary, { same: 2, update: 1, create: 1 });
  });
});
