/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html */
import assert from "node:assert/strict";
import type { MixedInstancesPolicy } from "../../scaling/types/common.ts";
import { Host, hours, minutes, seconds } from "./helpers.ts";

const resize = (host: Host, desiredCapacity: number) => host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity }));

/** Terminates one and says which, by order of launch from 1. */
function goes(host: Host): number {
  const before = host.instances().map((instance) => instance.instanceId);
  resize(host, host.group().desiredCapacity - 1);
  const [terminating] = host.instances().filter((instance) => instance.lifecycleState.startsWith("Terminating"));
  const number = Number.parseInt(terminating!.instanceId.slice(2), 16);
  assert.ok(before.includes(terminating!.instanceId));
  host.pass(minutes(1));
  return number;
}

/** One zone, launched one after the other, `gap` apart. */
function oneByOne(policies: readonly string[], count: number, gapMs = minutes(10)): Host {
  const host = new Host();
  host.template("lt-1", "app", 3);
  host.create({ subnetIds: ["subnet-a"], terminationPolicies: policies });
  for (let size = 1; size <= count; size++) {
    resize(host, size);
    host.pass(gapMs);
  }
  return host;
}

describe("termination policies", () => {
  it("OldestInstance and NewestInstance go by the time of launch", () => {
    assert.equal(goes(oneByOne(["OldestInstance"], 3)), 1);
    assert.equal(goes(oneByOne(["NewestInstance"], 3)), 3);
  });

  it("ClosestToNextInstanceHour takes the one whose hour ends first", () => {
    const host = oneByOne(["ClosestToNextInstanceHour"], 3, minutes(25)); // ages 75, 50 and 25 minutes: 45, 10 and 35 left
    assert.equal(goes(host), 2);
  });

  it("OldestLaunchTemplate takes other templates first, then lower versions", () => {
    const host = new Host();
    host.template("lt-1", "app", 3);
    host.model.setLaunchTemplate({
      launchTemplateId: "lt-3",
      launchTemplateName: "older",
      defaultVersion: 1,
      latestVersion: 1,
      versions: { 1: { createdAtMs: 1000 } },
    });
    host.model.setLaunchTemplate({
      launchTemplateId: "lt-2",
      launchTemplateName: "old",
      defaultVersion: 9,
      latestVersion: 9,
      versions: { 9: { createdAtMs: 2000 } },
    });
    const launchTemplate = (launchTemplateId: string, version: string) =>
      host.do((model) => model.updateGroup({ name: "web", launchTemplate: { launchTemplateId, version } }));
    host.create({
      subnetIds: ["subnet-a"],
      terminationPolicies: ["OldestLaunchTemplate"],
      desiredCapacity: 1,
      launchTemplate: { launchTemplateId: "lt-1", version: "3" },
    });
    host.pass(minutes(1));
    for (const [id, version] of [
      ["lt-2", "9"],
      ["lt-1", "2"],
      ["lt-3", "1"],
      ["lt-1", "3"],
    ] as const) {
      launchTemplate(id, version);
      resize(host, host.group().desiredCapacity + 1);
      host.pass(minutes(1));
    }
    assert.deepEqual([goes(host), goes(host), goes(host), goes(host), goes(host)], [4, 2, 3, 1, 5]);
  });

  it("the default looks at the template before the hour", () => {
    const host = oneByOne(["Default"], 2, minutes(10));
    host.do((model) => model.updateGroup({ name: "web", launchTemplate: { launchTemplateId: "lt-1", version: "2" } }));
    resize(host, 3);
    host.pass(minutes(30)); // the third, of version 2, is not closest to its hour; the first two are of version 1
    assert.deepEqual([goes(host), goes(host), goes(host)], [1, 2, 3]);
  });

  it("are asked in turn until one instance is left", () => {
    const host = oneByOne(["OldestLaunchConfiguration", "OldestLaunchTemplate", "NewestInstance"], 3);
    assert.equal(goes(host), 3);
  });

  it("come after the balance of zones", () => {
    const host = new Host();
    host.create({ terminationPolicies: ["OldestInstance"], desiredCapacity: 3 });
    host.pass(minutes(1));
    resize(host, 5); // a and b have two now; the oldest of all in c is safe
    host.pass(minutes(1));
    assert.deepEqual([goes(host), goes(host)].sort(), [1, 2]);
    assert.deepEqual(host.statesByZone(), { "eu-central-1a": 1, "eu-central-1b": 1, "eu-central-1c": 1 });
  });

  it("never choose a protected instance, also when none else is left", () => {
    const host = oneByOne(["OldestInstance"], 3);
    const [first] = host.instances();
    host.do((model) => model.setInstanceProtection({ group: "web", instanceIds: [first!.instanceId], protectedFromScaleIn: true }));
    assert.equal(goes(host), 2);
    resize(host, 0);
    host.pass(minutes(1));
    assert.deepEqual(
      host.instances().map((instance) => instance.instanceId),
      [first!.instanceId],
    );
    const told = () => host.model.activities({}).filter(({ description }) => description.startsWith("Could not scale"));
    assert.deepEqual(
      told().map((one) => [one.description, one.status, one.instanceId, one.details]),
      [["Could not scale to desired capacity because all remaining instances are protected from scale-in.", "Cancelled", undefined, {}]],
    );
    assert.match(told()[0]!.cause, /changing the desired capacity from 2 to 0\. {2}At \S+ group reached equilibrium\.$/);
    host.pass(hours(1));
    assert.equal(told().length, 1);
    host.do((model) => model.setInstanceProtection({ group: "web", instanceIds: [first!.instanceId], protectedFromScaleIn: false }));
    host.pass(minutes(1));
    assert.deepEqual(host.instances(), []);
  });
});

describe("mixed instances", () => {
  const policy = (types: readonly string[], distribution: object = {}): MixedInstancesPolicy => ({
    launchTemplate: {
      launchTemplateSpecification: { launchTemplateId: "lt-1", version: "1" },
      overrides: types.map((instanceType) => ({ instanceType })),
    },
    instancesDistribution: {
      onDemandBaseCapacity: 2,
      onDemandPercentageAboveBaseCapacity: 25,
      spotAllocationStrategy: "price-capacity-optimized",
      ...distribution,
    },
  });
  const markets = (host: Host) => host.inService().map((instance) => instance.market);
  const count = (host: Host, market: string) => markets(host).filter((one) => one === market).length;

  it("keep a base and a share on demand, rounded up, out and in", () => {
    const host = new Host();
    host.create({ maxSize: 20, mixedInstancesPolicy: policy(["m5.large"]), desiredCapacity: 1 });
    for (const [size, onDemand] of [
      [1, 1],
      [2, 2],
      [3, 3],
      [6, 3],
      [7, 4],
      [10, 4],
      [20, 7],
      [10, 4],
      [6, 3],
      [2, 2],
    ] as const) {
      resize(host, size);
      host.pass(minutes(1));
      assert.deepEqual([size, count(host, "on-demand"), count(host, "spot")], [size, onDemand, size - onDemand]);
    }
  });

  it("take types from overrides, the first that can be had", () => {
    const host = new Host();
    host.create({ mixedInstancesPolicy: policy(["c5.large", "m5.large"], { spotMaxPrice: "0.05" }), desiredCapacity: 4 });
    const effects = host.ofKind("launch");
    assert.deepEqual(new Set(effects.map((effect) => effect.instanceType)), new Set(["c5.large"]));
    assert.deepEqual(
      effects.map((effect) => [effect.market, effect.spotMaxPrice]).filter(([market]) => market === "spot"),
      [["spot", "0.05"]],
    );
    host.pass(minutes(1));
    assert.deepEqual(new Set(host.instances().map((instance) => instance.instanceType)), new Set(["c5.large"]));
  });

  it("move to a changed share one by one, launching first, and leave protected instances", () => {
    const host = new Host();
    host.create({ maxSize: 10, mixedInstancesPolicy: policy(["m5.large"], { onDemandBaseCapacity: 4 }), desiredCapacity: 4 });
    host.pass(minutes(1));
    const [kept] = host.instances();
    host.do((model) => model.setInstanceProtection({ group: "web", instanceIds: [kept!.instanceId], protectedFromScaleIn: true }));
    let least = 4;
    let most = 4;
    host.onStep = () => {
      least = Math.min(least, host.inService().length);
      most = Math.max(most, host.instances().filter((instance) => /^(Pending|InService)/.test(instance.lifecycleState)).length);
    };
    host.do((model) =>
      model.updateGroup({
        name: "web",
        mixedInstancesPolicy: policy(["m5.large"], { onDemandBaseCapacity: 0, onDemandPercentageAboveBaseCapacity: 0 }),
      }),
    );
    host.pass(minutes(10));
    assert.deepEqual([count(host, "on-demand"), count(host, "spot"), least, most], [1, 3, 4, 5]);
    assert.equal(host.instances()[0]!.instanceId, kept!.instanceId);
    const launches = host.model
      .activities({})
      .filter((activity) => /launched to match the purchase options/.test(activity.cause) && activity.description.startsWith("Launching"));
    assert.equal(launches.length, 3);
    host.do((model) =>
      model.updateGroup({
        name: "web",
        mixedInstancesPolicy: policy(["m5.large"], { onDemandBaseCapacity: 2, onDemandPercentageAboveBaseCapacity: 0 }),
      }),
    );
    host.pass(minutes(10));
    assert.deepEqual([count(host, "on-demand"), count(host, "spot")], [2, 2]);
  });

  it("spread the lowest price over its pools", () => {
    const host = new Host();
    host.create({
      subnetIds: ["subnet-a"],
      mixedInstancesPolicy: policy(["a", "b", "c"], {
        onDemandBaseCapacity: 0,
        onDemandPercentageAboveBaseCapacity: 0,
        spotAllocationStrategy: "lowest-price",
        spotInstancePools: 2,
      }),
      desiredCapacity: 4,
    });
    host.pass(minutes(1));
    assert.deepEqual(new Set(host.instances().map((instance) => instance.instanceType)), new Set(["a", "b"]));
  });

  it("let go what is least wanted first", () => {
    const host = new Host();
    host.create({
      subnetIds: ["subnet-a"],
      mixedInstancesPolicy: policy(["a", "b"], { onDemandPercentageAboveBaseCapacity: 100 }),
      desiredCapacity: 1,
    });
    host.pass(minutes(1));
    host.do((model) =>
      model.updateGroup({
        name: "web",
        mixedInstancesPolicy: policy(["b"], { onDemandPercentageAboveBaseCapacity: 100 }),
        desiredCapacity: 2,
      }),
    );
    host.pass(seconds(30));
    assert.equal(goes(host), 1); // type a is no longer among the overrides
  });

  it("refuse what AWS refuses", () => {
    const host = new Host();
    const create = (mixedInstancesPolicy: MixedInstancesPolicy) => () => host.create({ mixedInstancesPolicy });
    assert.throws(create(policy(["a", "a"])), /name the instance type a twice/);
    assert.throws(create(policy(["a"], { onDemandPercentageAboveBaseCapacity: 101 })), /OnDemandPercentageAboveBaseCapacity is 101/);
    assert.throws(create(policy(["a"], { onDemandBaseCapacity: -1 })), /OnDemandBaseCapacity is -1/);
    assert.throws(create(policy(["a"], { spotInstancePools: 21 })), /SpotInstancePools is 21/);
    assert.throws(create(policy(Array.from({ length: 41 }, (_, index) => `t${index}`))), /at most 40 instance types; 41 were given/);
    assert.throws(
      () => host.do((model) => model.createGroup({ name: "x", minSize: 0, maxSize: 1, subnetIds: ["subnet-a"] })),
      /must contain either LaunchTemplate/,
    );
  });
});
