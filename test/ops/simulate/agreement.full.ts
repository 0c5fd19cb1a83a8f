/**
 * The simulator against the local Auto Scaling service: the same fleets, the same demand, every minute the same sizes. What the service does
 * is also what stands in recorded.json, which the quick test holds the simulator to. FLEET_RECORD=1 records anew.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as sdk from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient, PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import { CreateLaunchTemplateCommand, DescribeSubnetsCommand, EC2Client, RegisterImageCommand } from "@aws-sdk/client-ec2";
import type { StepPolicyOutput } from "../../../contract/fleets-output.ts";
import { MetricRun } from "../../../scaling/simulate/metric.ts";
import { watchedMetrics } from "../../../scaling/simulate/policies.ts";
import type { Demand } from "../../../scaling/simulate/types.ts";
import { startTestAws, type TestAws } from "../../sandbox/aws/local-aws.ts";
import { recordedFile, simulated, type Recorded } from "./recorded.ts";
import { scenarioMinutes, scenarios, type Scenario } from "./scenarios.ts";

/** Longer than the slowest boot and the default cooldown: everybody is warm when the policies come. */
const settlingSeconds = 900;
const hourMs = 3_600_000;
const startOfHourMs = 17 * 60_000;
/** Hooks are completed on the half minute, between two evaluations. */
const sliceSeconds = 30;

class Player {
  readonly scenario: Scenario;
  readonly desired: number[] = [];
  readonly inService: number[] = [];
  readonly #demand: Demand;
  readonly #metrics: ReadonlyMap<string, MetricRun>;
  readonly #since = new Map<string, number>();

  constructor(scenario: Scenario, demand: Demand) {
    this.scenario = scenario;
    this.#demand = demand;
    this.#metrics = new Map(
      watchedMetrics(scenario.fleet).map((name) => [name, new MetricRun(scenario.metric, scenario.capacity, demand)]),
    );
  }

  /** Instances in service, each from when it was first seen so; those of the beginning have booted long ago. */
  look(instances: readonly sdk.Instance[], nowMs: number): string[] {
    const ids = instances.flatMap(({ InstanceId, LifecycleState }) => (LifecycleState === "InService" ? InstanceId! : []));
    for (const id of ids) if (!this.#since.has(id)) this.#since.set(id, nowMs);
    return ids;
  }

  /** @returns the values of the metrics for the minute that begins. */
  minute(step: number, group: sdk.AutoScalingGroup, nowMs: number): Map<string, number> {
    const ids = this.look(group.Instances ?? [], step === 0 ? 0 : nowMs);
    const bootMs = this.scenario.launchHook ? 0 : this.scenario.fleet.bootSeconds * 1000;
    const serving = ids.filter((id) => (this.#since.get(id) ?? 0) + bootMs <= nowMs).length;
    this.desired.push(group.DesiredCapacity!);
    this.inService.push(ids.length);
    const values = new Map<string, number>();
    for (const [name, run] of this.#metrics) {
      run.sample(step, this.#demand.values[step]!, serving);
      if (!Number.isNaN(run.values[step]!)) values.set(name, run.values[step]!);
    }
    return values;
  }
}

describe("the simulator and the Auto Scaling service", function () {
  this.timeout(600_000);
  let aws: TestAws;
  let autoscaling: sdk.AutoScalingClient;
  let cloudWatch: CloudWatchClient;
  let startMs: number;
  const played: Recorded[] = [];

  const now = async () => Date.parse(((await aws.admin("GET", "clock")) as { now: string }).now);
  const groups = async () => {
    const { AutoScalingGroups = [] } = await autoscaling.send(new sdk.DescribeAutoScalingGroupsCommand({ MaxRecords: 100 }));
    return new Map(AutoScalingGroups.map((group) => [group.AutoScalingGroupName!, group]));
  };
  const pendingSince = new Map<string, number>();

  async function createGroup({ name, fleet, initial, launchHook }: Scenario, VPCZoneIdentifier: string): Promise<void> {
    const hook = { LifecycleHookName: "boot", LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING", HeartbeatTimeout: 7200 };
    await autoscaling.send(
      new sdk.CreateAutoScalingGroupCommand({
        AutoScalingGroupName: name,
        MinSize: fleet.size.min,
        MaxSize: fleet.size.max,
        DesiredCapacity: initial,
        DefaultInstanceWarmup: fleet.bootSeconds,
        LaunchTemplate: { LaunchTemplateName: "simulated" },
        VPCZoneIdentifier,
        ...(launchHook ? { LifecycleHookSpecificationList: [hook] } : {}),
      }),
    );
  }

  async function createStep(group: string, policy: StepPolicyOutput): Promise<void> {
    const { direction, simple, steps, metric } = policy;
    const adjustments = steps.map(({ lower, upper, adjustment }) => ({
      ScalingAdjustment: adjustment,
      MetricIntervalLowerBound: lower,
      MetricIntervalUpperBound: upper,
    }));
    const { PolicyARN } = await autoscaling.send(
      new sdk.PutScalingPolicyCommand({
        AutoScalingGroupName: group,
        PolicyName: direction,
        AdjustmentType: policy.adjustmentType,
        MinAdjustmentMagnitude: policy.minAdjustmentMagnitude,
        ...(simple === undefined
          ? { PolicyType: "StepScaling", StepAdjustments: adjustments }
          : { PolicyType: "SimpleScaling", ScalingAdjustment: steps[0]!.adjustment, Cooldown: simple.cooldownSeconds }),
      }),
    );
    await cloudWatch.send(
      new PutMetricAlarmCommand({
        AlarmName: `${group}-${direction}`,
        AlarmActions: [PolicyARN!],
        Namespace: metric.namespace,
        MetricName: metric.name,
        Statistic: metric.statistic,
        Dimensions: [{ Name: "AutoScalingGroupName", Value: group }],
        Period: policy.periodSeconds,
        EvaluationPeriods: policy.evaluationPeriods,
        DatapointsToAlarm: policy.datapointsToAlarm,
        TreatMissingData: policy.missingData,
        ComparisonOperator: direction === "up" ? "GreaterThanOrEqualToThreshold" : "LessThanOrEqualToThreshold",
        Threshold: policy.threshold,
      }),
    );
  }

  async function createPolicies({ name, fleet }: Scenario): Promise<void> {
    for (const policy of fleet.scaling.policies) {
      if (policy.kind === "step") {
        await createStep(name, policy);
        continue;
      }
      const PredefinedMetricSpecification = { PredefinedMetricType: "ASGAverageCPUUtilization" as const };
      const TargetTrackingConfiguration = { TargetValue: policy.target, DisableScaleIn: !policy.scaleIn, PredefinedMetricSpecification };
      await autoscaling.send(
        new sdk.PutScalingPolicyCommand({
          AutoScalingGroupName: name,
          PolicyName: policy.name,
          PolicyType: "TargetTrackingScaling",
          TargetTrackingConfiguration,
        }),
      );
    }
    for (const { name: ScheduledActionName, recurrence, min } of fleet.scaling.schedules ?? [])
      await autoscaling.send(
        new sdk.PutScheduledUpdateGroupActionCommand({
          AutoScalingGroupName: name,
          ScheduledActionName,
          Recurrence: recurrence,
          MinSize: min,
        }),
      );
  }

  /** Nodes complete their hook when they have booted. */
  async function completeHooks(): Promise<void> {
    const nowMs = await now();
    for (const { name, fleet, launchHook } of scenarios) {
      if (!launchHook) continue;
      for (const { InstanceId, LifecycleState } of (await groups()).get(name)?.Instances ?? []) {
        if (LifecycleState !== "Pending:Wait") continue;
        if (!pendingSince.has(InstanceId!)) pendingSince.set(InstanceId!, nowMs);
        if (pendingSince.get(InstanceId!)! + fleet.bootSeconds * 1000 > nowMs) continue;
        const LifecycleActionResult = "CONTINUE";
        await autoscaling.send(
          new sdk.CompleteLifecycleActionCommand({
            AutoScalingGroupName: name,
            LifecycleHookName: "boot",
            InstanceId,
            LifecycleActionResult,
          }),
        );
      }
    }
  }

  async function advance(seconds: number): Promise<void> {
    for (let left = seconds; left > 0; left -= sliceSeconds) {
      await completeHooks();
      await aws.advance(Math.min(sliceSeconds, left));
    }
    await completeHooks();
  }

  before(async () => {
    aws = await startTestAws();
    autoscaling = new sdk.AutoScalingClient(aws.client);
    cloudWatch = new CloudWatchClient(aws.client);
    const ec2 = new EC2Client(aws.client);
    const { ImageId } = await ec2.send(new RegisterImageCommand({ Name: "baked", RootDeviceName: "/dev/xvda" }));
    const LaunchTemplateData = { ImageId, InstanceType: "m5.large" as const };
    await ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: "simulated", LaunchTemplateData }));
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
    const subnets = Subnets.map(({ SubnetId }) => SubnetId).slice(0, 3);
    ec2.destroy();
    for (const scenario of scenarios) await createGroup(scenario, subnets.join(","));
    await advance(settlingSeconds);
    // A schedule follows the clock, so every run starts at the same minute of an hour.
    await advance((startOfHourMs + hourMs - ((await now()) % hourMs)) / 1000);
    startMs = await now();
    assert.equal(startMs % hourMs, startOfHourMs);
    for (const scenario of scenarios) await createPolicies(scenario);
    const players = scenarios.map((scenario) => new Player(scenario, simulated(scenario, startMs).demand));
    for (let step = 0; step < scenarioMinutes; step++) {
      const found = await groups();
      const nowMs = await now();
      for (const player of players) {
        const { name, fleet } = player.scenario;
        for (const [metric, value] of player.minute(step, found.get(name)!, nowMs)) {
          const { namespace } = fleet.scaling.policies.flatMap((one) => (one.kind === "step" ? one.metric : []))[0] ?? {
            namespace: "AWS/EC2",
          };
          await aws.admin("POST", "metrics", { namespace, name: metric, dimensions: { AutoScalingGroupName: name }, value });
        }
      }
      await advance(60);
    }
    for (const { scenario, desired, inService } of players) played.push({ name: scenario.name, startMs, desired, inService });
    if (process.env["FLEET_RECORD"] === "1") writeFileSync(recordedFile, `${JSON.stringify(played, undefined, 2)}\n`);
  });
  after(async () => {
    for (const client of [autoscaling, cloudWatch]) client.destroy();
    await aws.stop();
  });

  for (const [index, scenario] of scenarios.entries()) {
    it(`have the same sizes every minute: ${scenario.name}`, () => {
      const { desired, inService } = simulated(scenario, startMs).simulation;
      assert.deepEqual([...desired], played[index]!.desired, "desired");
      assert.deepEqual([...inService], played[index]!.inService, "in service");
    });
  }

  it("did what is recorded", () => {
    const recorded = JSON.parse(readFileSync(join(recordedFile), "utf8")) as Recorded[];
    assert.deepEqual(
      played.map(({ name, desired, inService }) => ({ name, desired, inService })),
      recorded.map(({ name, desired, inService }) => ({ name, desired, inService })),
    );
  });
});
