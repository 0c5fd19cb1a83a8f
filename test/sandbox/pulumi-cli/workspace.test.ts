/** The CLI's surroundings, with a script in the place of the CLI that notes how it was called. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import yaml from "yaml";
import * as cli from "../../../sandbox/pulumi-cli.ts";
import { runPulumi } from "../../../sandbox/pulumi-cli/process.ts";
import { TestStack, errorsOf } from "../engine/stack.ts";

const script = (log: string) => `#!/bin/sh
echo "$*" >> ${log}
env | sort > ${log}.env
case "$1 $2" in
  "stack export") for last; do :; done; printf '{"version":3,"deployment":{}}' > "$last" ;;
  "config set") cat >> ${log}.stdin ;;
  preview*|up*) echo '{"diagnosticEvent":{"message":"from '$1'","severity":"info"}}' ;;
esac
exit \${PULUMI_TEST_CODE:-0}
`;

describe("the CLI's workspace", function () {
  let stack: TestStack;
  let log: string;
  beforeEach(() => {
    stack = new TestStack("declared", cli);
    log = join(stack.folder, "calls");
    const bin = join(stack.folder, "bin");
    mkdirSync(bin);
    for (const name of ["pulumi", "pulumi-language-nodejs"]) {
      writeFileSync(join(bin, name), script(log));
      chmodSync(join(bin, name), 0o755);
    }
  });
  afterEach(() => stack[Symbol.dispose]());

  const options = (env: Readonly<Record<string, string>> = {}) => {
    const given = stack.options({ things: [{ name: "a" }] });
    return {
      ...given,
      config: { ...given.config, "declared:password": { value: "hunter2", secret: true }, "aws:region": { value: "eu-west-1" } },
      env: { PATH: `${join(stack.folder, "bin")}:${process.env["PATH"] ?? ""}`, HOME: stack.folder, ...env },
      policyPacks: [{ dir: "/pack", config: { all: "advisory" } }],
    };
  };
  const calls = () => readFileSync(log, "utf8").trim().split("\n");
  const root = () => join(stack.folder, "state", "pulumi-dev");

  it("is apart from the user's: home, backend, passphrase, project files", async () => {
    const result = await stack.engine.up(options({ PULUMI_OPTION_POLICY_PACK: "pack" }));
    assert.equal(errorsOf(result), "");
    assert.deepEqual(result.diagnostics, [{ severity: "info", message: "from up" }]);
    const env = readFileSync(`${log}.env`, "utf8");
    assert.ok(env.includes(`PULUMI_HOME=${root()}/home\n`));
    assert.ok(env.includes(`PULUMI_BACKEND_URL=file://${root()}/backend\n`));
    assert.ok(env.includes("PULUMI_CONFIG_PASSPHRASE=correct horse\n"));
    // The CLI takes the variable for an option, from its own folder; the program looks whether it is set.
    assert.ok(env.includes("PULUMI_OPTION_POLICY_PACK=/pack\n"));
    const names = env.split("\n").map((line) => line.split("=")[0] ?? "");
    assert.deepEqual(
      names.filter((name) => /^AWS_|^NODE_|^npm_|MOCHA/.test(name)),
      [],
    );
    const project = yaml.parse(readFileSync(join(root(), "project/Pulumi.yaml"), "utf8")) as { main: string };
    assert.equal(project.main, join(stack.options({}).projectDir, "index.ts"));
    const { config } = yaml.parse(readFileSync(join(root(), "project/Pulumi.dev.yaml"), "utf8")) as { config: Record<string, unknown> };
    assert.deepEqual(config["declared:things"], [{ name: "a" }]);
    assert.equal(readFileSync(`${log}.stdin`, "utf8"), "hunter2");
    assert.equal(JSON.stringify(config).includes("hunter2"), false);
  });

  it("previews before it updates, under the policies", async () => {
    await stack.engine.up(options());
    const runs = calls().filter((line) => /^(preview|up)/.test(line));
    const pack = `--policy-pack /pack --policy-pack-config ${root()}/policy-config-0.json --json --non-interactive --stack dev`;
    assert.deepEqual(runs, [`preview ${pack}`, `up --yes --skip-preview ${pack}`]);
  });

  it("stops after a preview that fails", async () => {
    writeFileSync(
      join(stack.folder, "bin", "pulumi"),
      script(log).replace('echo "$*"', 'case "$1" in preview) PULUMI_TEST_CODE=1;; esac; echo "$*"'),
    );
    const result = await stack.engine.up(options());
    assert.match(errorsOf(result), /pulumi ended with code 1/);
    assert.deepEqual(
      calls().filter((line) => line.startsWith("up")),
      [],
    );
  });

  it("takes the state from its file and gives it back, but keeps a newer copy of a run that was killed", async () => {
    mkdirSync(join(stack.folder, "state"));
    writeFileSync(stack.stateFile, '{"version":3,"deployment":{"resources":[]}}');
    await stack.engine.preview(options());
    assert.equal(calls().filter((line) => line.startsWith("stack import")).length, 1);
    assert.equal(readFileSync(stack.stateFile, "utf8"), '{"version":3,"deployment":{}}');
    assert.equal(existsSync(join(root(), "running")), false);
    writeFileSync(join(root(), "running"), "");
    await stack.engine.preview(options());
    assert.equal(calls().filter((line) => line.startsWith("stack import")).length, 1);
  });

  it("takes away the lock of a CLI that was killed, and leaves that of one that runs", async () => {
    const locks = join(root(), "backend/.pulumi/locks/organization/declared/dev");
    mkdirSync(locks, { recursive: true });
    const { pid: dead } = spawnSync("true");
    for (const [name, pid] of Object.entries({ dead, alive: process.pid }))
      writeFileSync(join(locks, `${name}.json`), JSON.stringify({ pid }));
    await stack.engine.preview(options());
    assert.deepEqual(readdirSync(locks), ["alive.json"]);
  });

  it("asks the CLI to end, and asks once more, before it would kill it", async () => {
    const file = join(stack.folder, "bin/pulumi");
    const program = (signals: number) =>
      `#!${process.execPath}\nlet seen = 0; setInterval(() => {}, 1000); process.on("SIGINT", () => { console.log("SIGINT " + ++seen); if (seen === ${signals}) process.exit(3); }); console.log("ready");\n`;
    writeFileSync(file, program(2));
    const [soft, hard] = [new AbortController(), new AbortController()];
    const onLine = (line: string) => {
      if (line === "ready") soft.abort();
      if (line === "SIGINT 1") hard.abort();
    };
    const installation = { pulumi: file, project: stack.folder, env: { PATH: process.env["PATH"] ?? "" } };
    const ended = await runPulumi(installation, [], { onLine, signal: soft.signal, killSignal: hard.signal });
    assert.deepEqual([ended.code, ended.output], [3, "ready\nSIGINT 1\nSIGINT 2"]);
  });

  it("says what is missing when there is no CLI", async () => {
    await assert.rejects(
      stack.engine.preview(options({ PATH: stack.folder })),
      /--engine pulumi needs Pulumi's CLI: pulumi and pulumi-language-nodejs not found on the PATH\. Install it/,
    );
  });
});
