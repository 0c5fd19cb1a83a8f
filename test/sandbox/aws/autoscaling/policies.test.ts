import assert from "node:assert/strict";
import * as sdk from "@aws-sdk/client-auto-scaling";
import { DescribeAlarmsCommand, PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import type { AlarmAction } from "../../../../sandbox/aws/deps.ts";
import { Harness, refusal } from "./harness.ts";

describe("policies, alarms and schedules of Auto Scaling groups", function () {
  let aws: Harness;
  before(async () => (aws = await Harness.start()));
  after(() => aws.close());

  const put = (AutoScalingGroupName: string, PolicyName: string, input: Partial<sdk.PutScalingPolicyCommandInput>) =>
    aws.autoscaling.send(new sdk.PutScalingPolicyCommand({ AutoScalingGroupName, PolicyName, ...input }));
  const execute = (input: sdk.ExecutePolicyCommandInput) => aws.autoscaling.send(new sdk.ExecutePolicyCommand(input));
  const describe_ = async (input: sdk.DescribePoliciesCommandInput) => {
    const { ScalingPolicies = [], NextToken } = await aws.autoscaling.send(new sdk.DescribePoliciesCommand(input));
    return { policies: ScalingPolicies, NextToken };
  };
  const desired = async (name: string) => (await aws.group(name)).DesiredCapacity;
  const alarm = async (actionArn: string, action: Partial<AlarmAction>) => {
    const handler = aws.world.alarmHandler(actionArn);
    assert.ok(handler);
    const alarmArn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:cpu";
    await handler({
      actionArn,
      alarmName: "cpu",
      alarmArn,
      state: "ALARM",
      reason: "",
      threshold: 60,
      metricValue: 70,
      atMs: aws.clock.now(),
      ...action,
    });
    await aws.settled();
  };

  it("run by call: simple ones by their adjustment, with or without the cooldown", async () => {
    await aws.createGroup("simple", { DesiredCapacity: 2, DefaultCooldown: 120 });
    const { PolicyARN, Alarms } = await put("simple", "up", {
      AdjustmentType: "PercentChangeInCapacity",
      ScalingAdjustment: 10,
      MinAdjustmentMagnitude: 2,
    });
    assert.match(
      PolicyARN!,
      /^arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:[0-9a-f-]{36}:autoScalingGroupName\/simple:policyName\/up$/,
    );
    assert.deepEqual(Alarms, []);
    await execute({ AutoScalingGroupName: "simple", PolicyName: "up" });
    await aws.advance(1);
    assert.equal(await desired("simple"), 4);
    assert.match(await refusal(execute({ PolicyName: PolicyARN, HonorCooldown: true })), /^ScalingActivityInProgressFault: /);
    await execute({ PolicyName: PolicyARN });
    assert.equal(await desired("simple"), 6);
    await aws.advance(125);
    await execute({ PolicyName: PolicyARN, HonorCooldown: true });
    assert.equal(await desired("simple"), 8);
    await put("simple", "exact", { AdjustmentType: "ExactCapacity", ScalingAdjustment: 1, Cooldown: 0 });
    await execute({ AutoScalingGroupName: "simple", PolicyName: "exact" });
    assert.equal(await desired("simple"), 1);
    assert.match(await refusal(execute({ AutoScalingGroupName: "simple", PolicyName: "down" })), /^ValidationError: .*down/);
  });

  it("run by call and by alarm: steps by the size of the breach", async () => {
    await aws.createGroup("steps", { DesiredCapacity: 2, DefaultInstanceWarmup: 0 });
    const { PolicyARN } = await put("steps", "up", {
      PolicyType: "StepScaling",
      AdjustmentType: "ChangeInCapacity",
      MetricAggregationType: "Maximum",
      StepAdjustments: [
        { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 20, ScalingAdjustment: 1 },
        { MetricIntervalLowerBound: 20, ScalingAdjustment: 3 },
      ],
    });
    await execute({ AutoScalingGroupName: "steps", PolicyName: "up", MetricValue: 65, BreachThreshold: 60 });
    await aws.advance(1);
    assert.equal(await desired("steps"), 3);
    assert.match(await refusal(execute({ AutoScalingGroupName: "steps", PolicyName: "up" })), /^ValidationError: .*MetricValue/);
    assert.match(
      await refusal(execute({ AutoScalingGroupName: "steps", PolicyName: "up", MetricValue: 50, BreachThreshold: 60 })),
      /^ValidationError: .*50/,
    );
    await alarm(PolicyARN!, { metricValue: 85 });
    assert.equal(await desired("steps"), 6);
    const [newest] = await aws.activities("steps");
    assert.match(newest!.Cause!, /a monitor alarm cpu in state ALARM triggered policy up changing the desired capacity from 3 to 6/);
    await aws.advance(1);
    await alarm(PolicyARN!, { metricValue: 61 });
    assert.equal(await desired("steps"), 7);
    await assert.rejects(alarm(`${PolicyARN!}x`, {}), /There is no scaling policy .*upx/);
    await assert.rejects(alarm(PolicyARN!, { threshold: undefined }), /alarm cpu has no threshold/);
    await aws.autoscaling.send(new sdk.SuspendProcessesCommand({ AutoScalingGroupName: "steps", ScalingProcesses: ["AlarmNotification"] }));
    await alarm(PolicyARN!, { metricValue: 85 });
    assert.equal(await desired("steps"), 7);
  });

  it("track a target with alarms of their own", async () => {
    await aws.createGroup("tracked", { DesiredCapacity: 2, DefaultInstanceWarmup: 0 });
    const TargetTrackingConfiguration = {
      PredefinedMetricSpecification: { PredefinedMetricType: "ASGAverageCPUUtilization" as const },
      TargetValue: 50,
    };
    const tracking = { PolicyType: "TargetTrackingScaling", TargetTrackingConfiguration };
    const { PolicyARN, Alarms } = await put("tracked", "cpu", tracking);
    await aws.settled();
    assert.equal(Alarms?.length, 2);
    const names = Alarms.map(({ AlarmName }) => AlarmName!);
    const real = async () => (await aws.cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: names }))).MetricAlarms ?? [];
    const [high, low] = [...(await real())].sort((one, other) => other.Threshold! - one.Threshold!);
    for (const one of [high, low]) {
      assert.deepEqual(
        [one?.Namespace, one?.MetricName, one?.Dimensions, one?.Statistic, one?.AlarmActions],
        ["AWS/EC2", "CPUUtilization", [{ Name: "AutoScalingGroupName", Value: "tracked" }], "Average", [PolicyARN]],
      );
    }
    assert.deepEqual([high?.Threshold, high?.ComparisonOperator, high?.EvaluationPeriods], [50, "GreaterThanThreshold", 3]);
    assert.deepEqual([low?.Threshold, low?.ComparisonOperator, low?.EvaluationPeriods], [35, "LessThanThreshold", 15]);
    await alarm(PolicyARN!, { alarmName: high!.AlarmName!, alarmArn: high!.AlarmArn!, threshold: 50, metricValue: 100 });
    assert.equal(await desired("tracked"), 4);
    const { policies } = await describe_({ AutoScalingGroupName: "tracked" });
    assert.deepEqual(policies[0]?.TargetTrackingConfiguration, {
      PredefinedMetricSpecification: { PredefinedMetricType: "ASGAverageCPUUtilization" },
      TargetValue: 50,
      DisableScaleIn: false,
    });
    assert.deepEqual(policies[0].Alarms?.map(({ AlarmName }) => AlarmName).sort(), [...names].sort());
    await put("tracked", "cpu", { ...tracking, TargetTrackingConfiguration: { ...TargetTrackingConfiguration, TargetValue: 70 } });
    await aws.settled();
    assert.ok((await real()).some(({ Threshold }) => Threshold === 70));
    assert.match(await refusal(execute({ AutoScalingGroupName: "tracked", PolicyName: "cpu" })), /^ValidationError: /);
    const custom = {
      CustomizedMetricSpecification: {
        MetricName: "Depth",
        Namespace: "Shop",
        Statistic: "Average" as const,
        Dimensions: [{ Name: "Queue", Value: "orders" }],
      },
      TargetValue: 100,
      DisableScaleIn: true,
    };
    const second = await put("tracked", "depth", { PolicyType: "TargetTrackingScaling", TargetTrackingConfiguration: custom });
    assert.ok((second.Alarms?.length ?? 0) > 0);
    const [depth] = (await describe_({ PolicyNames: ["depth"] })).policies;
    assert.deepEqual(depth?.TargetTrackingConfiguration, custom);
    await aws.autoscaling.send(new sdk.DeletePolicyCommand({ AutoScalingGroupName: "tracked", PolicyName: "cpu" }));
    await aws.settled();
    assert.deepEqual(await real(), []);
  });

  it("are described with the alarms that run them, page by page, and deleted", async () => {
    const { PolicyARN } = await put("simple", "named", { AdjustmentType: "ChangeInCapacity", ScalingAdjustment: 1 });
    const AlarmActions = [PolicyARN!];
    await aws.cloudWatch.send(
      new PutMetricAlarmCommand({
        AlarmName: "busy",
        AlarmActions,
        Namespace: "AWS/EC2",
        MetricName: "CPUUtilization",
        Statistic: "Average",
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 60,
        ComparisonOperator: "GreaterThanThreshold",
      }),
    );
    const [named] = (await describe_({ AutoScalingGroupName: "simple", PolicyNames: [PolicyARN!] })).policies;
    assert.deepEqual(named, {
      AutoScalingGroupName: "simple",
      PolicyName: "named",
      PolicyARN,
      PolicyType: "SimpleScaling",
      AdjustmentType: "ChangeInCapacity",
      ScalingAdjustment: 1,
      StepAdjustments: [],
      Alarms: [{ AlarmName: "busy", AlarmARN: "arn:aws:cloudwatch:us-east-1:123456789012:alarm:busy" }],
      Enabled: true,
    });
    const first = await describe_({ AutoScalingGroupName: "simple", MaxRecords: 2 });
    const second = await describe_({ AutoScalingGroupName: "simple", MaxRecords: 2, NextToken: first.NextToken });
    assert.deepEqual(
      [...first.policies, ...second.policies].map(({ PolicyName }) => PolicyName),
      ["exact", "named", "up"],
    );
    assert.deepEqual(
      (await describe_({ PolicyTypes: ["StepScaling"] })).policies.map(({ PolicyName }) => PolicyName),
      ["up"],
    );
    await aws.autoscaling.send(new sdk.DeletePolicyCommand({ PolicyName: PolicyARN }));
    assert.deepEqual((await describe_({ PolicyNames: [PolicyARN!] })).policies, []);
    const gone = aws.autoscaling.send(new sdk.DeletePolicyCommand({ AutoScalingGroupName: "nobody", PolicyName: "up" }));
    assert.match(await refusal(gone), /^ValidationError: .*nobody/);
  });

  it("are refused by the member that is wrong", async () => {
    const step = (StepAdjustments: sdk.StepAdjustment[]) =>
      put("steps", "bad", { PolicyType: "StepScaling", AdjustmentType: "ChangeInCapacity", StepAdjustments });
    assert.match(await refusal(step([])), /^ValidationError: .*[Ss]tep/);
    assert.match(
      await refusal(
        step([
          { MetricIntervalLowerBound: 0, ScalingAdjustment: 1 },
          { MetricIntervalLowerBound: 10, ScalingAdjustment: 2 },
        ]),
      ),
      /^ValidationError: .*[Ss]tep/,
    );
    assert.match(await refusal(put("steps", "bad", { AdjustmentType: "Double", ScalingAdjustment: 1 })), /^ValidationError: .*Double/);
    assert.match(await refusal(put("steps", "bad", { AdjustmentType: "ChangeInCapacity" })), /^ValidationError: .*ScalingAdjustment/i);
    assert.match(
      await refusal(put("nobody", "bad", { AdjustmentType: "ChangeInCapacity", ScalingAdjustment: 1 })),
      /^ValidationError: .*nobody/,
    );
    const ResourceLabel = "app/web/50dc6c495c0c9188/targetgroup/tg/943f017f100becff";
    const requests = { PredefinedMetricSpecification: { PredefinedMetricType: "ALBRequestCountPerTarget" as const, ResourceLabel } };
    assert.match(
      await refusal(
        put("steps", "bad", { PolicyType: "TargetTrackingScaling", TargetTrackingConfiguration: { ...requests, TargetValue: 10 } }),
      ),
      /^ValidationError: .*targetgroup\/tg\/943f017f100becff is not attached to steps/,
    );
    const predictive = {
      PolicyType: "PredictiveScaling",
      PredictiveScalingConfiguration: {
        MetricSpecifications: [
          { TargetValue: 50, PredefinedMetricPairSpecification: { PredefinedMetricType: "ASGCPUUtilization" as const } },
        ],
      },
    };
    assert.match(
      await refusal(put("steps", "bad", predictive)),
      /^ValidationError: .*PredictiveScalingConfiguration \(predictive scaling is not supported\)/,
    );
  });

  describe("on a schedule", () => {
    const schedule = (ScheduledActionName: string, input: Partial<sdk.PutScheduledUpdateGroupActionCommandInput>) =>
      aws.autoscaling.send(new sdk.PutScheduledUpdateGroupActionCommand({ AutoScalingGroupName: "timed", ScheduledActionName, ...input }));
    const actions = async (input: Partial<sdk.DescribeScheduledActionsCommandInput> = {}) => {
      const answer = await aws.autoscaling.send(new sdk.DescribeScheduledActionsCommand({ AutoScalingGroupName: "timed", ...input }));
      return { actions: answer.ScheduledUpdateGroupActions ?? [], NextToken: answer.NextToken };
    };
    const inMinutes = (minutes: number) => new Date(Math.floor(aws.clock.now()) + minutes * 60_000);

    it("change the group when their time comes, once or by cron in a time zone", async () => {
      await aws.createGroup("timed", { DesiredCapacity: 1 });
      const StartTime = inMinutes(10);
      await schedule("once", { StartTime, DesiredCapacity: 3 });
      const [once] = (await actions()).actions;
      assert.deepEqual(once, {
        AutoScalingGroupName: "timed",
        ScheduledActionName: "once",
        ScheduledActionARN: once?.ScheduledActionARN,
        Time: StartTime,
        StartTime,
        DesiredCapacity: 3,
      });
      assert.match(
        once.ScheduledActionARN!,
        /:scheduledUpdateGroupAction:[0-9a-f-]{36}:autoScalingGroupName\/timed:scheduledActionName\/once$/,
      );
      await aws.advance(601);
      assert.equal(await desired("timed"), 3);
      assert.deepEqual((await actions()).actions, []);
      assert.match((await aws.activities("timed"))[0]!.Cause!, /a scheduled action/);
      const now = new Date(aws.clock.now());
      const soon = new Date(aws.clock.now() + 5 * 60_000);
      await schedule("daily", {
        Recurrence: `${soon.getUTCMinutes()} ${soon.getUTCHours()} * * *`,
        TimeZone: "Etc/UTC",
        MinSize: 2,
        MaxSize: 6,
      });
      const [daily] = (await actions()).actions;
      assert.ok(daily!.StartTime! > now && daily!.StartTime! <= soon);
      await aws.advance(301);
      const group = await aws.group("timed");
      assert.deepEqual([group.MinSize, group.MaxSize, group.DesiredCapacity], [2, 6, 3]);
      assert.equal((await actions()).actions[0]!.StartTime!.getTime() - daily!.StartTime!.getTime(), 86_400_000);
    });

    it("are put and deleted in batches, each with its own refusal", async () => {
      const { FailedScheduledUpdateGroupActions: failed } = await aws.autoscaling.send(
        new sdk.BatchPutScheduledUpdateGroupActionCommand({
          AutoScalingGroupName: "timed",
          ScheduledUpdateGroupActions: [
            { ScheduledActionName: "a", StartTime: inMinutes(100), MinSize: 1 },
            { ScheduledActionName: "b", StartTime: inMinutes(-100), MinSize: 1 },
            { ScheduledActionName: "c", Recurrence: "61 * * * *", MinSize: 1 },
            { ScheduledActionName: "d", StartTime: inMinutes(200), MaxSize: 9 },
          ],
        }),
      );
      assert.deepEqual(
        failed?.map(({ ScheduledActionName, ErrorCode }) => [ScheduledActionName, ErrorCode]),
        [
          ["b", "ValidationError"],
          ["c", "ValidationError"],
        ],
      );
      const first = await actions({ MaxRecords: 2 });
      const second = await actions({ MaxRecords: 2, NextToken: first.NextToken });
      assert.deepEqual(
        [...first.actions, ...second.actions].map(({ ScheduledActionName }) => ScheduledActionName),
        ["a", "d", "daily"],
      );
      assert.deepEqual(
        (await actions({ EndTime: inMinutes(150), StartTime: inMinutes(50) })).actions.map((one) => one.ScheduledActionName),
        ["a"],
      );
      assert.deepEqual(
        (await actions({ ScheduledActionNames: ["d"] })).actions.map((one) => one.MaxSize),
        [9],
      );
      const { FailedScheduledActions } = await aws.autoscaling.send(
        new sdk.BatchDeleteScheduledActionCommand({ AutoScalingGroupName: "timed", ScheduledActionNames: ["a", "nothing"] }),
      );
      assert.deepEqual(
        FailedScheduledActions?.map(({ ScheduledActionName }) => ScheduledActionName),
        ["nothing"],
      );
      await aws.autoscaling.send(new sdk.DeleteScheduledActionCommand({ AutoScalingGroupName: "timed", ScheduledActionName: "d" }));
      assert.deepEqual(
        (await actions()).actions.map((one) => one.ScheduledActionName),
        ["daily"],
      );
      const missing = aws.autoscaling.send(
        new sdk.DeleteScheduledActionCommand({ AutoScalingGroupName: "timed", ScheduledActionName: "d" }),
      );
      assert.match(await refusal(missing), /^ValidationError: .*d/);
      assert.match(await refusal(schedule("bad", { Recurrence: "61 * * * *", MinSize: 1 })), /^ValidationError: .*61/);
      assert.match(
        await refusal(schedule("bad", { Recurrence: "0 0 * * *", TimeZone: "Mars/Base", MinSize: 1 })),
        /^ValidationError: .*Mars\/Base/,
      );
    });
  });
});
