/** Roll-outs through the real program: a bad one fails `up` and ends on the old version, and the stack lives on. */
import assert from "node:assert/strict";
import {
  AutoScalingClient,
  DeleteAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  ResumeProcessesCommand,
  SuspendProcessesCommand,
  type AutoScalingGroup,
  type InstanceRefresh,
} from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient, DescribeAlarmsCommand, PutMetricAlarmCommand, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import type { FleetsOutput } from "../../contract/fleets-output.ts";
import type { DeployResult } from "../../sandbox/engine/api.ts";
import { Checkout } from "../helpers/checkout.ts";
import { clientOptions } from "../helpers/inventory.ts";

const speed = ["--speed", "60"];
const settings = (...pairs: readonly string[]) => pairs.flatMap((pair) => ["--set", pair]);
const healthAlarms = "fleet:fleets.app.rollout.healthAlarms=[shop-errors]";
const guard = ["fleet:fleets.app.deletionProtection=prevent-all-deletion", "fleet:fleets.app.zonalShift=IgnoreUnhealthy"];
/** Holds a refresh at its half until something ends it: a day of the local AWS is 24 minutes. */
const heldAtHalf = 'fleet:fleets.app.rollout.checkpoints={"percentages":[50],"delaySeconds":86400}';
const otherType = ["fleet:fleets.app.instanceType=t3.medium", "fleet:fleets.app.image.bakeType=t3.medium"];

describe("roll-outs of a stack", function () {
  this.timeout(600_000);
  let checkout: Checkout;
  let scaling: AutoScalingClient;
  let cloudWatch: CloudWatchClient;
  let name: string;

  before(async () => {
    checkout = new Checkout();
    const { stdout } = await checkout.sandbox("env", ...speed);
    const endpoint = /AWS_ENDPOINT_URL='(http:\/\/127\.0\.0\.1:\d+)'/.exec(stdout)?.[1] ?? "";
    const region = /AWS_REGION='([a-z0-9-]+)'/.exec(stdout)?.[1] ?? "";
    assert.ok(endpoint !== "" && region !== "", stdout);
    scaling = new AutoScalingClient(clientOptions(endpoint, region));
    cloudWatch = new CloudWatchClient(clientOptions(endpoint, region));
    // Without data it stays as it is set; else the next evaluation takes the state back, maybe before the refresh looks.
    const unchanged = { EvaluationPeriods: 1, Threshold: 1, TreatMissingData: "ignore" } as const;
    const alarm = { Namespace: "Shop", MetricName: "Errors", Statistic: "Sum", Period: 60, ...unchanged } as const;
    await cloudWatch.send(new PutMetricAlarmCommand({ AlarmName: "shop-errors", ComparisonOperator: "GreaterThanThreshold", ...alarm }));
    await setAlarm("OK");
  });
  after(() => checkout.remove());

  const setAlarm = (StateValue: "OK" | "ALARM") =>
    cloudWatch.send(new SetAlarmStateCommand({ AlarmName: "shop-errors", StateValue, StateReason: "test" }));

  async function up(...pairs: readonly string[]): Promise<DeployResult> {
    const args = ["up", "--stack", "staging", "--json", ...speed, ...settings(healthAlarms, ...guard, ...pairs)];
    // A cold start on a busy machine takes more than a minute; this long is a hang.
    const { stdout, stderr } = await checkout.run("sandbox/cli.ts", args, { timeoutMs: 280_000 });
    try {
      return JSON.parse(stdout) as DeployResult;
    } catch {
      assert.fail(`sandbox up printed no JSON:\n${stdout.slice(0, 500)}\n${stderr.slice(-3_000)}`);
    }
  }

  const errors = (result: DeployResult) =>
    result.diagnostics
      .filter(({ severity }) => severity === "error")
      .map(({ message }) => message)
      .join("\n");

  async function succeed(...pairs: readonly string[]): Promise<DeployResult> {
    const result = await up(...pairs);
    assert.ok(result.ok, errors(result));
    return result;
  }

  async function group(): Promise<AutoScalingGroup> {
    const found = await scaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }));
    return found.AutoScalingGroups![0]!;
  }
  async function refreshes(): Promise<InstanceRefresh[]> {
    const found = await scaling.send(new DescribeInstanceRefreshesCommand({ AutoScalingGroupName: name }));
    return found.InstanceRefreshes ?? [];
  }
  /** A refresh ends when the new instances serve; the last old one may still be on its way out. */
  const serving = async () => (await group()).Instances?.filter(({ LifecycleState }) => LifecycleState === "InService") ?? [];
  const types = async () => (await serving()).map(({ InstanceType }) => InstanceType).sort();

  async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    for (let tries = 0; tries < 1_200; tries++) {
      const found = await look();
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.fail(`waited for ${what} in vain`);
  }

  it("fails `up` with the reason when a health alarm goes off, and ends on the old version", async () => {
    const first = await succeed();
    name = (first.outputs["fleets"] as FleetsOutput)["app"]!.group.name;
    // At its own pace the refresh could be over before the alarm is on.
    const bad = up(...otherType, heldAtHalf);
    await until("the half of the refresh", async () =>
      (await refreshes())[0]?.StatusReason?.startsWith("Waiting at a checkpoint") === true ? true : undefined,
    );
    assert.deepEqual(await types(), ["t3.medium", "t3.small"]);
    await setAlarm("ALARM");
    const result = await bad;
    assert.equal(result.ok, false);
    assert.match(errors(result), /The roll-out of version 2 of lt-\w+ to group \S+ failed and was rolled back/);
    assert.match(errors(result), /shop-errors/);
    assert.deepEqual(await types(), ["t3.small", "t3.small"]);
    const versions = (await serving()).map(({ LaunchTemplate }) => LaunchTemplate?.Version);
    assert.deepEqual([versions, (await group()).LaunchTemplate?.Version], [["1", "1"], "1"]);
    await setAlarm("OK");
  });

  it("does not try the same version again unasked, and still applies everything else", async () => {
    const before = await refreshes();
    const result = await up(...otherType, "fleet:fleets.app.scaling.up.threshold=75");
    assert.equal(result.ok, false);
    assert.match(errors(result), /is not sent to version 2 of lt-\w+ again: its roll-out ended as RollbackSuccessful/);
    assert.deepEqual(
      (await refreshes()).map((one) => one.InstanceRefreshId),
      before.map((one) => one.InstanceRefreshId),
    );
    const { MetricAlarms: alarms = [] } = await cloudWatch.send(
      new DescribeAlarmsCommand({ AlarmNamePrefix: "storefront-staging-web-v3-app-scaling-up" }),
    );
    assert.deepEqual(
      alarms.map(({ Threshold }) => Threshold),
      [75],
    );
  });

  it("acts on an `up` with the earlier settings", async () => {
    const result = await succeed();
    assert.deepEqual(await types(), ["t3.small", "t3.small"]);
    const { launchTemplate } = (result.outputs["fleets"] as FleetsOutput)["app"]!;
    assert.equal((await group()).LaunchTemplate?.Version, launchTemplate.version);
    assert.deepEqual(
      (await succeed()).steps.filter(({ op }) => op !== "same"),
      [],
    );
  });

  it("starts and returns when it is told not to wait", async () => {
    // At its own pace the refresh could be over before `up` has ended and is looked at.
    const paused = { AutoScalingGroupName: name, ScalingProcesses: ["InstanceRefresh"] };
    await scaling.send(new SuspendProcessesCommand(paused));
    await succeed(...otherType, "fleet:fleets.app.rollout.wait=false");
    assert.ok(["Pending", "InProgress"].includes((await refreshes())[0]?.Status ?? ""), JSON.stringify((await refreshes())[0]));
    await scaling.send(new ResumeProcessesCommand(paused));
    await until("the roll-out", async () => ((await refreshes())[0]?.Status === "Successful" ? true : undefined));
    assert.deepEqual(await types(), ["t3.medium", "t3.medium"]);
  });

  it("goes back in one command", async () => {
    const version = Number((await group()).LaunchTemplate?.Version) - 1;
    const run = (...args: readonly string[]) =>
      checkout.run("ops/cli.ts", ["rollout", "--stack", "staging", "--sandbox", "--json", ...args], { timeoutMs: 120_000 });
    const { code, stdout, stderr } = await run("--to", String(version));
    assert.equal(code, 0, stderr);
    assert.equal((JSON.parse(stdout) as { outcome: string }).outcome, "rolledOut");
    assert.deepEqual(await types(), ["t3.small", "t3.small"]);
    const none = await run("--to", "99");
    assert.equal(none.code, 2, none.stderr);
    assert.match(none.stderr, /--to is 99; launch template lt-\w+ has no such version/);
    assert.equal((await run("--cancel")).code, 8);
  });

  it("keeps everybody else from deleting its group, and may be shifted out of a zone", async () => {
    const { DeletionProtection: protection, AvailabilityZoneImpairmentPolicy: policy } = await group();
    assert.deepEqual(
      [protection, policy],
      ["prevent-all-deletion", { ZonalShiftEnabled: true, ImpairedZoneHealthCheckBehavior: "IgnoreUnhealthy" }],
    );
    await assert.rejects(
      scaling.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: name, ForceDelete: true })),
      /deletion protection is prevent-all-deletion/,
    );
  });

  it("comes down", async () => {
    const { code, stdout, stderr } = await checkout.sandbox("destroy", "--stack", "staging", ...speed);
    assert.equal(code, 0, stdout.slice(-2_000) + stderr);
  });
});
