/** The order and content of the calls for a group, and its waiting, against an endpoint that records. */
import assert from "node:assert/strict";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { EngineDouble, PluginProcess, urnOf } from "./client.ts";
import type { StepError } from "./client.ts";
import { QueryDouble } from "./query-double.ts";

const urn = urnOf("aws:autoscaling/group:Group", "app");
const member = (tag: string, items: readonly string[]) => `<${tag}>${items.map((item) => `<member>${item}</member>`).join("")}</${tag}>`;
const instance = (id: string, state = "InService", isProtected = false) =>
  `<InstanceId>${id}</InstanceId><LifecycleState>${state}</LifecycleState><HealthStatus>Healthy</HealthStatus><ProtectedFromScaleIn>${isProtected}</ProtectedFromScaleIn>`;
const group = (instances: readonly string[], extra = "") =>
  member("AutoScalingGroups", [
    `<AutoScalingGroupName>app</AutoScalingGroupName><AutoScalingGroupARN>arn</AutoScalingGroupARN><MinSize>2</MinSize><MaxSize>4</MaxSize><DesiredCapacity>2</DesiredCapacity>${member("Instances", instances)}${extra}`,
  ]);
const none = member("AutoScalingGroups", []);
const two = group([instance("i-1"), instance("i-2")]);

const base = {
  name: "app",
  minSize: 2,
  maxSize: 4,
  launchTemplate: { id: "lt-1", version: "1" },
  vpcZoneIdentifiers: ["subnet-1", "subnet-2"],
};

describe("aws:autoscaling/group:Group", () => {
  const aws = new QueryDouble();
  const engine = new EngineDouble();
  let plugin: PluginProcess;
  before(async () => {
    await aws.start();
    await engine.start();
    plugin = await PluginProcess.start("aws", engine.address, { AWS_ENDPOINT_URL: aws.endpoint });
    await plugin.configure({ region: "eu-west-1" });
  });
  beforeEach(() => aws.reset());
  after(async () => {
    await plugin.stop();
    engine.stop();
    await aws.stop();
  });

  const checked = async (inputs: Record<string, unknown>) => {
    const { inputs: complete, failures } = await plugin.check(urn, inputs);
    assert.deepEqual(failures, []);
    return complete;
  };
  const update = async (from: Record<string, unknown>, to: Record<string, unknown>, timeoutSeconds = 0) => {
    const [old, news] = [await checked(from), await checked(to)];
    return plugin.update(urn, "app", old, old, news, false, timeoutSeconds);
  };

  it("refuses what the provider refuses, all of it at once", async () => {
    const { failures } = await plugin.check(urn, {
      ...base,
      launchTemplate: undefined,
      availabilityZones: ["a"],
      waitForCapacityTimeout: "soon",
    });
    assert.deepEqual(failures, [
      "launchTemplate: exactly one of launchConfiguration, launchTemplate, mixedInstancesPolicy must be given, not 0",
      "availabilityZones: availabilityZones and vpcZoneIdentifiers exclude each other; give one of them",
      'waitForCapacityTimeout: waitForCapacityTimeout is "soon", but must be a duration such as "10m", or "0"',
    ]);
  });

  it("is made in one call, with its tags, and awaited until it serves", async () => {
    aws.answers = {
      DescribeAutoScalingGroups: (_parameters, count) => (count < 3 ? group([instance("i-1"), instance("i-2", "Pending")]) : two),
    };
    await plugin.create(urn, await checked({ ...base, tags: [{ key: "role", value: "app", propagateAtLaunch: true }] }));
    assert.deepEqual(aws.changes(), [
      {
        action: "CreateAutoScalingGroup",
        parameters: {
          AutoScalingGroupName: "app",
          HealthCheckGracePeriod: "300",
          "LaunchTemplate.LaunchTemplateId": "lt-1",
          "LaunchTemplate.Version": "1",
          MaxSize: "4",
          MinSize: "2",
          NewInstancesProtectedFromScaleIn: "false",
          "Tags.member.1.Key": "role",
          "Tags.member.1.PropagateAtLaunch": "true",
          "Tags.member.1.ResourceId": "app",
          "Tags.member.1.ResourceType": "auto-scaling-group",
          "Tags.member.1.Value": "app",
          VPCZoneIdentifier: "subnet-1,subnet-2",
        },
      },
    ]);
  });

  it("with initial hooks it begins empty, so that no instance comes before them", async () => {
    aws.answers = { DescribeAutoScalingGroups: () => two };
    const hook = { name: "launch", lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING", heartbeatTimeout: 300 };
    await plugin.create(urn, await checked({ ...base, desiredCapacity: 2, initialLifecycleHooks: [hook] }));
    const [create, put, size] = aws.changes();
    assert.deepEqual([create?.action, put?.action, size?.action], ["CreateAutoScalingGroup", "PutLifecycleHook", "UpdateAutoScalingGroup"]);
    assert.deepEqual(
      [create?.parameters["MinSize"], create?.parameters["MaxSize"], create?.parameters["DesiredCapacity"]],
      ["0", "0", "0"],
    );
    assert.deepEqual(put?.parameters, {
      AutoScalingGroupName: "app",
      HeartbeatTimeout: "300",
      LifecycleHookName: "launch",
      LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
    });
    assert.deepEqual(size?.parameters, { AutoScalingGroupName: "app", MinSize: "2", MaxSize: "4", DesiredCapacity: "2" });
  });

  it("waits as long as waitForCapacityTimeout says, and hands the group back when that was in vain", async () => {
    aws.answers = { DescribeAutoScalingGroups: () => group([instance("i-1")]) };
    const inputs = await checked({ ...base, waitForCapacityTimeout: "1s" });
    await assert.rejects(plugin.create(urn, inputs), (error: StepError) => {
      assert.equal(
        error.details,
        "creating aws:autoscaling/group:Group app: waited 1 s until the group app has its instances, in vain; last seen: want at least 2 healthy instance(s) in service, have 1",
      );
      assert.equal(error.partial?.id, "app");
      return true;
    });
  });

  it("ends the wait upon Cancel, and hands the group back with the inputs that AWS has of it", async () => {
    aws.answers = { DescribeAutoScalingGroups: () => group([instance("i-1")]) };
    const [made, wanted] = [await checked({ ...base }), await checked({ ...base, minSize: 3 })];
    const own = await PluginProcess.start("aws", engine.address, { AWS_ENDPOINT_URL: aws.endpoint });
    try {
      await own.configure({ region: "eu-west-1" });
      const waiting = ["creating", "updating"].map((doing) =>
        assert.rejects(doing === "creating" ? own.create(urn, made) : own.update(urn, "app", made, made, wanted), (error: StepError) => {
          const cancelled = "gave up waiting until the group app has its instances: the engine cancelled the operation";
          assert.equal(error.details, `${doing} aws:autoscaling/group:Group app: ${cancelled}`);
          assert.equal(error.partial?.id, "app");
          assert.equal(error.partial.inputs["minSize"], 2);
          return true;
        }),
      );
      while (aws.calls.filter(({ action }) => action === "DescribeScalingActivities").length < 2)
        await new Promise((resolve) => setTimeout(resolve, 10));
      await own.call("cancel", new empty.Empty());
      await Promise.all(waiting);
    } finally {
      await own.stop();
    }
  });

  it("does not wait at all for the timeout 0", async () => {
    aws.answers = { DescribeAutoScalingGroups: () => group([]) };
    assert.equal((await plugin.create(urn, await checked({ ...base, waitForCapacityTimeout: "0" }))).id, "app");
  });

  it("gives up as soon as a launch has failed, unless told to ignore that", async () => {
    const failed = (start: string) =>
      member("Activities", [
        `<ActivityId>a-1</ActivityId><StatusCode>Failed</StatusCode><Progress>100</Progress><StartTime>${start}</StartTime><StatusMessage>no such image</StatusMessage>`,
      ]);
    aws.answers = {
      DescribeAutoScalingGroups: () => group([]),
      DescribeScalingActivities: () => failed(new Date(Date.now() + 1000).toISOString()),
    };
    await assert.rejects(
      plugin.create(urn, await checked(base)),
      /creating aws:autoscaling\/group:Group app: scaling activity a-1 failed: no such image/,
    );
    const ignoring = await checked({ ...base, ignoreFailedScalingActivities: true, waitForCapacityTimeout: "1s" });
    await assert.rejects(plugin.create(urn, ignoring), /waited 1 s until the group app has its instances/);
    aws.answers["DescribeScalingActivities"] = () => failed("2020-01-01T00:00:00Z");
    await assert.rejects(
      plugin.create(urn, await checked({ ...base, waitForCapacityTimeout: "1s" })),
      /waited 1 s/,
      "an old failure is none of it",
    );
  });

  it("counts what the load balancer sees when asked to", async () => {
    const targets = member("TargetHealthDescriptions", [
      "<Target><Id>i-1</Id></Target><TargetHealth><State>healthy</State></TargetHealth>",
      "<Target><Id>i-2</Id></Target><TargetHealth><State>initial</State></TargetHealth>",
    ]);
    aws.answers = {
      DescribeAutoScalingGroups: () => group([instance("i-1"), instance("i-2")], member("TargetGroupARNs", ["arn:tg"])),
      DescribeTargetHealth: () => targets,
    };
    const inputs = { ...base, targetGroupArns: ["arn:tg"], waitForCapacityTimeout: "1s" };
    await plugin.create(urn, await checked(inputs));
    await assert.rejects(
      plugin.create(urn, await checked({ ...inputs, minElbCapacity: 2 })),
      /last seen: want at least 2 healthy instance\(s\) in the load balancer, have 1/,
    );
  });

  it("an update sends only what changed", async () => {
    aws.answers = { DescribeAutoScalingGroups: () => two };
    await update(base, { ...base, maxSize: 5 });
    assert.deepEqual(aws.changes(), [{ action: "UpdateAutoScalingGroup", parameters: { AutoScalingGroupName: "app", MaxSize: "5" } }]);
    aws.reset();
    aws.answers = { DescribeAutoScalingGroups: () => two };
    await update(base, { ...base, healthCheckType: "ELB" });
    assert.deepEqual(aws.changes()[0]?.parameters, { AutoScalingGroupName: "app", HealthCheckType: "ELB", HealthCheckGracePeriod: "300" });
  });

  it("what is taken away is set back, for AWS keeps what an update does not name", async () => {
    aws.answers = { DescribeAutoScalingGroups: () => two };
    const rich = {
      ...base,
      capacityRebalance: true,
      context: "c",
      defaultInstanceWarmup: 60,
      maxInstanceLifetime: 86_400,
      placementGroup: "p",
      terminationPolicies: ["OldestInstance"],
      instanceMaintenancePolicy: { minHealthyPercentage: 90, maxHealthyPercentage: 110 },
    };
    await update(rich, base);
    assert.deepEqual(aws.changes()[0]?.parameters, {
      AutoScalingGroupName: "app",
      CapacityRebalance: "false",
      Context: "",
      DefaultInstanceWarmup: "-1",
      "InstanceMaintenancePolicy.MaxHealthyPercentage": "-1",
      "InstanceMaintenancePolicy.MinHealthyPercentage": "-1",
      MaxInstanceLifetime: "0",
      PlacementGroup: "",
      "TerminationPolicies.member.1": "Default",
    });
  });

  it("tags, target groups, metrics and processes have calls of their own, each for the difference only", async () => {
    aws.answers = { DescribeAutoScalingGroups: () => two };
    const tag = (key: string, value: string) => ({ key, value, propagateAtLaunch: false });
    await update(
      {
        ...base,
        tags: [tag("a", "1"), tag("b", "1")],
        targetGroupArns: ["arn:1", "arn:2"],
        enabledMetrics: ["GroupMinSize", "GroupMaxSize"],
        suspendedProcesses: ["Launch"],
      },
      {
        ...base,
        tags: [tag("b", "2"), tag("c", "1")],
        targetGroupArns: ["arn:2", "arn:3"],
        enabledMetrics: ["GroupMaxSize", "GroupTotalInstances"],
        suspendedProcesses: ["Terminate"],
      },
    );
    const calls = aws.changes().map(({ action, parameters }) => [
      action,
      Object.values(parameters)
        .filter((value) => value !== "app")
        .join(" "),
    ]);
    assert.deepEqual(calls, [
      ["DeleteTags", "a auto-scaling-group"],
      ["CreateOrUpdateTags", "b auto-scaling-group 2 false c auto-scaling-group 1 false"],
      ["DetachLoadBalancerTargetGroups", "arn:1"],
      ["AttachLoadBalancerTargetGroups", "arn:3"],
      ["DisableMetricsCollection", "GroupMinSize"],
      ["EnableMetricsCollection", "1Minute GroupTotalInstances"],
      ["ResumeProcesses", "Launch"],
      ["SuspendProcesses", "Terminate"],
    ]);
  });

  it("starts no instance refresh unless asked", async () => {
    aws.answers = { DescribeAutoScalingGroups: () => two };
    const next = { launchTemplate: { id: "lt-1", version: "2" } };
    await update(base, { ...base, ...next });
    assert.deepEqual(
      aws.changes().map((call) => call.action),
      ["UpdateAutoScalingGroup"],
    );
    aws.reset();
    aws.answers = { DescribeAutoScalingGroups: () => two };
    const refresh = { instanceRefresh: { strategy: "Rolling", preferences: { minHealthyPercentage: 50 }, triggers: ["tag"] } };
    await update({ ...base, ...refresh }, { ...base, ...refresh, maxSize: 5 });
    assert.deepEqual(
      aws.changes().map((call) => call.action),
      ["UpdateAutoScalingGroup"],
      "not for a change that needs none",
    );
    aws.reset();
    aws.answers = {
      DescribeAutoScalingGroups: () => two,
      StartInstanceRefresh: (_parameters, count) =>
        count === 1 ? { status: 400, code: "InstanceRefreshInProgress", message: "busy" } : "",
    };
    await update({ ...base, ...refresh }, { ...base, ...next, ...refresh });
    assert.deepEqual(
      aws.changes().map((call) => call.action),
      ["UpdateAutoScalingGroup", "StartInstanceRefresh", "CancelInstanceRefresh", "StartInstanceRefresh"],
    );
    assert.deepEqual(aws.changes().at(-1)?.parameters, {
      AutoScalingGroupName: "app",
      "Preferences.MaxHealthyPercentage": "100",
      "Preferences.MinHealthyPercentage": "50",
      "Preferences.ScaleInProtectedInstances": "Ignore",
      "Preferences.SkipMatching": "false",
      "Preferences.StandbyInstances": "Ignore",
      Strategy: "Rolling",
    });
    aws.reset();
    aws.answers = { DescribeAutoScalingGroups: () => two };
    await update({ ...base, ...refresh }, { ...base, ...refresh, tags: [{ key: "a", value: "1", propagateAtLaunch: true }] });
    assert.equal(aws.changes().at(-1)?.action, "StartInstanceRefresh", "a trigger asks for one");
  });

  it("is drained before it is deleted: sizes to 0, protection off, instances gone", async () => {
    aws.answers = {
      DescribeAutoScalingGroups: (_parameters, count) => {
        if (count === 1) return group([instance("i-1", "InService", true), instance("i-2")]);
        if (count === 2) return group([instance("i-2", "Terminating:Wait")]);
        return count === 3 ? group([]) : none;
      },
      DeleteAutoScalingGroup: (_parameters, count) =>
        count === 1 ? { status: 400, code: "ScalingActivityInProgress", message: "busy" } : "",
    };
    await plugin.delete(urn, "app", { name: "app", forceDelete: false });
    assert.deepEqual(aws.changes(), [
      { action: "UpdateAutoScalingGroup", parameters: { AutoScalingGroupName: "app", DesiredCapacity: "0", MaxSize: "0", MinSize: "0" } },
      {
        action: "SetInstanceProtection",
        parameters: { AutoScalingGroupName: "app", "InstanceIds.member.1": "i-1", ProtectedFromScaleIn: "false" },
      },
      { action: "DeleteAutoScalingGroup", parameters: { AutoScalingGroupName: "app", ForceDelete: "false" } },
      { action: "DeleteAutoScalingGroup", parameters: { AutoScalingGroupName: "app", ForceDelete: "false" } },
    ]);
  });

  it("forceDelete does not drain", async () => {
    aws.answers = { DescribeAutoScalingGroups: (_parameters, count) => (count === 1 ? two : none) };
    await plugin.delete(urn, "app", { name: "app", forceDelete: true });
    assert.deepEqual(aws.changes(), [
      { action: "DeleteAutoScalingGroup", parameters: { AutoScalingGroupName: "app", ForceDelete: "true" } },
    ]);
  });

  it("a drain that does not end says what is left when the time is up", async () => {
    aws.answers = { DescribeAutoScalingGroups: () => group([instance("i-2", "Terminating:Wait")]) };
    await assert.rejects(plugin.delete(urn, "app", { name: "app", forceDelete: false }, 1), {
      details:
        "deleting aws:autoscaling/group:Group app: waited 1 s until the instances of the group app are gone, in vain; last seen: i-2 Terminating:Wait",
    });
  });

  it("a notification is one put per group, and only for groups that need one", async () => {
    const notice = urnOf("aws:autoscaling/notification:Notification", "notice");
    aws.answers = {
      DescribeNotificationConfigurations: ({ "AutoScalingGroupNames.member.1": name }) =>
        member("NotificationConfigurations", [
          `<AutoScalingGroupName>${name}</AutoScalingGroupName><NotificationType>autoscaling:EC2_INSTANCE_TERMINATE</NotificationType><TopicARN>arn:topic</TopicARN>`,
        ]),
    };
    const events = ["autoscaling:EC2_INSTANCE_TERMINATE"];
    const inputs = { groupNames: ["a", "b"], notifications: events, topicArn: "arn:topic" };
    await plugin.create(notice, inputs);
    await plugin.update(notice, "arn:topic", inputs, inputs, { ...inputs, groupNames: ["b", "c"] });
    assert.deepEqual(
      aws.changes().map((call) => [call.action, call.parameters["AutoScalingGroupName"]]),
      [
        ["PutNotificationConfiguration", "a"],
        ["PutNotificationConfiguration", "b"],
        ["DeleteNotificationConfiguration", "a"],
        ["PutNotificationConfiguration", "c"],
      ],
    );
  });

  it("a policy refuses the properties of another type and names the missing ones", async () => {
    const { failures } = await plugin.check(urnOf("aws:autoscaling/policy:Policy", "up"), {
      autoscalingGroupName: "app",
      policyType: "StepScaling",
      scalingAdjustment: 1,
      cooldown: 60,
    });
    assert.deepEqual(failures, [
      "adjustmentType: adjustmentType is missing; a policy of type StepScaling needs it",
      "stepAdjustments: stepAdjustments is missing; a policy of type StepScaling needs it",
      "cooldown: cooldown is for policies of type SimpleScaling, not StepScaling",
      "scalingAdjustment: scalingAdjustment is for policies of type SimpleScaling, not StepScaling",
    ]);
  });
});
