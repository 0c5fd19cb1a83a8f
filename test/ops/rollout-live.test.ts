/** Roll-outs through the real SDK against the local Auto Scaling service, on a clock that the wait itself moves. */
import assert from "node:assert/strict";
import * as sdk from "@aws-sdk/client-auto-scaling";
import { PutMetricAlarmCommand, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import { CreateLaunchTemplateVersionCommand, type _InstanceType } from "@aws-sdk/client-ec2";
import type { RolloutRequest } from "../../contract/state-commands.ts";
import { openSession } from "../../ops/account.ts";
import { exitCodes } from "../../ops/exit-codes.ts";
import { rolloutCalls, type RolloutCalls } from "../../ops/rollout/auto-scaling.ts";
import { cancelRollout } from "../../ops/rollout/cancel.ts";
import { rollOut } from "../../ops/rollout/rollout.ts";
import { checkVersion } from "../../ops/verbs/rollout.ts";
import { failure } from "./failure.ts";
import { Harness } from "../sandbox/aws/autoscaling/harness.ts";

const good = "t3.micro";
const better = "t3.small";
/** Boots, and never says that it is ready. */
const bad = "t3.large";

describe("ops rollout against the local AWS", function () {
  let aws: Harness;
  let calls: RolloutCalls;
  let lines: string[] = [];
  const environment = { ...process.env };

  before(async () => {
    aws = await Harness.start();
    Object.assign(process.env, { AWS_ENDPOINT_URL: aws.url, AWS_ACCESS_KEY_ID: "AKIATEST", AWS_SECRET_ACCESS_KEY: "test" });
    delete process.env["AWS_PROFILE"];
    calls = rolloutCalls(await openSession({ region: "us-east-1", accountId: "123456789012" }));
    const alarm = { Namespace: "Shop", MetricName: "Errors", Statistic: "Sum", Period: 60, EvaluationPeriods: 1, Threshold: 1 } as const;
    await aws.cloudWatch.send(new PutMetricAlarmCommand({ AlarmName: "errors", ComparisonOperator: "GreaterThanThreshold", ...alarm }));
    await setAlarm("OK");
  });
  after(async () => {
    process.env = { ...environment };
    await aws.close();
  });
  beforeEach(() => (lines = []));

  const setAlarm = (StateValue: "OK" | "ALARM") =>
    aws.cloudWatch.send(new SetAlarmStateCommand({ AlarmName: "errors", StateValue, StateReason: "test" }));

  /** A group of two on version 1 with a launch hook, and the request to send it to `version`. */
  async function group(name: string, ...types: readonly _InstanceType[]): Promise<RolloutRequest> {
    const LaunchTemplateId = await aws.template(`${name}-template`, { InstanceType: good });
    await aws.createGroup(name, { LaunchTemplate: { LaunchTemplateId, Version: "1" } });
    const hook = { LifecycleHookName: "fleet-launch", LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING", HeartbeatTimeout: 120 };
    await aws.autoscaling.send(new sdk.PutLifecycleHookCommand({ AutoScalingGroupName: name, ...hook }));
    await aws.autoscaling.send(new sdk.UpdateAutoScalingGroupCommand({ AutoScalingGroupName: name, MinSize: 2, MaxSize: 4 }));
    await aws.settled();
    await boot(name);
    for (const InstanceType of types) {
      const LaunchTemplateData = { ImageId: await aws.image(), InstanceType };
      await aws.ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateId, LaunchTemplateData }));
    }
    return {
      group: name,
      launchTemplateId: LaunchTemplateId,
      launchTemplateVersion: "2",
      preferences: { minHealthyPercent: 100, maxHealthyPercent: 150, warmupSeconds: 30, alarms: ["errors"] },
      minSize: 2,
      region: "us-east-1",
      accountId: "123456789012",
      wait: true,
      timeoutSeconds: 7200,
    };
  }

  /** What boots well says so, and serves. */
  async function boot(name: string): Promise<sdk.AutoScalingGroup> {
    const found = await aws.group(name);
    for (const one of found.Instances ?? []) {
      if (one.LifecycleState !== "Pending:Wait" || one.InstanceType === bad) continue;
      const action = { AutoScalingGroupName: name, LifecycleHookName: "fleet-launch", InstanceId: one.InstanceId };
      await aws.autoscaling.send(new sdk.CompleteLifecycleActionCommand({ ...action, LifecycleActionResult: "CONTINUE" }));
    }
    await aws.settled();
    return found;
  }

  /**
   * Waiting that moves the clock step by step, boots what can boot at the end of each, and looks before that: fewer in
   * service than before stay fewer until then, so that no step is too long to see it.
   */
  const stepping = (name: string, look?: (found: sdk.AutoScalingGroup) => Promise<void> | void) => ({
    now: () => aws.clock.now(),
    sleep: async (milliseconds: number) => {
      // A poll that comes late is no fault, and an hour has many.
      const seconds = Math.max(milliseconds / 1000, milliseconds < 3_000 ? 0 : 20);
      for (let left = Math.ceil(seconds); left > 0; left -= 30) {
        await aws.advance(Math.min(30, left), 30);
        const found = await boot(name);
        await look?.(found);
      }
    },
  });

  const run = (
    request: RolloutRequest,
    look?: Parameters<typeof stepping>[1],
    more: { readonly retry?: boolean; readonly calls?: RolloutCalls } = {},
  ) => rollOut(request, { calls, waiting: stepping(request.group, look), say: (line) => lines.push(line), retry: false, ...more });

  const types = async (name: string) => (await aws.group(name)).Instances?.map(({ InstanceType }) => InstanceType).sort();
  const refreshes = async (name: string) => (await calls.refreshes(name)).map(({ Status }) => Status);

  it("rolls a bad image back to what served before, without a moment below the minimum, and does not try it again unasked", async () => {
    const request = await group("bad", bad, better);
    let fewest = Infinity;
    const serving = ({ Instances: instances = [] }: sdk.AutoScalingGroup) => {
      fewest = Math.min(fewest, instances.filter((one) => one.LifecycleState === "InService" && one.HealthStatus === "Healthy").length);
    };
    const error = await failure(run(request, serving));
    assert.equal(error.exitCode, exitCodes.failed);
    assert.match(
      error.message,
      /^The roll-out of version 2 of lt-\w+ to group bad failed and was rolled back: the group serves what it served before\. /,
    );
    assert.match(error.message, /Its last failed activity: .*Launching a new EC2 instance/);
    assert.equal(fewest, 2);
    assert.deepEqual(await types("bad"), [good, good]);
    assert.equal((await aws.group("bad")).LaunchTemplate?.Version, "1");

    const again = await failure(run(request));
    assert.equal(again.exitCode, exitCodes.refused);
    assert.match(again.message, /ended as RollbackSuccessful/);
    assert.deepEqual(await refreshes("bad"), ["RollbackSuccessful"]);

    assert.equal((await run({ ...request, launchTemplateVersion: "1" })).outcome, "unchanged");
    assert.equal((await run({ ...request, launchTemplateVersion: "3" })).outcome, "rolledOut");
    assert.deepEqual(await types("bad"), [better, better]);
    // The earlier version is never "unchanged" once another one serves.
    assert.equal((await run({ ...request, launchTemplateVersion: "1" })).outcome, "rolledOut");
    assert.deepEqual(await types("bad"), [good, good]);
  });

  it("says how far it is and how long it takes, stops at checkpoints, and bakes", async () => {
    const request = await group("told", better);
    const preferences = { ...request.preferences, checkpoints: { percentages: [50], delaySeconds: 300 }, bakeSeconds: 60 };
    const before = aws.clock.now();
    assert.equal((await run({ ...request, preferences })).outcome, "rolledOut");
    assert.ok(aws.clock.now() - before > 360_000, "it did not wait at the checkpoint and for the bake time");
    assert.ok(
      lines.some((line) => /^InProgress, 50 %, 1 instance left: Waiting at a checkpoint until \S+Z$/.test(line)),
      lines.join("\n"),
    );
    assert.ok(
      lines.some((line) => /^InProgress, 50 %, 1 instance left: .*, about \d+ s left$/.test(line)),
      lines.join("\n"),
    );
    assert.ok(
      lines.some((line) => line.startsWith("Baking, 100 %")),
      lines.join("\n"),
    );
    const [last] = await calls.refreshes("told");
    assert.deepEqual([last?.Preferences?.CheckpointPercentages, last?.Preferences?.CheckpointDelay], [[50, 100], 300]);
  });

  it("goes back when a health alarm goes off, and again with --retry", async () => {
    const request = await group("alarmed", better);
    let looks = 0;
    const error = await failure(
      run(request, async () => {
        if (++looks === 3) await setAlarm("ALARM");
      }),
    );
    assert.match(error.message, /was rolled back.*Reason: .*errors/);
    assert.deepEqual(await types("alarmed"), [good, good]);
    await setAlarm("OK");
    assert.equal((await run(request, undefined, { retry: true })).outcome, "rolledOut");
    assert.deepEqual(await types("alarmed"), [better, better]);
  });

  it("leaves the refresh alone when the credentials expire after the third poll, and the next run attaches to it", async () => {
    const request = await group("expired", better);
    let polls = 0;
    const failing: RolloutCalls = {
      ...calls,
      refresh: (name, id) => {
        if (++polls > 3)
          return Promise.reject(
            Object.assign(new Error("The security token included in the request is expired"), { name: "ExpiredToken" }),
          );
        return calls.refresh(name, id);
      },
    };
    const error = await failure(run(request, undefined, { calls: failing }));
    assert.equal(error.exitCode, exitCodes.waitEnded);
    assert.deepEqual(await refreshes("expired"), ["InProgress"]);
    lines = [];
    assert.equal((await run(request)).outcome, "rolledOut");
    assert.match(lines[0] ?? "", /is under way already$/);
    assert.deepEqual(await refreshes("expired"), ["Successful"]);
  });

  it("starts and returns without a wait, refuses another version meanwhile, and is cancelled back to what served", async () => {
    const request = await group("cancelled", better, bad);
    assert.equal((await run({ ...request, wait: false })).outcome, "started");
    assert.deepEqual(await refreshes("cancelled"), ["Pending"]);
    assert.match(lines.at(-1) ?? "", /^it is not awaited: /);
    await stepping("cancelled").sleep(60_000);
    const other = await failure(run({ ...request, launchTemplateVersion: "3" }));
    assert.equal(other.exitCode, exitCodes.refused);
    assert.match(other.message, /a group takes one at a time/);

    const ports = { calls, waiting: stepping("cancelled"), say: (line: string) => lines.push(line) };
    const cancel = { group: "cancelled", wait: true, timeoutSeconds: 3600 };
    assert.equal((await cancelRollout(cancel, ports)).outcome, "rolledBack");
    assert.deepEqual(await types("cancelled"), [good, good]);
    assert.equal(lines.at(-1), "group cancelled serves what it served before");
    const nothing = await failure(cancelRollout(cancel, ports));
    assert.equal(nothing.exitCode, exitCodes.notExactlyOne);
    assert.match(nothing.message, /has no roll-out under way \(the last one: RollbackSuccessful\)/);
  });

  it("ends a refresh where it is when that names nothing to go back to", async () => {
    await group("forward");
    await aws.autoscaling.send(new sdk.StartInstanceRefreshCommand({ AutoScalingGroupName: "forward" }));
    const ports = { calls, waiting: stepping("forward"), say: (line: string) => lines.push(line) };
    assert.equal((await cancelRollout({ group: "forward", wait: true, timeoutSeconds: 3600 }, ports)).outcome, "cancelled");
    assert.match(lines[0] ?? "", /names nothing to go back to/);
  });

  it("refuses a version that does not exist, and names those that do", async () => {
    const request = await group("absent", better);
    await checkVersion(request.launchTemplateId, "2", calls);
    const error = await failure(checkVersion(request.launchTemplateId, "9", calls));
    assert.equal(error.exitCode, exitCodes.usage);
    assert.equal(error.message, `--to is 9; launch template ${request.launchTemplateId} has no such version. Its newest ones: 1, 2.`);
    const refused = await failure(run({ ...request, launchTemplateVersion: "9" }));
    assert.equal(refused.exitCode, exitCodes.aws);
    assert.deepEqual(await refreshes("absent"), []);
  });
});
