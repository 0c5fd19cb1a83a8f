/** The model as a value: facts that change nothing, time, ids, snapshots; quotas (ec2-auto-scaling-quotas.html). */
import assert from "node:assert/strict";
import { noticeEvents } from "../../contract/notices.ts";
import { AutoScalingError } from "../../scaling/error.ts";
import { createModel, ScalingModel } from "../../scaling/model.ts";
import { uuidOf } from "../../scaling/uuid.ts";
import { Host, hours, minutes, options, seconds, startMs, topicArn } from "./helpers.ts";

const limit = (message: RegExp) => (error: unknown) =>
  error instanceof AutoScalingError && error.code === "LimitExceeded" && message.test(error.message);

describe("facts", () => {
  it("about nothing that the model knows are ignored", () => {
    const host = new Host();
    host.create({ desiredCapacity: 1 });
    host.pass(minutes(1));
    const before = host.model.snapshot();
    host.do((model) => {
      model.instanceLaunched({ activityId: "none", instanceId: "i-none" });
      model.launchFailed({ activityId: "none", code: "x", message: "" });
      model.instanceStateChanged({ instanceId: "i-none", state: "terminated" });
      model.instanceStatusChanged({ instanceId: "i-none", check: "system", impaired: true });
      model.terminateFailed({ instanceId: "i-none", code: "x", message: "" });
      model.targetHealthChanged({ instanceId: "i-none", targetGroupArn: "arn:tg", state: "unhealthy" });
      model.targetHealthChanged({ instanceId: host.only().instanceId, targetGroupArn: "arn:tg", state: "unhealthy" });
      model.spotNotice({ instanceId: "i-none", kind: "interruption" });
      model.alarmAction({ policyArn: "arn:none", alarmName: "a", alarmArn: "a", state: "ALARM", threshold: 1, metricValue: 2 });
      model.terminateFailed({ instanceId: host.only().instanceId, code: "x", message: "" });
    });
    assert.deepEqual(host.model.snapshot(), before);
  });

  it("that come twice change nothing the second time", () => {
    const host = new Host();
    host.create({ desiredCapacity: 1, targetGroupArns: ["arn:tg"] });
    const [effect] = host.ofKind("launch");
    const activityId = effect!.activityIds[0]!;
    host.pass(minutes(1));
    const { instanceId } = host.only();
    const before = host.model.snapshot();
    host.do((model) => {
      model.instanceLaunched({ activityId, instanceId });
      model.instanceLaunched({ activityId, instanceId: "i-other" });
      model.launchFailed({ activityId, code: "x", message: "" });
      model.instanceStateChanged({ instanceId, state: "running" });
      model.targetHealthChanged({ instanceId, targetGroupArn: "arn:tg", state: "healthy" });
    });
    assert.deepEqual(host.model.snapshot(), before);
    host.do((model) => model.terminateInstance({ instanceId, shouldDecrementDesiredCapacity: true }));
    host.pass(minutes(1));
    const gone = host.model.snapshot();
    host.do((model) => model.instanceStateChanged({ instanceId, state: "terminated" }));
    assert.deepEqual(host.model.snapshot(), gone);
  });

  it("name another type or image than was asked for", () => {
    const model = createModel(options);
    model.setSubnet({ subnetId: "s", zone: "z" });
    model.setLaunchTemplate({ launchTemplateId: "lt", launchTemplateName: "t", defaultVersion: 1, latestVersion: 1, versions: { 1: {} } });
    model.createGroup({ name: "web", minSize: 1, maxSize: 1, subnetIds: ["s"], launchTemplate: { launchTemplateId: "lt" } });
    const [effect] = model.takeEffects();
    assert.ok(effect?.kind === "launch");
    model.instanceLaunched({ activityId: effect.activityIds[0]!, instanceId: "i-1", instanceType: "t3.nano", imageId: "ami-7" });
    assert.deepEqual([model.instance("i-1")?.instanceType, model.instance("i-1")?.imageId], ["t3.nano", "ami-7"]);
  });
});

describe("time", () => {
  it("never goes back, and drops fractions of a millisecond", () => {
    const model = createModel({ ...options, startMs: startMs + 0.7 });
    assert.equal(model.now(), startMs);
    model.advance(startMs + 5.9);
    model.advance(startMs + 2);
    assert.equal(model.now(), startMs + 5);
    assert.equal(model.nextDueAt(), undefined);
  });

  it("is told by the model when something falls due, which then happens at that time", () => {
    const host = new Host();
    host.create();
    const dueAt = startMs + hours(1);
    host.do((model) => model.putScheduledAction({ group: "web", name: "later", startAtMs: dueAt, desiredCapacity: 1 }));
    assert.equal(host.model.nextDueAt(), dueAt);
    host.model.advance(dueAt + minutes(5)); // late
    assert.match(host.model.activities({})[0]!.cause, /^At 2026-01-01T01:00:00Z a scheduled action/);
  });
});

describe("ids", () => {
  it("come from the host, in order", () => {
    const model = createModel({ ...options, makeId: (sequence) => `id-${sequence}` });
    model.setSubnet({ subnetId: "s", zone: "z" });
    model.setLaunchTemplate({ launchTemplateId: "lt", launchTemplateName: "t", defaultVersion: 1, latestVersion: 1, versions: { 1: {} } });
    model.createGroup({ name: "web", minSize: 1, maxSize: 1, subnetIds: ["s"], launchTemplate: { launchTemplateId: "lt" } });
    assert.equal(model.group("web")?.arn, "arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:id-0:autoScalingGroupName/web");
    assert.equal(model.activities({})[0]?.activityId, "id-1");
  });

  it("are UUIDs by default, all different", () => {
    const some = Array.from({ length: 100_000 }, (_, index) => uuidOf(index * 41_943));
    assert.equal(new Set(some).size, some.length);
    for (const one of some.slice(0, 100)) assert.match(one, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe("a snapshot", () => {
  it("is plain JSON and holds effects that nobody has taken yet", () => {
    const host = new Host();
    host.create({ desiredCapacity: 1 });
    const model = createModel(options, JSON.parse(JSON.stringify(host.model.snapshot())) as ReturnType<typeof host.model.snapshot>);
    model.setDesiredCapacity({ group: "web", desiredCapacity: 3 });
    const restored = createModel(options, JSON.parse(JSON.stringify(model.snapshot())) as ReturnType<typeof model.snapshot>);
    assert.deepEqual(restored.takeEffects(), model.takeEffects());
    assert.deepEqual(restored.takeEffects(), []);
  });

  it("of another version is refused", () => {
    const snapshot = createModel(options).snapshot();
    assert.throws(() => new ScalingModel(options, { ...snapshot, version: 0 }), /snapshot has version 0; this model takes version 1/);
  });

  it("leaves out the activities of more than six weeks ago", () => {
    const host = new Host();
    host.create();
    for (let round = 0; round < 150; round++) {
      host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: 2 - 2 * (round % 2) }));
      host.pass(minutes(1));
    }
    assert.equal(host.model.activities({}).length, 300);
    host.pass(hours(24 * 43));
    host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: 1 }));
    assert.equal(host.model.activities({}).length, 301 - 256);
  });

  it("may forget the launch of an instance that then is terminated", () => {
    const host = new Host();
    host.create({ desiredCapacity: 1, terminationPolicies: ["NewestInstance"] });
    host.pass(minutes(1));
    const { instanceId } = host.only();
    for (let round = 0; round < 300; round++) {
      host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: round % 2 === 0 ? 2 : 1 }));
      host.pass(minutes(1));
    }
    host.pass(hours(24 * 43));
    host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: 2 }));
    host.pass(minutes(1));
    assert.ok(host.model.activities({}).every((activity) => activity.instanceId !== instanceId));
    host.do((model) => model.terminateInstance({ instanceId, shouldDecrementDesiredCapacity: true }));
    host.pass(minutes(1));
    assert.notEqual(host.only().instanceId, instanceId);
  });
});

describe("activities", () => {
  it("are found by id and by group, newest first", () => {
    const host = new Host();
    host.create({ desiredCapacity: 1 });
    host.create({ name: "other", desiredCapacity: 1 });
    host.pass(seconds(10));
    const all = host.model.activities({});
    assert.deepEqual(
      all.map((activity) => activity.group),
      ["other", "web"],
    );
    assert.deepEqual(
      host.model.activities({ group: "web" }).map((activity) => activity.activityId),
      [all[1]!.activityId],
    );
    assert.deepEqual(host.model.activities({ activityIds: [all[0]!.activityId, "none"] }), [all[0]]);
    assert.deepEqual(host.model.activities({ group: "web", activityIds: [all[0]!.activityId] }), []);
    const { activityId, startAtMs, endAtMs, status, progress, details, instanceId } = all[1]!;
    assert.deepEqual(
      [startAtMs, endAtMs, status, progress, details, typeof activityId, typeof instanceId],
      [
        startMs,
        startMs + seconds(6),
        "Successful",
        100,
        { "Subnet ID": "subnet-a", "Availability Zone": "eu-central-1a" },
        "string",
        "string",
      ],
    );
  });
});

describe("quotas", () => {
  it("of hooks, topics, policies, scheduled actions, target groups and tags are kept", () => {
    const host = new Host();
    host.create();
    const times = (count: number, act: (index: number) => void) => Array.from({ length: count }, (_, index) => index).forEach(act);
    const hook = (index: number) =>
      host.do((model) => model.putLifecycleHook({ group: "web", name: `h${index}`, transition: "autoscaling:EC2_INSTANCE_LAUNCHING" }));
    times(50, hook);
    assert.throws(() => hook(50), limit(/50 lifecycle hooks/));
    hook(3); // an existing one may change
    const topic = (index: number) =>
      host.do((model) =>
        model.putNotificationConfiguration({ group: "web", topicArn: `${topicArn}${index}`, events: [noticeEvents.launch] }),
      );
    times(10, topic);
    assert.throws(() => topic(10), limit(/10 topics/));
    const policy = (index: number) =>
      host.do((model) =>
        model.putScalingPolicy({ group: "web", name: `p${index}`, adjustmentType: "ChangeInCapacity", scalingAdjustment: 1 }),
      );
    times(50, policy);
    assert.throws(() => policy(50), limit(/50 scaling policies/));
    const action = (index: number) =>
      host.do((model) => model.putScheduledAction({ group: "web", name: `s${index}`, startAtMs: startMs + hours(index + 1), minSize: 0 }));
    times(125, action);
    assert.throws(() => action(125), limit(/125 scheduled actions/));
    assert.throws(
      () =>
        host.do((model) =>
          model.attachTargetGroups({ group: "web", targetGroupArns: Array.from({ length: 51 }, (_, index) => `arn:${index}`) }),
        ),
      limit(/50 target groups/),
    );
    const tags = Array.from({ length: 51 }, (_, index) => ({ key: `k${index}`, value: "", propagateAtLaunch: false }));
    assert.throws(() => host.do((model) => model.createOrUpdateTags({ group: "web", tags })), limit(/at most 50 tags/));
  });

  it("of tags and target groups are kept when a group is made, which then does not exist", () => {
    const host = new Host();
    const tags = Array.from({ length: 51 }, (_, index) => ({ key: `k${index}`, value: "", propagateAtLaunch: false }));
    const targetGroupArns = Array.from({ length: 51 }, (_, index) => `arn:${index}`);
    assert.throws(() => host.create({ tags }), limit(/at most 50 tags; web would have 51/));
    assert.throws(() => host.create({ targetGroupArns }), limit(/at most 50 target groups; there would be 51/));
    assert.throws(
      () => host.create({ tags: [{ key: "aws:x", value: "", propagateAtLaunch: false }] }),
      /The aws: prefix is reserved: aws:x/,
    );
    host.create({ tags: tags.slice(1), targetGroupArns: targetGroupArns.slice(1) });
    assert.deepEqual([host.group().tags.length, host.group().targetGroupArns.length], [50, 50]);
  });

  it("of groups is kept", () => {
    const host = new Host();
    for (let index = 0; index < 500; index++) host.create({ name: `g${index}` });
    assert.throws(() => host.create(), limit(/limit of 500 groups/));
  });

  it("of notification types and topics are checked", () => {
    const host = new Host();
    host.create();
    const put = (input: object) => () =>
      host.do((model) => model.putNotificationConfiguration({ group: "web", topicArn, events: [noticeEvents.launch], ...input }));
    assert.throws(put({ topicArn: "arn:aws:sqs:x" }), /Invalid notification ARN: arn:aws:sqs:x/);
    assert.throws(put({ events: ["autoscaling:NAP"] }), /"autoscaling:NAP" is not a valid notification type/);
    assert.throws(put({ events: [] }), /is not a valid notification type/);
  });
});
