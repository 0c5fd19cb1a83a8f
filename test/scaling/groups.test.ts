/** Creating, changing, deleting: CreateAutoScalingGroup, UpdateAutoScalingGroup, DeleteAutoScalingGroup in the API reference. */
import assert from "node:assert/strict";
import { noticeEvents } from "../../contract/notices.ts";
import { AutoScalingError } from "../../scaling/error.ts";
import { Host, minutes, seconds, topicArn } from "./helpers.ts";

const refused = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof AutoScalingError && error.code === code && message.test(error.message);

describe("creating a group", () => {
  it("launches the minimum when no capacity is wished, balanced over the zones", () => {
    const host = new Host();
    host.create({ minSize: 4, maxSize: 8 });
    assert.equal(host.group().desiredCapacity, 4);
    host.pass(minutes(1));
    assert.deepEqual(host.statesByZone(), { "eu-central-1a": 2, "eu-central-1b": 1, "eu-central-1c": 1 });
  });

  it("has the API's defaults", () => {
    const host = new Host();
    host.create({ minSize: 0, maxSize: 1 });
    const group = host.group();
    assert.deepEqual(
      [
        group.defaultCooldownSeconds,
        group.healthCheckType,
        group.healthCheckGracePeriodSeconds,
        group.terminationPolicies,
        group.newInstancesProtectedFromScaleIn,
      ],
      [300, "EC2", 0, ["Default"], false],
    );
    assert.deepEqual(
      [
        group.capacityRebalance,
        group.deletionProtection,
        group.capacityDistributionStrategy,
        group.terminateHookAbandon,
        group.suspendedProcesses,
      ],
      [false, "none", "balanced-best-effort", "terminate", []],
    );
    assert.match(group.arn, /^arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:[0-9a-f-]{36}:autoScalingGroupName\/web$/);
    assert.equal("defaultInstanceWarmupSeconds" in group, false);
  });

  it("asks for each launch with everything that the instance needs", () => {
    const host = new Host();
    host.create({
      desiredCapacity: 1,
      placementGroup: "near",
      tags: [
        { key: "app", value: "web", propagateAtLaunch: true },
        { key: "cost", value: "1", propagateAtLaunch: false },
      ],
    });
    const [effect] = host.ofKind("launch");
    assert.deepEqual(
      { ...effect, activityIds: effect!.activityIds.length },
      {
        kind: "launch",
        group: "web",
        activityIds: 1,
        zone: "eu-central-1a",
        subnetId: "subnet-a",
        template: { launchTemplateId: "lt-1", launchTemplateName: "app", version: 1 },
        market: "on-demand",
        placementGroup: "near",
        tags: [
          { key: "aws:autoscaling:groupName", value: "web", propagateAtLaunch: true },
          { key: "app", value: "web", propagateAtLaunch: true },
        ],
      },
    );
  });

  it("asks once per place, however many instances", () => {
    const host = new Host();
    host.create({ desiredCapacity: 10 });
    assert.deepEqual(
      host.ofKind("launch").map((effect) => effect.activityIds.length),
      [4, 3, 3],
    );
  });

  it("refuses what AWS refuses, and changes nothing then", () => {
    const host = new Host();
    host.create();
    const create = (input: object) => () => host.create({ name: "other", ...input });
    assert.throws(create({ name: "web" }), refused("AlreadyExists", /A group with the name web already exists/));
    assert.throws(create({ name: "a:b" }), refused("ValidationError", /without a colon/));
    assert.throws(
      create({ minSize: 3, maxSize: 1, healthCheckType: "PING" }),
      refused("ValidationError", /minSize is 3.*; healthCheckType is "PING"/),
    );
    assert.throws(create({ subnetIds: [] }), refused("ValidationError", /At least one Availability Zone or VPC Subnet is required/));
    assert.throws(create({ subnetIds: ["subnet-x"] }), refused("ValidationError", /The subnet ID 'subnet-x' does not exist/));
    assert.throws(
      create({ availabilityZones: ["eu-central-1a", "eu-central-1d"], subnetIds: ["subnet-a"] }),
      refused("ValidationError", /do not match: no subnet is in eu-central-1d/),
    );
    assert.throws(
      create({ launchTemplate: { launchTemplateId: "lt-9" } }),
      refused("ValidationError", /with template ID lt-9, does not exist/),
    );
    assert.throws(
      create({ launchTemplate: { launchTemplateName: "app", version: "7" } }),
      refused("ValidationError", /Could not find the specified version 7/),
    );
    assert.throws(
      create({ launchTemplate: { launchTemplateId: "lt-1", launchTemplateName: "app" } }),
      refused("ValidationError", /either launchTemplateId or LaunchTemplateName/),
    );
    assert.throws(
      create({ instanceMaintenancePolicy: { minHealthyPercentage: 10, maxHealthyPercentage: 200 } }),
      refused("ValidationError", /maxHealthyPercentage is 200/),
    );
    assert.throws(
      create({ initialHooks: [{ name: "x" }, { name: "y", heartbeatTimeoutSeconds: 1 }] }),
      refused("ValidationError", /lifecycleHooks\[1\].heartbeatTimeoutSeconds/),
    );
    assert.deepEqual(host.model.groupNames(), ["web"]);
    assert.deepEqual(host.effects, []);
  });
});

describe("updating a group", () => {
  it("keeps everything that is not given", () => {
    const host = new Host();
    host.create({
      minSize: 1,
      maxSize: 5,
      healthCheckType: "ELB",
      healthCheckGracePeriodSeconds: 90,
      defaultInstanceWarmupSeconds: 30,
      instanceMaintenancePolicy: { minHealthyPercentage: 100, maxHealthyPercentage: 110 },
      terminationPolicies: ["OldestInstance"],
      targetGroupArns: ["arn:tg"],
    });
    const before = host.group();
    host.do((model) => model.updateGroup({ name: "web", maxSize: 6 }));
    assert.deepEqual({ ...host.group(), instances: [] }, { ...before, maxSize: 6, instances: [] });
  });

  it("clears with the API's special values", () => {
    const host = new Host();
    host.create({
      defaultInstanceWarmupSeconds: 30,
      maxInstanceLifetimeSeconds: 86_400,
      instanceMaintenancePolicy: { minHealthyPercentage: 90, maxHealthyPercentage: 110 },
    });
    host.do((model) =>
      model.updateGroup({
        name: "web",
        defaultInstanceWarmupSeconds: -1,
        maxInstanceLifetimeSeconds: 0,
        instanceMaintenancePolicy: { minHealthyPercentage: -1, maxHealthyPercentage: -1 },
      }),
    );
    const group = host.group();
    assert.deepEqual(
      [group.defaultInstanceWarmupSeconds, group.maxInstanceLifetimeSeconds, group.instanceMaintenancePolicy],
      [undefined, undefined, undefined],
    );
  });

  it("moves the desired capacity into new limits, and says so in the activity", () => {
    const host = new Host();
    host.create({ minSize: 1, maxSize: 5, desiredCapacity: 2 });
    host.pass(minutes(1));
    host.do((model) => model.updateGroup({ name: "web", minSize: 3 }));
    assert.equal(host.group().desiredCapacity, 3);
    const [latest] = host.model.activities({ group: "web" });
    assert.equal(
      latest!.cause,
      "At 2026-01-01T00:01:00Z a user request update of AutoScalingGroup constraints to min: 3, max: 5, desired: 3 changing the desired capacity from 2 to 3." +
        "  At 2026-01-01T00:01:00Z an instance was started in response to a difference between desired and actual capacity, increasing the capacity from 2 to 3.",
    );
    host.do((model) => model.updateGroup({ name: "web", minSize: 0, maxSize: 1 }));
    assert.equal(host.group().desiredCapacity, 1);
    host.pass(minutes(1));
    assert.equal(host.inService().length, 1);
  });

  it("launches new instances from a changed template and leaves the others", () => {
    const host = new Host();
    host.template("lt-1", "app", 2);
    host.create({ desiredCapacity: 1, launchTemplate: { launchTemplateName: "app", version: "$Default" } });
    host.pass(minutes(1));
    host.do((model) =>
      model.updateGroup({ name: "web", launchTemplate: { launchTemplateId: "lt-1", version: "$Latest" }, desiredCapacity: 2 }),
    );
    host.pass(minutes(1));
    assert.deepEqual(
      host.instances().map((instance) => instance.template?.version),
      [1, 2],
    );
  });
});

describe("setting the desired capacity", () => {
  it("refuses what is beyond the limits", () => {
    const host = new Host();
    host.create({ minSize: 1, maxSize: 3 });
    const set = (desiredCapacity: number) => () => host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity }));
    assert.throws(set(4), refused("ValidationError", /New SetDesiredCapacity value 4 is above max value 3 for the AutoScalingGroup\./));
    assert.throws(set(0), refused("ValidationError", /value 0 is below min value 1/));
    assert.throws(set(1.5), refused("ValidationError", /1.5; it must be a whole number/));
    assert.throws(
      () => host.do((model) => model.setDesiredCapacity({ group: "nope", desiredCapacity: 1 })),
      refused("ValidationError", /AutoScalingGroup 'nope' not found/),
    );
  });
});

describe("deleting a group", () => {
  it("is refused while instances are there, and while the last ones go", () => {
    const host = new Host();
    host.create({ desiredCapacity: 2 });
    const remove = () => host.do((model) => model.deleteGroup({ name: "web" }));
    assert.throws(remove, refused("ResourceInUse", /while there are instances or pending Spot instance request/));
    host.pass(minutes(1));
    assert.throws(remove, refused("ResourceInUse", /while there are instances/));
    host.do((model) => model.updateGroup({ name: "web", minSize: 0, desiredCapacity: 0 }));
    assert.throws(remove, refused("ScalingActivityInProgress", /while there are scaling activities in progress/));
    host.pass(minutes(1));
    remove();
    assert.deepEqual(host.model.groupNames(), []);
  });

  it("takes policies, hooks, schedules and configurations with it, and keeps the activities", () => {
    const host = new Host();
    host.create({ desiredCapacity: 1 });
    const { alarms } = host.do((model) =>
      model.putScalingPolicy({
        group: "web",
        name: "cpu",
        policyType: "TargetTrackingScaling",
        targetTracking: { predefinedMetric: { predefinedMetricType: "ASGAverageCPUUtilization" }, targetValue: 50 },
      }),
    );
    host.pass(minutes(1));
    host.do((model) => model.deleteGroup({ name: "web", force: true }));
    assert.equal(host.group().status, "Delete in progress");
    host.pass(minutes(1));
    assert.deepEqual([host.model.groupNames(), host.model.policies()], [[], []]);
    assert.deepEqual(
      host.ofKind("deleteAlarm").map((effect) => effect.alarmName),
      alarms.map((alarm) => alarm.alarmName),
    );
    assert.deepEqual(host.model.activities({}), []);
    const past = host.model.activities({ includeDeletedGroups: true });
    assert.deepEqual(
      past.map((activity) => [activity.status, activity.groupDeleted]),
      [
        ["Successful", true],
        ["Successful", true],
      ],
    );
    host.create(); // the name is free again
  });

  it("by force runs no hooks, waits for no draining, and takes what EC2 launches only then", () => {
    const host = new Host();
    host.create({
      desiredCapacity: 2,
      targetGroupArns: ["arn:tg"],
      initialHooks: [{ name: "leave", transition: "autoscaling:EC2_INSTANCE_TERMINATING" }],
    });
    host.do((model) => model.putNotificationConfiguration({ group: "web", topicArn, events: [noticeEvents.terminate] }));
    host.pass(minutes(1));
    host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: 3 }));
    host.do((model) => model.deleteGroup({ name: "web", force: true }));
    assert.equal(host.terminateCalls.size, 2);
    assert.throws(
      () => host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: 1 })),
      refused("ScalingActivityInProgress", /pending delete/),
    );
    host.pass(seconds(10));
    assert.deepEqual(host.model.groupNames(), []);
    assert.equal(host.terminateCalls.size, 3);
    assert.equal(
      [...host.ec2.values()].every((state) => state === "terminated"),
      true,
    );
    assert.deepEqual(host.events("EC2 Instance-terminate Lifecycle Action"), []);
    assert.deepEqual(
      host
        .noticesOf(noticeEvents.terminate)
        .map((notice) => notice.EC2InstanceId)
        .sort(),
      [...host.ec2.keys()].sort(),
    );
  });

  it("is prevented by deletion protection", () => {
    const host = new Host();
    host.create({ deletionProtection: "prevent-force-deletion" });
    assert.throws(
      () => host.do((model) => model.deleteGroup({ name: "web", force: true })),
      refused("ValidationError", /deletion protection is prevent-force-deletion/),
    );
    host.do((model) => model.updateGroup({ name: "web", deletionProtection: "prevent-all-deletion" }));
    assert.throws(() => host.do((model) => model.deleteGroup({ name: "web" })), refused("ValidationError", /prevent-all-deletion/));
    host.do((model) => model.updateGroup({ name: "web", deletionProtection: "none" }));
    host.do((model) => model.deleteGroup({ name: "web" }));
    assert.deepEqual(host.model.groupNames(), []);
  });
});

describe("tags and processes", () => {
  it("are set, overwritten and deleted", () => {
    const host = new Host();
    host.create({ tags: [{ key: "a", value: "1", propagateAtLaunch: false }] });
    host.do((model) =>
      model.createOrUpdateTags({
        group: "web",
        tags: [
          { key: "a", value: "2", propagateAtLaunch: true },
          { key: "b", value: "3", propagateAtLaunch: true },
        ],
      }),
    );
    assert.deepEqual(
      host.group().tags.map((tag) => `${tag.key}=${tag.value}`),
      ["a=2", "b=3"],
    );
    host.do((model) => model.deleteTags({ group: "web", tags: [{ key: "a", value: "other" }, { key: "b" }] }));
    assert.deepEqual(host.model.tags(), [{ key: "a", value: "2", propagateAtLaunch: true, group: "web" }]);
    assert.throws(
      () => host.do((model) => model.createOrUpdateTags({ group: "web", tags: [{ key: "aws:x", value: "", propagateAtLaunch: true }] })),
      refused("ValidationError", /reserved: aws:x/),
    );
  });

  it("are suspended by name or all, with the reason", () => {
    const host = new Host();
    host.create();
    host.do((model) => model.suspendProcesses({ group: "web", processes: ["Launch"] }));
    assert.deepEqual(host.group().suspendedProcesses, [{ name: "Launch", reason: "User suspended at 2026-01-01T00:00:00Z" }]);
    host.do((model) => model.suspendProcesses({ group: "web" }));
    assert.equal(host.group().suspendedProcesses.length, 9);
    host.do((model) => model.resumeProcesses({ group: "web" }));
    assert.deepEqual(host.group().suspendedProcesses, []);
    assert.throws(
      () => host.do((model) => model.suspendProcesses({ group: "web", processes: ["Sleep"] })),
      refused("ValidationError", /Unknown scaling process: Sleep/),
    );
  });
});
