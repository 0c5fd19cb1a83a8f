/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scale-based-on-demand.html */
import assert from "node:assert/strict";
import { AutoScalingError } from "../../scaling/error.ts";
import type { PutScalingPolicy } from "../../scaling/types/commands.ts";
import type { CreateGroup } from "../../scaling/types/commands.ts";
import { Host, minutes, seconds } from "./helpers.ts";

function hostAt(size: number, group: Partial<CreateGroup> = {}): Host {
  const host = new Host();
  host.create({ maxSize: 100, desiredCapacity: size, ...group });
  host.pass(minutes(30));
  return host;
}

const put = (host: Host, input: Omit<PutScalingPolicy, "group">) => host.do((model) => model.putScalingPolicy({ group: "web", ...input }));
const alarm = (host: Host, policyArn: string, metricValue: number | undefined, threshold = 50, alarmName = "cpu") =>
  host.do((model) =>
    model.alarmAction({
      policyArn,
      alarmName,
      alarmArn: `arn:${alarmName}`,
      state: "ALARM",
      threshold,
      ...(metricValue === undefined ? {} : { metricValue }),
    }),
  );
const desired = (host: Host) => host.group().desiredCapacity;

const outSteps = [
  { metricIntervalLowerBound: 0, metricIntervalUpperBound: 20, scalingAdjustment: 10 },
  { metricIntervalLowerBound: 20, scalingAdjustment: 30 },
];

describe("step scaling", () => {
  it("counts from warm instances: the same step twice is one activity, a higher one adds the rest", () => {
    const host = hostAt(10);
    const { arn } = put(host, {
      name: "out",
      policyType: "StepScaling",
      adjustmentType: "PercentChangeInCapacity",
      stepAdjustments: outSteps,
      estimatedInstanceWarmupSeconds: 300,
    });
    alarm(host, arn, 60);
    assert.equal(desired(host), 11);
    host.pass(minutes(1));
    alarm(host, arn, 65);
    assert.equal(desired(host), 11);
    host.pass(minutes(1));
    alarm(host, arn, 75);
    assert.equal(desired(host), 13);
    host.pass(minutes(10)); // all warm
    alarm(host, arn, 75);
    assert.equal(desired(host), 16); // 30 % of 13 is 3.9, rounded down
  });

  it("does not scale in while instances warm up, and counts those that are leaving", () => {
    const host = hostAt(10, { defaultInstanceWarmupSeconds: 120 });
    const out = put(host, {
      name: "out",
      policyType: "StepScaling",
      adjustmentType: "ChangeInCapacity",
      stepAdjustments: [{ metricIntervalLowerBound: 0, scalingAdjustment: 2 }],
    });
    const into = put(host, {
      name: "in",
      policyType: "StepScaling",
      adjustmentType: "ChangeInCapacity",
      stepAdjustments: [{ metricIntervalUpperBound: 0, scalingAdjustment: -3 }],
    });
    alarm(host, out.arn, 60);
    alarm(host, into.arn, 10, 20);
    assert.equal(desired(host), 12);
    host.pass(seconds(60));
    alarm(host, into.arn, 10, 20);
    assert.equal(desired(host), 12);
    host.pass(seconds(120));
    alarm(host, into.arn, 10, 20);
    assert.equal(desired(host), 9);
    alarm(host, into.arn, 10, 20); // three still terminate: 12 - 3 is 9 again
    assert.equal(desired(host), 9);
    host.pass(minutes(1));
    alarm(host, into.arn, 10, 20);
    assert.equal(desired(host), 6);
  });

  it("falls back to the group's warm-up, then to its cooldown", () => {
    const host = hostAt(1, { defaultCooldownSeconds: 100 });
    const { arn } = put(host, {
      name: "out",
      policyType: "StepScaling",
      adjustmentType: "ChangeInCapacity",
      stepAdjustments: [{ metricIntervalLowerBound: 0, scalingAdjustment: 1 }],
    });
    alarm(host, arn, 60);
    host.pass(seconds(6 + 99));
    alarm(host, arn, 60);
    assert.equal(desired(host), 2);
    host.pass(seconds(2));
    alarm(host, arn, 60);
    assert.equal(desired(host), 3);
  });

  it("stays within the limits, and does nothing outside its steps or without data", () => {
    const host = hostAt(3, { minSize: 2, maxSize: 4, defaultInstanceWarmupSeconds: 0 });
    const { arn } = put(host, {
      name: "out",
      policyType: "StepScaling",
      adjustmentType: "ChangeInCapacity",
      stepAdjustments: [{ metricIntervalLowerBound: 5, scalingAdjustment: 5 }],
    });
    alarm(host, arn, 52);
    alarm(host, arn, undefined);
    assert.equal(desired(host), 3);
    alarm(host, arn, 60);
    assert.equal(desired(host), 4);
  });

  it("goes to an exact capacity in either direction", () => {
    const host = hostAt(3, { defaultInstanceWarmupSeconds: 0 });
    const exact = (name: string, value: number) =>
      put(host, {
        name,
        policyType: "StepScaling",
        adjustmentType: "ExactCapacity",
        stepAdjustments: [{ metricIntervalLowerBound: 0, scalingAdjustment: value }],
      });
    alarm(host, exact("five", 5).arn, 60);
    assert.equal(desired(host), 5);
    host.pass(minutes(1));
    alarm(host, exact("one", 1).arn, 60);
    assert.equal(desired(host), 1);
  });

  it("is left alone when disabled, deleted or while AlarmNotification is suspended", () => {
    const host = hostAt(3);
    const step = {
      policyType: "StepScaling",
      adjustmentType: "ChangeInCapacity",
      stepAdjustments: [{ metricIntervalLowerBound: 0, scalingAdjustment: 1 }],
    } as const;
    const { arn } = put(host, { name: "out", ...step, enabled: false });
    alarm(host, arn, 60);
    assert.equal(put(host, { name: "out", ...step }).arn, arn);
    host.do((model) => model.suspendProcesses({ group: "web", processes: ["AlarmNotification"] }));
    alarm(host, arn, 60);
    host.do((model) => model.resumeProcesses({ group: "web", processes: ["AlarmNotification"] }));
    host.do((model) => model.deletePolicy({ group: "web", policy: "out" }));
    alarm(host, arn, 60);
    assert.equal(desired(host), 3);
  });
});

describe("simple scaling", () => {
  const step = { adjustmentType: "ChangeInCapacity", scalingAdjustment: 1 } as const;

  it("waits for its activities and then for the cooldown, which begins when they have ended", () => {
    const host = hostAt(1, { defaultCooldownSeconds: 60 });
    const { arn } = put(host, { name: "out", ...step });
    alarm(host, arn, 60);
    assert.equal(desired(host), 2);
    host.pass(seconds(3)); // still launching
    alarm(host, arn, 60);
    host.pass(seconds(3 + 59));
    alarm(host, arn, 60);
    assert.equal(desired(host), 2);
    host.pass(seconds(1));
    alarm(host, arn, 60);
    assert.equal(desired(host), 3);
  });

  it("has a cooldown of its own when it says so, and none after doing nothing", () => {
    const host = hostAt(2, { maxSize: 3, defaultCooldownSeconds: 600 });
    const { arn } = put(host, { name: "out", ...step, cooldownSeconds: 10 });
    alarm(host, arn, 60);
    host.pass(seconds(20));
    const into = put(host, { name: "in", adjustmentType: "ChangeInCapacity", scalingAdjustment: -1 });
    alarm(host, arn, 60); // at the maximum already
    alarm(host, into.arn, 10);
    assert.equal(desired(host), 2);
  });

  it("waits for a replacement of an unhealthy instance too", () => {
    const host = hostAt(2);
    const { arn } = put(host, { name: "out", ...step });
    host.do((model) => model.setInstanceHealth({ instanceId: host.instances()[0]!.instanceId, healthStatus: "Unhealthy" }));
    alarm(host, arn, 60);
    assert.equal(desired(host), 2);
    host.pass(seconds(20));
    alarm(host, arn, 60);
    assert.equal(desired(host), 3);
  });

  it("does not stop people, unless they honour the cooldown", () => {
    const host = hostAt(1, { defaultCooldownSeconds: 60 });
    const { arn } = put(host, { name: "out", ...step });
    alarm(host, arn, 60);
    const busy = (error: unknown) => error instanceof AutoScalingError && error.code === "ScalingActivityInProgress";
    const set = (honorCooldown: boolean) =>
      host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: 3, honorCooldown }));
    assert.throws(() => set(true), busy);
    assert.throws(() => host.do((model) => model.executePolicy({ group: "web", policy: "out", honorCooldown: true })), busy);
    set(false);
    assert.equal(desired(host), 3);
    host.do((model) => model.executePolicy({ policy: arn }));
    assert.equal(desired(host), 4);
  });
});

describe("ExecutePolicy", () => {
  it("runs steps for a value and a threshold, and refuses what fits none", () => {
    const host = hostAt(10, { defaultInstanceWarmupSeconds: 0 });
    put(host, { name: "out", policyType: "StepScaling", adjustmentType: "PercentChangeInCapacity", stepAdjustments: outSteps });
    const run = (input: object) => () => host.do((model) => model.executePolicy({ group: "web", policy: "out", ...input }));
    assert.throws(run({}), /needs MetricValue and BreachThreshold/);
    assert.throws(run({ metricValue: 40, breachThreshold: 50 }), /No step adjustment of policy out covers MetricValue 40/);
    assert.throws(run({ metricValue: 60, breachThreshold: 50, honorCooldown: true }), /for simple scaling policies only/);
    run({ metricValue: 60, breachThreshold: 50 })();
    assert.equal(desired(host), 11);
    assert.match(host.model.activities({})[0]!.cause, /a user request executed policy out changing the desired capacity from 10 to 11\./);
    assert.throws(() => host.do((model) => model.executePolicy({ group: "web", policy: "none" })), /PolicyName none not found/);
    assert.throws(() => host.do((model) => model.executePolicy({ policy: "out" })), /AutoScalingGroupName is needed/);
    assert.throws(() => host.do((model) => model.executePolicy({ policy: "arn:none" })), /No such scaling policy/);
  });
});

describe("PutScalingPolicy", () => {
  it("refuses what does not belong to the type, everything at once, and kinds that are not here by name", () => {
    const host = hostAt(0);
    const refuse = (input: object, message: RegExp) => assert.throws(() => put(host, { name: "p", ...input }), message);
    refuse({ policyType: "PredictiveScaling" }, /PredictiveScaling is not supported here/);
    refuse({ policyType: "Magic" }, /PolicyType is Magic; allowed: SimpleScaling, StepScaling, TargetTrackingScaling/);
    refuse({}, /adjustmentType is absent.*scalingAdjustment is absent/);
    refuse(
      { adjustmentType: "ChangeInCapacity", scalingAdjustment: 1, minAdjustmentMagnitude: 2 },
      /minAdjustmentMagnitude is 2; allowed: absent/,
    );
    refuse(
      { policyType: "StepScaling", adjustmentType: "ChangeInCapacity", scalingAdjustment: 1, cooldownSeconds: 3 },
      /scalingAdjustment is 1; allowed: absent for StepScaling; cooldownSeconds is 3; .*1 to 20 steps/,
    );
    refuse(
      { policyType: "TargetTrackingScaling", adjustmentType: "ExactCapacity" },
      /adjustmentType is "ExactCapacity"; allowed: absent for TargetTrackingScaling; targetTrackingConfiguration is absent/,
    );
    refuse({ name: "a:b", adjustmentType: "ChangeInCapacity", scalingAdjustment: 1 }, /policyName is "a:b"/);
  });

  it("gives an ARN that names group and policy", () => {
    const host = hostAt(0);
    assert.match(
      put(host, { name: "out", adjustmentType: "ChangeInCapacity", scalingAdjustment: 1 }).arn,
      /^arn:aws:autoscaling:eu-central-1:123456789012:scalingPolicy:[0-9a-f-]{36}:autoScalingGroupName\/web:policyName\/out$/,
    );
  });
});

describe("target tracking", () => {
  const cpu = { predefinedMetric: { predefinedMetricType: "ASGAverageCPUUtilization" }, targetValue: 50 } as const;

  it("creates and owns an alarm above and one well below the target", () => {
    const host = hostAt(1);
    const { arn, alarms } = put(host, { name: "cpu", policyType: "TargetTrackingScaling", targetTracking: cpu });
    const [high, low] = host.ofKind("ensureAlarm").map((effect) => effect.alarm);
    assert.match(high!.alarmName, /^TargetTracking-web-AlarmHigh-[0-9a-f-]{36}$/);
    assert.deepEqual(
      { ...high, alarmName: "", alarmArn: "" },
      {
        alarmName: "",
        alarmArn: "",
        description: `DO NOT EDIT OR DELETE. For TargetTrackingScaling policy ${arn}.`,
        policyArn: arn,
        metric: { namespace: "AWS/EC2", metricName: "CPUUtilization", dimensions: [{ name: "AutoScalingGroupName", value: "web" }] },
        statistic: "Average",
        periodSeconds: 60,
        evaluationPeriods: 3,
        threshold: 50,
        comparisonOperator: "GreaterThanThreshold",
      },
    );
    assert.deepEqual([low!.evaluationPeriods, low!.threshold, low!.comparisonOperator], [15, 35, "LessThanThreshold"]);
    assert.deepEqual(
      alarms.map((one) => one.alarmName),
      [high!.alarmName, low!.alarmName],
    );
  });

  it("keeps its alarms through changes, drops the low one with scale-in, and takes them along", () => {
    const host = hostAt(1);
    const before = put(host, { name: "cpu", policyType: "TargetTrackingScaling", targetTracking: cpu }).alarms;
    const after = put(host, {
      name: "cpu",
      policyType: "TargetTrackingScaling",
      targetTracking: { ...cpu, targetValue: 60, disableScaleIn: true },
    }).alarms;
    assert.deepEqual(after, before.slice(0, 1));
    assert.deepEqual(
      host.ofKind("deleteAlarm").map((effect) => effect.alarmName),
      [before[1]!.alarmName],
    );
    assert.equal(host.ofKind("ensureAlarm").at(-1)!.alarm.threshold, 60);
    host.do((model) => model.deletePolicy({ group: "web", policy: "cpu" }));
    assert.deepEqual(
      host.ofKind("deleteAlarm").map((effect) => effect.alarmName),
      [before[1]!.alarmName, before[0]!.alarmName],
    );
  });

  it("scales in proportion, both ways, and not in while instances warm up", () => {
    const host = hostAt(4, { defaultInstanceWarmupSeconds: 60 });
    const { arn, alarms } = put(host, { name: "cpu", policyType: "TargetTrackingScaling", targetTracking: cpu });
    const [high, low] = alarms.map((one) => one.alarmName);
    alarm(host, arn, 80, 50, high);
    assert.equal(desired(host), 7); // 4 * 80 / 50 = 6.4
    alarm(host, arn, 10, 35, low);
    assert.equal(desired(host), 7);
    host.pass(minutes(2));
    alarm(host, arn, 20, 35, low);
    assert.equal(desired(host), 3); // 7 * 20 / 50 = 2.8
  });

  it("scales in only when every policy is ready to, and then to the most that one asks", () => {
    const host = hostAt(10, { defaultInstanceWarmupSeconds: 0 });
    const one = put(host, { name: "cpu", policyType: "TargetTrackingScaling", targetTracking: cpu });
    const two = put(host, {
      name: "jobs",
      policyType: "TargetTrackingScaling",
      targetTracking: { customizedMetric: { namespace: "App", metricName: "Jobs", statistic: "Average", unit: "Count" }, targetValue: 100 },
    });
    put(host, { name: "only-out", policyType: "TargetTrackingScaling", targetTracking: { ...cpu, disableScaleIn: true } });
    alarm(host, one.arn, 10, 35, one.alarms[1]!.alarmName);
    assert.equal(desired(host), 10);
    alarm(host, two.arn, 40, 70, two.alarms[1]!.alarmName);
    assert.equal(desired(host), 4); // one asks for 2, two for 4
    host.pass(minutes(1));
    host.do((model) =>
      model.alarmAction({
        policyArn: one.arn,
        alarmName: one.alarms[1]!.alarmName,
        alarmArn: "a",
        state: "OK",
        threshold: 35,
        metricValue: 45,
      }),
    );
    alarm(host, two.arn, 10, 70, two.alarms[1]!.alarmName);
    assert.equal(desired(host), 4);
    alarm(host, one.arn, 10, 35, one.alarms[1]!.alarmName);
    assert.equal(desired(host), 1);
    // An alarm that is over need not say so: it no longer repeats.
    host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: 6 }));
    host.pass(minutes(3));
    alarm(host, two.arn, 10, 70, two.alarms[1]!.alarmName);
    assert.equal(desired(host), 6);
  });

  it("measures network, requests per target and metric math", () => {
    const host = hostAt(0);
    const label = "app/web/50dc6c495c0c9188/targetgroup/tg/943f017f100becff";
    put(host, {
      name: "a",
      policyType: "TargetTrackingScaling",
      targetTracking: { predefinedMetric: { predefinedMetricType: "ALBRequestCountPerTarget", resourceLabel: label }, targetValue: 10 },
    });
    put(host, {
      name: "b",
      policyType: "TargetTrackingScaling",
      targetTracking: { predefinedMetric: { predefinedMetricType: "ASGAverageNetworkOut" }, targetValue: 10 },
    });
    const metrics = [{ id: "load", expression: "a / b" }];
    put(host, {
      name: "c",
      policyType: "TargetTrackingScaling",
      targetTracking: { customizedMetric: { metrics, period: 10 }, targetValue: 10 },
    });
    const alarms = host
      .ofKind("ensureAlarm")
      .map((effect) => effect.alarm)
      .filter((one) => one.comparisonOperator === "GreaterThanThreshold");
    assert.deepEqual(alarms[0]!.metric, {
      namespace: "AWS/ApplicationELB",
      metricName: "RequestCountPerTarget",
      dimensions: [
        { name: "LoadBalancer", value: "app/web/50dc6c495c0c9188" },
        { name: "TargetGroup", value: "targetgroup/tg/943f017f100becff" },
      ],
    });
    assert.deepEqual(
      [alarms[0]!.statistic, alarms[1]!.metric!.metricName, alarms[2]!.metrics, alarms[2]!.periodSeconds],
      ["Sum", "NetworkOut", metrics, 10],
    );
  });
});
