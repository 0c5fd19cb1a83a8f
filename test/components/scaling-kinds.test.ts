/** Every kind of scaling beside plain steps and targets. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { compositeRule } from "../../components/composite-alarms.ts";
import { ScalingAlarms } from "../../components/scaling-alarms.ts";
import type { ScalingAlarmsArgs } from "../../components/scaling-alarms.ts";
import { parseRule } from "../../scaling/alarms/composite.ts";
import { down, prefix, scalingArgs, up } from "./helpers/args.ts";
import { settled, startMocks, valueOf } from "./helpers/mocks.ts";
import type { Recorder } from "./helpers/mocks.ts";

const name = `${prefix}-scaling`;
const policy = "aws:autoscaling/policy:Policy";
const alarm = "aws:cloudwatch/metricAlarm:MetricAlarm";
const schedule = "aws:autoscaling/schedule:Schedule";
const composite = "aws:cloudwatch/compositeAlarm:CompositeAlarm";
const groupName = `${prefix}-group-0a1b2c3`;
const backlog = { namespace: "Work", name: "Backlog", statistic: "Maximum", dimensions: { QueueName: "work" } } as const;

async function built(changes: Partial<ScalingAlarmsArgs> = {}): Promise<{ recorder: Recorder; alarms: ScalingAlarms }> {
  const recorder = await startMocks();
  const alarms = new ScalingAlarms(name, { ...scalingArgs, ...changes });
  await settled();
  return { recorder, alarms };
}

async function refused(changes: Partial<ScalingAlarmsArgs>): Promise<string[]> {
  await startMocks();
  let lines: string[] = [];
  assert.throws(
    () => new ScalingAlarms(name, { ...scalingArgs, ...changes }),
    (error) => {
      assert.ok(pulumi.ResourceError.isInstance(error));
      lines = error.message.split("\n").slice(1);
      return true;
    },
  );
  await settled();
  return lines;
}

describe("components/scaling-alarms kinds", () => {
  it("makes simple policies with a cooldown, and their alarms", async () => {
    const { recorder } = await built({ up: { ...up, simple: { cooldownSeconds: 300 } } });
    assert.deepEqual(recorder.one(policy, "-up").inputs, {
      autoscalingGroupName: groupName,
      policyType: "SimpleScaling",
      adjustmentType: "ChangeInCapacity",
      scalingAdjustment: 1,
      cooldown: 300,
    });
    assert.equal(recorder.one(alarm, "-up-alarm").inputs["threshold"], 70);
  });

  it("scales on several metrics, each with policies and alarms of its own", async () => {
    const { recorder, alarms } = await built({
      metrics: [{ name: "backlog", up: { ...up, metric: backlog, threshold: 100 }, down: { ...down, metric: backlog, threshold: 10 } }],
    });
    assert.deepEqual(
      recorder
        .ofType(policy)
        .map((one) => one.name.slice(name.length))
        .sort(),
      ["-backlog-down", "-backlog-up", "-down", "-up"],
    );
    const own = recorder.one(alarm, "-backlog-up-alarm");
    assert.deepEqual(
      [own.inputs["metricName"], own.inputs["dimensions"], own.inputs["threshold"]],
      ["Backlog", { QueueName: "work" }, 100],
    );
    const { policies } = await valueOf(alarms.scaling);
    assert.deepEqual(
      policies.map((one) => one.kind === "step" && [one.of, one.direction]),
      [
        [undefined, "up"],
        [undefined, "down"],
        ["backlog", "up"],
        ["backlog", "down"],
      ],
    );
  });

  it("treats missing data as each direction says", async () => {
    const { recorder } = await built({ up: { ...up, missingData: "ignore" }, down: { ...down, missingData: "notBreaching" } });
    assert.equal(recorder.one(alarm, "-up-alarm").inputs["treatMissingData"], "ignore");
    assert.equal(recorder.one(alarm, "-down-alarm").inputs["treatMissingData"], "notBreaching");
  });

  it("tracks a value that is calculated from metrics", async () => {
    const metrics = {
      backlog,
      instances: { namespace: "AWS/AutoScaling", name: "GroupInServiceInstances", statistic: "Average" },
    } as const;
    const { recorder } = await built({
      targets: [{ name: "backlog", target: 10, scaleIn: true, metric: { math: { expression: "backlog / instances", metrics } } }],
    });
    assert.deepEqual(recorder.one(policy, "-scaling-backlog").inputs["targetTrackingConfiguration"], {
      targetValue: 10,
      disableScaleIn: false,
      customizedMetricSpecification: {
        metrics: [
          {
            id: "backlog",
            metricStat: {
              metric: { namespace: "Work", metricName: "Backlog", dimensions: [{ name: "QueueName", value: "work" }] },
              stat: "Maximum",
            },
            returnData: false,
          },
          {
            id: "instances",
            metricStat: {
              metric: {
                namespace: "AWS/AutoScaling",
                metricName: "GroupInServiceInstances",
                dimensions: [{ name: "AutoScalingGroupName", value: groupName }],
              },
              stat: "Average",
            },
            returnData: false,
          },
          { id: "result", expression: "backlog / instances", returnData: true },
        ],
      },
    });
  });

  it("forecasts", async () => {
    const { recorder, alarms } = await built({
      predictive: { predefined: "ASGCPUUtilization", target: 50, mode: "ForecastAndScale", bufferSeconds: 300, beyondMaximumPercent: 10 },
    });
    assert.deepEqual(recorder.one(policy, "-predictive").inputs, {
      autoscalingGroupName: groupName,
      policyType: "PredictiveScaling",
      predictiveScalingConfiguration: {
        mode: "ForecastAndScale",
        schedulingBufferTime: "300",
        maxCapacityBreachBehavior: "IncreaseMaxCapacity",
        maxCapacityBuffer: "10",
        metricSpecification: {
          targetValue: 50,
          predefinedMetricPairSpecification: { predefinedMetricType: "ASGCPUUtilization" },
        },
      },
    });
    assert.equal((await valueOf(alarms.scaling)).predictive?.target, 50);
  });

  it("changes sizes at a time, in a time zone; a size that is not given keeps its value", async () => {
    const { recorder } = await built({
      schedules: [
        { name: "morning", recurrence: "0 8 * * MON-FRI", timeZone: "Europe/Berlin", min: 4, desired: 5 },
        { name: "sale", startTime: "2999-11-27T00:00:00Z", max: 20 },
      ],
    });
    assert.deepEqual(recorder.one(schedule, "-morning").inputs, {
      scheduledActionName: "morning",
      autoscalingGroupName: groupName,
      minSize: 4,
      maxSize: -1,
      desiredCapacity: 5,
      recurrence: "0 8 * * MON-FRI",
      timeZone: "Europe/Berlin",
    });
    assert.deepEqual(recorder.one(schedule, "-sale").inputs, {
      scheduledActionName: "sale",
      autoscalingGroupName: groupName,
      minSize: -1,
      maxSize: 20,
      desiredCapacity: -1,
      startTime: "2999-11-27T00:00:00Z",
    });
  });

  it("no longer sends the start of a recurrence that has begun, so that a stack stays valid", async () => {
    const { recorder } = await built({
      schedules: [{ name: "morning", recurrence: "0 8 * * *", startTime: "2020-01-01T00:00:00Z", endTime: "2999-01-01T00:00:00Z", min: 4 }],
    });
    const { startTime, endTime } = recorder.one(schedule).inputs;
    assert.deepEqual([startTime, endTime], [undefined, "2999-01-01T00:00:00Z"]);
  });

  it("tells operators of several alarms as one, and hands those that stop a roll-out on", async () => {
    const { recorder, alarms } = await built({
      composites: [
        { name: "saturated", when: "all", alarms: ["up", "at-maximum"], unless: ["maintenance"], stopsRollout: false },
        { name: "broken", when: "any", alarms: ["errors", 'a "slow" one'], unless: [], stopsRollout: true },
      ],
    });
    const saturated = recorder.one(composite, "-saturated").inputs;
    assert.equal(saturated["alarmRule"], `ALARM("${name}-up-alarm-0a1b2c3") AND ALARM("at-maximum") AND NOT ALARM("maintenance")`);
    assert.deepEqual(saturated["alarmActions"], [scalingArgs.alertTopicArn]);
    assert.deepEqual(await Promise.all(alarms.rolloutAlarms.map(valueOf)), [`${name}-broken`]);
    assert.deepEqual((await valueOf(alarms.scaling)).composites, { saturated: `${name}-saturated`, broken: `${name}-broken` });
  });

  it("writes rules that CloudWatch reads", () => {
    const rule = compositeRule("any", ["one", 'a "slow" one'], ["quiet"]);
    assert.equal(rule, '(ALARM("one") OR ALARM("a \\"slow\\" one")) AND NOT ALARM("quiet")');
    assert.deepEqual(parseRule(rule), {
      kind: "and",
      left: {
        kind: "or",
        left: { kind: "state", state: "ALARM", alarm: "one" },
        right: { kind: "state", state: "ALARM", alarm: 'a "slow" one' },
      },
      right: { kind: "not", operand: { kind: "state", state: "ALARM", alarm: "quiet" } },
    });
  });

  it("refuses every kind that cannot work, all at once, before anything is made", async () => {
    const lines = await refused({
      up: {
        ...up,
        simple: { cooldownSeconds: -1 },
        steps: [
          { lower: 0, upper: 10, adjustment: 1 },
          { lower: 10, adjustment: 2 },
        ],
      },
      metrics: [{ name: "backlog" }],
      targets: [
        { name: "up", target: 5, scaleIn: true, metric: { math: { expression: "backlog / hosts", metrics: { backlog, Idle: backlog } } } },
      ],
      predictive: { predefined: "ALBRequestCount", target: 0, mode: "ForecastOnly", bufferSeconds: 4000 },
      schedules: [
        { name: "past", startTime: "2020-01-01T00:00:00Z", min: 3 },
        { name: "past", recurrence: "0 0 31 2 *", timeZone: "Mars/Olympus", desired: 7 },
        { name: "nothing", recurrence: "0 8 * * *" },
      ],
      composites: [{ name: "broken", when: "any", alarms: ["down"], unless: [], stopsRollout: true }],
    });
    assert.deepEqual(lines, [
      "- up.simple.cooldownSeconds is -1; allowed: a whole number, 0 or more",
      '- up.steps is [{"lower":0,"upper":10,"adjustment":1},{"lower":10,"adjustment":2}]; allowed: one step, since the policy is simple (there are 2)',
      "- metrics[0].up is absent; allowed: up, down or both",
      '- targets[0].metric.math.metrics.Idle is "Idle"; allowed: a name of letters, digits and _ that begins with a small letter',
      `- targets[0].metric.math.metrics.Idle is ${JSON.stringify(backlog)}; allowed: a metric that the expression uses`,
      '- targets[0].metric.math.expression is "backlog / hosts"; allowed: only the metrics backlog, Idle (hosts is none of them)',
      "- predictive.target is 0; allowed: a number greater than 0",
      "- predictive.resourceLabel is absent; allowed: app/<load balancer>/<id>/targetgroup/<target group>/<id>",
      "- predictive.bufferSeconds is 4000; allowed: a whole number from 0 to 3600",
      '- schedules[0].startTime is "2020-01-01T00:00:00.000Z"; allowed: a time in the future',
      '- schedules[1].recurrence is "0 0 31 2 *"; allowed: minute hour day-of-month month day-of-week (cron expression "0 0 31 2 *" names a day that none of its months has)',
      '- schedules[1].timeZone is "Mars/Olympus"; allowed: a name of the IANA time zone database, for example Europe/Berlin',
      "- schedules[1].desired is 7; allowed: at most the fleet's size.max (6), or max given too",
      "- schedules[2].desired is absent; allowed: at least one of min, max, desired",
      '- targets[0].name is "up"; allowed: each name once',
      '- schedules[1].name is "past"; allowed: each name once',
      '- composites[0].alarms[0] is "down"; allowed: no scaling alarm, since stopsRollout is on (the down alarm of an idle group is always on)',
    ]);
  });

  it("refuses a fleet whose further metric only grows it, and a composite of a policy that is not there", async () => {
    const lines = await refused({
      up: undefined,
      down: undefined,
      metrics: [{ name: "backlog", up: { ...up, metric: backlog } }],
      composites: [{ name: "busy", when: "all", alarms: ["up", "up"], unless: [], stopsRollout: false }],
    });
    assert.deepEqual(lines, [
      "- down is absent; allowed: a policy in each direction, or target tracking (the group would only move one way)",
      '- composites[0].alarms is "up"; allowed: each alarm once, in alarms or in unless',
      '- composites[0].alarms[0] is "up"; allowed: the name of an alarm (the fleet has no step policy up)',
      '- composites[0].alarms[1] is "up"; allowed: the name of an alarm (the fleet has no step policy up)',
    ]);
  });
});
