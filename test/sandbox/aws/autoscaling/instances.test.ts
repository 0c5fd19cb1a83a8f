import assert from "node:assert/strict";
import * as sdk from "@aws-sdk/client-auto-scaling";
import * as ec2 from "@aws-sdk/client-ec2";
import * as elb from "@aws-sdk/client-elastic-load-balancing-v2";
import { AddRoleToInstanceProfileCommand, CreateInstanceProfileCommand, CreateRoleCommand } from "@aws-sdk/client-iam";
import { PutParameterCommand } from "@aws-sdk/client-ssm";
import { Harness, refusal } from "./harness.ts";

describe("instances of Auto Scaling groups", function () {
  let aws: Harness;
  before(async () => (aws = await Harness.start()));
  after(() => aws.close());

  const members = async (name: string) => (await aws.group(name)).Instances ?? [];
  const states = async (name: string) => (await members(name)).map(({ LifecycleState }) => LifecycleState);
  const real = async (ids: readonly string[]) => (await aws.ec2Instances()).filter(({ InstanceId }) => ids.includes(InstanceId!));
  const ofTag = (
    tags: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined,
  ): Record<string, string | undefined> => Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key!, Value]));

  it("have every field of the template version", async () => {
    await aws.iam.send(new CreateRoleCommand({ RoleName: "node", AssumeRolePolicyDocument: "{}" }));
    await aws.iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: "node" }));
    await aws.iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: "node", RoleName: "node" }));
    const [subnet] = await aws.subnets();
    const { Subnets } = await aws.ec2.send(new ec2.DescribeSubnetsCommand({ SubnetIds: [subnet!.id] }));
    const group = await aws.ec2.send(
      new ec2.CreateSecurityGroupCommand({ GroupName: "web", Description: "web", VpcId: Subnets![0]!.VpcId }),
    );
    const volume = await aws.ec2.send(new ec2.CreateVolumeCommand({ AvailabilityZone: subnet!.zone, Size: 4 }));
    const snapshot = await aws.ec2.send(new ec2.CreateSnapshotCommand({ VolumeId: volume.VolumeId }));
    await aws.ec2.send(new ec2.CreateKeyPairCommand({ KeyName: "operator" }));
    const userData = Buffer.from("#!/bin/sh\necho first boot\n").toString("base64");
    await aws.createGroup(
      "full",
      {
        MinSize: 3,
        VPCZoneIdentifier: subnet!.id,
        Tags: [
          { Key: "team", Value: "group", PropagateAtLaunch: true },
          { Key: "own", Value: "x", PropagateAtLaunch: false },
        ],
      },
      {
        InstanceType: "m5.large",
        KeyName: "operator",
        IamInstanceProfile: { Name: "node" },
        MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 2, InstanceMetadataTags: "enabled", HttpEndpoint: "enabled" },
        Monitoring: { Enabled: true },
        EbsOptimized: true,
        Placement: { GroupName: "near", Tenancy: "dedicated" },
        InstanceInitiatedShutdownBehavior: "terminate",
        UserData: userData,
        BlockDeviceMappings: [
          { DeviceName: "/dev/sda1", Ebs: { VolumeSize: 20, VolumeType: "gp3", Encrypted: true, Iops: 4000, Throughput: 250 } },
          { DeviceName: "/dev/sdf", Ebs: { SnapshotId: snapshot.SnapshotId, DeleteOnTermination: true, VolumeType: "io2", Iops: 200 } },
        ],
        NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: false, Groups: [group.GroupId!], DeleteOnTermination: true }],
        TagSpecifications: [
          {
            ResourceType: "instance",
            Tags: [
              { Key: "team", Value: "template" },
              { Key: "product", Value: "shop" },
            ],
          },
          { ResourceType: "volume", Tags: [{ Key: "kind", Value: "disk" }] },
          { ResourceType: "network-interface", Tags: [{ Key: "kind", Value: "card" }] },
        ],
      },
    );
    const { Images } = await aws.ec2.send(new ec2.DescribeImagesCommand({ ImageIds: [await aws.image()] }));
    const rootSnapshot = Images?.[0]?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId;
    const instances = await real((await members("full")).map(({ InstanceId }) => InstanceId!));
    assert.equal(instances.length, 3);
    for (const instance of instances) {
      assert.equal(instance.InstanceType, "m5.large");
      assert.equal(instance.KeyName, "operator");
      assert.match(instance.IamInstanceProfile?.Arn ?? "", /instance-profile\/node$/);
      assert.deepEqual(
        [
          instance.MetadataOptions?.HttpTokens,
          instance.MetadataOptions?.HttpPutResponseHopLimit,
          instance.MetadataOptions?.InstanceMetadataTags,
        ],
        ["required", 2, "enabled"],
      );
      assert.equal(instance.Monitoring?.State, "enabled");
      assert.equal(instance.EbsOptimized, true);
      assert.deepEqual(
        [instance.Placement?.GroupName, instance.Placement?.Tenancy, instance.Placement?.AvailabilityZone],
        ["near", "dedicated", subnet!.zone],
      );
      assert.equal(instance.PublicIpAddress, undefined);
      assert.equal(instance.SubnetId, subnet!.id);
      assert.deepEqual(
        instance.NetworkInterfaces?.map(({ Groups }) => Groups?.map(({ GroupId }) => GroupId)),
        [[group.GroupId]],
      );
      assert.deepEqual(ofTag(instance.Tags), {
        team: "group",
        product: "shop",
        "aws:autoscaling:groupName": "full",
        "aws:ec2launchtemplate:id": (await aws.group("full")).LaunchTemplate?.LaunchTemplateId,
        "aws:ec2launchtemplate:version": "1",
      });
      const attribute = (Attribute: ec2.InstanceAttributeName) =>
        aws.ec2.send(new ec2.DescribeInstanceAttributeCommand({ InstanceId: instance.InstanceId, Attribute }));
      assert.equal((await attribute("userData")).UserData?.Value, userData);
      assert.equal((await attribute("instanceInitiatedShutdownBehavior")).InstanceInitiatedShutdownBehavior?.Value, "terminate");
      assert.deepEqual(instance.BlockDeviceMappings?.map(({ DeviceName, Ebs }) => [DeviceName, Ebs?.DeleteOnTermination]).sort(), [
        ["/dev/sda1", true],
        ["/dev/sdf", true],
      ]);
      const ids = instance.BlockDeviceMappings.map(({ Ebs }) => Ebs!.VolumeId!);
      const { Volumes } = await aws.ec2.send(new ec2.DescribeVolumesCommand({ VolumeIds: ids }));
      const facts = Volumes!.map((one) => [
        one.Attachments![0]!.Device,
        one.Size,
        one.VolumeType,
        one.Iops,
        one.Throughput,
        one.Encrypted,
        one.SnapshotId,
        ofTag(one.Tags)["kind"],
      ]);
      assert.deepEqual(facts.sort(), [
        ["/dev/sda1", 20, "gp3", 4000, 250, true, rootSnapshot, "disk"],
        ["/dev/sdf", 4, "io2", 200, undefined, false, snapshot.SnapshotId, "disk"],
      ]);
      const cards = await aws.ec2.send(
        new ec2.DescribeNetworkInterfacesCommand({
          NetworkInterfaceIds: instance.NetworkInterfaces.map((one) => one.NetworkInterfaceId!),
        }),
      );
      assert.deepEqual(
        cards.NetworkInterfaces?.map(({ TagSet }) => ofTag(TagSet)),
        [{ kind: "card" }],
      );
    }
    await aws.autoscaling.send(new sdk.DeleteAutoScalingGroupCommand({ AutoScalingGroupName: "full", ForceDelete: true }));
    await aws.settled();
    const { Volumes } = await aws.ec2.send(new ec2.DescribeVolumesCommand({}));
    assert.deepEqual(
      Volumes?.map(({ VolumeId }) => VolumeId),
      [volume.VolumeId],
    );
  });

  it("run the image that a parameter names at the time of the launch", async () => {
    const Name = "/images/web";
    await aws.ssm.send(new PutParameterCommand({ Name, Type: "String", Value: await aws.image("first") }));
    await aws.createGroup("parameter", { MinSize: 1 }, { ImageId: `resolve:ssm:${Name}` });
    await aws.ssm.send(new PutParameterCommand({ Name, Type: "String", Value: await aws.image("second"), Overwrite: true }));
    await aws.autoscaling.send(new sdk.SetDesiredCapacityCommand({ AutoScalingGroupName: "parameter", DesiredCapacity: 2 }));
    await aws.settled();
    const images = (await real(await aws.inService("parameter"))).map(({ ImageId }) => ImageId);
    assert.deepEqual(images.sort(), [await aws.image("first"), await aws.image("second")].sort());
  });

  it("are replaced once when EC2 ends or stops them", async () => {
    await aws.createGroup("replaced", { MinSize: 2 });
    const [first, second] = await aws.inService("replaced");
    await aws.ec2.send(new ec2.TerminateInstancesCommand({ InstanceIds: [first!] }));
    await aws.advance(120);
    const after = await aws.inService("replaced");
    assert.equal(after.length, 2);
    assert.ok(!after.includes(first!) && after.includes(second!));
    await aws.ec2.send(new ec2.StopInstancesCommand({ InstanceIds: [second!] }));
    await aws.advance(120);
    const last = await aws.inService("replaced");
    assert.equal(last.length, 2);
    assert.ok(!last.includes(second!));
    assert.deepEqual(await real([first!, second!]), []);
    await aws.advance(600);
    const kinds = (await aws.activities("replaced")).map(({ Description }) => Description!.split(" ")[0]);
    assert.deepEqual([kinds.filter((kind) => kind === "Launching").length, kinds.filter((kind) => kind === "Terminating").length], [4, 2]);
  });

  it("are replaced when somebody calls them unhealthy", async () => {
    await aws.createGroup("health", { MinSize: 1, HealthCheckGracePeriod: 300 });
    const [id] = await aws.inService("health");
    const set = (HealthStatus: string, ShouldRespectGracePeriod?: boolean) =>
      aws.autoscaling.send(new sdk.SetInstanceHealthCommand({ InstanceId: id, HealthStatus, ShouldRespectGracePeriod }));
    assert.match(await refusal(set("Sick")), /^ValidationError: .*Sick/);
    await set("Unhealthy");
    assert.equal((await members("health"))[0]?.HealthStatus, "Healthy");
    await set("Unhealthy", false);
    await aws.advance(60);
    assert.ok(!(await aws.inService("health")).includes(id!));
    assert.match(
      await refusal(aws.autoscaling.send(new sdk.SetInstanceHealthCommand({ InstanceId: "i-0123456789abcdef0", HealthStatus: "Healthy" }))),
      /^ValidationError: .*i-0123456789abcdef0/,
    );
  });

  it("end by call, with and without less capacity", async () => {
    await aws.createGroup("ended", { MinSize: 1, DesiredCapacity: 4 });
    const ids = await aws.inService("ended");
    const end = (input: Partial<sdk.TerminateInstanceInAutoScalingGroupCommandInput>) =>
      aws.autoscaling.send(new sdk.TerminateInstanceInAutoScalingGroupCommand({ ShouldDecrementDesiredCapacity: true, ...input }));
    const { Activity } = await end({ InstanceId: ids[0] });
    assert.equal(Activity?.Description, `Terminating EC2 instance: ${ids[0]!}`);
    assert.equal(Activity.AutoScalingGroupName, "ended");
    await aws.settled();
    assert.deepEqual(await aws.inService("ended"), ids.slice(1));
    await end({ InstanceId: ids[1], ShouldDecrementDesiredCapacity: false });
    await aws.advance(1);
    assert.equal((await aws.inService("ended")).length, 3);
    const rest = await aws.inService("ended");
    assert.match(await refusal(end({ InstanceIds: rest, AutoScalingGroupName: "ended" })), /^ValidationError: .*minimum size 1/);
    assert.match(await refusal(end({ InstanceIds: rest })), /^ValidationError: Give either InstanceId, or InstanceIds together/);
    const { Activities } = await end({ InstanceIds: rest.slice(1), AutoScalingGroupName: "ended" });
    assert.equal(Activities?.length, 2);
    await aws.settled();
    assert.deepEqual(await aws.inService("ended"), rest.slice(0, 1));
    assert.match(await refusal(end({ InstanceId: rest[0] })), /^ValidationError: /);
    assert.match(await refusal(end({ InstanceId: "i-0123456789abcdef0" })), /^ValidationError: .*i-0123456789abcdef0/);
  });

  it("rest in standby and return", async () => {
    await aws.createGroup("standby", { MinSize: 0, DesiredCapacity: 2 });
    const [id, other] = await aws.inService("standby");
    const rest = { AutoScalingGroupName: "standby", InstanceIds: [id!] };
    const { Activities } = await aws.autoscaling.send(new sdk.EnterStandbyCommand({ ...rest, ShouldDecrementDesiredCapacity: true }));
    assert.equal(Activities?.[0]?.Description, `Moving EC2 instance to Standby: ${id!}`);
    await aws.settled();
    assert.deepEqual((await states("standby")).sort(), ["InService", "Standby"]);
    assert.equal((await aws.group("standby")).DesiredCapacity, 1);
    const back = await aws.autoscaling.send(new sdk.ExitStandbyCommand(rest));
    assert.match(back.Activities?.[0]?.Description ?? "", /^Moving EC2 instance out of Standby: /);
    await aws.settled();
    assert.deepEqual(await states("standby"), ["InService", "InService"]);
    assert.match(await refusal(aws.autoscaling.send(new sdk.ExitStandbyCommand(rest))), /^ValidationError: /);
    assert.match(
      await refusal(
        aws.autoscaling.send(
          new sdk.EnterStandbyCommand({
            AutoScalingGroupName: "standby",
            InstanceIds: ["i-0123456789abcdef0"],
            ShouldDecrementDesiredCapacity: true,
          }),
        ),
      ),
      /^ValidationError: .*i-0123456789abcdef0/,
    );
    assert.ok(other);
  });

  it("come from outside and leave alive", async () => {
    await aws.createGroup("attached", { MinSize: 0, MaxSize: 2 });
    const [subnet] = await aws.subnets();
    const { Instances } = await aws.ec2.send(
      new ec2.RunInstancesCommand({ ImageId: await aws.image(), InstanceType: "t3.micro", MinCount: 1, MaxCount: 1, SubnetId: subnet!.id }),
    );
    const id = Instances![0]!.InstanceId!;
    const attach = (InstanceIds: string[]) =>
      aws.autoscaling.send(new sdk.AttachInstancesCommand({ AutoScalingGroupName: "attached", InstanceIds }));
    await attach([id]);
    await aws.settled();
    assert.deepEqual([(await aws.group("attached")).DesiredCapacity, await aws.inService("attached")], [1, [id]]);
    assert.equal(ofTag((await real([id]))[0]?.Tags)["aws:autoscaling:groupName"], "attached");
    assert.match(await refusal(attach([id])), /^ValidationError: .*already/);
    assert.match(await refusal(attach(["i-0123456789abcdef0"])), /^ValidationError: Invalid Instance ID/);
    const detach = { AutoScalingGroupName: "attached", InstanceIds: [id], ShouldDecrementDesiredCapacity: true };
    const { Activities } = await aws.autoscaling.send(new sdk.DetachInstancesCommand(detach));
    assert.equal(Activities?.[0]?.Description, `Detaching EC2 instance: ${id}`);
    await aws.settled();
    assert.deepEqual([(await aws.group("attached")).DesiredCapacity, await members("attached")], [0, []]);
    const [left] = await real([id]);
    assert.equal(left?.State?.Name, "running");
    assert.deepEqual(ofTag(left.Tags), {});
    assert.match(await refusal(aws.autoscaling.send(new sdk.DetachInstancesCommand(detach))), /^ValidationError: .*not part of/);
  });

  it("are protected from scale-in one by one", async () => {
    await aws.createGroup("protected", { MinSize: 0, DesiredCapacity: 3 });
    const [safe] = await aws.inService("protected");
    const protect = (InstanceIds: string[], ProtectedFromScaleIn: boolean) =>
      aws.autoscaling.send(new sdk.SetInstanceProtectionCommand({ AutoScalingGroupName: "protected", InstanceIds, ProtectedFromScaleIn }));
    await protect([safe!], true);
    await aws.autoscaling.send(new sdk.SetDesiredCapacityCommand({ AutoScalingGroupName: "protected", DesiredCapacity: 0 }));
    await aws.settled();
    assert.deepEqual(await aws.inService("protected"), [safe]);
    await protect([safe!], false);
    await aws.advance(60);
    assert.deepEqual(await aws.inService("protected"), []);
    assert.match(await refusal(protect(["i-0123456789abcdef0"], true)), /^ValidationError: .*i-0123456789abcdef0/);
  });

  it("are described over all groups, page by page", async () => {
    const all: sdk.AutoScalingInstanceDetails[] = [];
    let NextToken: string | undefined;
    let pages = 0;
    do {
      const page = await aws.autoscaling.send(new sdk.DescribeAutoScalingInstancesCommand({ MaxRecords: 4, NextToken }));
      all.push(...(page.AutoScalingInstances ?? []));
      NextToken = page.NextToken;
      pages++;
    } while (NextToken !== undefined);
    assert.ok(pages > 1);
    assert.equal(new Set(all.map(({ InstanceId }) => InstanceId)).size, all.length);
    const [id] = await aws.inService("replaced");
    const { AutoScalingInstances } = await aws.autoscaling.send(
      new sdk.DescribeAutoScalingInstancesCommand({ InstanceIds: [id!, "i-0123456789abcdef0"] }),
    );
    assert.deepEqual(
      AutoScalingInstances?.map((one) => [one.InstanceId, one.AutoScalingGroupName, one.LifecycleState, one.HealthStatus]),
      [[id, "replaced", "InService", "HEALTHY"]],
    );
    assert.match(
      await refusal(aws.autoscaling.send(new sdk.DescribeAutoScalingInstancesCommand({ MaxRecords: 51 }))),
      /^ValidationError: .*51/,
    );
  });

  describe("behind target groups", () => {
    let vpc: string;
    before(async () => {
      const { Subnets } = await aws.ec2.send(new ec2.DescribeSubnetsCommand({}));
      vpc = Subnets![0]!.VpcId!;
    });
    const targetGroup = async (Name: string) => {
      const { TargetGroups } = await aws.elb.send(new elb.CreateTargetGroupCommand({ Name, Protocol: "HTTP", Port: 80, VpcId: vpc }));
      return TargetGroups![0]!.TargetGroupArn!;
    };
    const targets = async (TargetGroupArn: string) => {
      const { TargetHealthDescriptions } = await aws.elb.send(new elb.DescribeTargetHealthCommand({ TargetGroupArn }));
      return (TargetHealthDescriptions ?? []).map(({ Target }) => Target!.Id!).sort();
    };

    it("are registered, taken out when they go, and replaced when the target group finds them unhealthy", async () => {
      const arn = await targetGroup("web");
      await aws.createGroup("balanced", { MinSize: 2, HealthCheckType: "ELB", TargetGroupARNs: [arn] });
      await aws.advance(5);
      const ids = await aws.inService("balanced");
      assert.deepEqual(await targets(arn), [...ids].sort());
      await aws.service.admin("target-health", { instanceId: ids[0], targetGroupArn: arn, state: "unhealthy" });
      await aws.advance(90);
      const after = await aws.inService("balanced");
      assert.equal(after.length, 2);
      assert.ok(!after.includes(ids[0]!));
      assert.deepEqual(await targets(arn), [...after].sort());
      assert.match(
        (await aws.activities("balanced")).find(({ Description }) => Description === `Terminating EC2 instance: ${ids[0]!}`)?.Cause ?? "",
        /ELB/,
      );
    });

    it("take every instance but the one that the target group refuses, and let all go", async () => {
      const arn = await targetGroup("refusing");
      await aws.createGroup("refused", { MinSize: 3 });
      await aws.advance(2);
      const ids = (await aws.inService("refused")).sort();
      // Behind the back of Auto Scaling: only an instance that runs can be registered.
      const behind = new ec2.EC2Client({
        endpoint: aws.moto.url,
        region: "us-east-1",
        credentials: { accessKeyId: "a", secretAccessKey: "b" },
      });
      await behind.send(new ec2.StopInstancesCommand({ InstanceIds: [ids[1]!] })).finally(() => behind.destroy());
      await aws.autoscaling.send(
        new sdk.AttachLoadBalancerTargetGroupsCommand({ AutoScalingGroupName: "refused", TargetGroupARNs: [arn] }),
      );
      await aws.advance(2);
      assert.deepEqual(await targets(arn), [ids[0], ids[2]]);
      assert.ok(aws.log.some((line) => line.startsWith("auto scaling: registerTargets of refused: ") && line.includes(ids[1]!)));
      await aws.autoscaling.send(
        new sdk.DetachLoadBalancerTargetGroupsCommand({ AutoScalingGroupName: "refused", TargetGroupARNs: [arn] }),
      );
      await aws.advance(2);
      assert.deepEqual(await targets(arn), []);
    });

    it("change with the attachment of the group", async () => {
      const [one, other] = [await targetGroup("one"), await targetGroup("other")];
      await aws.createGroup("moved", { MinSize: 2, TargetGroupARNs: [one] });
      await aws.advance(2);
      const ids = (await aws.inService("moved")).sort();
      await aws.autoscaling.send(
        new sdk.AttachLoadBalancerTargetGroupsCommand({ AutoScalingGroupName: "moved", TargetGroupARNs: [other] }),
      );
      await aws.advance(2);
      assert.deepEqual([await targets(one), await targets(other)], [ids, ids]);
      const first = await aws.autoscaling.send(
        new sdk.DescribeLoadBalancerTargetGroupsCommand({ AutoScalingGroupName: "moved", MaxRecords: 1 }),
      );
      assert.equal(first.LoadBalancerTargetGroups?.length, 1);
      const second = await aws.autoscaling.send(
        new sdk.DescribeLoadBalancerTargetGroupsCommand({ AutoScalingGroupName: "moved", MaxRecords: 1, NextToken: first.NextToken }),
      );
      const arns = [...first.LoadBalancerTargetGroups, ...second.LoadBalancerTargetGroups!].map(
        (group) => group.LoadBalancerTargetGroupARN,
      );
      assert.deepEqual(arns, [one, other].sort());
      await aws.autoscaling.send(new sdk.DetachLoadBalancerTargetGroupsCommand({ AutoScalingGroupName: "moved", TargetGroupARNs: [one] }));
      await aws.advance(2);
      assert.deepEqual([await targets(one), await targets(other)], [[], ids]);
      const source = { AutoScalingGroupName: "moved", TrafficSources: [{ Identifier: one, Type: "elbv2" }] };
      await aws.autoscaling.send(new sdk.AttachTrafficSourcesCommand(source));
      await aws.advance(2);
      const sources = await aws.autoscaling.send(new sdk.DescribeTrafficSourcesCommand({ AutoScalingGroupName: "moved" }));
      assert.deepEqual(
        sources.TrafficSources?.map(({ Identifier, Type, State }) => [Identifier, Type, State]),
        [one, other].sort().map((arn) => [arn, "elbv2", "InService"]),
      );
      await aws.autoscaling.send(new sdk.DetachTrafficSourcesCommand(source));
      await aws.advance(2);
      assert.deepEqual((await aws.group("moved")).TargetGroupARNs, [other]);
      const gone = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/gone/0123456789abcdef";
      const wrong = [
        new sdk.AttachLoadBalancerTargetGroupsCommand({ AutoScalingGroupName: "moved", TargetGroupARNs: [gone] }),
        new sdk.AttachTrafficSourcesCommand({ AutoScalingGroupName: "moved", TrafficSources: [{ Identifier: gone }] }),
      ] as const;
      assert.match(await refusal(aws.autoscaling.send(wrong[0])), /^ValidationError: Provided Target Groups may not be valid: .*gone/);
      assert.match(await refusal(aws.autoscaling.send(wrong[1])), /^ValidationError: Provided Target Groups may not be valid: .*gone/);
      assert.match(await refusal(aws.createGroup("nowhere", { TargetGroupARNs: [gone] })), /^ValidationError: .*gone/);
      assert.match(
        await refusal(aws.autoscaling.send(new sdk.DescribeTrafficSourcesCommand({ AutoScalingGroupName: "nobody" }))),
        /^ValidationError: .*nobody/,
      );
    });
  });
});
