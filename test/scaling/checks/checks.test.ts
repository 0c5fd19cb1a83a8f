import assert from "node:assert/strict";
import fc from "fast-check";
import { checkAlarm, checkThresholds } from "../../../scaling/checks/alarms.ts";
import { within } from "../../../scaling/checks/fault.ts";
import type { Fault } from "../../../scaling/checks/fault.ts";
import { checkGroupArguments } from "../../../scaling/checks/group.ts";
import { checkHook, checkInitialHooks, hookGlobalTimeoutSeconds } from "../../../scaling/checks/hooks.ts";
import { checkMaintenancePolicy, checkRefreshPreferences } from "../../../scaling/checks/replacement.ts";
import { checkMixed } from "../../../scaling/checks/mixed.ts";
import { checkPolicies } from "../../../scaling/checks/policies.ts";
import { checkSchedule } from "../../../scaling/checks/schedule.ts";
import { checkSizes } from "../../../scaling/checks/sizes.ts";
import { checkDirection, checkStepPolicy } from "../../../scaling/checks/steps.ts";
import { checkTargetTracking } from "../../../scaling/checks/tracking.ts";
import { checkWarmPool } from "../../../scaling/checks/warm-pool.ts";
import { selectStep } from "../../../scaling/adjustment.ts";

const messages = (faults: readonly Fault[]) => faults.map((one) => one.message);
const paths = (faults: readonly Fault[]) => faults.map((one) => one.path);

describe("checks of sizes", () => {
  it("accept what fits and report everything that does not", () => {
    assert.deepEqual(checkSizes({ minSize: 1, maxSize: 4, desiredCapacity: 2 }), []);
    assert.deepEqual(messages(checkSizes({ minSize: 5, maxSize: 4 })), ["minSize is 5; allowed: a whole number from 0 to maxSize (4)"]);
    assert.deepEqual(messages(checkSizes({ minSize: 1, maxSize: 4, desiredCapacity: 9 })), [
      "desiredCapacity is 9; allowed: a whole number from minSize (1) to maxSize (4)",
    ]);
    assert.deepEqual(paths(checkSizes({ minSize: -1, maxSize: 1.5, desiredCapacity: NaN })), ["minSize", "maxSize", "desiredCapacity"]);
  });
});

describe("checks of steps", () => {
  const policy = (...stepAdjustments: readonly (readonly [number | undefined, number | undefined, number])[]) => ({
    adjustmentType: "ChangeInCapacity" as const,
    stepAdjustments: stepAdjustments.map(([lower, upper, scalingAdjustment]) => ({
      ...(lower === undefined ? {} : { metricIntervalLowerBound: lower }),
      ...(upper === undefined ? {} : { metricIntervalUpperBound: upper }),
      scalingAdjustment,
    })),
  });

  it("accept contiguous steps in any order", () => {
    assert.deepEqual(checkStepPolicy(policy([10, undefined, 2], [0, 10, 1])), []);
    assert.deepEqual(checkStepPolicy(policy([undefined, -10, -2], [-10, 0, -1])), []);
  });

  it("report gaps and overlaps with the step and where it should begin", () => {
    assert.deepEqual(messages(checkStepPolicy(policy([0, 10, 1], [20, undefined, 2]))), [
      "stepAdjustments[1].metricIntervalLowerBound is 20; allowed: 10, where stepAdjustments[0] ends (there is a gap between the steps)",
    ]);
    assert.deepEqual(messages(checkStepPolicy(policy([0, 10, 1], [5, undefined, 2]))), [
      "stepAdjustments[1].metricIntervalLowerBound is 5; allowed: 10, where stepAdjustments[0] ends (the steps overlap)",
    ]);
    assert.deepEqual(paths(checkStepPolicy(policy([0, undefined, 1], [5, undefined, 2]))), ["stepAdjustments[1].metricIntervalLowerBound"]);
  });

  it("need an open end where steps leave the threshold", () => {
    assert.deepEqual(paths(checkStepPolicy(policy([0, 10, 1]))), ["stepAdjustments[0].metricIntervalUpperBound"]);
    assert.deepEqual(paths(checkStepPolicy(policy([-10, 0, -1]))), ["stepAdjustments[0].metricIntervalLowerBound"]);
  });

  it("report bounds, numbers, magnitude and count", () => {
    assert.deepEqual(paths(checkStepPolicy(policy([undefined, undefined, 1]))), ["stepAdjustments[0]"]);
    assert.deepEqual(paths(checkStepPolicy(policy([10, 10, 1.5]))), [
      "stepAdjustments[0].scalingAdjustment",
      "stepAdjustments[0].metricIntervalUpperBound",
    ]);
    assert.deepEqual(paths(checkStepPolicy({ ...policy([0, undefined, 1]), minAdjustmentMagnitude: 2 })), ["minAdjustmentMagnitude"]);
    assert.deepEqual(paths(checkStepPolicy({ ...policy([0, undefined, -1]), adjustmentType: "ExactCapacity" })), [
      "stepAdjustments[0].scalingAdjustment",
    ]);
    assert.deepEqual(paths(checkStepPolicy(policy())), ["stepAdjustments"]);
    const many = Array.from({ length: 21 }, (_, index) => [index, index === 20 ? undefined : index + 1, 1] as const);
    assert.match(messages(checkStepPolicy(policy(...many)))[0]!, /allowed: 1 to 20 steps \(there are 21\)$/);
  });

  it("report steps that go the wrong way or lie on the wrong side", () => {
    assert.deepEqual(checkDirection(policy([0, 10, 1], [10, undefined, 2]), "up"), []);
    assert.deepEqual(paths(checkDirection(policy([0, undefined, -1]), "up")), ["stepAdjustments[0].scalingAdjustment"]);
    assert.deepEqual(paths(checkDirection(policy([0, undefined, 1]), "down")), [
      "stepAdjustments[0].scalingAdjustment",
      "stepAdjustments[0].metricIntervalUpperBound",
    ]);
    assert.deepEqual(paths(checkDirection(policy([undefined, 0, 1]), "up")), ["stepAdjustments[0].metricIntervalLowerBound"]);
  });

  it("leave exactly one step for every metric value in what they accept", () => {
    const bound = fc.option(fc.integer({ min: -3, max: 3 }), { nil: undefined });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(bound, bound), { minLength: 1, maxLength: 4 }),
        fc.double({ min: -4, max: 4, noNaN: true }),
        (bounds, difference) => {
          const { stepAdjustments } = policy(...bounds.map(([lower, upper]) => [lower, upper, 1] as const));
          fc.pre(checkStepPolicy({ adjustmentType: "ChangeInCapacity", stepAdjustments }).length === 0);
          const fitting = stepAdjustments.filter((step) => selectStep([step], difference) !== undefined);
          assert.ok(fitting.length <= 1 || difference === 0);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("checks of alarms", () => {
  const alarm = { periodSeconds: 60, evaluationPeriods: 3, datapointsToAlarm: 2, threshold: 70 };

  it("accept what CloudWatch accepts", () => {
    assert.deepEqual(checkAlarm(alarm), []);
    assert.deepEqual(checkAlarm({ ...alarm, periodSeconds: 10 }), []);
    assert.deepEqual(checkAlarm({ periodSeconds: 86_400, evaluationPeriods: 7, threshold: 0 }), []);
  });

  it("report periods, datapoints and too long a look back", () => {
    assert.deepEqual(paths(checkAlarm({ ...alarm, periodSeconds: 45, threshold: NaN })), ["periodSeconds", "threshold"]);
    assert.deepEqual(messages(checkAlarm({ ...alarm, datapointsToAlarm: 4 })), [
      "datapointsToAlarm is 4; allowed: a whole number from 1 to 3",
    ]);
    assert.deepEqual(messages(checkAlarm({ ...alarm, periodSeconds: 300, evaluationPeriods: 300 })), [
      "evaluationPeriods is 300; allowed: a whole number from 1 to 288 (an alarm looks back 86400 s at most)",
    ]);
  });

  it("report thresholds without room between them", () => {
    assert.deepEqual(checkThresholds(70, 30), []);
    assert.deepEqual(messages(checkThresholds(30, 30)), [
      "up.threshold is 30; allowed: a number greater than down.threshold (30) (both alarms would be on at once)",
    ]);
  });
});

describe("checks of replacement", () => {
  it("hold a maintenance policy to its ranges and distance", () => {
    assert.deepEqual(checkMaintenancePolicy({ minHealthyPercentage: 90, maxHealthyPercentage: 120 }), []);
    assert.deepEqual(checkMaintenancePolicy({ minHealthyPercentage: -1, maxHealthyPercentage: -1 }), []);
    assert.deepEqual(paths(checkMaintenancePolicy({ minHealthyPercentage: -1, maxHealthyPercentage: 100 })), [
      "minHealthyPercentage",
      "maxHealthyPercentage",
    ]);
    assert.deepEqual(paths(checkMaintenancePolicy({ minHealthyPercentage: 50, maxHealthyPercentage: 151 })), ["maxHealthyPercentage"]);
    assert.deepEqual(paths(checkMaintenancePolicy({ minHealthyPercentage: 101, maxHealthyPercentage: 99 })), [
      "minHealthyPercentage",
      "maxHealthyPercentage",
    ]);
  });

  it("hold refresh preferences to what StartInstanceRefresh takes, all at once", () => {
    assert.deepEqual(checkRefreshPreferences({}, false), []);
    assert.deepEqual(
      checkRefreshPreferences(
        {
          minHealthyPercentage: 100,
          maxHealthyPercentage: 150,
          checkpointPercentages: [20, 100],
          checkpointDelaySeconds: 0,
          autoRollback: true,
        },
        true,
      ),
      [],
    );
    assert.deepEqual(
      paths(
        checkRefreshPreferences(
          {
            maxHealthyPercentage: 110,
            checkpointPercentages: [50, 20],
            bakeTimeSeconds: 172_801,
            autoRollback: true,
            alarms: Array.from({ length: 11 }, String),
          },
          false,
        ),
      ),
      ["minHealthyPercentage", "checkpointPercentages", "alarms", "bakeTimeSeconds", "autoRollback"],
    );
    assert.deepEqual(paths(checkRefreshPreferences({ checkpointDelaySeconds: 10 }, false)), ["checkpointDelaySeconds"]);
    assert.deepEqual(paths(checkRefreshPreferences({ checkpointPercentages: [0, 101] }, false)), [
      "checkpointPercentages[0]",
      "checkpointPercentages[1]",
    ]);
  });
});

describe("checks of hooks", () => {
  it("hold name, heartbeat, result, target and role", () => {
    assert.deepEqual(checkHook({ name: "boot", heartbeatTimeoutSeconds: 30, defaultResult: "CONTINUE" }), []);
    const target = "arn:aws:sqs:eu-central-1:123456789012:q";
    assert.deepEqual(checkHook({ name: "boot", notificationTargetArn: target, roleArn: "arn:aws:iam::123456789012:role/r" }), []);
    assert.deepEqual(
      paths(
        checkHook({
          name: "a b",
          transition: "x",
          heartbeatTimeoutSeconds: 29,
          defaultResult: "MAYBE",
          notificationTargetArn: "arn:aws:lambda:x",
        }),
      ),
      ["name", "transition", "heartbeatTimeoutSeconds", "defaultResult", "notificationTargetArn", "roleArn"],
    );
    const roleArn = "arn:aws:iam::123456789012:role/r";
    assert.deepEqual(paths(checkHook({ name: "boot", notificationTargetArn: `${target}.fifo`, roleArn })), ["notificationTargetArn"]);
    const hook = { name: "boot", notificationTargetArn: target, roleArn };
    assert.deepEqual(checkInitialHooks([{ name: "quiet" }, hook, { ...hook, name: "other" }]), []);
    assert.deepEqual(
      paths(checkInitialHooks([{ name: "quiet" }, hook, { name: "a b", notificationTargetArn: `${target}2`, roleArn: `${roleArn}2` }])),
      ["lifecycleHooks[2].name", "lifecycleHooks[2].notificationTargetArn", "lifecycleHooks[2].roleArn"],
    );
  });

  it("know the global timeout: 48 hours or 100 heartbeats", () => {
    assert.equal(hookGlobalTimeoutSeconds(30), 3000);
    assert.equal(hookGlobalTimeoutSeconds(3600), 172_800);
  });
});

describe("checks of schedules", () => {
  const nowMs = Date.UTC(2026, 0, 1);

  it("accept a start, a recurrence or both", () => {
    assert.deepEqual(checkSchedule({ startAtMs: nowMs + 1, desiredCapacity: 3 }, nowMs), []);
    assert.deepEqual(checkSchedule({ recurrence: "0 9 * * *", timeZone: "Europe/Berlin", minSize: 1, maxSize: 4 }, nowMs), []);
  });

  it("report everything that cannot work", () => {
    assert.deepEqual(paths(checkSchedule({ startAtMs: nowMs - 1, endAtMs: nowMs - 2 }, nowMs)), [
      "desiredCapacity",
      "startAt",
      "endAt",
      "endAt",
    ]);
    assert.deepEqual(
      paths(checkSchedule({ recurrence: "0 25 * * *", timeZone: "Mars/Olympus", minSize: 4, maxSize: 1, desiredCapacity: 2 }, nowMs)),
      ["minSize", "desiredCapacity", "desiredCapacity", "recurrence", "timeZone"],
    );
    assert.deepEqual(paths(checkSchedule({ minSize: 1, timeZone: "UTC" })), ["recurrence", "timeZone"]);
    assert.match(messages(checkSchedule({ recurrence: "0 0 31 4 *", minSize: 1 }))[0]!, /names a day that none of its months has/);
  });
});

describe("checks of target tracking", () => {
  it("accept one metric and a positive target", () => {
    assert.deepEqual(checkTargetTracking({ predefinedMetric: { predefinedMetricType: "ASGAverageCPUUtilization" }, targetValue: 50 }), []);
    const resourceLabel = "app/web/50dc6c495c0c9188/targetgroup/web/943f017f100becff";
    assert.deepEqual(
      checkTargetTracking({ predefinedMetric: { predefinedMetricType: "ALBRequestCountPerTarget", resourceLabel }, targetValue: 1000 }),
      [],
    );
    assert.deepEqual(
      checkTargetTracking({ customizedMetric: { namespace: "App", metricName: "Jobs", statistic: "Average" }, targetValue: 1 }),
      [],
    );
  });

  it("report missing parts, labels, periods and metric math", () => {
    assert.deepEqual(paths(checkTargetTracking({ targetValue: 0 })), ["predefinedMetric", "targetValue"]);
    assert.deepEqual(
      paths(checkTargetTracking({ predefinedMetric: { predefinedMetricType: "ALBRequestCountPerTarget" }, targetValue: 1 })),
      ["predefinedMetric.resourceLabel"],
    );
    assert.deepEqual(paths(checkTargetTracking({ customizedMetric: { period: 45 }, targetValue: 1 })), [
      "customizedMetric.metricName",
      "customizedMetric.namespace",
      "customizedMetric.statistic",
      "customizedMetric.period",
    ]);
    const metrics = [{ id: "a", expression: "b / 2" }, { id: "b" }];
    assert.deepEqual(paths(checkTargetTracking({ customizedMetric: { metrics }, targetValue: 1 })), [
      "customizedMetric.metrics",
      "customizedMetric.metrics[1]",
    ]);
  });
});

describe("checks of groups and warm pools", () => {
  it("report all at once", () => {
    assert.deepEqual(
      checkGroupArguments({
        healthCheckType: "EC2,ELB",
        terminationPolicies: ["OldestInstance", "Default"],
        maxInstanceLifetimeSeconds: 0,
      }),
      [],
    );
    assert.deepEqual(
      paths(
        checkGroupArguments({
          defaultCooldownSeconds: -1,
          healthCheckType: "PING",
          maxInstanceLifetimeSeconds: 3600,
          defaultInstanceWarmupSeconds: -2,
          terminationPolicies: ["Default", "arn:aws:lambda:eu-central-1:123456789012:function:f", "Default"],
        }),
      ),
      [
        "defaultCooldownSeconds",
        "healthCheckType",
        "maxInstanceLifetimeSeconds",
        "defaultInstanceWarmupSeconds",
        "terminationPolicies[0]",
        "terminationPolicies[1]",
        "terminationPolicies[2]",
      ],
    );
    assert.deepEqual(checkWarmPool({ maxGroupPreparedCapacity: -1, minSize: 2 }), []);
    assert.deepEqual(paths(checkWarmPool({ maxGroupPreparedCapacity: 1, minSize: 2, poolState: "Frozen" })), ["poolState", "minSize"]);
  });
});

describe("checks of quotas", () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => index);
  const cannot = "(a quota that cannot be raised)";

  it("count policies of every kind together, and scheduled actions", () => {
    const targets = (count: number) =>
      many(count).map(
        (index) => ({ name: `t${index}`, target: 50, scaleIn: true, metric: { predefined: "ASGAverageCPUUtilization" } }) as const,
      );
    const schedules = (count: number) => many(count).map((index) => ({ name: `s${index}`, recurrence: "0 6 * * *", min: 1 }));
    assert.deepEqual(checkPolicies({ targets: targets(50), schedules: schedules(125) }), []);
    assert.deepEqual(messages(checkPolicies({ targets: targets(51), schedules: schedules(126) })), [
      `targets is "51 policies in all"; allowed: at most 50 ${cannot}`,
      `schedules is "126 scheduled actions"; allowed: at most 125 ${cannot}`,
    ]);
  });

  it("count instance types, named and by attributes", () => {
    const shared = { onDemandBaseCapacity: 0, onDemandPercentageAboveBase: 0, spotAllocationStrategy: "lowest-price" } as const;
    const types = many(41).map((index) => `t3.x${index}`);
    assert.deepEqual(checkMixed({ ...shared, types: types.slice(1) }, "t3.x1"), []);
    assert.deepEqual(messages(checkMixed({ ...shared, types }, "t3.x1")), [`types is "41 instance types"; allowed: at most 40 ${cannot}`]);
    const attributes = { vCpus: { min: 1 }, memoryMiB: { min: 1 }, excludedTypes: many(401).map((index) => `m${index}.*`) };
    assert.deepEqual(messages(checkMixed({ ...shared, types: [], attributes }, "t3.x1")), [
      `attributes.excludedTypes is "401 instance types"; allowed: at most 400 ${cannot}`,
    ]);
  });
});

describe("faults", () => {
  it("are shown from the object that holds them", () => {
    const [one] = within("scaling.up", checkThresholds(1, 2));
    assert.deepEqual([one!.path, one!.message.slice(0, 30)], ["scaling.up.up.threshold", "scaling.up.up.threshold is 1; "]);
    assert.equal(within("list", [{ path: "[2]", value: 1, allowed: "x", message: "[2] is 1" }])[0]!.path, "list[2]");
  });
});
