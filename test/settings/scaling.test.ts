/** Settings of scaling kinds, instances and roll-outs: what they become, and what is refused of them. */
import assert from "node:assert/strict";
import { faultsOf, settingsOf, withFleet, type Values } from "../helpers/settings.ts";

const key = "fleet:fleets.app";
const lines = (fleet: Values) => faultsOf(withFleet(fleet)).map((one) => `${one.key.slice(key.length + 1)} ${one.problem}`);
const fleetOf = (fleet: Values) => settingsOf(withFleet(fleet)).fleets[0]!;
const scaling = (more: Values) => ({ scaling: { up: { threshold: 70 }, down: { threshold: 30 }, ...more } });
const backlog = { namespace: "Work", name: "Backlog", statistic: "Maximum" };

describe("settings of scaling", () => {
  it("stay small: a fleet that needs nothing special is ten lines and has no kind that it does not name", () => {
    assert.deepEqual(Object.keys(fleetOf({}).scaling).sort(), ["down", "targets", "up"]);
  });

  it("let the consumer hear of a terminate hook where it drains, and only there", () => {
    const terminateHook = { heartbeatSeconds: 120 };
    const hookOf = (consumer: Values) =>
      settingsOf({ ...withFleet({ terminateHook }), "fleet:consumer": consumer }).fleets[0]!.terminateHook;
    const chef = {
      serverUrl: "https://chef.example.com/organizations/shop",
      user: "fleet-cleanup",
      key: "ssm:/storefront/chef/fleet-cleanup",
    };
    assert.deepEqual(hookOf({ kind: "lambda", chef, drain: "chef-client" }), { ...terminateHook, notifies: true });
    assert.deepEqual(hookOf({ kind: "lambda", chef }), terminateHook);
    assert.deepEqual(hookOf({ kind: "none" }), terminateHook);
  });

  it("become policies: simple, several metrics, math, predictive, schedules, composites", () => {
    const given = scaling({
      up: { threshold: 70, simple: { cooldownSeconds: 300 } },
      metrics: [
        { name: "backlog", up: { threshold: 100, metric: backlog }, down: { threshold: 10, metric: backlog, missingData: "notBreaching" } },
      ],
      targets: [{ math: { expression: "backlog / hosts", metrics: { backlog, hosts: backlog } }, target: 10 }],
      predictive: { target: 50 },
      schedules: [{ name: "morning", recurrence: "0 8 * * 1-5", timeZone: "Europe/Berlin", min: 3 }],
      composites: [{ name: "busy", alarms: ["up", "queue-full"] }],
    });
    const { up, metrics, targets, predictive, schedules, composites } = fleetOf(given).scaling;
    assert.deepEqual(up?.simple, { cooldownSeconds: 300 });
    assert.deepEqual(
      metrics?.map(({ name, down }) => [name, down?.steps, down?.missingData]),
      [["backlog", [{ upper: 0, adjustment: -1 }], "notBreaching"]],
    );
    assert.deepEqual(targets, [
      {
        name: "backlog-hosts",
        target: 10,
        scaleIn: true,
        metric: { math: { expression: "backlog / hosts", metrics: { backlog, hosts: backlog } } },
      },
    ]);
    // Instances are launched ahead by the time that they need to boot.
    assert.deepEqual(predictive, { predefined: "ASGCPUUtilization", target: 50, mode: "ForecastOnly", bufferSeconds: 120 });
    assert.deepEqual(schedules, [{ name: "morning", recurrence: "0 8 * * 1-5", timeZone: "Europe/Berlin", min: 3 }]);
    assert.deepEqual(composites, [{ name: "busy", when: "all", alarms: ["up", "queue-full"], unless: [], stopsRollout: false }]);
  });

  it("refuse a schedule in the past, an impossible cron, an unknown time zone, sizes that cannot be", () => {
    const schedules = [
      { name: "past", startTime: "2020-01-01T00:00:00Z", min: 3 },
      { name: "never", recurrence: "0 0 30 2 *", min: 3 },
      { name: "nowhere", recurrence: "0 8 * * *", timeZone: "Mars/Olympus", max: 1 },
      { name: "upside-down", recurrence: "61 8 * * *", min: 4, max: 3 },
    ];
    assert.deepEqual(
      lines(scaling({ schedules })).map((line) => line.split("; allowed")[0]),
      [
        'scaling.schedules[0].startTime is "2020-01-01T00:00:00.000Z"',
        'scaling.schedules[1].recurrence is "0 0 30 2 *"',
        'scaling.schedules[2].timeZone is "Mars/Olympus"',
        "scaling.schedules[2].max is 1",
        "scaling.schedules[3].min is 4",
        'scaling.schedules[3].recurrence is "61 8 * * *"',
      ],
    );
    assert.deepEqual(
      lines(scaling({ schedules: [{ name: "shape", startTime: "tomorrow", recurrence: "daily" }] })).map((line) => line.split(" is ")[0]),
      ["scaling.schedules[0].recurrence", "scaling.schedules[0].startTime"],
    );
  });

  it("name the fault of a further metric and of a simple policy where it stands in the settings", () => {
    const metrics = [{ name: "backlog", up: { threshold: 5, metric: backlog, adjustment: -1 }, down: { threshold: 10, metric: backlog } }];
    assert.deepEqual(lines(scaling({ metrics })), [
      "scaling.metrics[0].up.adjustment is -1; allowed: 0 or more (this policy scales up)",
      "scaling.metrics[0].up.threshold is 5; allowed: a number greater than down.threshold (10) (both alarms would be on at once)",
    ]);
    const steps = [
      { lower: 0, upper: 10, adjustment: 1 },
      { lower: 10, adjustment: 2 },
    ];
    assert.match(
      lines(scaling({ up: { threshold: 70, steps, simple: { cooldownSeconds: 60 } } }))[0] ?? "",
      /^scaling\.up\.steps is .*one step, since the policy is simple/,
    );
  });

  it("refuse math over names that are not there", () => {
    const math = { expression: "backlog / hosts", metrics: { backlog } };
    assert.deepEqual(lines(scaling({ targets: [{ math, target: 10 }] })), [
      'scaling.targets[0].math.expression is "backlog / hosts"; allowed: only the metrics backlog (hosts is none of them)',
    ]);
  });
});

describe("settings of instances", () => {
  const spot = { types: ["t3.small", "t3.large"], onDemandPercentageAboveBase: 50 };

  it("choose by attributes within the family of the bake type, unless told otherwise", () => {
    const attributes = { vCpus: { min: 2 }, memoryMiB: { min: 4096 } };
    assert.deepEqual(fleetOf({ mixedInstances: { attributes } }).mixedInstances, {
      types: [],
      attributes: { ...attributes, allowedTypes: ["t3.*"] },
      onDemandBaseCapacity: 0,
      onDemandPercentageAboveBase: 100,
      onDemandAllocationStrategy: "lowest-price",
      spotAllocationStrategy: "price-capacity-optimized",
    });
    const wide = fleetOf({ mixedInstances: { attributes: { ...attributes, within: "architecture", excludedTypes: ["t2.*"] } } });
    assert.deepEqual(wide.mixedInstances?.attributes, { ...attributes, excludedTypes: ["t2.*"] });
    assert.deepEqual(lines({ mixedInstances: { attributes: { ...attributes, excludedTypes: ["t2.*"] } } }), [
      'mixedInstances.attributes.within is "family"; allowed: architecture, since excludedTypes are given',
    ]);
  });

  it("refuse weights without capacity units, for some types only, or of no type", () => {
    assert.deepEqual(lines({ mixedInstances: { ...spot, weights: { "t3.small": 1, "m7i.large": 2 } } }), [
      "mixedInstances.capacityUnits is absent; allowed: units, since weights are given (the group's sizes then count units, not instances)",
      'mixedInstances.weights["t3.large"] is absent; allowed: a weight for each type, or for none',
      'mixedInstances.weights["m7i.large"] is 2; allowed: a weight of one of the types',
    ]);
    assert.deepEqual(
      fleetOf({ mixedInstances: { ...spot, weights: { "t3.small": 1, "t3.large": 4 }, capacityUnits: "units" } }).mixedInstances?.weights,
      {
        "t3.small": 1,
        "t3.large": 4,
      },
    );
  });

  it("refuse a warm pool larger than the maximum, or beside mixed instances", () => {
    assert.deepEqual(lines({ warmPool: { min: 7 } }), [
      "warmPool.min is 7; allowed: at most the group's max (6), or maxPrepared given too",
    ]);
    assert.deepEqual(lines({ warmPool: { min: 5, maxPrepared: 4 } }), ["warmPool.min is 5; allowed: at most maxPrepared (4)"]);
    assert.deepEqual(lines({ warmPool: {}, mixedInstances: spot }), [
      'warmPool is "given"; allowed: absent (a group with mixed instances takes no warm pool)',
    ]);
    assert.deepEqual(fleetOf({ warmPool: {} }).warmPool, { state: "Stopped", reuse: false });
  });

  it("become values of the group: lifetime, zones, protection, order of termination, more health checks", () => {
    const fleet = fleetOf({
      group: { maxLifetimeDays: 7, zoneDistribution: "balanced-only", scaleInProtection: true, terminationPolicies: ["OldestInstance"] },
      health: { also: ["EBS"] },
      terminateHook: { heartbeatSeconds: 120, onAbandon: "retain" },
    });
    assert.deepEqual(fleet.group, {
      healthCheckGracePeriod: 120,
      maxInstanceLifetime: 604_800,
      availabilityZoneDistribution: { capacityDistributionStrategy: "balanced-only" },
      protectFromScaleIn: true,
      terminationPolicies: ["OldestInstance"],
    });
    assert.deepEqual([fleet.moreHealthChecks, fleet.terminateHook], [["EBS"], { heartbeatSeconds: 120, onAbandon: "retain" }]);
    assert.deepEqual(lines({ group: { terminationPolicies: ["Default", "OldestInstance"] } }), [
      'group.terminationPolicies[0] is "Default"; allowed: Default last: it always finds an instance',
    ]);
  });
});

describe("settings of roll-outs", () => {
  it("have checkpoints and a bake time only when told, and refuse checkpoints out of order", () => {
    assert.deepEqual(Object.keys(fleetOf({}).rollout).sort(), [
      "healthAlarms",
      "maxHealthyPercent",
      "minHealthyPercent",
      "timeoutSeconds",
      "wait",
    ]);
    assert.deepEqual(fleetOf({ rollout: { checkpoints: { percentages: [20, 50] }, bakeSeconds: 60 } }).rollout.checkpoints, {
      percentages: [20, 50],
      delaySeconds: 600,
    });
    assert.deepEqual(lines({ rollout: { checkpoints: { percentages: [50, 20] } } }), [
      "rollout.checkpoints.percentages is [50,20]; allowed: unique percentages in ascending order",
    ]);
  });

  it("launch before they terminate by default", () => {
    const { minHealthyPercent, maxHealthyPercent } = fleetOf({}).rollout;
    assert.deepEqual([minHealthyPercent, maxHealthyPercent], [100, 110]);
  });
});
