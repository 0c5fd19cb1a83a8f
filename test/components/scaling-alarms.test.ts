import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { ScalingAlarms } from "../../components/scaling-alarms.ts";
import type { ScalingAlarmsArgs } from "../../components/scaling-alarms.ts";
import { down, prefix, scalingArgs, up } from "./helpers/args.ts";
import { accountId, region, settled, startMocks, valueOf } from "./helpers/mocks.ts";
import type { Recorder } from "./helpers/mocks.ts";

const name = `${prefix}-scaling`;
const policy = "aws:autoscaling/policy:Policy";
const alarm = "aws:cloudwatch/metricAlarm:MetricAlarm";
const groupName = `${prefix}-group-0a1b2c3`;
const policyArn = (end: string) => `arn:aws:autoscaling:${region}:${accountId}:scalingPolicy:uuid:${name}-${end}`;

async function built(changes: Partial<ScalingAlarmsArgs> = {}): Promise<{ recorder: Recorder; alarms: ScalingAlarms }> {
  const recorder = await startMocks();
  const alarms = new ScalingAlarms(name, { ...scalingArgs, ...changes });
  await settled();
  return { recorder, alarms };
}

describe("components/scaling-alarms", () => {
  it("makes a policy and its alarm in each direction", async () => {
    const { recorder } = await built();
    assert.deepEqual(recorder.one(policy, "-up").inputs, {
      autoscalingGroupName: groupName,
      policyType: "StepScaling",
      adjustmentType: "ChangeInCapacity",
      metricAggregationType: "Average",
      stepAdjustments: [{ scalingAdjustment: 1, metricIntervalLowerBound: "0" }],
    });
    assert.deepEqual(recorder.one(policy, "-down").inputs["stepAdjustments"], [{ scalingAdjustment: -1, metricIntervalUpperBound: "0" }]);
    const common = {
      namespace: "AWS/EC2",
      metricName: "CPUUtilization",
      statistic: "Average",
      dimensions: { AutoScalingGroupName: groupName },
      period: 60,
      treatMissingData: "missing",
      tags: { "fleet:name": "app" },
    };
    assert.deepEqual(recorder.one(alarm, "-up-alarm").inputs, {
      ...common,
      alarmDescription: "Scales up: CPUUtilization (Average) >= 70",
      comparisonOperator: "GreaterThanOrEqualToThreshold",
      threshold: 70,
      evaluationPeriods: 2,
      datapointsToAlarm: 2,
      alarmActions: [policyArn("up")],
    });
    assert.deepEqual(recorder.one(alarm, "-down-alarm").inputs, {
      ...common,
      alarmDescription: "Scales down: CPUUtilization (Average) <= 30",
      comparisonOperator: "LessThanOrEqualToThreshold",
      threshold: 30,
      evaluationPeriods: 10,
      datapointsToAlarm: 8,
      alarmActions: [policyArn("down")],
    });
  });

  it("passes on steps, percentages, magnitude and dimensions", async () => {
    const metric = { namespace: "Work", name: "Backlog", statistic: "Maximum", dimensions: { QueueName: "work" } } as const;
    const steps = [
      { lower: 0, upper: 12.5, adjustment: 10 },
      { lower: 12.5, adjustment: 50 },
    ];
    const { recorder } = await built({
      up: { ...up, metric, steps, adjustmentType: "PercentChangeInCapacity", minAdjustmentMagnitude: 2 },
    });
    assert.deepEqual(recorder.one(policy, "-up").inputs, {
      autoscalingGroupName: groupName,
      policyType: "StepScaling",
      adjustmentType: "PercentChangeInCapacity",
      minAdjustmentMagnitude: 2,
      metricAggregationType: "Maximum",
      stepAdjustments: [
        { scalingAdjustment: 10, metricIntervalLowerBound: "0", metricIntervalUpperBound: "12.5" },
        { scalingAdjustment: 50, metricIntervalLowerBound: "12.5" },
      ],
    });
    assert.deepEqual(recorder.one(alarm, "-up-alarm").inputs["dimensions"], { QueueName: "work" });
  });

  it("tracks targets of predefined and custom metrics", async () => {
    const custom = { namespace: "Work", name: "Backlog", statistic: "Average" } as const;
    const { recorder } = await built({
      up: undefined,
      down: undefined,
      targets: [
        { name: "cpu", target: 50, scaleIn: true, metric: { predefined: "ASGAverageCPUUtilization" } },
        { name: "backlog", target: 10, scaleIn: false, metric: { custom } },
      ],
    });
    assert.deepEqual(recorder.ofType(alarm), []);
    assert.deepEqual(recorder.one(policy, "-cpu").inputs, {
      autoscalingGroupName: groupName,
      policyType: "TargetTrackingScaling",
      targetTrackingConfiguration: {
        targetValue: 50,
        disableScaleIn: false,
        predefinedMetricSpecification: { predefinedMetricType: "ASGAverageCPUUtilization" },
      },
    });
    assert.deepEqual(recorder.one(policy, "-backlog").inputs["targetTrackingConfiguration"], {
      targetValue: 10,
      disableScaleIn: true,
      customizedMetricSpecification: {
        namespace: "Work",
        metricName: "Backlog",
        statistic: "Average",
        metricDimensions: [{ name: "AutoScalingGroupName", value: groupName }],
      },
    });
  });

  it("gives out policies as the simulator reads them", async () => {
    const tracking = { name: "cpu", target: 50, scaleIn: true, metric: { predefined: "ASGAverageCPUUtilization" } } as const;
    const { alarms } = await built({ targets: [tracking] });
    assert.deepEqual(await valueOf(alarms.scaling), {
      policies: [
        { kind: "step", direction: "up", policyArn: policyArn("up"), alarmName: `${name}-up-alarm-0a1b2c3`, ...up },
        { kind: "step", direction: "down", policyArn: policyArn("down"), alarmName: `${name}-down-alarm-0a1b2c3`, ...down },
        { kind: "target", policyArn: policyArn("cpu"), ...tracking },
      ],
    });
  });

  it("refuses what cannot work, all at once, before anything is made", async () => {
    const recorder = await startMocks();
    const args: ScalingAlarmsArgs = {
      ...scalingArgs,
      up: { ...up, threshold: 20, steps: [{ lower: -5, adjustment: 1 }] },
      down: { ...down, datapointsToAlarm: 11 },
      targets: [{ name: "cpu", target: 0, scaleIn: true, metric: { predefined: "ASGAverageCPUUtilization" } }],
    };
    assert.throws(
      () => new ScalingAlarms(name, args),
      (error) => {
        assert.ok(pulumi.ResourceError.isInstance(error));
        assert.equal(
          error.message,
          [
            `Scaling ${name} cannot be built:`,
            "- up.steps[0].lower is -5; allowed: absent in the lowest step (a negative lower bound needs a step that reaches to minus infinity)",
            "- down.datapointsToAlarm is 11; allowed: a whole number from 1 to 10",
            "- up.threshold is 20; allowed: a number greater than down.threshold (30) (both alarms would be on at once)",
            "- targets[0].target is 0; allowed: a number greater than 0",
          ].join("\n"),
        );
        return true;
      },
    );
    await settled();
    assert.deepEqual(recorder.names(), [`fleet:components:ScalingAlarms ${name}`]);
  });
});
