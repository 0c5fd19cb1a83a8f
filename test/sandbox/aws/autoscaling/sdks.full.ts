/** The service through the official SDKs of other languages and the AWS CLI, each against the same endpoint on the real clock. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { RealClock } from "../../../../scaling/clock.ts";
import { actionNames } from "../../../../sandbox/aws/autoscaling/actions/table.ts";
import { Harness } from "./harness.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../../..");
const python = join(root, ".venv/bin/python");
/** Of an age that its SDK and `sdks/go/go.mod` ask for, 1.24. */
const isRecentGo = (command: string) => {
  const [, minor = "0"] = /go1\.(\d+)/.exec(spawnSync(command, ["version"], { encoding: "utf8" }).stdout) ?? [];
  return Number(minor) >= 24;
};
const go = ["go", "/usr/local/go/bin/go"].find(isRecentGo);

describe("Auto Scaling through other SDKs", function () {
  this.timeout(600_000);
  let aws: Harness;
  let subnets: string;
  before(async () => {
    aws = await Harness.start(new RealClock());
    subnets = (await aws.subnets())
      .slice(0, 2)
      .map(({ id }) => id)
      .join(",");
  });
  after(() => aws.close());
  const environment = () => ({
    PATH: process.env["PATH"],
    HOME: aws.directory,
    AWS_ACCESS_KEY_ID: "AKIATEST",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_ENDPOINT_URL: aws.url,
    AWS_PAGER: "",
  });

  it("boto3 calls every action", async () => {
    const script = join(import.meta.dirname, "sdks/boto3_scenario.py");
    const { stdout } = await run(python, [script, aws.url, subnets], { env: environment() });
    assert.deepEqual(
      stdout
        .trim()
        .split(" ")
        .filter((action) => action !== "DescribeLaunchConfigurations"),
      actionNames,
    );
  });

  it("the AWS CLI shows what a person looks at", async () => {
    const folder = join(aws.directory, "cli");
    await run(python, ["-m", "venv", folder]);
    await run(join(folder, "bin/pip"), ["install", "--quiet", "--disable-pip-version-check", "awscli==1.46.2"], { timeout: 300_000 });
    const cli = async (...words: string[]): Promise<unknown> => {
      const { stdout } = await run(join(folder, "bin/aws"), ["autoscaling", ...words, "--output", "json"], { env: environment() });
      return stdout === "" ? undefined : (JSON.parse(stdout) as unknown);
    };
    await aws.template("cli");
    await cli(
      ...["create-auto-scaling-group", "--auto-scaling-group-name", "cli", "--min-size", "1", "--max-size", "3", "--desired-capacity", "2"],
      ...["--launch-template", "LaunchTemplateName=cli,Version=$Latest", "--vpc-zone-identifier", subnets],
      ...["--tags", "Key=team,Value=a b,PropagateAtLaunch=true"],
    );
    const query = (expression: string) => ["--query", expression];
    const states = () =>
      cli("describe-auto-scaling-groups", "--auto-scaling-group-names", "cli", ...query("AutoScalingGroups[0].Instances[].LifecycleState"));
    while (((await states()) as string[]).filter((state) => state === "InService").length < 2);
    assert.deepEqual(await cli("describe-tags", "--filters", "Name=auto-scaling-group,Values=cli", ...query("Tags[].[Key,Value]")), [
      ["team", "a b"],
    ]);
    const statuses = await cli(
      "describe-scaling-activities",
      "--auto-scaling-group-name",
      "cli",
      "--page-size",
      "1",
      ...query("Activities[].StatusCode"),
    );
    assert.deepEqual(statuses, ["Successful", "Successful"]);
    await cli("suspend-processes", "--auto-scaling-group-name", "cli", "--scaling-processes", "AZRebalance");
    await cli(
      "put-scaling-policy",
      "--auto-scaling-group-name",
      "cli",
      "--policy-name",
      "up",
      "--adjustment-type",
      "ChangeInCapacity",
      "--scaling-adjustment",
      "1",
    );
    await cli("execute-policy", "--auto-scaling-group-name", "cli", "--policy-name", "up");
    while (((await states()) as string[]).filter((state) => state === "InService").length < 3);
    const refusal = await cli("set-desired-capacity", "--auto-scaling-group-name", "cli", "--desired-capacity", "7").then(
      () => "",
      (error: unknown) => (error as { stderr: string }).stderr,
    );
    assert.match(
      refusal,
      /An error occurred \(ValidationError\) when calling the SetDesiredCapacity operation: New SetDesiredCapacity value 7 is above max value 3/,
    );
    await cli("delete-auto-scaling-group", "--auto-scaling-group-name", "cli", "--force-delete");
  });

  if (go === undefined) {
    console.log("Go 1.24 or newer is not at hand: its SDK was not run");
  } else {
    it("the Go SDK waits for a group, pages and tells errors apart", async () => {
      await aws.template("golang");
      const folder = join(aws.directory, "go-program");
      mkdirSync(folder);
      cpSync(join(import.meta.dirname, "sdks/go"), folder, { recursive: true });
      const gopath = spawnSync(go, ["env", "GOMODCACHE", "GOCACHE", "GOPROXY"], { encoding: "utf8" }).stdout.trim().split("\n");
      const env = {
        ...environment(),
        PATH: `${process.env["PATH"] ?? ""}${delimiter}/usr/local/go/bin`,
        GOMODCACHE: gopath[0],
        GOCACHE: gopath[1],
        GOPROXY: gopath[2],
        GOTOOLCHAIN: "local",
      };
      const { stdout } = await run(go, ["run", ".", aws.url, subnets, "golang"], { cwd: folder, env, timeout: 400_000 });
      assert.equal(stdout, "done\n");
    });
  }
});
