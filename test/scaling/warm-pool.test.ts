/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html and the pages below it */
import assert from "node:assert/strict";
import { noticeEvents } from "../../contract/notices.ts";
import { AutoScalingError } from "../../scaling/error.ts";
import type { CreateGroup, PutWarmPool } from "../../scaling/types/commands.ts";
import { Host, minutes, seconds, topicArn } from "./helpers.ts";

function hostAt(size: number, pool: Omit<PutWarmPool, "group"> = {}, group: Partial<CreateGroup> = {}): Host {
  const host = new Host();
  host.create({ maxSize: 5, desiredCapacity: size, ...group });
  host.do((model) => model.putNotificationConfiguration({ group: "web", topicArn, events: [noticeEvents.launch, noticeEvents.terminate] }));
  host.do((model) => model.putWarmPool({ group: "web", ...pool }));
  host.pass(minutes(2));
  return host;
}

const warm = (host: Host) => host.group().warmPoolInstances.map((instance) => instance.lifecycleState);
const resize = (host: Host, desiredCapacity: number) => host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity }));

describe("a warm pool", () => {
  it("prepares what is between the desired and the maximum capacity, stopped", () => {
    const host = hostAt(2);
    assert.deepEqual([host.inService().length, warm(host)], [2, Array(3).fill("Warmed:Stopped")]);
    assert.deepEqual(host.group().warmPool, { minSize: 0, poolState: "Stopped", reuseOnScaleIn: false, pendingDelete: false });
    const activity = host.model.activities({}).find((one) => one.description.includes("into warm pool"));
    assert.match(activity!.description, /^Launching a new EC2 instance into warm pool: i-/);
    assert.deepEqual(
      host
        .noticesOf(noticeEvents.launch)
        .map((notice) => notice.Destination)
        .sort(),
      ["AutoScalingGroup", "AutoScalingGroup", "WarmPool", "WarmPool", "WarmPool"],
    );
  });

  it("has the size and state that it is told", () => {
    assert.deepEqual(warm(hostAt(2, { maxGroupPreparedCapacity: 3, poolState: "Running" })), ["Warmed:Running"]);
    assert.deepEqual(warm(hostAt(5, { minSize: 2, poolState: "Hibernated" })), ["Warmed:Hibernated", "Warmed:Hibernated"]);
    assert.deepEqual(warm(hostAt(4, { maxGroupPreparedCapacity: 2 })), []);
  });

  it("serves a scale-out first, started again, and is filled up", () => {
    const host = hostAt(1, { maxGroupPreparedCapacity: 3 });
    const prepared = host.group().warmPoolInstances.map((instance) => instance.instanceId);
    host.do((model) => model.updateGroup({ name: "web", newInstancesProtectedFromScaleIn: true }));
    resize(host, 2);
    host.pass(seconds(1));
    const moved = host.instances().find((instance) => prepared.includes(instance.instanceId));
    assert.deepEqual([moved!.lifecycleState, moved!.protectedFromScaleIn], ["Pending", true]);
    host.pass(minutes(1));
    assert.equal(host.model.instance(moved!.instanceId)!.lifecycleState, "InService");
    const activity = host.model.activities({}).find((one) => one.instanceId === moved!.instanceId);
    assert.equal(activity!.description, `Launching a new EC2 instance from warm pool: ${moved!.instanceId}`);
    assert.deepEqual(
      [host.noticesOf(noticeEvents.launch).at(-1)!.Origin, host.noticesOf(noticeEvents.launch).at(-1)!.Destination],
      ["WarmPool", "AutoScalingGroup"],
    );
    assert.deepEqual([host.ofKind("launch").flatMap((effect) => effect.activityIds).length, warm(host).length], [3, 1]);
  });

  it("runs launch hooks on the way in and on the way out, saying from where to where", () => {
    const host = new Host();
    host.create({ maxSize: 2, initialHooks: [{ name: "boot", transition: "autoscaling:EC2_INSTANCE_LAUNCHING" }] });
    host.do((model) => model.putWarmPool({ group: "web", maxGroupPreparedCapacity: 1 }));
    host.pass(minutes(1));
    assert.deepEqual(warm(host), ["Warmed:Pending:Wait"]);
    const { instanceId } = host.group().warmPoolInstances[0]!;
    const complete = () =>
      host.do((model) => model.completeLifecycleAction({ group: "web", hook: "boot", instanceId, result: "CONTINUE" }));
    complete();
    assert.deepEqual(warm(host), ["Warmed:Pending:Proceed"]);
    host.pass(minutes(1));
    assert.deepEqual(warm(host), ["Warmed:Stopped"]);
    resize(host, 1);
    host.pass(minutes(1));
    assert.equal(host.model.instance(instanceId)!.lifecycleState, "Pending:Wait");
    complete();
    assert.equal(host.model.instance(instanceId)!.lifecycleState, "InService");
    assert.deepEqual(
      host.events("EC2 Instance-launch Lifecycle Action").map(({ detail }) => [detail["Origin"], detail["Destination"]]),
      [
        ["EC2", "WarmPool"],
        ["WarmPool", "AutoScalingGroup"],
      ],
    );
  });

  it("takes instances back on scale-in when it may, through the terminating hooks", () => {
    const host = hostAt(
      3,
      { maxGroupPreparedCapacity: 3, reuseOnScaleIn: true },
      { targetGroupArns: ["arn:tg"], initialHooks: [{ name: "leave", transition: "autoscaling:EC2_INSTANCE_TERMINATING" }] },
    );
    resize(host, 2);
    assert.deepEqual(warm(host), ["Warmed:Pending"]);
    host.pass(seconds(5));
    assert.deepEqual(warm(host), ["Warmed:Pending:Wait"]);
    const [event] = host.events("EC2 Instance-terminate Lifecycle Action");
    assert.deepEqual([event!.detail["Origin"], event!.detail["Destination"]], ["AutoScalingGroup", "WarmPool"]);
    const { instanceId } = host.group().warmPoolInstances[0]!;
    host.do((model) => model.completeLifecycleAction({ group: "web", hook: "leave", instanceId, result: "CONTINUE" }));
    host.pass(minutes(1));
    assert.deepEqual([warm(host), host.inService().length], [["Warmed:Stopped"], 2]);
    assert.deepEqual([host.noticesOf(noticeEvents.terminate), host.terminateCalls.size], [[], 0]);
    const activity = host.model.activities({})[0]!;
    assert.equal(activity.description, `Returning EC2 instance to warm pool: ${instanceId}`);
    resize(host, 3); // and out again
    host.pass(minutes(1));
    assert.equal(host.model.instance(instanceId)!.lifecycleState, "InService");
  });

  it("without reuse lets scale-in terminate, and shrinks with its target", () => {
    const host = hostAt(3);
    resize(host, 1);
    host.pass(minutes(2));
    assert.deepEqual([host.terminateCalls.size, warm(host).length], [2, 4]);
    host.do((model) => model.putWarmPool({ group: "web", maxGroupPreparedCapacity: 2 }));
    host.pass(minutes(1));
    assert.equal(warm(host).length, 1);
    assert.deepEqual(
      host
        .noticesOf(noticeEvents.terminate)
        .slice(-1)
        .map((notice) => [notice.Origin, notice.Destination]),
      [["WarmPool", "EC2"]],
    );
    assert.match(host.model.activities({})[0]!.description, /^Terminating EC2 instance from warm pool: i-/);
  });

  it("replaces an instance that is gone, but not one that rests", () => {
    const host = hostAt(0, { maxGroupPreparedCapacity: 1 });
    const { instanceId } = host.group().warmPoolInstances[0]!;
    host.do((model) => model.instanceStateChanged({ instanceId, state: "stopped" }));
    assert.deepEqual(warm(host), ["Warmed:Stopped"]);
    host.ec2Changes(instanceId, "terminated");
    host.pass(minutes(1));
    assert.deepEqual(warm(host), ["Warmed:Stopped"]);
    assert.notEqual(host.group().warmPoolInstances[0]!.instanceId, instanceId);
  });

  it("is replaced by a refresh, too", () => {
    const host = hostAt(1, { maxGroupPreparedCapacity: 3 });
    host.template("lt-1", "app", 2);
    host.do((model) =>
      model.startInstanceRefresh({ group: "web", desiredConfiguration: { launchTemplate: { launchTemplateId: "lt-1", version: "2" } } }),
    );
    host.pass(seconds(3));
    assert.deepEqual(host.model.refreshes("web")[0]!.warmPoolProgress, { percentageComplete: 0, instancesToUpdate: 2 });
    host.pass(minutes(5));
    const [refresh] = host.model.refreshes("web");
    assert.deepEqual(
      [refresh!.status, refresh!.warmPoolProgress, refresh!.livePoolProgress],
      ["Successful", { percentageComplete: 100, instancesToUpdate: 0 }, { percentageComplete: 100, instancesToUpdate: 0 }],
    );
    assert.deepEqual(
      [...host.instances(), ...host.group().warmPoolInstances].map((instance) => instance.template?.version),
      [2, 2, 2],
    );
  });

  it("is deleted when it is empty, or by force", () => {
    const host = hostAt(1, { maxGroupPreparedCapacity: 2 });
    const inUse = (error: unknown) => error instanceof AutoScalingError && error.code === "ResourceInUse";
    assert.throws(() => host.do((model) => model.deleteWarmPool({ group: "web" })), inUse);
    assert.throws(() => host.do((model) => model.deleteGroup({ name: "web" })), inUse);
    host.do((model) => model.deleteWarmPool({ group: "web", force: true }));
    assert.equal(host.group().warmPool!.pendingDelete, true);
    host.pass(minutes(1));
    assert.deepEqual([host.group().warmPool, warm(host), host.inService().length], [undefined, [], 1]);
    assert.throws(() => host.do((model) => model.deleteWarmPool({ group: "web" })), /has no warm pool/);
  });

  it("is refused beside a mixed instances policy and with sizes that do not fit", () => {
    const host = new Host();
    host.create({ mixedInstancesPolicy: { launchTemplate: { launchTemplateSpecification: { launchTemplateId: "lt-1" } } } });
    assert.throws(
      () => host.do((model) => model.putWarmPool({ group: "web" })),
      /can't add a warm pool to an Auto Scaling group that has a mixed instances policy/,
    );
    const plain = hostAt(0);
    const mixedInstancesPolicy = { launchTemplate: { launchTemplateSpecification: { launchTemplateId: "lt-1" } } };
    assert.throws(
      () => plain.do((model) => model.updateGroup({ name: "web", mixedInstancesPolicy })),
      /can't use a mixed instances policy/,
    );
    assert.throws(
      () => plain.do((model) => model.startInstanceRefresh({ group: "web", desiredConfiguration: { mixedInstancesPolicy } })),
      /can't use a mixed/,
    );
    assert.throws(
      () => plain.do((model) => model.putWarmPool({ group: "web", maxGroupPreparedCapacity: 1, minSize: 2 })),
      /minSize is 2; allowed: at most maxGroupPreparedCapacity \(1\)/,
    );
  });
});
