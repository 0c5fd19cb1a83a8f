/**
 * Maintenance policy, maximum lifetime, capacity rebalancing:
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-maintenance-policy-overview-and-considerations.html
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-max-instance-lifetime.html
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-capacity-rebalancing.html
 */
import assert from "node:assert/strict";
import { healthyRange } from "../../scaling/replacement.ts";
import { Host, hours, minutes, seconds } from "./helpers.ts";

const day = hours(24);
const launchFirst = { minHealthyPercentage: 100, maxHealthyPercentage: 110 };

describe("the healthy range", () => {
  it("counts up to the minimum and down to the maximum, and always leaves a way", () => {
    assert.deepEqual(healthyRange(10, 90, 110), { min: 9, max: 11 });
    assert.deepEqual(healthyRange(10, 95, 109), { min: 10, max: 11 });
    assert.deepEqual(healthyRange(3, 100, 100), { min: 3, max: 4 });
    assert.deepEqual(healthyRange(3, 0, 100), { min: 0, max: 3 });
    assert.deepEqual(healthyRange(7, 50, 150), { min: 4, max: 10 });
  });
});

describe("a maintenance policy", () => {
  it("that launches before terminating keeps an unhealthy instance until its replacement is warm", () => {
    const host = new Host();
    host.create({ desiredCapacity: 3, instanceMaintenancePolicy: launchFirst, defaultInstanceWarmupSeconds: 60 });
    host.pass(minutes(5));
    const { instanceId } = host.instances()[0]!;
    let least = 3;
    host.onStep = () => (least = Math.min(least, host.inService().length));
    host.do((model) => model.setInstanceHealth({ instanceId, healthStatus: "Unhealthy" }));
    host.pass(seconds(65));
    assert.deepEqual([host.inService().length, host.model.instance(instanceId)?.healthStatus], [4, "Unhealthy"]);
    host.pass(seconds(10));
    assert.deepEqual([host.inService().length, least, host.model.instance(instanceId)], [3, 3, undefined]);
  });

  it("does not keep what EC2 has lost", () => {
    const host = new Host();
    host.create({ desiredCapacity: 3, instanceMaintenancePolicy: launchFirst });
    host.pass(minutes(5));
    const { instanceId } = host.instances()[0]!;
    host.ec2Changes(instanceId, "terminated");
    assert.equal(host.model.instance(instanceId), undefined);
    host.pass(seconds(20));
    assert.equal(host.inService().length, 3);
  });

  it("with a lower minimum terminates and launches several at once", () => {
    const host = new Host();
    host.create({ desiredCapacity: 4, instanceMaintenancePolicy: { minHealthyPercentage: 50, maxHealthyPercentage: 100 } });
    host.pass(minutes(5));
    suspendAndMark(host, 4);
    host.pass(seconds(1));
    assert.equal(host.instances().filter((instance) => instance.lifecycleState.startsWith("Terminating")).length, 2);
    host.pass(minutes(1));
    assert.deepEqual(
      host.inService().map((instance) => instance.healthStatus),
      Array(4).fill("Healthy"),
    );
  });

  /** All are found unhealthy at one moment. */
  function suspendAndMark(host: Host, count: number): void {
    host.do((model) => model.suspendProcesses({ group: "web", processes: ["ReplaceUnhealthy"] }));
    for (const { instanceId } of host.instances().slice(0, count))
      host.do((model) => model.setInstanceHealth({ instanceId, healthStatus: "Unhealthy" }));
    host.do((model) => model.resumeProcesses({ group: "web", processes: ["ReplaceUnhealthy"] }));
  }

  it("absent, all unhealthy instances go at once", () => {
    const host = new Host();
    host.create({ desiredCapacity: 3 });
    host.pass(minutes(5));
    suspendAndMark(host, 3);
    assert.equal(host.instances().filter((instance) => instance.lifecycleState.startsWith("Terminating")).length, 3);
    host.pass(minutes(1));
    assert.equal(host.inService().length, 3);
  });
});

describe("the maximum lifetime", () => {
  it("replaces each instance in time, one after the other", () => {
    const host = new Host();
    host.create({ desiredCapacity: 3, maxInstanceLifetimeSeconds: 86_400 });
    host.pass(minutes(1));
    const first = host.instances().map((instance) => instance.instanceId);
    let least = 3;
    host.onStep = () => (least = Math.min(least, host.inService().length));
    host.pass(day - minutes(2));
    assert.deepEqual(
      host.instances().map((instance) => instance.instanceId),
      first,
    );
    host.pass(minutes(5));
    assert.equal(host.inService().length, 3);
    assert.equal(
      host.instances().some((instance) => first.includes(instance.instanceId)),
      false,
    );
    assert.equal(least, 2);
    const gone = host.model
      .activities({})
      .find((activity) => activity.instanceId === first[0] && activity.description.startsWith("Terminating"));
    assert.match(
      gone!.cause,
      /in response to reaching the maximum instance lifetime\. {2}At .* instance i-\w+ was selected for termination\.$/,
    );
    host.pass(day);
    assert.equal(
      host.inService().every((instance) => instance.launchedAtMs > host.clock.now() - day),
      true,
    );
  });

  it("takes a tenth of a large group at a time", () => {
    const host = new Host();
    host.create({ maxSize: 40, desiredCapacity: 40, maxInstanceLifetimeSeconds: 86_400 });
    host.pass(minutes(1));
    let least = 40;
    host.onStep = () => (least = Math.min(least, host.inService().length));
    host.pass(day + minutes(5));
    assert.equal(least, 36);
  });

  it("launches first with such a maintenance policy", () => {
    const host = new Host();
    host.create({ desiredCapacity: 2, maxInstanceLifetimeSeconds: 86_400, instanceMaintenancePolicy: launchFirst });
    host.pass(minutes(1));
    let least = 2;
    host.onStep = () => (least = Math.min(least, host.inService().length));
    host.pass(day + minutes(5));
    assert.equal(least, 2);
    assert.equal(
      host.inService().every((instance) => instance.launchedAtMs > host.clock.now() - hours(1)),
      true,
    );
  });

  it("spares protected instances until the protection ends, and applies to running ones when it is set", () => {
    const host = new Host();
    host.create({ desiredCapacity: 1, newInstancesProtectedFromScaleIn: true });
    host.pass(day + hours(1));
    const { instanceId } = host.only();
    host.do((model) => model.updateGroup({ name: "web", maxInstanceLifetimeSeconds: 86_400 }));
    host.pass(hours(1));
    assert.equal(host.only().instanceId, instanceId);
    host.do((model) => model.setInstanceProtection({ group: "web", instanceIds: [instanceId], protectedFromScaleIn: false }));
    host.pass(minutes(1));
    assert.notEqual(host.only().instanceId, instanceId);
  });
});

describe("capacity rebalancing", () => {
  const spot = {
    mixedInstancesPolicy: {
      launchTemplate: { launchTemplateSpecification: { launchTemplateId: "lt-1" } },
      instancesDistribution: { onDemandPercentageAboveBaseCapacity: 0 },
    },
  };

  it("replaces an endangered spot instance before it goes, beyond the maximum if need be", () => {
    const host = new Host();
    host.create({ maxSize: 2, desiredCapacity: 2, capacityRebalance: true, ...spot });
    host.pass(minutes(1));
    const { instanceId, market } = host.instances()[0]!;
    assert.equal(market, "spot");
    let least = 2;
    host.onStep = () => (least = Math.min(least, host.inService().length));
    host.do((model) => model.spotNotice({ instanceId, kind: "rebalance-recommendation" }));
    host.pass(minutes(1));
    assert.deepEqual([host.inService().length, least, host.model.instance(instanceId)], [2, 2, undefined]);
    const gone = host.model
      .activities({})
      .find((activity) => activity.instanceId === instanceId && activity.description.startsWith("Terminating"));
    assert.match(gone!.cause, /in response to an EC2 instance rebalance recommendation\.$/);
  });

  it("takes an interruption as the end", () => {
    const host = new Host();
    host.create({ desiredCapacity: 1, capacityRebalance: true, ...spot });
    host.pass(minutes(1));
    const { instanceId } = host.only();
    host.do((model) => model.spotNotice({ instanceId, kind: "interruption" }));
    assert.equal(host.model.instance(instanceId)!.lifecycleState, "Terminating:Proceed");
  });

  it("does nothing when it is off", () => {
    const host = new Host();
    host.create({ desiredCapacity: 1, ...spot });
    host.pass(minutes(1));
    const { instanceId } = host.only();
    for (const kind of ["rebalance-recommendation", "interruption"] as const) host.do((model) => model.spotNotice({ instanceId, kind }));
    host.pass(hours(1));
    assert.equal(host.only().instanceId, instanceId);
  });
});
