import assert from "node:assert/strict";
import * as sdk from "@aws-sdk/client-auto-scaling";
import * as ec2 from "@aws-sdk/client-ec2";
import * as sns from "@aws-sdk/client-sns";
import * as sqs from "@aws-sdk/client-sqs";
import { DeliveryError } from "../../../../sandbox/aws/deps.ts";
import { Harness, refusal } from "./harness.ts";

describe("messages of Auto Scaling groups", function () {
  let aws: Harness;
  let topicArn: string;
  let queueUrl: string;
  before(async () => {
    aws = await Harness.start();
    topicArn = (await aws.sns.send(new sns.CreateTopicCommand({ Name: "notices" }))).TopicArn!;
    queueUrl = (await aws.sqs.send(new sqs.CreateQueueCommand({ QueueName: "notices" }))).QueueUrl!;
    await aws.sns.send(new sns.SubscribeCommand({ TopicArn: topicArn, Protocol: "sqs", Endpoint: queueArn("notices") }));
  });
  after(() => aws.close());

  const queueArn = (name: string) => `arn:aws:sqs:us-east-1:123456789012:${name}`;
  const events = [
    "autoscaling:EC2_INSTANCE_LAUNCH",
    "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
    "autoscaling:EC2_INSTANCE_TERMINATE",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
  ];
  const configure = (AutoScalingGroupName: string, NotificationTypes = events, TopicARN = topicArn) =>
    aws.autoscaling.send(new sdk.PutNotificationConfigurationCommand({ AutoScalingGroupName, TopicARN, NotificationTypes }));
  const size = async (AutoScalingGroupName: string, DesiredCapacity: number) => {
    await aws.autoscaling.send(new sdk.SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity }));
    await aws.advance(1);
  };
  interface Notice {
    readonly subject: unknown;
    readonly body: Record<string, unknown>;
  }
  const notices = async (): Promise<Notice[]> =>
    (await aws.messages(queueUrl)).map(({ Subject, Message }) => ({
      subject: Subject,
      body: JSON.parse(Message as string) as Record<string, unknown>,
    }));

  it("begin with a test notification and tell of each launch and each end once, through the topic to its queue", async () => {
    await aws.createGroup("told", { DesiredCapacity: 0 });
    await configure("told");
    await aws.settled();
    const arn = (await aws.group("told")).AutoScalingGroupARN;
    const [test, ...more] = await notices();
    assert.deepEqual(more, []);
    assert.equal(test?.subject, 'Auto Scaling: test notification for group "told"');
    assert.deepEqual(
      { ...test.body, RequestId: "" },
      {
        Event: "autoscaling:TEST_NOTIFICATION",
        AccountId: "123456789012",
        RequestId: "",
        AutoScalingGroupARN: arn,
        AutoScalingGroupName: "told",
        Service: "AWS Auto Scaling",
        Time: "2026-01-31T12:00:00.000Z",
      },
    );
    await size("told", 5);
    const launches = await notices();
    const ids = (await aws.inService("told")).sort();
    assert.deepEqual(launches.map(({ body }) => body["EC2InstanceId"]).sort(), ids);
    const launch = launches.find(({ body }) => body["EC2InstanceId"] === ids[0]);
    assert.equal(launch?.subject, 'Auto Scaling: launch for group "told"');
    const [subnet] = (await aws.group("told"))
      .Instances!.filter(({ InstanceId }) => InstanceId === ids[0])
      .map(({ AvailabilityZone }) => AvailabilityZone);
    const { Cause, Details, ActivityId, ...rest } = launch.body;
    assert.match(Cause as string, /a user request explicitly set group desired capacity changing the desired capacity from 0 to 5/);
    assert.equal((Details as Record<string, string>)["Availability Zone"], subnet);
    assert.ok((await aws.activities("told")).some((activity) => activity.ActivityId === ActivityId));
    assert.deepEqual(
      { ...rest, RequestId: "" },
      {
        Event: "autoscaling:EC2_INSTANCE_LAUNCH",
        AccountId: "123456789012",
        RequestId: "",
        AutoScalingGroupARN: arn,
        AutoScalingGroupName: "told",
        EC2InstanceId: ids[0],
        Service: "AWS Auto Scaling",
        Description: `Launching a new EC2 instance: ${ids[0]!}`,
        StartTime: "2026-01-31T12:00:00.000Z",
        EndTime: "2026-01-31T12:00:00.000Z",
        Time: "2026-01-31T12:00:00.000Z",
        StatusCode: "InProgress",
        StatusMessage: "",
        Progress: 50,
        Origin: "EC2",
        Destination: "AutoScalingGroup",
      },
    );
    await size("told", 2);
    const ends = await notices();
    const left = await aws.inService("told");
    assert.equal(ends.length, 3);
    assert.deepEqual(
      ends.map(({ body }) => body["EC2InstanceId"]).sort(),
      ids.filter((id) => !left.includes(id)),
    );
    assert.deepEqual(new Set(ends.map(({ subject }) => subject)), new Set(['Auto Scaling: termination for group "told"']));
    assert.deepEqual(new Set(ends.map(({ body }) => body["Event"])), new Set(["autoscaling:EC2_INSTANCE_TERMINATE"]));
    await aws.ec2.send(new ec2.TerminateInstancesCommand({ InstanceIds: [left[0]!] }));
    await aws.advance(120);
    const replaced = (await notices()).map(({ body }) => [body["Event"], body["EC2InstanceId"]]);
    const [fresh] = (await aws.inService("told")).filter((id) => !left.includes(id));
    assert.deepEqual(replaced.sort(), [
      ["autoscaling:EC2_INSTANCE_LAUNCH", fresh],
      ["autoscaling:EC2_INSTANCE_TERMINATE", left[0]],
    ]);
    assert.deepEqual(aws.sent.at(-1)?.sender.principal, {
      roleArn: "arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
    });
  });

  it("tell of failed launches", async () => {
    const [subnet] = await aws.subnets();
    await aws.createGroup("failing", { DesiredCapacity: 0, VPCZoneIdentifier: subnet!.id });
    await configure("failing", ["autoscaling:EC2_INSTANCE_LAUNCH_ERROR"]);
    await aws.settled();
    await notices();
    const fault = { code: "InsufficientInstanceCapacity", message: "We currently do not have sufficient t3.micro capacity" };
    await aws.service.admin("faults", { launch: [{ group: "failing", ...fault }] });
    await size("failing", 1);
    const [error, ...more] = await notices();
    assert.deepEqual(more, []);
    assert.equal(error?.subject, 'Auto Scaling: failed launch for group "failing"');
    assert.equal(error.body["Event"], "autoscaling:EC2_INSTANCE_LAUNCH_ERROR");
    assert.equal(error.body["StatusCode"], "Failed");
    assert.match(error.body["StatusMessage"] as string, /sufficient t3\.micro capacity/);
    await aws.service.admin("faults", { launch: [] });
    await aws.autoscaling.send(new sdk.DeleteAutoScalingGroupCommand({ AutoScalingGroupName: "failing", ForceDelete: true }));
  });

  it("tell of every instance when a group is deleted by force", async () => {
    await aws.createGroup("forced", { DesiredCapacity: 3 });
    await configure("forced", ["autoscaling:EC2_INSTANCE_TERMINATE"]);
    await aws.settled();
    await notices();
    const ids = (await aws.inService("forced")).sort();
    await aws.autoscaling.send(new sdk.DeleteAutoScalingGroupCommand({ AutoScalingGroupName: "forced", ForceDelete: true }));
    await aws.advance(5);
    assert.deepEqual((await notices()).map(({ body }) => body["EC2InstanceId"]).sort(), ids);
  });

  it("are configured per topic, described page by page, and taken back", async () => {
    const other = (await aws.sns.send(new sns.CreateTopicCommand({ Name: "other" }))).TopicArn!;
    await configure("told", events.slice(0, 1), other);
    const describe = (input: Partial<sdk.DescribeNotificationConfigurationsCommandInput>) =>
      aws.autoscaling.send(new sdk.DescribeNotificationConfigurationsCommand({ AutoScalingGroupNames: ["told"], ...input }));
    const first = await describe({ MaxRecords: 3 });
    const second = await describe({ MaxRecords: 3, NextToken: first.NextToken });
    const rows = [...first.NotificationConfigurations!, ...second.NotificationConfigurations!].map((one) => [
      one.TopicARN,
      one.NotificationType,
    ]);
    assert.deepEqual(rows, [...events.map((event) => [topicArn, event]), [other, events[0]]]);
    assert.equal(second.NextToken, undefined);
    await configure("told", events.slice(2, 3));
    await aws.autoscaling.send(new sdk.DeleteNotificationConfigurationCommand({ AutoScalingGroupName: "told", TopicARN: other }));
    assert.deepEqual(
      (await describe({})).NotificationConfigurations?.map((one) => [one.TopicARN, one.NotificationType]),
      [[topicArn, events[2]]],
    );
    const { AutoScalingNotificationTypes } = await aws.autoscaling.send(new sdk.DescribeAutoScalingNotificationTypesCommand({}));
    assert.deepEqual(AutoScalingNotificationTypes, [...events, "autoscaling:TEST_NOTIFICATION"]);
    assert.match(await refusal(configure("nobody")), /^ValidationError: .*nobody/);
    assert.match(await refusal(configure("told", ["autoscaling:EC2_INSTANCE_REBOOT"])), /^ValidationError: .*EC2_INSTANCE_REBOOT/);
    assert.match(await refusal(configure("told", events, "notices")), /^ValidationError: .*notices/);
    assert.match(await refusal(describe({ MaxRecords: 101 })), /^ValidationError: .*101/);
  });

  it("are lost when the topic refuses, and sent later when nothing answers", async () => {
    await aws.createGroup("delivery", { DesiredCapacity: 0 });
    await configure("delivery", ["autoscaling:EC2_INSTANCE_LAUNCH"]);
    await aws.settled();
    await notices();
    aws.publishFailures.push(new DeliveryError("the topic's policy does not allow it"));
    await size("delivery", 1);
    await aws.advance(300);
    assert.deepEqual(await notices(), []);
    assert.ok(aws.log.some((line) => line.includes("publishNotice of delivery: the topic's policy does not allow it")));
    aws.publishFailures.push(new Error("connect ECONNREFUSED"), new Error("connect ECONNREFUSED"));
    await size("delivery", 2);
    assert.deepEqual(await notices(), []);
    await aws.advance(5);
    assert.equal((await notices()).length, 1);
  });

  it("appear as events on the bus", async () => {
    await aws.createGroup("events", { DesiredCapacity: 1 });
    await aws.advance(1);
    const [id] = await aws.inService("events");
    const event = aws.world.events.find(({ detail }) => detail["EC2InstanceId"] === id);
    assert.equal(event?.source, "aws.autoscaling");
    assert.equal(event.detailType, "EC2 Instance Launch Successful");
    assert.deepEqual(event.resources, [
      (await aws.group("events")).AutoScalingGroupARN,
      `arn:aws:ec2:us-east-1:123456789012:instance/${id!}`,
    ]);
    assert.equal(event.detail["AutoScalingGroupName"], "events");
    assert.equal(event.detail["Origin"], "EC2");
    assert.equal(event.detail["Destination"], "AutoScalingGroup");
  });

  describe("from lifecycle hooks", () => {
    const role = "arn:aws:iam::123456789012:role/hooks";
    before(() => aws.sqs.send(new sqs.CreateQueueCommand({ QueueName: "hooks" })));
    const hook = (input: Partial<sdk.PutLifecycleHookCommandInput>) =>
      aws.autoscaling.send(new sdk.PutLifecycleHookCommand({ AutoScalingGroupName: "held", LifecycleHookName: "boot", ...input }));
    const complete = (input: Partial<sdk.CompleteLifecycleActionCommandInput>) =>
      aws.autoscaling.send(
        new sdk.CompleteLifecycleActionCommand({
          AutoScalingGroupName: "held",
          LifecycleHookName: "boot",
          LifecycleActionResult: "CONTINUE",
          ...input,
        }),
      );
    const waiting = async () => (await aws.group("held")).Instances?.map(({ LifecycleState }) => LifecycleState);
    const queued = async () => {
      const { QueueUrl } = await aws.sqs.send(new sqs.GetQueueUrlCommand({ QueueName: "hooks" }));
      return aws.messages(QueueUrl!);
    };

    it("hold an instance until the action is completed by token or instance", async () => {
      await aws.createGroup("held", { DesiredCapacity: 0 });
      await hook({
        LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
        HeartbeatTimeout: 300,
        NotificationTargetARN: queueArn("hooks"),
        RoleARN: role,
        NotificationMetadata: "layer=web",
      });
      await aws.settled();
      const [test] = await queued();
      assert.equal(test?.["Event"], "autoscaling:TEST_NOTIFICATION");
      await size("held", 1);
      assert.deepEqual(await waiting(), ["Pending:Wait"]);
      const [id] = (await aws.group("held")).Instances!.map(({ InstanceId }) => InstanceId!);
      const [message] = await queued();
      assert.deepEqual(
        { ...message, RequestId: "", LifecycleActionToken: "" },
        {
          LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
          LifecycleHookName: "boot",
          LifecycleActionToken: "",
          AutoScalingGroupName: "held",
          EC2InstanceId: id,
          AccountId: "123456789012",
          RequestId: "",
          Service: "AWS Auto Scaling",
          Time: message?.["Time"],
          NotificationMetadata: "layer=web",
          Origin: "EC2",
          Destination: "AutoScalingGroup",
        },
      );
      assert.deepEqual(aws.queued.at(-1)?.sender, { principal: { roleArn: role } });
      const token = message?.["LifecycleActionToken"] as string;
      await aws.advance(250);
      await aws.autoscaling.send(
        new sdk.RecordLifecycleActionHeartbeatCommand({
          AutoScalingGroupName: "held",
          LifecycleHookName: "boot",
          LifecycleActionToken: token,
        }),
      );
      await aws.advance(250);
      assert.deepEqual(await waiting(), ["Pending:Wait"]);
      assert.match(
        await refusal(complete({ LifecycleActionToken: "00000000-0000-4000-8000-000000000000" })),
        /^ValidationError: No active Lifecycle Action/,
      );
      await complete({ LifecycleActionToken: token });
      await aws.settled();
      assert.deepEqual(await waiting(), ["InService"]);
      assert.match(await refusal(complete({ InstanceId: id })), /^ValidationError: No active Lifecycle Action/);
      assert.match(
        await refusal(
          aws.autoscaling.send(
            new sdk.RecordLifecycleActionHeartbeatCommand({ AutoScalingGroupName: "held", LifecycleHookName: "boot", InstanceId: id }),
          ),
        ),
        /^ValidationError: No active Lifecycle Action/,
      );
    });

    it("give up an instance whose launch nobody completes, and go on with one that ends", async () => {
      const before = await aws.inService("held");
      await size("held", 2);
      await aws.advance(310);
      const failed = (await aws.activities("held")).find(({ StatusCode }) => StatusCode === "Cancelled" || StatusCode === "Failed");
      assert.ok(failed, "an abandoned launch");
      await aws.autoscaling.send(new sdk.SuspendProcessesCommand({ AutoScalingGroupName: "held", ScalingProcesses: ["Launch"] }));
      await hook({
        LifecycleHookName: "drain",
        LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
        HeartbeatTimeout: 60,
        DefaultResult: "CONTINUE",
      });
      await aws.autoscaling.send(
        new sdk.TerminateInstanceInAutoScalingGroupCommand({ InstanceId: before[0], ShouldDecrementDesiredCapacity: false }),
      );
      await aws.advance(1);
      assert.ok((await waiting())?.includes("Terminating:Wait"));
      await aws.advance(65);
      assert.ok(!(await aws.ec2Instances()).some(({ InstanceId }) => InstanceId === before[0]));
    });

    it("are described, and changed or deleted by name", async () => {
      const { LifecycleHooks } = await aws.autoscaling.send(new sdk.DescribeLifecycleHooksCommand({ AutoScalingGroupName: "held" }));
      assert.deepEqual(LifecycleHooks, [
        {
          LifecycleHookName: "boot",
          AutoScalingGroupName: "held",
          LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
          NotificationTargetARN: queueArn("hooks"),
          RoleARN: role,
          NotificationMetadata: "layer=web",
          HeartbeatTimeout: 300,
          GlobalTimeout: 30_000,
          DefaultResult: "ABANDON",
        },
        {
          LifecycleHookName: "drain",
          AutoScalingGroupName: "held",
          LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
          HeartbeatTimeout: 60,
          GlobalTimeout: 6000,
          DefaultResult: "CONTINUE",
        },
      ]);
      await hook({ HeartbeatTimeout: 120 });
      const only = await aws.autoscaling.send(
        new sdk.DescribeLifecycleHooksCommand({ AutoScalingGroupName: "held", LifecycleHookNames: ["boot"] }),
      );
      assert.deepEqual(
        only.LifecycleHooks?.map(({ HeartbeatTimeout, NotificationMetadata }) => [HeartbeatTimeout, NotificationMetadata]),
        [[120, "layer=web"]],
      );
      await aws.autoscaling.send(new sdk.DeleteLifecycleHookCommand({ AutoScalingGroupName: "held", LifecycleHookName: "boot" }));
      const { LifecycleHooks: left } = await aws.autoscaling.send(new sdk.DescribeLifecycleHooksCommand({ AutoScalingGroupName: "held" }));
      assert.deepEqual(
        left?.map(({ LifecycleHookName }) => LifecycleHookName),
        ["drain"],
      );
      const types = await aws.autoscaling.send(new sdk.DescribeLifecycleHookTypesCommand({}));
      assert.deepEqual(types.LifecycleHookTypes, ["autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"]);
      assert.match(await refusal(hook({ LifecycleHookName: "new" })), /^ValidationError: .*[Tt]ransition/);
      assert.match(
        await refusal(hook({ LifecycleHookName: "new", LifecycleTransition: "autoscaling:EC2_INSTANCE_REBOOTING" })),
        /^ValidationError: .*REBOOTING/,
      );
      assert.match(await refusal(hook({ LifecycleHookName: "drain", HeartbeatTimeout: 10 })), /^ValidationError: .*10/);
      assert.match(
        await refusal(aws.autoscaling.send(new sdk.DescribeLifecycleHooksCommand({ AutoScalingGroupName: "nobody" }))),
        /^ValidationError: .*nobody/,
      );
    });

    it("are there from the first instance when the group is created with them", async () => {
      await aws.createGroup("initial", {
        DesiredCapacity: 1,
        LifecycleHookSpecificationList: [{ LifecycleHookName: "first", LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING" }],
      });
      const group = await aws.group("initial");
      assert.deepEqual(
        group.Instances?.map(({ LifecycleState }) => LifecycleState),
        ["Pending:Wait"],
      );
      await aws.autoscaling.send(
        new sdk.CompleteLifecycleActionCommand({
          AutoScalingGroupName: "initial",
          LifecycleHookName: "first",
          LifecycleActionResult: "CONTINUE",
          InstanceId: group.Instances[0]?.InstanceId,
        }),
      );
      await aws.settled();
      assert.equal((await aws.inService("initial")).length, 1);
    });
  });
});
