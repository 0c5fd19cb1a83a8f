/** Drills against the local AWS on a stepped clock: a group, its alarms and policies, and a load that is really fed. */
import assert from "node:assert/strict";
import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  PutScalingPolicyCommand,
  SuspendProcessesCommand,
  ResumeProcessesCommand,
} from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient, PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import { CreateLaunchTemplateCommand, DescribeSubnetsCommand, EC2Client, RegisterImageCommand } from "@aws-sdk/client-ec2";
import type { FleetOutput, StepPolicyOutput } from "../../contract/fleets-output.ts";
import { openSession, type AwsSession } from "../../ops/account.ts";
import { groupViews } from "../../ops/drill/aws.ts";
import { judge, runDrill } from "../../ops/drill/drill.ts";
import { activityEvents, clockText } from "../../ops/drill/events.ts";
import { planDrill, type Expectations } from "../../ops/drill/plan.ts";
import type { DrillPorts, Remains } from "../../ops/drill/ports.ts";
import { drillReport } from "../../ops/drill/report.ts";
import { sandboxClock, sandboxLoad } from "../../ops/drill/sandbox-load.ts";
import { exitCodes, OpsError } from "../../ops/exit-codes.ts";
import { startTestAws, type TestAws } from "../sandbox/aws/local-aws.ts";

const name = "web";
const step = (direction: "up" | "down"): StepPolicyOutput => ({
  kind: "step",
  direction,
  policyArn: `arn:${direction}`,
  alarmName: `web-${direction}-alarm`,
  metric: { namespace: "AWS/EC2", name: "CPUUtilization", statistic: "Average" },
  threshold: direction === "up" ? 70 : 30,
  periodSeconds: 60,
  evaluationPeriods: direction === "up" ? 2 : 5,
  datapointsToAlarm: direction === "up" ? 2 : 5,
  missingData: "missing",
  adjustmentType: "ChangeInCapacity",
  steps: [direction === "up" ? { lower: 0, adjustment: 1 } : { upper: 0, adjustment: -1 }],
});

const fleet = (policies: FleetOutput["scaling"]["policies"] = [step("up"), step("down")]): FleetOutput =>
  ({
    name: "app",
    group: { name, arn: "arn:group" },
    region: "eu-west-1",
    size: { min: 2, max: 4 },
    bootSeconds: 60,
    scaling: { policies },
  }) as unknown as FleetOutput;

describe("ops drill", function () {
  let aws: TestAws;
  let session: AwsSession;
  let scaling: AutoScalingClient;
  let lines: string[] = [];
  const environment = { ...process.env };

  before(async () => {
    aws = await startTestAws();
    Object.assign(process.env, { AWS_ENDPOINT_URL: aws.endpoint, AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" });
    delete process.env["AWS_PROFILE"];
    session = await openSession({ region: aws.region });
    scaling = new AutoScalingClient(aws.client);
    await makeGroup();
  });
  after(async () => {
    process.env = { ...environment };
    await aws.stop();
  });
  beforeEach(() => (lines = []));

  async function makeGroup(): Promise<void> {
    const ec2 = new EC2Client(aws.client);
    const { ImageId } = await ec2.send(new RegisterImageCommand({ Name: "baked", RootDeviceName: "/dev/xvda", Architecture: "x86_64" }));
    const LaunchTemplateData = { ImageId, InstanceType: "t3.small" } as const;
    const { LaunchTemplate } = await ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: name, LaunchTemplateData }));
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
    await scaling.send(
      new CreateAutoScalingGroupCommand({
        AutoScalingGroupName: name,
        MinSize: 2,
        MaxSize: 4,
        DefaultInstanceWarmup: 0,
        VPCZoneIdentifier: Subnets.slice(0, 2)
          .map(({ SubnetId }) => SubnetId)
          .join(","),
        LaunchTemplate: { LaunchTemplateId: LaunchTemplate?.LaunchTemplateId, Version: "1" },
      }),
    );
    const cloudWatch = new CloudWatchClient(aws.client);
    for (const { direction, alarmName, threshold, evaluationPeriods } of [step("up"), step("down")]) {
      const isUp = direction === "up";
      const { PolicyARN } = await scaling.send(
        new PutScalingPolicyCommand({
          AutoScalingGroupName: name,
          PolicyName: direction,
          PolicyType: "StepScaling",
          AdjustmentType: "ChangeInCapacity",
          StepAdjustments: [
            isUp ? { MetricIntervalLowerBound: 0, ScalingAdjustment: 1 } : { MetricIntervalUpperBound: 0, ScalingAdjustment: -1 },
          ],
        }),
      );
      await cloudWatch.send(
        new PutMetricAlarmCommand({
          AlarmName: alarmName,
          Namespace: "AWS/EC2",
          MetricName: "CPUUtilization",
          Statistic: "Average",
          Dimensions: [{ Name: "AutoScalingGroupName", Value: name }],
          ComparisonOperator: isUp ? "GreaterThanOrEqualToThreshold" : "LessThanOrEqualToThreshold",
          Threshold: threshold,
          Period: 60,
          EvaluationPeriods: evaluationPeriods,
          AlarmActions: [PolicyARN!],
        }),
      );
    }
    await aws.advance(10);
  }

  /** @param endAfter looks after which the user ends it */
  function ports(more: { readonly remains?: () => Promise<Remains>; readonly endAfter?: number } = {}): DrillPorts {
    let looks = 0;
    return {
      ...groupViews(session, name),
      now: async () => (await sandboxClock(aws.endpoint)).nowMs,
      load: sandboxLoad(aws.endpoint, name),
      sleep: () => (++looks === more.endAfter ? Promise.reject(new OpsError(exitCodes.failed, "SIGINT ended it")) : aws.advance(15)),
      tell: (line) => lines.push(line),
      ...(more.remains && { remains: more.remains }),
    };
  }

  const plan = (given: Partial<Expectations> = {}) => planDrill(fleet(), given);
  const size = async () => {
    const found = await scaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }));
    return found.AutoScalingGroups?.[0]?.DesiredCapacity;
  };
  const refusal = async (work: Promise<unknown>): Promise<OpsError> => {
    const error: unknown = await work.then(
      () => assert.fail("it was not refused"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof OpsError, String(error));
    return error;
  };

  it("raises the load, sees the group grow and shrink and nothing left, and reports it", async () => {
    let asked = 0;
    const remains = () => Promise.resolve({ messages: ++asked === 2 ? 1 : 0, deadLetters: 3, nodes: ["i-0000000000000000"] });
    const result = await runDrill(plan(), ports({ remains }));
    assert.deepEqual(
      result.verdicts.map(({ name: which, met }) => [which, met]),
      [
        ["up", true],
        ["down", true],
        ["nothing left", true],
      ],
    );
    assert.equal(await size(), 2);
    assert.deepEqual(
      result.events.map(({ kind }) => kind).filter((kind, index, all) => kind !== all[index - 1]),
      ["load", "alarm", "launch", "inService", "load", "alarm", "terminate", "terminated", "queue", "chef", "load"],
    );
    assert.match(lines[0] ?? "", /^ {2}\+0:00 {2}load {7}95 % CPU on 2 instances \(metric feed of the sandbox\)$/);
    const told = (pattern: RegExp) => assert.equal(lines.filter((line) => pattern.test(line)).length, 1, `${pattern}\n${lines.join("\n")}`);
    told(/web-up-alarm is ALARM: /);
    told(/launch of i-[0-9a-f]+ begins: .*web-up-alarm/);
    told(/web-down-alarm is ALARM: /);
    told(/termination of i-[0-9a-f]+ begins: .*web-down-alarm/);
    assert.match(lines.at(-2) ?? "", /nothing is left of i-[0-9a-f]+$/);
    judge(result);

    const metric = await ports().metric(result.startMs, result.endMs);
    assert.ok(metric.some(({ value }) => value === 95) && metric.some(({ value }) => value === 1), JSON.stringify(metric));
    const page = drillReport(result, metric);
    assert.match(page, /<b>met<\/b> up: took \d+ s, expected within 420 s/);
    assert.equal(page.match(/<tr><td>\+/g)?.length, result.events.length);
    assert.equal(page.match(/<path class="(?:first|second)" d="M[\d.]+ [^"]+"\/>/g)?.length, 4 + 4, "curves and their keys");
    assert.equal(page.match(/<line class="threshold"/g)?.length, 4);
    assert.doesNotMatch(page.replaceAll("http://www.w3.org/2000/svg", ""), /<script|https?:\/\/|NaN|undefined/);
  });

  it("fails when an expectation is not met, and still takes the load away", async () => {
    const result = await runDrill(plan({ upWithinSeconds: 30 }), ports());
    assert.deepEqual(result.verdicts, [{ name: "up", withinSeconds: 30, met: false, detail: "no instance came into service" }]);
    assert.throws(() => judge(result), {
      exitCode: exitCodes.failed,
      message: /^The drill failed:\n- up: did not happen, expected within 30 s/,
    });
    await aws.advance(600);
    assert.equal(await size(), 2);
  });

  it("can be ended at any point: the load is gone, nothing more happens, and the report tells", async () => {
    for (const endAfter of [1, 4, 12]) {
      const result = await runDrill(plan(), ports({ endAfter }));
      assert.equal(result.aborted, "SIGINT ended it");
      assert.equal(result.events.at(-1)?.text, "everything that the drill set is as it was");
      assert.throws(() => judge(result), { exitCode: exitCodes.failed, message: "The drill ended early: SIGINT ended it" });
      assert.match(drillReport(result, []), /<b>ended early<\/b> SIGINT ended it/);
      const from = (await sandboxClock(aws.endpoint)).nowMs + 60_000;
      await aws.advance(300);
      assert.deepEqual(await ports().metric(from, from + 240_000), [], "the metric is still fed");
      // The group's own policies need a metric to shrink it.
      await aws.admin("POST", "autoscaling/load", { group: name, cpuPercent: 1 });
      await aws.advance(900);
      await aws.admin("POST", "autoscaling/load", { group: name, cpuPercent: null });
      await aws.advance(900);
      assert.equal(await size(), 2);
    }
  });

  it("refuses a group that is not at rest, and changes nothing", async () => {
    await scaling.send(new SuspendProcessesCommand({ AutoScalingGroupName: name, ScalingProcesses: ["Launch"] }));
    const error = await refusal(runDrill({ ...plan(), size: { min: 2, max: 2 } }, ports()));
    assert.equal(error.exitCode, exitCodes.refused);
    assert.equal(
      error.message,
      "Group web is not at rest; nothing was changed:\n- its size is 2 of at most 2, so that it cannot grow\n- processes are suspended: Launch",
    );
    await scaling.send(new ResumeProcessesCommand({ AutoScalingGroupName: name }));
    const gone = await refusal(runDrill(plan(), { ...ports(), group: () => Promise.resolve(undefined) }));
    assert.equal(gone.exitCode, exitCodes.usage);
    assert.deepEqual(lines, []);
  });

  it("says what stays behind", async () => {
    const departed: string[] = [];
    const remains = async () => {
      departed.push(...lines.flatMap((line) => /(i-[0-9a-f]+) is terminated/.exec(line)?.[1] ?? []));
      return Promise.resolve({ messages: 0, deadLetters: departed.length > 0 ? 1 : 0, nodes: departed });
    };
    const result = await runDrill(plan({ leftWithinSeconds: 60 }), ports({ remains }));
    const [, , left] = result.verdicts;
    assert.equal(left?.met, false);
    assert.match(left.detail ?? "", /^1 new dead letters; in Chef: i-[0-9a-f]+$/);
    assert.throws(() => judge(result), /- nothing left: did not happen, expected within 60 s/);
  });

  it("stops when the load does not run, and tells when it cannot be taken away", async () => {
    const load = {
      what: "nothing",
      raise: () => Promise.resolve(),
      trouble: () => Promise.resolve("stress-ng did not run on i-1 (Failed): no output."),
      calm: () => Promise.resolve(),
      restore: () => Promise.reject(new Error("CancelCommand failed.")),
    };
    const result = await runDrill(plan(), { ...ports(), load });
    assert.equal(result.aborted, "stress-ng did not run on i-1 (Failed): no output.");
    assert.equal(result.events.at(-1)?.text, "the load could not be taken away: CancelCommand failed. It ends by itself.");
  });

  it("expects what alarm and boot time allow, and needs a fleet that scales on its CPU", () => {
    assert.deepEqual(plan().expectations, { upWithinSeconds: 180 + 60 + 180, downWithinSeconds: 360 + 60 + 480, leftWithinSeconds: 300 });
    const departing = { ...fleet(), terminateHook: { heartbeatSeconds: 120 } };
    assert.equal(planDrill(departing, {}).expectations.downWithinSeconds, 360 + 60 + 480 + 120);
    const target = {
      kind: "target",
      policyArn: "arn",
      name: "cpu",
      target: 50,
      scaleIn: true,
      metric: { predefined: "ASGAverageCPUUtilization" },
    } as const;
    const tracked = planDrill(fleet([target]), {});
    assert.deepEqual([tracked.alarms, tracked.thresholds], [[], [{ name: "target", value: 50 }]]);
    assert.throws(() => planDrill(fleet([{ ...target, scaleIn: false }]), {}), /does not shrink on its CPU utilization/);
    const backlog = { ...step("up"), metric: { namespace: "Work", name: "Backlog", statistic: "Average" } } as const;
    assert.throws(() => planDrill(fleet([backlog, step("down")]), {}), {
      exitCode: exitCodes.usage,
      message: /^Fleet app does not grow on its CPU utilization.*: up on Backlog, down on CPUUtilization\.$/,
    });
  });

  it("reads activities, those that failed and those that are none of its business", () => {
    const StartTime = new Date(1_000);
    const failed = {
      Description: "Launching a new EC2 instance",
      StatusCode: "Failed",
      StatusMessage: "no capacity",
      StartTime,
      EndTime: new Date(2_000),
    } as const;
    assert.deepEqual(
      activityEvents({
        ...failed,
        ActivityId: "1",
        AutoScalingGroupName: name,
        Cause: "At 2026-01-01T00:00:00Z an instance was started. At 2026-01-01T00:00:01Z more.",
      }).map(({ kind, text }) => `${kind}: ${text}`),
      ["launch: launch of an instance begins: an instance was started", "failed: launch of an instance failed: no capacity"],
    );
    assert.deepEqual(activityEvents({ ...failed, ActivityId: "1", AutoScalingGroupName: name, Cause: "", Description: "Attaching" }), []);
    assert.equal(clockText(125_000), "+2:05");
  });
});
