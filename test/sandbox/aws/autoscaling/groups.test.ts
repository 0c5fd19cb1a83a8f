import assert from "node:assert/strict";
import * as sdk from "@aws-sdk/client-auto-scaling";
import { CreateLaunchTemplateVersionCommand, DeleteLaunchTemplateCommand, ModifyLaunchTemplateCommand } from "@aws-sdk/client-ec2";
import { Harness, refusal } from "./harness.ts";

describe("Auto Scaling groups", function () {
  let aws: Harness;
  before(async () => (aws = await Harness.start()));
  after(() => aws.close());

  const create = (input: Partial<sdk.CreateAutoScalingGroupCommandInput>) =>
    aws.autoscaling.send(new sdk.CreateAutoScalingGroupCommand({ AutoScalingGroupName: "refused", MinSize: 0, MaxSize: 1, ...input }));
  const update = (name: string, input: Partial<sdk.UpdateAutoScalingGroupCommandInput>) =>
    aws.autoscaling.send(new sdk.UpdateAutoScalingGroupCommand({ AutoScalingGroupName: name, ...input }));
  const remove = (name: string, ForceDelete?: boolean) =>
    aws.autoscaling.send(new sdk.DeleteAutoScalingGroupCommand({ AutoScalingGroupName: name, ForceDelete }));
  const describeNames = async (input: Partial<sdk.DescribeAutoScalingGroupsCommandInput>) => {
    const { AutoScalingGroups, NextToken } = await aws.autoscaling.send(new sdk.DescribeAutoScalingGroupsCommand(input));
    return { names: AutoScalingGroups?.map((group) => group.AutoScalingGroupName), NextToken };
  };

  it("are created with the documented defaults and launch real instances in balance", async () => {
    await aws.createGroup("plain", { MinSize: 4 });
    const group = await aws.group("plain");
    const [one, other] = await aws.subnets();
    const templateId = group.LaunchTemplate!.LaunchTemplateId;
    const ids = (await aws.ec2Instances()).map(({ InstanceId }) => InstanceId).sort();
    assert.deepEqual(group.Instances!.map(({ InstanceId }) => InstanceId).sort(), ids);
    assert.deepEqual(group.Instances!.map(({ AvailabilityZone }) => AvailabilityZone).sort(), [
      "us-east-1a",
      "us-east-1a",
      "us-east-1b",
      "us-east-1b",
    ]);
    assert.deepEqual(
      { ...group, Instances: group.Instances!.slice(0, 1) },
      {
        AutoScalingGroupName: "plain",
        AutoScalingGroupARN: group.AutoScalingGroupARN,
        MinSize: 4,
        MaxSize: 10,
        DesiredCapacity: 4,
        DefaultCooldown: 300,
        AvailabilityZones: ["us-east-1a", "us-east-1b"],
        LoadBalancerNames: [],
        TargetGroupARNs: [],
        HealthCheckType: "EC2",
        HealthCheckGracePeriod: 0,
        LaunchTemplate: { LaunchTemplateId: templateId, LaunchTemplateName: "plain-template", Version: "$Latest" },
        Instances: [
          {
            InstanceId: group.Instances![0]?.InstanceId,
            AvailabilityZone: "us-east-1a",
            LifecycleState: "InService",
            HealthStatus: "Healthy",
            ProtectedFromScaleIn: false,
            InstanceType: "t3.micro",
            ImageId: await aws.image(),
            LaunchTemplate: { LaunchTemplateId: templateId, LaunchTemplateName: "plain-template", Version: "1" },
          },
        ],
        CreatedTime: new Date(Date.UTC(2026, 0, 31, 12)),
        SuspendedProcesses: [],
        VPCZoneIdentifier: `${one!.id},${other!.id}`,
        EnabledMetrics: [],
        Tags: [],
        TerminationPolicies: ["Default"],
        NewInstancesProtectedFromScaleIn: false,
        ServiceLinkedRoleARN: "arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
        CapacityRebalance: false,
        TrafficSources: [],
        DeletionProtection: "none",
        AvailabilityZoneDistribution: { CapacityDistributionStrategy: "balanced-best-effort" },
      },
    );
    assert.match(
      group.AutoScalingGroupARN!,
      /^arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:[0-9a-f-]{36}:autoScalingGroupName\/plain$/,
    );
  });

  it("are refused by the member that is wrong", async () => {
    const template = { LaunchTemplate: { LaunchTemplateId: await aws.template("refused-template") } };
    const [subnet] = await aws.subnets();
    const placed = { ...template, VPCZoneIdentifier: subnet!.id };
    assert.match(await refusal(create({ ...placed, AutoScalingGroupName: "plain" })), /^AlreadyExistsFault: /);
    assert.match(await refusal(create({ ...placed, MinSize: 3, MaxSize: 1 })), /^ValidationError: .*[Mm]in.*3.*max.*1/);
    assert.match(await refusal(create({ ...placed, DesiredCapacity: 5 })), /^ValidationError: .*5.*1/);
    assert.match(await refusal(create({ VPCZoneIdentifier: subnet!.id })), /^ValidationError: .*[Ll]aunch/);
    assert.match(await refusal(create({ ...template })), /^ValidationError: .*(subnet|Availability ?Zone|VPCZoneIdentifier)/i);
    assert.match(
      await refusal(create({ ...template, VPCZoneIdentifier: "subnet-0123456789abcdef0" })),
      /^ValidationError: .*subnet-0123456789abcdef0/,
    );
    assert.match(await refusal(create({ ...template, AvailabilityZones: ["us-east-1z"] })), /^ValidationError: .*us-east-1z/);
    assert.match(
      await refusal(create({ ...placed, LaunchTemplate: { LaunchTemplateId: "lt-0123456789abcdef0" } })),
      /^ValidationError: .*lt-0123456789abcdef0/,
    );
    assert.match(await refusal(create({ ...placed, LaunchTemplate: { LaunchTemplateName: "no-such" } })), /^ValidationError: .*no-such/);
    assert.match(
      await refusal(create({ ...placed, LaunchTemplate: { ...template.LaunchTemplate, Version: "7" } })),
      /^ValidationError: .*7/,
    );
    assert.match(await refusal(create({ ...placed, TerminationPolicies: ["Oldest"] })), /^ValidationError: .*Oldest/);
    assert.match(await refusal(create({ ...placed, HealthCheckType: "PING" })), /^ValidationError: .*PING/);
    assert.match(await refusal(create({ ...placed, MaxInstanceLifetime: 60 })), /^ValidationError: .*60/);
    assert.match(
      await refusal(create({ ...placed, DeletionProtection: "some" as "none" })),
      /^ValidationError: 1 validation error detected: Value 'some' at 'deletionProtection' failed to satisfy constraint/,
    );
    assert.deepEqual((await describeNames({ AutoScalingGroupNames: ["refused"] })).names, []);
  });

  it("refuse by name what is not carried out", async () => {
    const said = await refusal(create({ LaunchConfigurationName: "old", LoadBalancerNames: ["classic"] }));
    assert.equal(
      said,
      "ValidationError: CreateAutoScalingGroup is given what this Auto Scaling does not support: " +
        "LaunchConfigurationName (launch configurations are not supported; use a LaunchTemplate), " +
        "LoadBalancerNames (Classic Load Balancers are not supported; use TargetGroupARNs). Leave it out",
    );
    const weighted = {
      LaunchTemplateSpecification: { LaunchTemplateName: "refused-template" },
      Overrides: [{ InstanceType: "t3.small", WeightedCapacity: "2" }],
    };
    assert.match(
      await refusal(create({ MixedInstancesPolicy: { LaunchTemplate: weighted } })),
      /^ValidationError: .*WeightedCapacity \(weights/,
    );
    assert.match(await refusal(create({ DesiredCapacityType: "vcpu" })), /^ValidationError: DesiredCapacityType is 'vcpu'/);
    assert.match(
      await refusal(
        create({ TrafficSources: [{ Identifier: "arn:aws:vpc-lattice:us-east-1:123456789012:targetgroup/x", Type: "vpc-lattice" }] }),
      ),
      /^ValidationError: The traffic source .* is not a target group/,
    );
  });

  it("keep on an update what it does not name", async () => {
    await aws.createGroup("kept", {
      MinSize: 1,
      MaxSize: 5,
      HealthCheckGracePeriod: 120,
      DefaultInstanceWarmup: 30,
      InstanceMaintenancePolicy: { MinHealthyPercentage: 90, MaxHealthyPercentage: 110 },
      TerminationPolicies: ["OldestInstance"],
      MaxInstanceLifetime: 86_400,
      NewInstancesProtectedFromScaleIn: true,
      InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: "retain" } },
      AvailabilityZoneImpairmentPolicy: { ZonalShiftEnabled: true, ImpairedZoneHealthCheckBehavior: "IgnoreUnhealthy" },
      Context: "tests",
    });
    const before = await aws.group("kept");
    assert.deepEqual(before.AvailabilityZoneImpairmentPolicy, {
      ZonalShiftEnabled: true,
      ImpairedZoneHealthCheckBehavior: "IgnoreUnhealthy",
    });
    await update("kept", { MaxSize: 7 });
    assert.deepEqual(await aws.group("kept"), { ...before, MaxSize: 7 });
    await update("kept", {
      DefaultCooldown: 60,
      DefaultInstanceWarmup: -1,
      MaxInstanceLifetime: 0,
      AvailabilityZoneImpairmentPolicy: { ZonalShiftEnabled: false },
      InstanceMaintenancePolicy: { MinHealthyPercentage: -1, MaxHealthyPercentage: -1 },
    });
    const changed: Partial<sdk.AutoScalingGroup> = { ...before, MaxSize: 7, DefaultCooldown: 60 };
    changed.AvailabilityZoneImpairmentPolicy = { ZonalShiftEnabled: false };
    delete changed.DefaultInstanceWarmup;
    delete changed.InstanceMaintenancePolicy;
    delete changed.MaxInstanceLifetime;
    assert.deepEqual(await aws.group("kept"), changed);
    assert.match(await refusal(update("kept", { MinSize: 8 })), /^ValidationError: .*8/);
    assert.match(await refusal(update("gone", { MinSize: 1 })), /^ValidationError: .*gone/);
  });

  it("grow and shrink by desired capacity within their limits", async () => {
    await aws.createGroup("sized", { MinSize: 1, MaxSize: 4 });
    const set = (DesiredCapacity: number, HonorCooldown?: boolean) =>
      aws.autoscaling.send(new sdk.SetDesiredCapacityCommand({ AutoScalingGroupName: "sized", DesiredCapacity, HonorCooldown }));
    await set(4);
    await aws.settled();
    assert.equal((await aws.inService("sized")).length, 4);
    await set(2);
    await aws.settled();
    assert.equal((await aws.inService("sized")).length, 2);
    assert.match(await refusal(set(5)), /^ValidationError: .*5 is above max value 4/);
    assert.match(await refusal(set(0)), /^ValidationError: .*0 is below min value 1/);
    await update("sized", { MinSize: 3 });
    await aws.settled();
    assert.deepEqual([(await aws.group("sized")).DesiredCapacity, (await aws.inService("sized")).length], [3, 3]);
  });

  it("use the version of the template at the time of a launch", async () => {
    await aws.createGroup("versions", { MinSize: 1 });
    const LaunchTemplateName = "versions-template";
    const LaunchTemplateData = { ImageId: await aws.image(), InstanceType: "t3.large" as const };
    await aws.ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateName, LaunchTemplateData }));
    await aws.autoscaling.send(new sdk.SetDesiredCapacityCommand({ AutoScalingGroupName: "versions", DesiredCapacity: 2 }));
    await aws.settled();
    const types = async () =>
      (await aws.group("versions")).Instances?.map(({ InstanceType, LaunchTemplate }) => [InstanceType, LaunchTemplate?.Version]);
    assert.deepEqual(await types(), [
      ["t3.micro", "1"],
      ["t3.large", "2"],
    ]);
    await update("versions", { LaunchTemplate: { LaunchTemplateName, Version: "$Default" }, DesiredCapacity: 3 });
    await aws.settled();
    assert.deepEqual((await types())?.at(-1), ["t3.micro", "1"]);
    await aws.ec2.send(new ModifyLaunchTemplateCommand({ LaunchTemplateName, DefaultVersion: "2" }));
    await update("versions", { DesiredCapacity: 4 });
    await aws.settled();
    assert.deepEqual((await types())?.at(-1), ["t3.large", "2"]);
    await aws.ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateName }));
    await update("versions", { DesiredCapacity: 5 });
    await aws.settled();
    const [newest] = await aws.activities("versions");
    assert.equal(newest?.StatusCode, "Failed");
    assert.match(newest.StatusMessage!, /template/);
  });

  it("fill the default subnets of zones that are given alone", async () => {
    const zones = ["us-east-1b", "us-east-1c"];
    await aws.createGroup("zones", { MinSize: 2, VPCZoneIdentifier: undefined, AvailabilityZones: zones });
    const group = await aws.group("zones");
    assert.deepEqual(group.AvailabilityZones, zones);
    assert.deepEqual(group.Instances?.map(({ AvailabilityZone }) => AvailabilityZone).sort(), zones);
  });

  it("spread over instance types and markets by a mixed instances policy", async () => {
    await aws.template("mixed-template");
    const MixedInstancesPolicy = {
      LaunchTemplate: {
        LaunchTemplateSpecification: { LaunchTemplateName: "mixed-template", Version: "$Latest" },
        Overrides: [{ InstanceType: "t3.large" }, { InstanceType: "t3.small" }],
      },
      InstancesDistribution: {
        OnDemandBaseCapacity: 1,
        OnDemandPercentageAboveBaseCapacity: 0,
        SpotAllocationStrategy: "capacity-optimized",
      },
    };
    await aws.createGroup("mixed", { MinSize: 4, MixedInstancesPolicy });
    const group = await aws.group("mixed");
    assert.equal(group.LaunchTemplate, undefined);
    assert.deepEqual(group.MixedInstancesPolicy?.InstancesDistribution, {
      OnDemandAllocationStrategy: "prioritized",
      OnDemandBaseCapacity: 1,
      OnDemandPercentageAboveBaseCapacity: 0,
      SpotAllocationStrategy: "capacity-optimized",
    });
    assert.deepEqual(group.MixedInstancesPolicy.LaunchTemplate?.Overrides, MixedInstancesPolicy.LaunchTemplate.Overrides);
    const members = new Set(group.Instances?.map(({ InstanceId }) => InstanceId));
    const real = (await aws.ec2Instances()).filter(({ InstanceId }) => members.has(InstanceId));
    assert.equal(real.filter(({ InstanceLifecycle }) => InstanceLifecycle === "spot").length, 3);
    assert.ok(real.every(({ InstanceType }) => InstanceType === "t3.large" || InstanceType === "t3.small"));
  });

  it("are described page by page, by name and by tag", async () => {
    const tag = (Value: string) => [{ Key: "team", Value, PropagateAtLaunch: false }];
    for (const index of [1, 2, 3]) await aws.createGroup(`page-${index}`, { Tags: tag(index < 3 ? "a" : "b") });
    const wanted = ["page-1", "page-2", "page-3"];
    const first = await describeNames({ AutoScalingGroupNames: wanted, MaxRecords: 2 });
    assert.deepEqual(first.names, ["page-1", "page-2"]);
    await remove("page-2");
    const second = await describeNames({ AutoScalingGroupNames: wanted, MaxRecords: 2, NextToken: first.NextToken });
    assert.deepEqual(second, { names: ["page-3"], NextToken: undefined });
    assert.deepEqual((await describeNames({ Filters: [{ Name: "tag:team", Values: ["a", "b"] }] })).names, ["page-1", "page-3"]);
    assert.deepEqual(
      (
        await describeNames({
          Filters: [
            { Name: "tag-key", Values: ["team"] },
            { Name: "tag-value", Values: ["b"] },
          ],
        })
      ).names,
      ["page-3"],
    );
    assert.deepEqual((await describeNames({ AutoScalingGroupNames: ["nobody"] })).names, []);
    assert.match(await refusal(describeNames({ MaxRecords: 101 })), /^ValidationError: The MaxRecords value 101 is not valid/);
    assert.match(await refusal(describeNames({ NextToken: "x" })), /^InvalidNextToken: /);
    assert.match(
      await refusal(describeNames({ Filters: [{ Name: "colour", Values: ["red"] }] })),
      /^ValidationError: The filter name colour/,
    );
    const { AutoScalingGroups } = await aws.autoscaling.send(
      new sdk.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ["plain"], IncludeInstances: false }),
    );
    assert.deepEqual(AutoScalingGroups?.[0]?.Instances, []);
  });

  it("are not deleted with instances unless forced, and leave nothing behind", async () => {
    await aws.createGroup("ended", { MinSize: 2 });
    const ids = await aws.inService("ended");
    assert.match(await refusal(remove("ended")), /^ResourceInUseFault: /);
    await remove("ended", true);
    await aws.advance(1);
    assert.deepEqual((await describeNames({ AutoScalingGroupNames: ["ended"] })).names, []);
    assert.deepEqual(
      (await aws.ec2Instances()).filter(({ InstanceId }) => ids.includes(InstanceId!)),
      [],
    );
    const activities = await aws.activities("ended");
    assert.deepEqual(new Set(activities.map(({ AutoScalingGroupState }) => AutoScalingGroupState)), new Set(["Deleted"]));
    assert.match(await refusal(remove("ended")), /^ValidationError: .*ended/);
    await update("sized", { MinSize: 0, DesiredCapacity: 0 });
    await aws.settled();
    await remove("sized");
    assert.deepEqual((await describeNames({ AutoScalingGroupNames: ["sized"] })).names, []);
    await aws.createGroup("guarded", { DeletionProtection: "prevent-all-deletion" });
    assert.match(await refusal(remove("guarded", true)), /^(ResourceInUseFault|ValidationError): /);
  });
});
