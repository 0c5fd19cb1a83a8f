/** The commands kept in stack states, run as Pulumi runs them: a shell line in the project's folder. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rolloutCommand, rolloutVariable, type RolloutRequest } from "../../contract/state-commands.ts";
import { account, startQueryDouble, type QueryDouble } from "./query-double.ts";

const root = join(import.meta.dirname, "../..");
const template = "lt-0123456789abcdef0";
const request: RolloutRequest = {
  group: "web",
  launchTemplateId: template,
  launchTemplateVersion: "2",
  preferences: { minHealthyPercent: 90, maxHealthyPercent: 100, warmupSeconds: 0, alarms: [] },
  minSize: 0,
  region: "eu-central-1",
  accountId: account,
  wait: true,
  timeoutSeconds: 60,
};

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function shell(line: string, env: Readonly<Record<string, string>> = {}, cwd = root): Promise<Ended> {
  const path = `${join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`;
  const marker = process.env["FLEET_TEST_RUN"] ?? "";
  return new Promise((resolve) => {
    execFile(
      "/bin/sh",
      ["-c", line],
      { cwd, env: { PATH: path, FLEET_TEST_RUN: marker, ...env }, timeout: 120_000 },
      (error, stdout, stderr) => resolve({ status: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
    );
  });
}

describe("ops/state-command.js", () => {
  let double: QueryDouble | undefined;
  afterEach(async () => {
    await double?.close();
    double = undefined;
  });

  it("knows every command that a release wrote into a state, and every one the contract has now", async () => {
    const released = JSON.parse(await readFile(join(import.meta.dirname, "released-commands.json"), "utf8")) as string[];
    assert.ok(released.includes(rolloutCommand), "a new line of contract/state-commands.ts belongs into released-commands.json");
    for (const line of released) {
      const ended = await shell(line);
      assert.doesNotMatch(ended.stderr, /is no command/, line);
      assert.doesNotMatch(ended.stderr, /fault of the command itself/, line);
    }
  });

  it("runs a roll-out from the environment: what happens on stderr, nothing on stdout, which stands in the state", async () => {
    double = await startQueryDouble({
      DescribeAutoScalingGroups: () => ({
        AutoScalingGroups: [{ AutoScalingGroupName: "web", LaunchTemplate: { LaunchTemplateId: template, Version: "2" }, Instances: [] }],
      }),
      DescribeInstanceRefreshes: () => ({ InstanceRefreshes: [] }),
    });
    const ended = await shell(rolloutCommand, {
      [rolloutVariable]: JSON.stringify(request),
      AWS_ENDPOINT_URL: double.endpoint,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    });
    assert.equal(ended.stderr, `group web runs version 2 of ${template} already\n`);
    assert.equal(ended.stdout, "");
    assert.equal(ended.status, 0);
  });

  it("names every fault of a request at once and calls nothing", async () => {
    double = await startQueryDouble({});
    const wrong = {
      ...request,
      launchTemplateVersion: "$Latest",
      accountId: 5,
      preferences: { ...request.preferences, minHealthyPercent: 101 },
    };
    const ended = await shell(rolloutCommand, { [rolloutVariable]: JSON.stringify(wrong), AWS_ENDPOINT_URL: double.endpoint });
    assert.equal(ended.status, 2);
    assert.equal(
      ended.stderr,
      `FLEET_ROLLOUT is wrong; nothing was changed:
- launchTemplateVersion is "$Latest"; allowed: a version number as text, not "$Latest" or "$Default": only a number can be rolled back
- preferences.minHealthyPercent is 101; allowed: a whole number from 0 to 100
- accountId is 5; allowed: an account id of twelve digits
`,
    );
    assert.deepEqual(double.calls, []);
  });

  it("names the missing parts of a mixed policy", async () => {
    const ended = await shell(rolloutCommand, {
      [rolloutVariable]: JSON.stringify({ ...request, mixedInstances: { types: ["m7g.large"] } }),
    });
    assert.match(ended.stderr, /- mixedInstances\.onDemandBaseCapacity is missing; allowed: a whole number from 0 to 100000/);
    assert.equal(ended.status, 2);
  });

  it("says what to do when the request is missing or no JSON", async () => {
    assert.match((await shell(rolloutCommand)).stderr, /^FLEET_ROLLOUT is not set/);
    assert.match((await shell(rolloutCommand, { [rolloutVariable]: "{" })).stderr, /^FLEET_ROLLOUT is no JSON/);
  });

  it("says that AWS cannot be reached, with exit status 7", async function () {
    double = await startQueryDouble({});
    const gone = double.endpoint;
    await double.close();
    double = undefined;
    const ended = await shell(rolloutCommand, {
      [rolloutVariable]: JSON.stringify(request),
      AWS_ENDPOINT_URL: gone,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    });
    assert.equal(ended.status, 7);
    assert.match(ended.stderr, /^GetCallerIdentity in eu-central-1 failed: .*ECONNREFUSED.* AWS did not answer after several tries/);
  });

  it("ends the wait on SIGTERM, says so, and cancels nothing", async () => {
    double = await startQueryDouble({
      DescribeAutoScalingGroups: () => ({
        AutoScalingGroups: [{ AutoScalingGroupName: "web", LaunchTemplate: { LaunchTemplateId: template, Version: "1" }, Instances: [] }],
      }),
      DescribeInstanceRefreshes: () => ({
        InstanceRefreshes: [
          {
            InstanceRefreshId: "r-1",
            Status: "InProgress",
            DesiredConfiguration: { LaunchTemplate: { LaunchTemplateId: template, Version: "2" } },
          },
        ],
      }),
    });
    const child = spawn("node", ["ops/state-command.js", "rollout", "--v1"], {
      cwd: root,
      env: {
        ...process.env,
        [rolloutVariable]: JSON.stringify(request),
        AWS_ENDPOINT_URL: double.endpoint,
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
      },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      if (!child.killed && stderr.includes("InProgress, 0 %")) child.kill("SIGTERM"); // it waits now
    });
    const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
    assert.match(stderr, /The wait was ended by SIGTERM; what AWS has begun goes on\. The same command waits on\.\n$/);
    assert.equal(status, 6);
    assert.equal(
      double.actions().some((action) => !action.startsWith("Describe") && action !== "GetCallerIdentity"),
      false,
    );
  });

  it("refuses an unknown command and an old Node in one sentence each", async () => {
    const unknown = await shell("node ops/state-command.js rollout --v9");
    assert.match(
      unknown.stderr,
      /^"rollout --v9" is no command of this checkout; known: rollout --v1, drain --v1, bake --v1, guard --v1, unguard --v1\./,
    );
    assert.equal(unknown.status, 2);
    const old = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.11.0" } })`;
    const ended = await shell(`node --import 'data:text/javascript,${old}' ops/state-command.js rollout --v1`);
    assert.match(ended.stderr, /^Node 20\.11\.0 is too old: this command needs Node 22\.18 or newer\. [^\n]*\n$/);
    assert.equal(ended.status, 2);
  });

  it("says when the packages are not installed", async () => {
    const bare = await mkdtemp(join(tmpdir(), "fleet-bare-"));
    try {
      await mkdir(join(bare, "ops"));
      await cp(join(root, "ops"), join(bare, "ops"), { recursive: true });
      await cp(join(root, "contract"), join(bare, "contract"), { recursive: true });
      await cp(join(root, "package.json"), join(bare, "package.json"));
      const ended = await shell(rolloutCommand, {}, bare);
      assert.match(ended.stderr, /^The packages of this project are not installed .*npm run setup/);
      assert.equal(ended.status, 2);
    } finally {
      await rm(bare, { recursive: true, force: true });
    }
  });
});
