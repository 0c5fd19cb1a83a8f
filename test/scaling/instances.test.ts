/** Standby, attach, detach, terminate, protection, target groups: as-enter-exit-standby.html, ec2-auto-scaling-attach-detach-instances.html and others of the user guide. */
import assert from "node:assert/strict";
import { noticeEvents } from "../../contract/notices.ts";
import type { CreateGroup, AttachedInstance } from "../../scaling/types/commands.ts";
import { Host, minutes, seconds, topicArn } from "./helpers.ts";

function hostAt(size: number, group: Partial<CreateGroup> = {}): Host {
  const host = new Host();
  host.create({ desiredCapacity: size, ...group });
  host.do((model) => model.putNotificationConfiguration({ group: "web", topicArn, events: [noticeEvents.terminate] }));
  host.pass(minutes(1));
  return host;
}

const ids = (host: Host, count: number) =>
  host
    .instances()
    .slice(0, count)
    .map((instance) => instance.instanceId);
const tg = "arn:tg";

describe("standby", () => {
  it("takes instances out of service and balancing, with or without replacement", () => {
    const host = hostAt(3, { minSize: 1, targetGroupArns: [tg] });
    const [one, two] = ids(host, 2);
    const [activity] = host.do((model) => model.enterStandby({ group: "web", instanceIds: [one!], shouldDecrementDesiredCapacity: true }));
    assert.equal(activity!.description, `Moving EC2 instance to Standby: ${one!}`);
    assert.equal(
      activity!.cause,
      `At 2026-01-01T00:01:00Z instance ${one!} was moved to standby in response to a user request, shrinking the capacity from 3 to 2.`,
    );
    assert.equal(activity!.progress, 50);
    assert.equal(host.model.instance(one!)!.lifecycleState, "EnteringStandby");
    host.pass(seconds(2)); // drained
    assert.deepEqual([host.model.instance(one!)!.lifecycleState, host.group().desiredCapacity, host.inService().length], ["Standby", 2, 2]);
    host.do((model) => model.enterStandby({ group: "web", instanceIds: [two!], shouldDecrementDesiredCapacity: false }));
    host.pass(minutes(1));
    assert.deepEqual([host.group().desiredCapacity, host.inService().length, host.instances().length], [2, 2, 4]);
  });

  it("ends with registration, a new grace period and a larger capacity", () => {
    const host = hostAt(2, { targetGroupArns: [tg], healthCheckGracePeriodSeconds: 300 });
    const [one] = ids(host, 1);
    host.do((model) => model.enterStandby({ group: "web", instanceIds: [one!], shouldDecrementDesiredCapacity: true }));
    host.pass(minutes(10));
    const registered = host.ofKind("registerTargets").length;
    const [activity] = host.do((model) => model.exitStandby({ group: "web", instanceIds: [one!] }));
    assert.equal(
      activity!.cause,
      `At 2026-01-01T00:11:00Z instance ${one!} was moved out of standby in response to a user request, increasing the capacity from 1 to 2.`,
    );
    assert.deepEqual(
      [host.group().desiredCapacity, host.inService().length, host.ofKind("registerTargets").length],
      [2, 2, registered + 1],
    );
    host.do((model) => model.setInstanceHealth({ instanceId: one!, healthStatus: "Unhealthy" }));
    assert.equal(host.model.instance(one!)!.healthStatus, "Healthy");
  });

  it("is not checked, and an instance that died there is found when it comes back", () => {
    const host = hostAt(2);
    const [one] = ids(host, 1);
    host.do((model) => model.enterStandby({ group: "web", instanceIds: [one!], shouldDecrementDesiredCapacity: true }));
    host.ec2Changes(one!, "stopped");
    host.pass(minutes(5));
    assert.deepEqual([host.model.instance(one!)!.lifecycleState, host.model.instance(one!)!.healthStatus], ["Standby", "Healthy"]);
    host.do((model) => model.exitStandby({ group: "web", instanceIds: [one!] }));
    host.pass(minutes(1));
    assert.deepEqual([host.model.instance(one!), host.inService().length], [undefined, 2]);
  });

  it("refuses what the limits and states do not allow", () => {
    const host = hostAt(1, { minSize: 1, maxSize: 1 });
    const [one] = ids(host, 1);
    const enter =
      (instanceIds: string[], shouldDecrementDesiredCapacity = true) =>
      () =>
        host.do((model) => model.enterStandby({ group: "web", instanceIds, shouldDecrementDesiredCapacity }));
    assert.throws(enter([one!]), /violate group's min size constraint/);
    assert.throws(enter(["i-none"]), /The instance i-none is not part of Auto Scaling group web/);
    assert.throws(enter([]), /1 to 20 instance IDs/);
    enter([one!], false)();
    assert.throws(enter([one!], false), new RegExp(`${one!} is in Standby; needed: InService`));
    assert.throws(
      () => host.do((model) => model.exitStandby({ group: "web", instanceIds: [one!] })),
      /has min-size=1, max-size=1, and desired-size=1/,
    );
    host.do((model) => model.updateGroup({ name: "web", maxSize: 2 }));
    host.do((model) => model.suspendProcesses({ group: "web", processes: ["Launch"] }));
    const exit = () => host.do((model) => model.exitStandby({ group: "web", instanceIds: [one!] }));
    assert.throws(exit, /The process Launch of web is suspended, so that no instance can be returned to service; resume it first/);
    host.do((model) => model.resumeProcesses({ group: "web", processes: ["Launch"] }));
    assert.equal(exit().length, 1);
  });
});

describe("detaching", () => {
  it("lets an instance live on without the group, replaced or not", () => {
    const host = hostAt(3, { targetGroupArns: [tg] });
    const [one, two] = ids(host, 2);
    const [activity] = host.do((model) =>
      model.detachInstances({ group: "web", instanceIds: [one!], shouldDecrementDesiredCapacity: false }),
    );
    assert.deepEqual(
      [activity!.description, activity!.cause],
      [`Detaching EC2 instance: ${one!}`, `At 2026-01-01T00:01:00Z instance ${one!} was detached in response to a user request.`],
    );
    assert.equal(host.model.instance(one!)!.lifecycleState, "Detaching");
    host.do((model) => model.detachInstances({ group: "web", instanceIds: [two!], shouldDecrementDesiredCapacity: true }));
    host.pass(minutes(1));
    assert.deepEqual([host.model.instance(one!), host.model.instance(two!)], [undefined, undefined]);
    assert.deepEqual([host.group().desiredCapacity, host.inService().length, host.ec2.get(one!)], [2, 2, "running"]);
    assert.deepEqual(
      host.ofKind("tagInstances").map((effect) => [effect.instanceIds, effect.set]),
      [
        [[one], false],
        [[two], false],
      ],
    );
    assert.deepEqual(host.noticesOf(noticeEvents.terminate), []);
  });
});

describe("attaching", () => {
  const other: AttachedInstance = {
    instanceId: "i-0123456789abcdef0",
    zone: "eu-central-1a",
    subnetId: "subnet-a",
    instanceType: "t3.micro",
    ec2State: "running",
  };
  const attach = (host: Host, ...instances: readonly AttachedInstance[]) =>
    host.do((model) => model.attachInstances({ group: "web", instances }));

  it("grows the group by the instances, in service and registered at once", () => {
    const host = hostAt(1, { targetGroupArns: [tg], subnetIds: ["subnet-a"] });
    attach(host, other);
    const instance = host.model.instance(other.instanceId)!;
    assert.deepEqual([instance.lifecycleState, instance.template, instance.instanceType], ["InService", undefined, "t3.micro"]);
    assert.deepEqual([host.group().desiredCapacity, host.ofKind("registerTargets").at(-1)!.instanceIds], [2, [other.instanceId]]);
    const [activity] = host.model.activities({});
    assert.deepEqual(
      [activity!.description, activity!.cause],
      [
        `Attaching an existing EC2 instance: ${other.instanceId}`,
        "At 2026-01-01T00:01:00Z an instance was attached in response to a user request, increasing the capacity from 1 to 2.",
      ],
    );
    assert.deepEqual(host.ofKind("tagInstances")[0], { kind: "tagInstances", instanceIds: [other.instanceId], set: true, group: "web" });
    host.pass(minutes(5));
    assert.equal(host.inService().length, 2);
  });

  it("refuses what is not running, elsewhere, in a group already, or too much", () => {
    const host = hostAt(1, { maxSize: 2, subnetIds: ["subnet-a"] });
    assert.throws(() => attach(host, { ...other, ec2State: "stopped" }), /Instance\(s\) must be in 'running' state/);
    assert.throws(() => attach(host, { ...other, zone: "eu-central-1b" }), /the group's Availability Zones are eu-central-1a/);
    assert.throws(() => attach(host, { ...other, instanceId: ids(host, 1)[0]! }), /is already part of AutoScalingGroup:web/);
    assert.throws(
      () => attach(host, other, { ...other, instanceId: "i-2" }),
      /has min-size=0, max-size=2, and desired-size=1\. To attach 2 more/,
    );
    host.do((model) => model.suspendProcesses({ group: "web", processes: ["Launch"] }));
    assert.throws(() => attach(host, other), /The process Launch of web is suspended, so that no instance can be attached/);
    assert.equal(host.instances().length, 1);
  });
});

describe("terminating by call", () => {
  it("replaces the instance, or shrinks the group", () => {
    const host = hostAt(2, { minSize: 1 });
    const [one, two] = ids(host, 2);
    const activity = host.do((model) => model.terminateInstance({ instanceId: one!, shouldDecrementDesiredCapacity: true }));
    assert.equal(
      activity.cause,
      `At 2026-01-01T00:01:00Z instance ${one!} was taken out of service in response to a user request, shrinking the capacity from 2 to 1.`,
    );
    assert.equal(
      host.do((model) => model.terminateInstance({ instanceId: one!, shouldDecrementDesiredCapacity: true })).activityId,
      activity.activityId,
    );
    assert.throws(
      () => host.do((model) => model.terminateInstance({ instanceId: two!, shouldDecrementDesiredCapacity: true })),
      /desiredSize equals minSize \(1\)/,
    );
    host.do((model) => model.terminateInstance({ instanceId: two!, shouldDecrementDesiredCapacity: false }));
    host.pass(minutes(1));
    assert.deepEqual([host.group().desiredCapacity, host.inService().length], [1, 1]);
    assert.deepEqual(
      host
        .noticesOf(noticeEvents.terminate)
        .map((notice) => notice.EC2InstanceId)
        .sort(),
      [one, two],
    );
    assert.deepEqual([...host.terminateCalls.values()], [1, 1]);
    assert.throws(
      () => host.do((model) => model.terminateInstance({ instanceId: "i-none", shouldDecrementDesiredCapacity: true })),
      /No managed instance found/,
    );
  });

  it("reaches protected instances, which scale-in does not", () => {
    const host = hostAt(1, { newInstancesProtectedFromScaleIn: true });
    const { instanceId } = host.only();
    host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: 0 }));
    host.pass(minutes(1));
    assert.equal(host.only().instanceId, instanceId);
    host.do((model) => model.terminateInstance({ instanceId, shouldDecrementDesiredCapacity: false }));
    host.pass(minutes(1));
    assert.deepEqual(host.instances(), []);
  });

  it("works while Terminate is suspended, which holds scale-in", () => {
    const host = hostAt(2);
    host.do((model) => model.suspendProcesses({ group: "web", processes: ["Terminate"] }));
    host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: 1 }));
    host.pass(minutes(1));
    assert.equal(host.inService().length, 2);
    host.do((model) => model.terminateInstance({ instanceId: ids(host, 1)[0]!, shouldDecrementDesiredCapacity: false }));
    host.pass(minutes(1));
    assert.equal(host.inService().length, 1);
  });
});

describe("target groups", () => {
  it("get every instance in service, and lose it before it goes", () => {
    const host = hostAt(1, { targetGroupArns: [tg] });
    const { instanceId } = host.only();
    assert.deepEqual(host.ofKind("registerTargets"), [
      { kind: "registerTargets", group: "web", targetGroupArn: tg, instanceIds: [instanceId] },
    ]);
    assert.deepEqual(host.model.targetGroups("web"), [{ targetGroupArn: tg, state: "InService" }]);
    host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: 0 }));
    assert.deepEqual([host.ofKind("deregisterTargets").length, host.terminateCalls.size], [1, 0]);
    host.pass(minutes(1));
    assert.deepEqual(host.instances(), []);
  });

  it("are attached and detached while the group runs", () => {
    const host = hostAt(2);
    host.do((model) => model.attachTargetGroups({ group: "web", targetGroupArns: [tg, tg] }));
    assert.equal(host.ofKind("registerTargets").length, 2);
    host.pass(minutes(1));
    assert.deepEqual([host.group().targetGroupArns, host.model.targetGroups("web")], [[tg], [{ targetGroupArn: tg, state: "InService" }]]);
    host.do((model) => model.detachTargetGroups({ group: "web", targetGroupArns: [tg] }));
    assert.deepEqual([host.group().targetGroupArns, host.model.targetGroups("web")], [[], [{ targetGroupArn: tg, state: "Removing" }]]);
    host.pass(minutes(1));
    assert.deepEqual([host.model.targetGroups("web"), host.inService().length], [[], 2]);
    assert.throws(
      () => host.do((model) => model.detachTargetGroups({ group: "web", targetGroupArns: [tg] })),
      /not part of the group: arn:tg/,
    );
  });

  it("do not get instances that launch while AddToLoadBalancer is suspended, also later", () => {
    const host = hostAt(0, { targetGroupArns: [tg] });
    host.do((model) => model.suspendProcesses({ group: "web", processes: ["AddToLoadBalancer"] }));
    host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: 1 }));
    host.pass(minutes(1));
    host.do((model) => model.resumeProcesses({ group: "web", processes: ["AddToLoadBalancer"] }));
    host.pass(minutes(1));
    assert.deepEqual([host.inService().length, host.ofKind("registerTargets")], [1, []]);
  });
});

describe("group metrics", () => {
  it("are put once a minute while they are enabled", () => {
    const host = hostAt(3);
    host.do((model) => model.enableMetricsCollection({ group: "web", metrics: ["GroupInServiceInstances", "GroupDesiredCapacity"] }));
    assert.deepEqual(host.group().enabledMetrics, ["GroupInServiceInstances", "GroupDesiredCapacity"]);
    host.pass(minutes(2));
    assert.deepEqual(
      host.ofKind("putGroupMetrics").map((effect) => [new Date(effect.atMs).toISOString(), effect.values]),
      ["2026-01-01T00:02:00.000Z", "2026-01-01T00:03:00.000Z"].map((time) => [
        time,
        { GroupInServiceInstances: 3, GroupDesiredCapacity: 3 },
      ]),
    );
    host.do((model) => model.disableMetricsCollection({ group: "web" }));
    host.do((model) => model.enableMetricsCollection({ group: "web" }));
    host.pass(minutes(1));
    assert.equal(host.ofKind("putGroupMetrics").length, 3);
    assert.equal(Object.keys(host.ofKind("putGroupMetrics")[2]!.values).length, 20);
    host.do((model) => model.disableMetricsCollection({ group: "web" }));
    host.pass(minutes(10));
    assert.equal(host.ofKind("putGroupMetrics").length, 3);
    assert.throws(
      () => host.do((model) => model.enableMetricsCollection({ group: "web", metrics: ["GroupMood"] })),
      /Unknown group metric: GroupMood/,
    );
  });

  it("count each state", () => {
    const host = hostAt(4);
    host.do((model) => model.enterStandby({ group: "web", instanceIds: ids(host, 1), shouldDecrementDesiredCapacity: true }));
    host.do((model) => model.enableMetricsCollection({ group: "web" }));
    host.pass(seconds(58));
    host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: 2 }));
    host.pass(seconds(2));
    const { GroupStandbyInstances, GroupTerminatingInstances, GroupInServiceInstances, GroupTotalInstances, GroupMaxSize } =
      host.ofKind("putGroupMetrics")[0]!.values;
    assert.deepEqual(
      [GroupStandbyInstances, GroupTerminatingInstances, GroupInServiceInstances, GroupTotalInstances, GroupMaxSize],
      [1, 1, 2, 4, 10],
    );
  });
});
