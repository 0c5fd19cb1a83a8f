import assert from "node:assert/strict";
import * as sdk from "@aws-sdk/client-auto-scaling";
import * as ec2 from "@aws-sdk/client-ec2";
import { CreateInstanceProfileCommand, DeleteInstanceProfileCommand } from "@aws-sdk/client-iam";
import { Harness } from "./harness.ts";

describe("failures around Auto Scaling groups", function () {
  let aws: Harness;
  before(async () => (aws = await Harness.start()));
  after(() => aws.close());

  const size = (AutoScalingGroupName: string, DesiredCapacity: number) =>
    aws.autoscaling.send(new sdk.SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity }));
  const failures = async (name: string) => (await aws.activities(name)).filter(({ StatusCode }) => StatusCode === "Failed").reverse();

  it("a zone whose launches fail: the others reach capacity, activities say why, balance returns", async () => {
    const subnets = (await aws.subnets()).slice(0, 3);
    const fault = { zone: subnets[0]!.zone, code: "InsufficientInstanceCapacity", message: "no t3.micro in this zone" };
    await aws.service.admin("faults", { launch: [fault] });
    await aws.createGroup("zones", { MinSize: 0, DesiredCapacity: 6, VPCZoneIdentifier: subnets.map(({ id }) => id).join(",") });
    await aws.advance(60);
    const zones = async () => {
      const counts = new Map<string, number>();
      for (const { AvailabilityZone: zone } of (await aws.group("zones")).Instances ?? []) counts.set(zone!, (counts.get(zone!) ?? 0) + 1);
      return subnets.map(({ zone }) => counts.get(zone) ?? 0);
    };
    assert.deepEqual(await zones(), [0, 3, 3]);
    const [failed] = await failures("zones");
    assert.match(failed!.StatusMessage!, /no t3\.micro in this zone/);
    assert.match(failed!.Description!, /^Launching a new EC2 instance\. {2}Status Reason: /);
    await aws.service.admin("faults", { launch: [] });
    await aws.advance(1800, 10);
    assert.deepEqual(await zones(), [2, 2, 2]);
  });

  it("an image that is gone: each try fails with the reason, later and later, until there is one again", async () => {
    const [subnet] = await aws.subnets();
    const image = await aws.image("doomed");
    await aws.createGroup("image", { VPCZoneIdentifier: subnet!.id }, { ImageId: image });
    await aws.ec2.send(new ec2.DeregisterImageCommand({ ImageId: image }));
    await size("image", 1);
    await aws.advance(3600, 10);
    const tries = await failures("image");
    assert.ok(tries.length >= 4);
    for (const { StatusMessage } of tries) assert.match(StatusMessage!, new RegExp(`${image}.*does not exist`));
    const gaps = tries.slice(1).map((one, index) => one.StartTime!.getTime() - tries[index]!.StartTime!.getTime());
    assert.deepEqual(
      gaps,
      [...gaps].sort((one, other) => one - other),
    );
    assert.ok(gaps.at(-1)! > gaps[0]!);
    const LaunchTemplateData = { ImageId: await aws.image("next"), InstanceType: "t3.micro" as const };
    await aws.ec2.send(new ec2.CreateLaunchTemplateVersionCommand({ LaunchTemplateName: "image-template", LaunchTemplateData }));
    await aws.advance(7200, 10);
    assert.equal((await aws.inService("image")).length, 1);
  });

  it("a subnet that is gone: its launches fail with the reason, the other subnet takes them", async () => {
    const [subnet] = await aws.subnets();
    const { Subnets } = await aws.ec2.send(new ec2.DescribeSubnetsCommand({ SubnetIds: [subnet!.id] }));
    const own = await aws.ec2.send(
      new ec2.CreateSubnetCommand({ VpcId: Subnets![0]!.VpcId, CidrBlock: "172.31.240.0/24", AvailabilityZone: "us-east-1b" }),
    );
    const id = own.Subnet!.SubnetId!;
    await aws.createGroup("subnet", { VPCZoneIdentifier: `${subnet!.id},${id}` });
    await aws.ec2.send(new ec2.DeleteSubnetCommand({ SubnetId: id }));
    await size("subnet", 2);
    await aws.advance(120);
    assert.deepEqual(
      (await aws.group("subnet")).Instances?.map(({ AvailabilityZone }) => AvailabilityZone),
      ["us-east-1a", "us-east-1a"],
    );
    assert.match((await failures("subnet"))[0]!.StatusMessage!, new RegExp(id));
  });

  it("a profile that is gone: the launch fails with the reason and leaves no instance", async () => {
    await aws.iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: "doomed" }));
    await aws.createGroup("profile", {}, { IamInstanceProfile: { Name: "doomed" } });
    await aws.iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName: "doomed" }));
    await size("profile", 4);
    await aws.advance(5);
    assert.match((await failures("profile"))[0]!.StatusMessage!, /doomed/);
    const ofGroup = (await aws.ec2Instances()).filter(({ Tags }) => Tags?.some(({ Value }) => Value === "profile"));
    assert.deepEqual(ofGroup, []);
  });

  it("an injected load is the utilization of each instance and of the group, whole or shared", async () => {
    await aws.createGroup("load", { DesiredCapacity: 2 });
    const ids = (await aws.inService("load")).sort();
    await aws.service.admin("load", { group: "load", cpuPercent: 90 });
    await aws.advance(61);
    const values = aws.metrics.filter(({ namespace }) => namespace === "AWS/EC2").map(({ value }) => value);
    assert.equal(values.length, 8);
    assert.deepEqual(
      new Set(values.map(({ name, unit, value }) => `${name} ${value} ${unit ?? ""}`)),
      new Set(["CPUUtilization 90 Percent"]),
    );
    assert.deepEqual([...new Set(values.flatMap(({ dimensions }) => dimensions["InstanceId"] ?? []))].sort(), ids);
    assert.equal(values.filter(({ dimensions }) => dimensions["AutoScalingGroupName"] === "load").length, 4);
    aws.metrics.length = 0;
    await aws.service.admin("load", { group: "load", cpuPercent: 150, shared: true });
    await size("load", 3);
    await aws.advance(61);
    const shared = aws.metrics.filter(({ value }) => value.dimensions["AutoScalingGroupName"] === "load").map(({ value }) => value.value);
    assert.deepEqual(shared, [75, 75, 50, 50, 50]);
    await aws.service.admin("load", { group: "load", cpuPercent: null });
    aws.metrics.length = 0;
    await aws.advance(120);
    assert.deepEqual(aws.metrics, []);
  });

  it("an injection that makes no sense is refused with a sentence", async () => {
    const refused = async (path: string, body: unknown) => assert.rejects(aws.service.admin(path, body), Error);
    await assert.rejects(
      aws.service.admin("weather", {}),
      /there is no weather; there are faults, load, target-health, instance-status, spot-notice/,
    );
    await assert.rejects(aws.service.admin("load", { group: "nobody", cpuPercent: 1 }), /there is no group nobody/);
    await assert.rejects(aws.service.admin("faults", { launch: "all" }), /launch is "all"; it must be a list/);
    await refused("faults", { launch: [{ code: "X" }] });
    await refused("target-health", { instanceId: "i-1", targetGroupArn: "arn", state: "sick" });
    await refused("instance-status", { check: "system" });
    await refused("spot-notice", { instanceId: "i-1", kind: "soon" });
    await refused("load", null);
  });

  it("a failing status check and a spot warning replace the instance", async () => {
    await aws.createGroup("status", { DesiredCapacity: 2 });
    const ids = await aws.inService("status");
    await aws.service.admin("instance-status", { instanceId: ids[0], check: "system", impaired: true });
    await aws.advance(120);
    const left = await aws.inService("status");
    assert.deepEqual([left.length, left.includes(ids[0]!)], [2, false]);
    await aws.createGroup("spot", { DesiredCapacity: 1, CapacityRebalance: true }, { InstanceMarketOptions: { MarketType: "spot" } });
    const [spot] = await aws.inService("spot");
    await aws.service.admin("spot-notice", { instanceId: spot, kind: "rebalance-recommendation" });
    await aws.advance(120);
    const now = await aws.inService("spot");
    assert.deepEqual([now.length, now.includes(spot!)], [1, false]);
  });

  it("at last an EC2 that is gone: launches fail and say so, calls that need it answer, the service lives on", async () => {
    await aws.createGroup("away", { DesiredCapacity: 1 });
    process.kill(aws.moto.pid!, "SIGKILL");
    while (aws.moto.fault === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    await size("away", 2);
    await aws.advance(5);
    const [failed] = await failures("away");
    assert.match(failed!.StatusMessage!, /EC2 gave no answer/);
    assert.equal((await aws.group("away")).DesiredCapacity, 2);
    const attach = aws.autoscaling.send(
      new sdk.AttachInstancesCommand({ AutoScalingGroupName: "away", InstanceIds: ["i-0123456789abcdef0"] }),
    );
    await assert.rejects(attach, (error: Error & { $metadata: { httpStatusCode?: number } }) => {
      assert.equal(error.name, "InternalFailure");
      assert.match(error.message, /EC2 gave no answer/);
      return error.$metadata.httpStatusCode === 500;
    });
    const [id] = await aws.inService("away");
    await aws.autoscaling.send(
      new sdk.TerminateInstanceInAutoScalingGroupCommand({ InstanceId: id, ShouldDecrementDesiredCapacity: false }),
    );
    await aws.advance(5);
    assert.ok((await aws.group("away")).Instances?.some(({ LifecycleState }) => LifecycleState?.startsWith("Terminating")));
  });
});
