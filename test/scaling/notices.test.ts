/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-sns-notifications.html and …-event-reference.html */
import assert from "node:assert/strict";
import { noticeEvents } from "../../contract/notices.ts";
import { Host, minutes, options, topicArn } from "./helpers.ts";

const all = [noticeEvents.launch, noticeEvents.launchError, noticeEvents.terminate, noticeEvents.terminateError];

describe("notices", () => {
  it("are brief for a host that only counts: which instance, from where and to where", () => {
    const host = new Host({ ...options, briefEvents: true });
    host.create();
    host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: 1 }));
    host.pass(minutes(1));
    const { instanceId } = host.only();
    assert.deepEqual(
      host.ofKind("putEvent").map(({ detailType, detail, resources }) => ({ detailType, detail, resources })),
      [
        {
          detailType: "EC2 Instance Launch Successful",
          detail: { EC2InstanceId: instanceId, Origin: "EC2", Destination: "AutoScalingGroup" },
          resources: [],
        },
      ],
    );
  });

  it("begin with a test when they are configured", () => {
    const host = new Host();
    host.create();
    host.do((model) => model.putNotificationConfiguration({ group: "web", topicArn, events: all }));
    const [effect] = host.ofKind("publishNotice");
    assert.equal(effect!.subject, 'Auto Scaling: test notification for group "web"');
    assert.deepEqual(effect!.notice, {
      Event: "autoscaling:TEST_NOTIFICATION",
      AccountId: "123456789012",
      RequestId: "RequestId" in effect!.notice ? effect!.notice.RequestId : "",
      AutoScalingGroupARN: host.group().arn,
      AutoScalingGroupName: "web",
      Service: "AWS Auto Scaling",
      Time: "2026-01-01T00:00:00.000Z",
    });
  });

  it("tell of a launch and of a termination in the documented shape, once each", () => {
    const host = new Host();
    host.create();
    host.do((model) => model.putNotificationConfiguration({ group: "web", topicArn, events: all }));
    host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: 1 }));
    host.pass(minutes(1));
    const { instanceId } = host.only();
    host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: 0 }));
    host.pass(minutes(1));
    const [launch, ...moreLaunches] = host.noticesOf(noticeEvents.launch);
    const [terminate, ...moreTerminations] = host.noticesOf(noticeEvents.terminate);
    assert.deepEqual([moreLaunches, moreTerminations], [[], []]);
    assert.deepEqual(launch, {
      Event: "autoscaling:EC2_INSTANCE_LAUNCH",
      Service: "AWS Auto Scaling",
      AccountId: "123456789012",
      AutoScalingGroupARN: host.group().arn,
      AutoScalingGroupName: "web",
      ActivityId: launch!.ActivityId,
      RequestId: launch!.ActivityId,
      EC2InstanceId: instanceId,
      Description: `Launching a new EC2 instance: ${instanceId}`,
      Cause:
        "At 2026-01-01T00:00:00Z a user request explicitly set group desired capacity changing the desired capacity from 0 to 1." +
        "  At 2026-01-01T00:00:00Z an instance was started in response to a difference between desired and actual capacity, increasing the capacity from 0 to 1.",
      StartTime: "2026-01-01T00:00:00.000Z",
      EndTime: "2026-01-01T00:00:06.000Z",
      Time: "2026-01-01T00:00:06.000Z",
      StatusCode: "InProgress",
      StatusMessage: "",
      Progress: 50,
      Details: { "Subnet ID": "subnet-a", "Availability Zone": "eu-central-1a" },
      Origin: "EC2",
      Destination: "AutoScalingGroup",
    });
    assert.equal(terminate!.Description, `Terminating EC2 instance: ${instanceId}`);
    assert.equal(
      terminate!.Cause,
      "At 2026-01-01T00:01:00Z a user request explicitly set group desired capacity changing the desired capacity from 1 to 0." +
        "  At 2026-01-01T00:01:00Z an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from 1 to 0." +
        `  At 2026-01-01T00:01:00Z instance ${instanceId} was selected for termination.`,
    );
    assert.deepEqual(
      [terminate!.Origin, terminate!.Destination, terminate!.EndTime],
      ["AutoScalingGroup", "EC2", "2026-01-01T00:01:03.000Z"],
    );
    assert.deepEqual(
      host.ofKind("publishNotice").map((effect) => effect.subject),
      [
        'Auto Scaling: test notification for group "web"',
        'Auto Scaling: launch for group "web"',
        'Auto Scaling: termination for group "web"',
      ],
    );
  });

  it("go to each topic that asked for the event, and to none after deletion of the configuration", () => {
    const host = new Host();
    host.create();
    const second = `${topicArn}-2`;
    host.do((model) => model.putNotificationConfiguration({ group: "web", topicArn, events: [noticeEvents.launch] }));
    host.do((model) =>
      model.putNotificationConfiguration({ group: "web", topicArn: second, events: [noticeEvents.launch, noticeEvents.terminate] }),
    );
    host.do((model) => model.putNotificationConfiguration({ group: "web", topicArn, events: [noticeEvents.terminate] })); // replaces
    assert.deepEqual(
      host.model.notificationConfigurations("web").map((one) => [one.topicArn, one.event]),
      [
        [topicArn, noticeEvents.terminate],
        [second, noticeEvents.launch],
        [second, noticeEvents.terminate],
      ],
    );
    host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: 1 }));
    host.pass(minutes(1));
    host.do((model) => model.deleteNotificationConfiguration({ group: "web", topicArn: second }));
    host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: 0 }));
    host.pass(minutes(1));
    const sent = host.ofKind("publishNotice").filter((effect) => effect.notice.Event !== noticeEvents.test);
    assert.deepEqual(
      sent.map((effect) => [effect.topicArn, effect.notice.Event]),
      [
        [second, noticeEvents.launch],
        [topicArn, noticeEvents.terminate],
      ],
    );
  });

  it("carry the group's own role, also the last ones, which are sent when the group is gone", () => {
    const serviceLinkedRoleArn =
      "arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_web";
    const host = new Host();
    host.create({ serviceLinkedRoleArn, desiredCapacity: 2 });
    host.pass(minutes(1));
    host.do((model) => model.putNotificationConfiguration({ group: "web", topicArn, events: [noticeEvents.terminate] }));
    host.do((model) => model.deleteGroup({ name: "web", force: true }));
    host.pass(minutes(5));
    assert.equal(host.model.group("web"), undefined);
    assert.deepEqual(
      host.ofKind("publishNotice").map((effect) => [effect.notice.Event, effect.serviceLinkedRoleArn]),
      [noticeEvents.test, noticeEvents.terminate, noticeEvents.terminate].map((event) => [event, serviceLinkedRoleArn]),
    );
  });

  it("tell of a refused launch, with the reason, and of a refused termination", () => {
    const host = new Host();
    host.create();
    host.do((model) => model.putNotificationConfiguration({ group: "web", topicArn, events: all }));
    host.launchFault = () => ({ code: "InvalidAMIID.NotFound", message: "The image id '[ami-1]' does not exist" });
    host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: 1 }));
    host.pass(2000);
    const failed = host.noticesOf(noticeEvents.launchError)[0]!;
    assert.deepEqual([failed.StatusCode, failed.EC2InstanceId, failed.Progress], ["Failed", "", 100]);
    assert.equal(failed.StatusMessage, "The image id '[ami-1]' does not exist. Launching EC2 instance failed.");
    assert.equal(failed.Description, `Launching a new EC2 instance.  Status Reason: ${failed.StatusMessage}`);
    assert.equal(host.events("EC2 Instance Launch Unsuccessful").length > 0, true);

    host.launchFault = () => undefined;
    host.pass(minutes(5));
    const { instanceId } = host.only();
    host.terminateFault = () => ({ code: "UnauthorizedOperation", message: "You are not authorized" });
    host.do((model) => model.terminateInstance({ instanceId, shouldDecrementDesiredCapacity: true }));
    host.pass(5000);
    assert.equal(host.noticesOf(noticeEvents.terminateError).length, 1);
    assert.equal(host.instances()[0]!.lifecycleState, "Terminating:Proceed");
    host.terminateFault = () => undefined;
    host.pass(minutes(1));
    assert.deepEqual([host.instances(), host.noticesOf(noticeEvents.terminate).length], [[], 1]);
    assert.deepEqual(
      host.model
        .activities({ group: "web" })
        .slice(0, 2)
        .map((activity) => activity.status),
      ["Successful", "Failed"],
    );
  });

  it("have twins on the event bus", () => {
    const host = new Host();
    host.create({ desiredCapacity: 1 });
    host.pass(minutes(1));
    const { instanceId } = host.only();
    const [event] = host.events("EC2 Instance Launch Successful");
    assert.deepEqual(event!.resources, [host.group().arn, `arn:aws:ec2:eu-central-1:123456789012:instance/${instanceId}`]);
    assert.deepEqual(Object.keys(event!.detail).sort(), [
      "ActivityId",
      "AutoScalingGroupName",
      "Cause",
      "Description",
      "Destination",
      "Details",
      "EC2InstanceId",
      "EndTime",
      "Origin",
      "RequestId",
      "StartTime",
      "StatusCode",
      "StatusMessage",
    ]);
  });

  it("name the alarm that began it", () => {
    const host = new Host();
    host.create({ maxSize: 4 });
    host.do((model) => model.putNotificationConfiguration({ group: "web", topicArn, events: all }));
    const { arn } = host.do((model) =>
      model.putScalingPolicy({
        group: "web",
        name: "up",
        policyType: "StepScaling",
        adjustmentType: "ChangeInCapacity",
        stepAdjustments: [{ metricIntervalLowerBound: 0, scalingAdjustment: 1 }],
      }),
    );
    host.do((model) =>
      model.alarmAction({ policyArn: arn, alarmName: "cpu-high", alarmArn: "arn:alarm", state: "ALARM", threshold: 70, metricValue: 90 }),
    );
    host.pass(minutes(1));
    const [launch] = host.noticesOf(noticeEvents.launch);
    assert.equal(launch!.Details["Invoked Alarm Arn"], "arn:alarm");
    assert.match(
      launch!.Cause,
      /^At 2026-01-01T00:00:00Z a monitor alarm cpu-high in state ALARM triggered policy up changing the desired capacity from 0 to 1\. {2}At /,
    );
  });
});
