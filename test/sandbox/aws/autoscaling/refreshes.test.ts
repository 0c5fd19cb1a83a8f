import assert from "node:assert/strict";
import * as sdk from "@aws-sdk/client-auto-scaling";
import { PutMetricAlarmCommand, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import { CreateLaunchTemplateVersionCommand, type _InstanceType } from "@aws-sdk/client-ec2";
import { Harness, refusal } from "./harness.ts";

describe("instance refreshes and warm pools", function () {
  let aws: Harness;
  before(async () => (aws = await Harness.start()));
  after(() => aws.close());

  const start = (AutoScalingGroupName: string, input: Partial<sdk.StartInstanceRefreshCommandInput> = {}) =>
    aws.autoscaling.send(new sdk.StartInstanceRefreshCommand({ AutoScalingGroupName, ...input }));
  const refreshes = async (AutoScalingGroupName: string, input: Partial<sdk.DescribeInstanceRefreshesCommandInput> = {}) => {
    const answer = await aws.autoscaling.send(new sdk.DescribeInstanceRefreshesCommand({ AutoScalingGroupName, ...input }));
    return { list: answer.InstanceRefreshes ?? [], NextToken: answer.NextToken };
  };
  const newest = async (name: string) => (await refreshes(name)).list[0]!;
  const newVersion = async (name: string, InstanceType: _InstanceType) => {
    const LaunchTemplateData = { ImageId: await aws.image(), InstanceType };
    await aws.ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateName: `${name}-template`, LaunchTemplateData }));
  };
  const types = async (name: string) => (await aws.group(name)).Instances?.map(({ InstanceType }) => InstanceType).sort();
  const template = (name: string, Version: string) => ({ LaunchTemplate: { LaunchTemplateName: `${name}-template`, Version } });

  it("replace every instance and never serve with fewer than the minimum", async () => {
    await aws.createGroup("rolled", {
      MinSize: 4,
      MaxSize: 8,
      ...template("rolled", "1"),
      LaunchTemplate: { LaunchTemplateId: await aws.template("rolled-template"), Version: "1" },
    });
    await newVersion("rolled", "t3.small");
    const { InstanceRefreshId } = await start("rolled", {
      DesiredConfiguration: template("rolled", "2"),
      Preferences: {
        MinHealthyPercentage: 75,
        InstanceWarmup: 20,
        SkipMatching: true,
        AutoRollback: true,
        CheckpointPercentages: [50, 100],
        CheckpointDelay: 60,
      },
    });
    let fewest = 4;
    let seconds = 0;
    const reasons = new Set<string>();
    const first = new Map((await aws.inService("rolled")).map((id) => [id, -20]));
    while ((await newest("rolled")).Status !== "Successful" && seconds < 900) {
      await aws.advance(1);
      seconds++;
      const serving = await aws.inService("rolled");
      for (const id of serving) if (!first.has(id)) first.set(id, seconds);
      const warm = serving.filter((id) => seconds - first.get(id)! >= 20);
      fewest = Math.min(fewest, warm.length);
      reasons.add((await newest("rolled")).StatusReason ?? "");
    }
    assert.equal(fewest, 3);
    assert.deepEqual(
      await types("rolled"),
      Array.from({ length: 4 }, () => "t3.small"),
    );
    assert.ok(
      [...reasons].some((reason) => /checkpoint/i.test(reason)),
      [...reasons].join("; "),
    );
    const done = await newest("rolled");
    assert.deepEqual(
      { ...done, StartTime: undefined, EndTime: undefined },
      {
        InstanceRefreshId,
        AutoScalingGroupName: "rolled",
        Status: "Successful",
        StartTime: undefined,
        EndTime: undefined,
        PercentageComplete: 100,
        InstancesToUpdate: 0,
        Preferences: {
          MinHealthyPercentage: 75,
          InstanceWarmup: 20,
          SkipMatching: true,
          AutoRollback: true,
          CheckpointPercentages: [50, 100],
          CheckpointDelay: 60,
          ScaleInProtectedInstances: "Wait",
          StandbyInstances: "Wait",
        },
        DesiredConfiguration: {
          LaunchTemplate: {
            LaunchTemplateId: (await aws.group("rolled")).LaunchTemplate?.LaunchTemplateId,
            LaunchTemplateName: "rolled-template",
            Version: "2",
          },
        },
        Strategy: "Rolling",
      },
    );
    assert.equal((await aws.group("rolled")).LaunchTemplate?.Version, "2");
  });

  it("are cancelled, rolled back, and refused while another runs", async () => {
    const name = "turned";
    await aws.createGroup(name, {
      MinSize: 2,
      MaxSize: 4,
      LaunchTemplate: { LaunchTemplateId: await aws.template(`${name}-template`), Version: "1" },
    });
    await newVersion(name, "t3.small");
    assert.match(
      await refusal(aws.autoscaling.send(new sdk.CancelInstanceRefreshCommand({ AutoScalingGroupName: name }))),
      /^ActiveInstanceRefreshNotFoundFault: /,
    );
    assert.match(
      await refusal(aws.autoscaling.send(new sdk.RollbackInstanceRefreshCommand({ AutoScalingGroupName: name }))),
      /^ActiveInstanceRefreshNotFoundFault: /,
    );
    const input = { DesiredConfiguration: template(name, "2"), Preferences: { MinHealthyPercentage: 50, InstanceWarmup: 60 } };
    const { InstanceRefreshId: first } = await start(name, input);
    await aws.advance(5);
    assert.match(await refusal(start(name, input)), /^InstanceRefreshInProgressFault: /);
    const cancelled = await aws.autoscaling.send(new sdk.CancelInstanceRefreshCommand({ AutoScalingGroupName: name }));
    assert.equal(cancelled.InstanceRefreshId, first);
    await aws.advance(120);
    assert.equal((await newest(name)).Status, "Cancelled");
    const [changed] = (await aws.group(name)).Instances!.filter(({ InstanceType }) => InstanceType === "t3.small");
    await aws.autoscaling.send(
      new sdk.TerminateInstanceInAutoScalingGroupCommand({ InstanceId: changed?.InstanceId, ShouldDecrementDesiredCapacity: false }),
    );
    await aws.advance(120);
    assert.deepEqual(await types(name), ["t3.micro", "t3.micro"]);
    const { InstanceRefreshId: second } = await start(name, input);
    await aws.advance(5);
    const back = await aws.autoscaling.send(new sdk.RollbackInstanceRefreshCommand({ AutoScalingGroupName: name }));
    assert.equal(back.InstanceRefreshId, second);
    assert.equal((await newest(name)).Status, "RollbackInProgress");
    await aws.advance(600);
    const rolled = await newest(name);
    assert.equal(rolled.Status, "RollbackSuccessful");
    assert.ok(rolled.RollbackDetails?.RollbackReason);
    assert.deepEqual(await types(name), ["t3.micro", "t3.micro"]);
    const page = await refreshes(name, { MaxRecords: 1 });
    assert.deepEqual(
      page.list.map((one) => one.InstanceRefreshId),
      [second],
    );
    const last = await refreshes(name, { MaxRecords: 1, NextToken: page.NextToken });
    assert.deepEqual([last.list.map((one) => one.InstanceRefreshId), last.NextToken], [[first], undefined]);
    assert.deepEqual(
      (await refreshes(name, { InstanceRefreshIds: [first!] })).list.map((one) => one.Status),
      ["Cancelled"],
    );
    await start(name, { Preferences: input.Preferences });
    assert.match(
      await refusal(aws.autoscaling.send(new sdk.RollbackInstanceRefreshCommand({ AutoScalingGroupName: name }))),
      /^IrreversibleInstanceRefreshFault: .*desired configuration/,
    );
  });

  it("go back by themselves when an instance never comes up", async () => {
    const name = "broken";
    await aws.createGroup(name, {
      MinSize: 2,
      MaxSize: 4,
      LaunchTemplate: { LaunchTemplateId: await aws.template(`${name}-template`), Version: "1" },
    });
    await newVersion(name, "t3.large");
    const fault = { group: name, instanceType: "t3.large", code: "InsufficientInstanceCapacity", message: "no t3.large here" };
    await aws.service.admin("faults", { launch: [fault] });
    await start(name, {
      DesiredConfiguration: template(name, "2"),
      Preferences: { MinHealthyPercentage: 50, InstanceWarmup: 0, AutoRollback: true },
    });
    let status: string | undefined;
    for (let minutes = 0; minutes < 180 && !status?.startsWith("RollbackSuccess"); minutes += 5) {
      await aws.advance(300, 60);
      status = (await newest(name)).Status;
    }
    assert.equal(status, "RollbackSuccessful");
    assert.deepEqual(await types(name), ["t3.micro", "t3.micro"]);
    assert.equal((await aws.group(name)).LaunchTemplate?.Version, "1");
    await aws.service.admin("faults", { launch: [] });
  });

  it("go back when an alarm that they name goes off", async () => {
    const name = "watched";
    await aws.createGroup(name, {
      MinSize: 2,
      MaxSize: 4,
      LaunchTemplate: { LaunchTemplateId: await aws.template(`${name}-template`), Version: "1" },
    });
    await newVersion(name, "t3.small");
    const alarm = { Namespace: "Shop", MetricName: "Errors", Statistic: "Sum", Period: 60, EvaluationPeriods: 1, Threshold: 1 } as const;
    await aws.cloudWatch.send(new PutMetricAlarmCommand({ AlarmName: "errors", ComparisonOperator: "GreaterThanThreshold", ...alarm }));
    const setState = (StateValue: "OK" | "ALARM") =>
      aws.cloudWatch.send(new SetAlarmStateCommand({ AlarmName: "errors", StateValue, StateReason: "test" }));
    await setState("OK");
    const AlarmSpecification = { Alarms: ["errors"] };
    const Preferences = { MinHealthyPercentage: 50, InstanceWarmup: 120, AutoRollback: true, AlarmSpecification };
    await start(name, { DesiredConfiguration: template(name, "2"), Preferences });
    await aws.advance(60);
    assert.equal((await newest(name)).Status, "InProgress");
    await setState("ALARM");
    await aws.advance(15);
    const turned = await newest(name);
    assert.equal(turned.Status, "RollbackInProgress");
    assert.match(turned.RollbackDetails!.RollbackReason!, /alarm/i);
    assert.deepEqual(turned.Preferences?.AlarmSpecification, AlarmSpecification);
    await setState("OK");
    await aws.advance(600);
    assert.equal((await newest(name)).Status, "RollbackSuccessful");
    assert.deepEqual(await types(name), ["t3.micro", "t3.micro"]);
  });

  it("are refused by the member that is wrong", async () => {
    assert.match(await refusal(start("nobody")), /^ValidationError: .*nobody/);
    assert.match(await refusal(refreshes("nobody")), /^ValidationError: .*nobody/);
    assert.match(
      await refusal(start("rolled", { Preferences: { MinHealthyPercentage: 101 } })),
      /^ValidationError: .*'preferences\.minHealthyPercentage'/,
    );
    assert.match(await refusal(start("rolled", { Preferences: { CheckpointPercentages: [50, 20] } })), /^ValidationError: .*[Cc]heckpoint/);
    assert.match(await refusal(start("rolled", { DesiredConfiguration: template("rolled", "9") })), /^ValidationError: .*9/);
    assert.match(await refusal(start("rolled", { Strategy: "ReplaceRootVolume" as "Rolling" })), /^ValidationError: .*ReplaceRootVolume/);
    assert.match(await refusal(refreshes("rolled", { MaxRecords: 101 })), /^ValidationError: .*101/);
  });

  it("keep stopped instances ready in a warm pool, give them out first, and drop them with the pool", async () => {
    const name = "warm";
    await aws.createGroup(name, { MinSize: 1, MaxSize: 4, DesiredCapacity: 1 });
    const pool = (input: Partial<sdk.PutWarmPoolCommandInput>) =>
      aws.autoscaling.send(new sdk.PutWarmPoolCommand({ AutoScalingGroupName: name, ...input }));
    const describePool = (input: Partial<sdk.DescribeWarmPoolCommandInput> = {}) =>
      aws.autoscaling.send(new sdk.DescribeWarmPoolCommand({ AutoScalingGroupName: name, ...input }));
    await pool({ MinSize: 2, MaxGroupPreparedCapacity: 3, PoolState: "Stopped", InstanceReusePolicy: { ReuseOnScaleIn: true } });
    await aws.advance(5);
    const { Instances = [], WarmPoolConfiguration } = await describePool();
    assert.deepEqual(
      Instances.map(({ LifecycleState }) => LifecycleState),
      ["Warmed:Stopped", "Warmed:Stopped"],
    );
    assert.deepEqual(WarmPoolConfiguration, {
      MaxGroupPreparedCapacity: 3,
      MinSize: 2,
      PoolState: "Stopped",
      InstanceReusePolicy: { ReuseOnScaleIn: true },
    });
    const group = await aws.group(name);
    assert.deepEqual([group.WarmPoolSize, group.WarmPoolConfiguration?.PoolState, group.Instances?.length], [2, "Stopped", 1]);
    const warm = Instances.map(({ InstanceId }) => InstanceId!);
    const real = (await aws.ec2Instances()).filter(({ InstanceId }) => warm.includes(InstanceId!));
    assert.deepEqual(
      real.map(({ State }) => State?.Name),
      ["stopped", "stopped"],
    );
    const first = await describePool({ MaxRecords: 1 });
    const second = await describePool({ MaxRecords: 1, NextToken: first.NextToken });
    assert.deepEqual(
      [...first.Instances!, ...second.Instances!].map(({ InstanceId }) => InstanceId),
      [...warm].sort(),
    );
    await aws.autoscaling.send(new sdk.SetDesiredCapacityCommand({ AutoScalingGroupName: name, DesiredCapacity: 2 }));
    await aws.advance(5);
    const serving = await aws.inService(name);
    assert.equal(serving.length, 2);
    assert.equal(serving.filter((id) => warm.includes(id)).length, 1);
    assert.match(await refusal(pool({ MaxGroupPreparedCapacity: 0, MinSize: 1 })), /^ValidationError: /);
    await aws.autoscaling.send(new sdk.DeleteWarmPoolCommand({ AutoScalingGroupName: name, ForceDelete: true }));
    await aws.advance(60);
    assert.equal((await aws.group(name)).WarmPoolConfiguration, undefined);
    assert.deepEqual(
      (await aws.ec2Instances()).filter(({ State }) => State?.Name === "stopped"),
      [],
    );
    assert.match(await refusal(describePool({ AutoScalingGroupName: "nobody" })), /^ValidationError: .*nobody/);
  });
});
