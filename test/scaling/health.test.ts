/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html */
import assert from "node:assert/strict";
import { noticeEvents } from "../../contract/notices.ts";
import type { CreateGroup } from "../../scaling/types/commands.ts";
import { Host, hours, minutes, seconds, topicArn } from "./helpers.ts";

function hostAt(size: number, group: Partial<CreateGroup> = {}): Host {
  const host = new Host();
  host.create({ maxSize: 20, desiredCapacity: size, ...group });
  host.do((model) => model.putNotificationConfiguration({ group: "web", topicArn, events: [noticeEvents.terminate] }));
  host.pass(minutes(1));
  return host;
}

const causes = (host: Host, instanceId: string) =>
  host.model
    .activities({})
    .filter((activity) => activity.instanceId === instanceId)
    .map((activity) => activity.cause);
const suspend = (host: Host, ...processes: readonly string[]) => host.do((model) => model.suspendProcesses({ group: "web", processes }));
const resume = (host: Host, ...processes: readonly string[]) => host.do((model) => model.resumeProcesses({ group: "web", processes }));

describe("an instance that leaves the running state", () => {
  it("is replaced at once, also within the grace period", () => {
    for (const state of ["stopping", "stopped", "shutting-down", "terminated"] as const) {
      const host = hostAt(1, { healthCheckGracePeriodSeconds: 3600 });
      const { instanceId } = host.only();
      host.ec2Changes(instanceId, state);
      assert.equal(host.model.instance(instanceId)?.healthStatus ?? "Unhealthy", "Unhealthy");
      if (state === "shutting-down") host.pass(seconds(3));
      host.pass(seconds(30));
      assert.equal(host.model.instance(instanceId), undefined);
      assert.equal(host.inService().length, 1);
      assert.equal(
        causes(host, instanceId)[0],
        "At 2026-01-01T00:01:00Z an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.",
      );
      assert.equal(
        causes(host, host.only().instanceId)[0],
        "At 2026-01-01T00:01:00Z an instance was launched in response to an unhealthy instance needing to be replaced.",
      );
      assert.equal(host.noticesOf(noticeEvents.terminate).length, 1);
      assert.equal(host.terminateCalls.get(instanceId) ?? 0, state === "stopping" || state === "stopped" ? 1 : 0);
    }
  });

  it("before it ever ran is replaced too", () => {
    const host = new Host();
    host.latencies.runMs = minutes(10);
    host.create({ desiredCapacity: 1 });
    host.pass(seconds(5));
    const { instanceId } = host.only();
    host.ec2Changes(instanceId, "terminated");
    host.latencies.runMs = seconds(5);
    host.pass(seconds(20));
    assert.equal(host.inService().length, 1);
    assert.equal(
      host.model
        .activities({})
        .find((activity) => activity.instanceId === instanceId && activity.status === "Cancelled")!
        .description.startsWith("Launching"),
      true,
    );
  });

  it("is not looked at while HealthCheck is suspended, and is found on resuming", () => {
    const host = hostAt(1);
    const { instanceId } = host.only();
    suspend(host, "HealthCheck");
    host.ec2Changes(instanceId, "stopped");
    host.pass(hours(1));
    assert.equal(host.only().healthStatus, "Healthy");
    resume(host, "HealthCheck");
    host.pass(minutes(1));
    assert.equal(host.model.instance(instanceId), undefined);
  });
});

describe("status checks", () => {
  const impaired = (host: Host, check: "system" | "instance" | "ebs", value = true) =>
    host.do((model) => model.instanceStatusChanged({ instanceId: host.instances()[0]!.instanceId, check, impaired: value }));

  it("may recover for a few minutes before they count", () => {
    const host = hostAt(1);
    const { instanceId } = host.only();
    impaired(host, "instance");
    host.pass(minutes(1));
    impaired(host, "instance", false);
    host.pass(minutes(10));
    assert.equal(host.only().instanceId, instanceId);
    impaired(host, "system");
    host.pass(minutes(3));
    assert.equal(host.model.instance(instanceId), undefined);
    assert.match(causes(host, instanceId)[0]!, /in response to an EC2 instance status checks failure\.$/);
  });

  it("wait for the end of the grace period", () => {
    const host = hostAt(1, { healthCheckGracePeriodSeconds: 600 });
    const { instanceId } = host.only();
    impaired(host, "instance");
    host.pass(minutes(8));
    assert.equal(host.only().instanceId, instanceId);
    host.pass(minutes(2));
    assert.notEqual(host.inService()[0]?.instanceId, instanceId);
  });

  it("of volumes count with the type EBS only", () => {
    const without = hostAt(1);
    impaired(without, "ebs");
    without.pass(hours(1));
    assert.equal(without.only().healthStatus, "Healthy");
    without.do((model) => model.updateGroup({ name: "web", healthCheckType: "EC2,EBS" }));
    without.pass(seconds(1));
    const gone = without.model.activities({})[1]!;
    assert.match(gone.cause, /in response to EBS volume health check failure\.$/);
  });
});

describe("load balancer checks", () => {
  const tg = "arn:tg";
  const report = (host: Host, instanceId: string, state: "healthy" | "unhealthy") =>
    host.do((model) => model.targetHealthChanged({ instanceId, targetGroupArn: tg, state }));

  it("count with the type ELB, after the grace period", () => {
    const host = hostAt(2, { targetGroupArns: [tg], healthCheckType: "ELB", healthCheckGracePeriodSeconds: 120 });
    const { instanceId } = host.instances()[0]!;
    report(host, instanceId, "unhealthy");
    assert.equal(host.model.instance(instanceId)!.healthStatus, "Healthy");
    host.pass(minutes(2));
    assert.match(
      causes(host, instanceId)[0]!,
      /^At 2026-01-01T00:02:06Z an instance was taken out of service in response to an ELB system health check failure\.$/,
    );
    host.pass(seconds(30));
    assert.equal(host.inService().length, 2);
  });

  it("are forgiven when they pass again within the grace period", () => {
    const host = hostAt(1, { targetGroupArns: [tg], healthCheckType: "ELB", healthCheckGracePeriodSeconds: 120 });
    const { instanceId } = host.only();
    report(host, instanceId, "unhealthy");
    report(host, instanceId, "healthy");
    host.pass(hours(1));
    assert.equal(host.only().instanceId, instanceId);
  });

  it("are ignored by default, and until one instance has passed", () => {
    const ignored = hostAt(1, { targetGroupArns: [tg] });
    report(ignored, ignored.only().instanceId, "unhealthy");
    ignored.pass(hours(1));
    assert.equal(ignored.only().healthStatus, "Healthy");

    const host = hostAt(2, { healthCheckType: "ELB" });
    const [first, second] = host.instances().map((instance) => instance.instanceId);
    host.latencies.registerMs = hours(10);
    host.do((model) => model.attachTargetGroups({ group: "web", targetGroupArns: [tg] }));
    assert.deepEqual(host.model.targetGroups("web"), [{ targetGroupArn: tg, state: "Adding" }]);
    report(host, first!, "unhealthy");
    host.pass(minutes(5));
    assert.equal(host.model.instance(first!)!.healthStatus, "Healthy");
    report(host, second!, "healthy");
    assert.deepEqual(host.model.targetGroups("web"), [{ targetGroupArn: tg, state: "InService" }]);
    assert.equal(host.model.instance(first!)?.healthStatus, "Unhealthy");
  });
});

describe("SetInstanceHealth", () => {
  const set = (host: Host, input: object = {}) =>
    host.do((model) => model.setInstanceHealth({ instanceId: host.instances()[0]!.instanceId, healthStatus: "Unhealthy", ...input }));

  it("replaces an instance, respecting the grace period unless told not to", () => {
    const host = hostAt(1, { healthCheckGracePeriodSeconds: 300 });
    const { instanceId } = host.only();
    set(host);
    host.pass(minutes(1));
    assert.equal(host.only().instanceId, instanceId);
    set(host, { shouldRespectGracePeriod: false });
    host.pass(minutes(1));
    assert.notEqual(host.only().instanceId, instanceId);
    assert.match(causes(host, instanceId)[0]!, /in response to a user health-check\.$/);
  });

  it("is undone by Healthy while ReplaceUnhealthy is suspended", () => {
    const host = hostAt(1);
    const { instanceId } = host.only();
    suspend(host, "ReplaceUnhealthy");
    set(host);
    assert.equal(host.only().healthStatus, "Unhealthy");
    host.pass(minutes(5));
    set(host, { healthStatus: "Healthy" });
    resume(host, "ReplaceUnhealthy");
    host.pass(minutes(1));
    assert.deepEqual([host.only().instanceId, host.only().healthStatus], [instanceId, "Healthy"]);
  });

  it("is acted on as soon as ReplaceUnhealthy or Terminate resumes", () => {
    for (const process of ["ReplaceUnhealthy", "Terminate"]) {
      const host = hostAt(1);
      const { instanceId } = host.only();
      suspend(host, process);
      set(host);
      host.pass(minutes(5));
      assert.deepEqual([host.only().instanceId, host.only().healthStatus], [instanceId, "Unhealthy"]);
      resume(host, process);
      host.pass(minutes(1));
      assert.notEqual(host.only().instanceId, instanceId);
    }
  });

  it("terminates but does not replace while Launch is suspended", () => {
    const host = hostAt(1);
    suspend(host, "Launch");
    set(host);
    host.pass(minutes(5));
    assert.deepEqual(host.instances(), []);
    resume(host, "Launch");
    host.pass(minutes(1));
    assert.equal(host.inService().length, 1);
  });

  it("refuses unknown instances and states", () => {
    const host = hostAt(1);
    assert.throws(() => set(host, { instanceId: "i-none" }), /No managed instance found for instance ID: i-none/);
    assert.throws(() => set(host, { healthStatus: "Poorly" }), /Valid instance health states are: \[Healthy, Unhealthy\]/);
  });
});
