import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pb from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb.js";
import { secret, unknown } from "../../../sandbox/plugins/protocol/values.ts";
import { binaries, EngineDouble, PluginProcess, urnOf } from "./client.ts";

const urn = urnOf("command:local:Command", "step");

/** Waits until a process has ended; one that nobody has collected yet counts as ended. */
async function gone(pid: string): Promise<void> {
  const running = () => existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  while (running()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe("pulumi-resource-command", () => {
  const engine = new EngineDouble();
  const directory = mkdtempSync(join(tmpdir(), "fleet-command-"));
  const file = (name: string) => join(directory, name);
  let plugin: PluginProcess;

  before(async () => {
    await engine.start();
    plugin = await PluginProcess.start("command", engine.address, { OF_THE_CLI: "seen" });
    await plugin.configure();
  });
  after(async () => {
    await plugin.stop();
    engine.stop();
    rmSync(directory, { recursive: true });
  });

  it("says its name and version and what it accepts", async () => {
    const info = await plugin.call<PluginInfo>("getPluginInfo", new empty.Empty());
    assert.equal(info.getVersion(), "1.2.1");
    const configured = await plugin.configure();
    assert.deepEqual([configured.getAcceptsecrets(), configured.getSupportspreview()], [true, true]);
    const schema = await plugin.call<InstanceType<typeof pb.GetSchemaResponse>>("getSchema", new pb.GetSchemaRequest());
    assert.deepEqual(JSON.parse(schema.getSchema()), {
      name: "command",
      version: "1.2.1",
      resources: { "command:local:Command": {} },
      functions: { "command:local:run": {} },
    });
  });

  it("runs create, keeps both outputs apart and drops one last newline of each", async () => {
    const { id, outputs } = await plugin.create(urn, { create: "printf 'one\\ntwo\\n\\n'; echo three >&2" });
    assert.match(id, /^step[0-9a-f]{8}$/);
    assert.deepEqual(outputs, { create: "printf 'one\\ntwo\\n\\n'; echo three >&2", stdout: "one\ntwo\n", stderr: "three" });
  });

  it("without a create it makes a resource with empty outputs", async () => {
    assert.deepEqual((await plugin.create(urn, { delete: "true" })).outputs, { delete: "true", stdout: "", stderr: "" });
  });

  it("gives the command the CLI's environment, its own, its directory and its input", async () => {
    const { outputs } = await plugin.create(urn, {
      create: 'echo "$OF_THE_CLI $MINE $(pwd) $(cat)"',
      environment: { MINE: "set" },
      dir: directory,
      stdin: "typed",
    });
    assert.equal(outputs["stdout"], `seen set ${directory} typed`);
  });

  it("uses the interpreter, the line being its last argument", async () => {
    const { outputs } = await plugin.create(urn, { create: "a b", interpreter: ["/bin/echo", "-n", "first"] });
    assert.equal(outputs["stdout"], "first a b");
  });

  it("update runs update, else create, with the previous outputs in its environment", async () => {
    const line = 'echo "out:$PULUMI_COMMAND_STDOUT err:$PULUMI_COMMAND_STDERR"';
    const old = { create: "x", stdout: "before", stderr: "warned" };
    const one = await plugin.update(urn, "id", { create: "x" }, old, { create: "false", update: line });
    assert.equal(one["stdout"], "out:before err:warned");
    const two = await plugin.update(urn, "id", { create: "x" }, old, { create: line, addPreviousOutputInEnv: false });
    assert.equal(two["stdout"], "out: err:");
    const three = await plugin.update(urn, "id", { create: "x" }, old, { delete: "true" });
    assert.deepEqual(three, { delete: "true", stdout: "before", stderr: "warned" });
  });

  it("delete runs delete with the outputs in its environment, and nothing without one", async () => {
    const state = { create: "true", delete: `printf "$PULUMI_COMMAND_STDOUT" > ${file("deleted")}`, stdout: "last", stderr: "" };
    await plugin.delete(urn, "id", state);
    assert.equal(readFileSync(file("deleted"), "utf8"), "last");
    await plugin.delete(urn, "id", { create: "true" });
  });

  it("a preview runs nothing and knows everything but the outputs", async () => {
    const created = await plugin.create(urn, { create: `touch ${file("never")}` }, true);
    assert.deepEqual(created.outputs, { create: `touch ${file("never")}`, stdout: unknown, stderr: unknown });
    const old = { create: "x", stdout: "a", stderr: "b" };
    const updated = await plugin.update(urn, "id", { create: "x" }, old, { create: `touch ${file("never")}` }, true);
    assert.deepEqual(updated, { create: `touch ${file("never")}`, stdout: unknown, stderr: unknown });
    assert.equal(existsSync(file("never")), false);
  });

  it("a changed trigger replaces, anything else updates, equal inputs are no change", async () => {
    const inputs = { create: "a", delete: "b", dir: "/", stdin: "s", environment: { A: "1" }, triggers: ["one"] };
    const state = { ...inputs, stdout: "", stderr: "" };
    const changed = (news: typeof inputs) => plugin.diff(urn, "id", inputs, state, news);
    assert.deepEqual(await changed(inputs), { changes: "none", replaces: [], diffs: [], detailed: {}, deleteBeforeReplace: false });
    const kinds = pb.PropertyDiff.Kind;
    assert.deepEqual(await changed({ ...inputs, triggers: ["two"] }), {
      changes: "some",
      replaces: ["triggers"],
      diffs: ["triggers"],
      detailed: { "triggers[0]": kinds.UPDATE_REPLACE },
      deleteBeforeReplace: false,
    });
    assert.deepEqual((await changed({ ...inputs, environment: { A: "1", B: "2" } } as typeof inputs)).detailed, {
      "environment.B": kinds.ADD,
    });
    for (const key of ["create", "delete", "dir", "stdin"] as const) {
      const result = await changed({ ...inputs, [key]: "other" });
      assert.deepEqual([result.changes, result.replaces, result.detailed], ["some", [], { [key]: kinds.UPDATE }]);
    }
  });

  it("streams output to the engine while the command runs", async () => {
    engine.messages.length = 0;
    const running = plugin.create(urn, { create: `echo started; while [ ! -e ${file("go")} ]; do sleep 0.05; done; echo done >&2` });
    while (!engine.messages.some((one) => one.message === "started")) await new Promise((resolve) => setTimeout(resolve, 10));
    await plugin.create(urn, { create: `touch ${file("go")}`, logging: "none" });
    await running;
    assert.deepEqual(engine.messages, [
      { urn, severity: 1, message: "started", status: true },
      { urn, severity: 1, message: "done", status: true },
    ]);
  });

  it("logs only the streams that `logging` names", async () => {
    engine.messages.length = 0;
    for (const logging of ["stdout", "stderr", "none", "stdoutAndStderr"])
      await plugin.create(urn, { create: `echo ${logging}-out; echo ${logging}-err >&2`, logging });
    assert.deepEqual(engine.messages.map((one) => one.message).sort(), [
      "stderr-err",
      "stdout-out",
      "stdoutAndStderr-err",
      "stdoutAndStderr-out",
    ]);
  });

  it("a failing command fails the step with how it ended, its line and its last lines", async () => {
    await assert.rejects(plugin.create(urn, { create: "echo out; echo err >&2; exit 3" }), {
      details: 'exit status 3: running "echo out; echo err >&2; exit 3":\nout\nerr',
    });
    await assert.rejects(plugin.update(urn, "id", {}, {}, { create: "seq 100; false" }), (error: { details: string }) => {
      assert.match(error.details, /^exit status 1: running "seq 100; false":\n\(60 lines before these\)\n61\n(?:\d+\n)+100$/);
      return true;
    });
    await assert.rejects(plugin.delete(urn, "id", { delete: "kill -9 $$" }), { details: 'signal SIGKILL: running "kill -9 $$":\n' });
    await assert.rejects(plugin.create(urn, { create: "x", interpreter: ["/no/such/program"] }), /spawn \/no\/such\/program ENOENT/);
    await assert.rejects(plugin.create(urn, { create: "true", dir: "/no/such/place" }), /ENOENT/);
  });

  it("check names every fault at once", async () => {
    const { failures } = await plugin.check(urn, {
      create: 1,
      logging: "all",
      assetPaths: ["*"],
      archivePaths: ["*"],
      environment: { A: 1 },
      interpreter: "sh",
      comand: "x",
      triggers: [1, { any: "thing" }],
      dir: unknown,
    });
    assert.deepEqual(failures.sort(), [
      "archivePaths: archivePaths is not supported by the sandbox's command provider",
      "assetPaths: assetPaths is not supported by the sandbox's command provider",
      "comand: comand is unknown; known are addPreviousOutputInEnv, create, delete, dir, environment, interpreter, logging, stdin, triggers, update",
      "create: create is 1, but must be a string",
      'environment: environment is {"A":1}, but must be a map of strings',
      'interpreter: interpreter is "sh", but must be a list of strings',
      'logging: logging is "all"; allowed are stdout, stderr, stdoutAndStderr, none',
    ]);
  });

  it("secret inputs stay secret in the checked inputs and the outputs, and reach the command unwrapped", async () => {
    const inputs = { create: "echo $TOKEN", environment: { TOKEN: secret("hush") } };
    const checked = await plugin.check(urn, inputs);
    assert.deepEqual(checked.inputs, { create: "echo $TOKEN", environment: secret({ TOKEN: "hush" }) });
    const { outputs } = await plugin.create(urn, inputs);
    assert.deepEqual(outputs, { create: "echo $TOKEN", environment: secret({ TOKEN: "hush" }), stdout: "hush", stderr: "" });
  });

  it("reads back what it was given", async () => {
    const state = { create: "a", stdout: "b", stderr: "" };
    assert.deepEqual(await plugin.read(urn, "id", state, { create: "a" }), { id: "id", outputs: state, inputs: { create: "a" } });
  });

  it("run executes on every invoke, waits for unknown arguments and names missing ones", async () => {
    const { result } = await plugin.invoke("command:local:run", { command: "echo $A", environment: { A: "b" } });
    assert.deepEqual(result, { command: "echo $A", environment: { A: "b" }, stdout: "b", stderr: "" });
    assert.equal((await plugin.invoke("command:local:run", { command: unknown })).result["stdout"], unknown);
    const { failures } = await plugin.invoke("command:local:run", { create: "x" });
    assert.deepEqual(
      failures.map((one) => one.split(":")[0]),
      ["create", "command"],
    );
    await assert.rejects(plugin.invoke("command:local:run", { command: "exit 2" }), /exit status 2/);
  });

  it("names what it does not know or support", async () => {
    await assert.rejects(plugin.create(urnOf("command:remote:Command", "x"), {}), /command:remote:Command; it knows command:local:Command/);
    await assert.rejects(plugin.invoke("command:local:go", {}), /command:local:go; it knows command:local:run/);
    await assert.rejects(plugin.call("construct", new pb.ConstructRequest()), /Construct \(components\) is not supported/);
    await assert.rejects(plugin.call("call", new pb.CallRequest()), /Call \(methods\) is not supported/);
    await assert.rejects(plugin.call("parameterize", new pb.ParameterizeRequest()), /Parameterize is not supported/);
  });

  it("cancel ends a running command with its children", async () => {
    const own = await PluginProcess.start("command", engine.address);
    try {
      const running = own.create(urn, { create: `sleep 60 & echo $! > ${file("pid")}; wait` });
      const refused = assert.rejects(running, /signal SIGTERM \(the engine cancelled the operation\)/);
      while (!existsSync(file("pid")) || readFileSync(file("pid"), "utf8") === "") await new Promise((resolve) => setTimeout(resolve, 10));
      await own.call("cancel", new empty.Empty());
      await refused;
      await gone(readFileSync(file("pid"), "utf8").trim());
    } finally {
      await own.stop();
    }
  });

  it("ends with the process that started it, and so does its command", async () => {
    const host = spawn(
      process.execPath,
      [
        "-e",
        `const c = require("node:child_process").spawn(process.argv[1], ["${engine.address}"], { stdio: ["ignore", "pipe", "ignore"] });
         c.stdout.once("data", (port) => process.stdout.write(c.pid + " " + port));
         setInterval(() => {}, 1000);`,
        join(binaries, "pulumi-resource-command"),
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const [pid, port] = await new Promise<string[]>((resolve) =>
      host.stdout.once("data", (text: Buffer) => resolve(text.toString().trim().split(" "))),
    );
    const own = new PluginProcess(host, Number(port));
    own.create(urn, { create: `sleep 60 & echo $! > ${file("orphan")}; wait` }).catch(() => undefined);
    while (!existsSync(file("orphan")) || readFileSync(file("orphan"), "utf8") === "")
      await new Promise((resolve) => setTimeout(resolve, 10));
    host.kill("SIGKILL");
    await gone(pid!);
    await gone(readFileSync(file("orphan"), "utf8").trim());
    own.client.close();
  });
});
