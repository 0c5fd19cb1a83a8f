/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html */
import assert from "node:assert/strict";
import { noticeEvents } from "../../contract/notices.ts";
import type { PutLifecycleHook } from "../../scaling/types/commands.ts";
import { Host, hours, minutes, seconds, topicArn } from "./helpers.ts";

const queueArn = "arn:aws:sqs:eu-central-1:123456789012:hooks";
const roleArn = "arn:aws:iam::123456789012:role/hooks";
const launching = "autoscaling:EC2_INSTANCE_LAUNCHING" as const;
const terminating = "autoscaling:EC2_INSTANCE_TERMINATING" as const;

function hostWith(...hooks: readonly Omit<PutLifecycleHook, "group">[]): Host {
  const host = new Host();
  host.create({ maxSize: 3, initialHooks: hooks });
  host.do((model) =>
    model.putNotificationConfiguration({
      group: "web",
      topicArn,
      events: [noticeEvents.launch, noticeEvents.launchError, noticeEvents.terminate],
    }),
  );
  return host;
}

const resize = (host: Host, desiredCapacity: number) => host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity }));
const complete = (host: Host, hook: string, result: string) => {
  const { instanceId } = host.instances()[0]!;
  host.do((model) => model.completeLifecycleAction({ group: "web", hook, instanceId, result }));
};

describe("a launch hook", () => {
  it("holds the instance before service, and tells its queue and the bus", () => {
    const host = hostWith({
      name: "boot",
      transition: launching,
      notificationTargetArn: queueArn,
      roleArn,
      notificationMetadata: "m",
      heartbeatTimeoutSeconds: 60,
    });
    const [test] = host.ofKind("publishHookMessage");
    assert.deepEqual(
      [test!.targetArn, test!.roleArn, "Event" in test!.message && test!.message.Event],
      [queueArn, roleArn, "autoscaling:TEST_NOTIFICATION"],
    );
    resize(host, 1);
    host.pass(seconds(10));
    const { instanceId, lifecycleState } = host.only();
    assert.equal(lifecycleState, "Pending:Wait");
    const [action] = host.model.lifecycleActions("web");
    const message = host.ofKind("publishHookMessage")[1]!.message;
    assert.deepEqual(message, {
      LifecycleActionToken: action!.token,
      AutoScalingGroupName: "web",
      LifecycleHookName: "boot",
      EC2InstanceId: instanceId,
      LifecycleTransition: launching,
      NotificationMetadata: "m",
      Origin: "EC2",
      Destination: "AutoScalingGroup",
      AccountId: "123456789012",
      RequestId: message.RequestId,
      Service: "AWS Auto Scaling",
      Time: "2026-01-01T00:00:06.000Z",
    });
    const [event] = host.events("EC2 Instance-launch Lifecycle Action");
    assert.deepEqual([event!.resources, event!.detail["LifecycleActionToken"]], [[host.group().arn], action!.token]);
    assert.equal(host.model.activities({})[0]!.status, "MidLifecycleAction");
    complete(host, "boot", "CONTINUE");
    assert.equal(host.only().lifecycleState, "InService");
    assert.equal(host.noticesOf(noticeEvents.launch).length, 1);
    assert.deepEqual(host.model.lifecycleActions("web"), []);
  });

  it("abandoned replaces the instance: cancelled launch, one error notice, one terminate notice", () => {
    const host = hostWith({ name: "boot", transition: launching });
    resize(host, 1);
    host.pass(seconds(10));
    const { instanceId } = host.only();
    const { token } = host.model.lifecycleActions("web")[0]!;
    host.do((model) => model.completeLifecycleAction({ group: "web", hook: "boot", token, result: "ABANDON" }));
    host.pass(seconds(20));
    const message = `Instance failed to complete user's Lifecycle Action: Lifecycle Action with token ${token} was abandoned: Lifecycle Action Completed with ABANDON Result`;
    const cancelled = host.model.activities({}).find((activity) => activity.status === "Cancelled");
    assert.deepEqual(
      [cancelled!.statusMessage, cancelled!.description],
      [message, `Launching a new EC2 instance: ${instanceId}.  Status Reason: ${message}`],
    );
    assert.deepEqual(
      host.noticesOf(noticeEvents.launchError).map((notice) => notice.EC2InstanceId),
      [instanceId],
    );
    assert.deepEqual(
      host.noticesOf(noticeEvents.terminate).map((notice) => notice.EC2InstanceId),
      [instanceId],
    );
    assert.equal(host.noticesOf(noticeEvents.launch).length, 0);
    assert.equal(host.only().lifecycleState, "Pending:Wait");
    assert.notEqual(host.only().instanceId, instanceId);
  });

  it("ends with its default result at the heartbeat timeout, unless a heartbeat came", () => {
    const host = hostWith({ name: "boot", transition: launching, heartbeatTimeoutSeconds: 60, defaultResult: "CONTINUE" });
    resize(host, 1);
    host.pass(seconds(6 + 59));
    assert.equal(host.only().lifecycleState, "Pending:Wait");
    host.do((model) => model.recordLifecycleActionHeartbeat({ group: "web", hook: "boot", instanceId: host.only().instanceId }));
    host.pass(seconds(59));
    assert.equal(host.only().lifecycleState, "Pending:Wait");
    host.pass(seconds(2));
    assert.equal(host.only().lifecycleState, "InService");
  });

  it("by default abandons when nobody answers", () => {
    const host = hostWith({ name: "boot", transition: launching, heartbeatTimeoutSeconds: 60 });
    resize(host, 1);
    host.pass(seconds(70));
    const cancelled = host.model.activities({}).find((activity) => activity.status === "Cancelled");
    assert.match(cancelled!.statusMessage!, /was abandoned: Heartbeat Timeout$/);
  });

  it("cannot be held longer than a hundred heartbeats", () => {
    const host = hostWith({ name: "boot", transition: launching, heartbeatTimeoutSeconds: 30, defaultResult: "CONTINUE" });
    resize(host, 1);
    host.pass(seconds(6));
    for (let beat = 0; beat < 199; beat++) {
      host.pass(seconds(15));
      const waiting = host.model.lifecycleActions("web")[0];
      if (waiting !== undefined)
        host.do((model) => model.recordLifecycleActionHeartbeat({ group: "web", hook: "boot", token: waiting.token }));
    }
    assert.equal(host.only().lifecycleState, "Pending:Wait");
    host.pass(seconds(15));
    assert.equal(host.only().lifecycleState, "InService");
  });

  it("waits for all hooks of the transition, which run at the same time", () => {
    const host = hostWith(
      { name: "one", transition: launching },
      { name: "two", transition: launching },
      { name: "other", transition: terminating },
    );
    resize(host, 1);
    host.pass(seconds(10));
    assert.deepEqual(
      host.model.lifecycleActions("web").map((action) => action.hook),
      ["one", "two"],
    );
    complete(host, "two", "CONTINUE");
    assert.equal(host.only().lifecycleState, "Pending:Wait");
    complete(host, "one", "CONTINUE");
    assert.equal(host.only().lifecycleState, "InService");
  });

  it("that is deleted lets launching instances go, and the completion of nothing is refused", () => {
    const host = hostWith({ name: "boot", transition: launching });
    resize(host, 1);
    host.pass(seconds(10));
    const { instanceId } = host.only();
    host.do((model) => model.deleteLifecycleHook({ group: "web", name: "boot" }));
    assert.equal(host.instances()[0]!.lifecycleState, "Terminating:Proceed");
    host.pass(minutes(1));
    assert.equal(host.only().lifecycleState, "InService");
    for (const reference of [{ instanceId }, { instanceId: host.only().instanceId }, { token: "gone" }]) {
      assert.throws(
        () => host.do((model) => model.completeLifecycleAction({ group: "web", hook: "boot", result: "CONTINUE", ...reference })),
        /No active Lifecycle Action found with (instance ID|token)/,
      );
    }
  });

  it("keeps what an update does not give, and refuses what cannot be", () => {
    const host = hostWith({ name: "boot", transition: launching, heartbeatTimeoutSeconds: 60, notificationTargetArn: queueArn, roleArn });
    host.do((model) => model.putLifecycleHook({ group: "web", name: "boot", defaultResult: "CONTINUE" }));
    assert.deepEqual(host.model.hooks("web"), [
      {
        group: "web",
        name: "boot",
        transition: launching,
        heartbeatTimeoutSeconds: 60,
        globalTimeoutSeconds: 6000,
        defaultResult: "CONTINUE",
        notificationTargetArn: queueArn,
        roleArn,
      },
    ]);
    host.do((model) => model.putLifecycleHook({ group: "web", name: "boot", notificationTargetArn: "" }));
    assert.equal("notificationTargetArn" in host.model.hooks("web")[0]!, false);
    const put = (input: object) => () =>
      host.do((model) => model.putLifecycleHook({ group: "web", name: "new", transition: launching, ...input }));
    assert.throws(put({ heartbeatTimeoutSeconds: 7201 }), /heartbeatTimeoutSeconds is 7201; allowed: a whole number from 30 to 7200/);
    assert.throws(put({ notificationTargetArn: queueArn }), /roleArn is absent/);
    assert.throws(
      () => host.do((model) => model.putLifecycleHook({ group: "web", name: "new" })),
      /is new and needs a LifecycleTransition/,
    );
    assert.throws(
      () => host.do((model) => model.deleteLifecycleHook({ group: "web", name: "new" })),
      /No Lifecycle Hook found with name: new/,
    );
  });
});

describe("a terminating hook", () => {
  it("holds the instance after draining and before EC2 is asked", () => {
    const host = new Host();
    host.create({ desiredCapacity: 1, targetGroupArns: ["arn:tg"], initialHooks: [{ name: "leave", transition: terminating }] });
    host.pass(minutes(1));
    resize(host, 0);
    assert.equal(host.only().lifecycleState, "Terminating");
    assert.equal(host.model.activities({})[0]!.status, "WaitingForELBConnectionDraining");
    host.pass(seconds(2));
    assert.equal(host.only().lifecycleState, "Terminating:Wait");
    assert.deepEqual([host.terminateCalls.size, host.events("EC2 Instance-terminate Lifecycle Action").length], [0, 1]);
    complete(host, "leave", "CONTINUE");
    assert.equal(host.only().lifecycleState, "Terminating:Proceed");
    host.pass(seconds(3));
    assert.deepEqual(host.instances(), []);
  });

  it("goes on when abandoned, and stops the other hooks", () => {
    const host = hostWith({ name: "one", transition: terminating }, { name: "two", transition: terminating });
    resize(host, 1);
    host.pass(minutes(1));
    resize(host, 0);
    complete(host, "one", "ABANDON");
    assert.deepEqual([host.only().lifecycleState, host.model.lifecycleActions("web")], ["Terminating:Proceed", []]);
    host.pass(minutes(1));
    assert.deepEqual([host.instances(), host.noticesOf(noticeEvents.terminate).length], [[], 1]);
  });

  it("does not count towards the capacity meanwhile: the replacement comes at once", () => {
    const host = hostWith({ name: "leave", transition: terminating, heartbeatTimeoutSeconds: 7200 });
    resize(host, 1);
    host.pass(minutes(1));
    host.do((model) => model.terminateInstance({ instanceId: host.only().instanceId, shouldDecrementDesiredCapacity: false }));
    host.pass(minutes(1));
    assert.deepEqual(
      host.instances().map((instance) => instance.lifecycleState),
      ["Terminating:Wait", "InService"],
    );
    host.pass(hours(2));
    assert.deepEqual(
      host.instances().map((instance) => instance.lifecycleState),
      ["InService"],
    );
  });

  it("keeps waiting for an instance that somebody has terminated, and then ends without a call", () => {
    const host = hostWith({ name: "leave", transition: terminating });
    resize(host, 1);
    host.pass(minutes(1));
    const { instanceId } = host.only();
    host.ec2Changes(instanceId, "terminated");
    assert.equal(host.instances()[0]!.lifecycleState, "Terminating:Wait");
    complete(host, "leave", "CONTINUE");
    assert.equal(host.model.instance(instanceId), undefined);
    assert.deepEqual([host.terminateCalls.size, host.noticesOf(noticeEvents.terminate).length], [0, 1]);
  });

  it("abandoned retains the instance when the lifecycle policy says so, until it is terminated by call", () => {
    const host = hostWith({ name: "leave", transition: terminating, heartbeatTimeoutSeconds: 30 });
    host.do((model) => model.updateGroup({ name: "web", terminateHookAbandon: "retain", desiredCapacity: 1 }));
    host.pass(minutes(1));
    const { instanceId } = host.only();
    resize(host, 0);
    host.pass(minutes(1));
    assert.deepEqual([host.only().lifecycleState, host.group().desiredCapacity, host.terminateCalls.size], ["Terminating:Retained", 0, 0]);
    host.pass(hours(100));
    assert.equal(host.only().lifecycleState, "Terminating:Retained");
    host.do((model) => model.terminateInstance({ instanceId, shouldDecrementDesiredCapacity: false }));
    host.pass(minutes(1));
    assert.deepEqual([host.instances(), host.noticesOf(noticeEvents.terminate).length], [[], 1]);
  });

  it("deleted lets terminating instances go on", () => {
    const host = hostWith({ name: "leave", transition: terminating });
    resize(host, 1);
    host.pass(minutes(1));
    resize(host, 0);
    host.do((model) => model.deleteLifecycleHook({ group: "web", name: "leave" }));
    host.pass(minutes(1));
    assert.deepEqual(host.instances(), []);
  });

  it("terminated while it waits at launch: the launch is cancelled", () => {
    const host = hostWith({ name: "boot", transition: launching });
    resize(host, 1);
    host.pass(seconds(10));
    resize(host, 0);
    host.pass(minutes(1));
    assert.deepEqual(host.instances(), []);
    assert.deepEqual(
      host.model.activities({}).map((activity) => activity.status),
      ["Successful", "Cancelled"],
    );
    assert.deepEqual([host.noticesOf(noticeEvents.launchError).length, host.noticesOf(noticeEvents.terminate).length], [1, 1]);
  });
});
