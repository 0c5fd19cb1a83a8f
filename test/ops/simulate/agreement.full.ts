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
import type { MetricMath } from "../../../contract/scaling-policies.ts";
import { MetricRun } from "../../../scaling/simulate/metric.ts";
import { watchedMetrics } from "../../../scaling/simulate/policies.ts";
import { poolSizes } from "../../../ops/simulate/report.ts";
import type { Demand, SimulatedFleet } from "../../../scaling/simulate/types.ts";
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
  readonly warm: number[] = [];
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

  /** @returns the values of the metrics for the minute that begins. */
  minute(step: number, group: sdk.AutoScalingGroup, pool: readonly sdk.Instance[], nowMs: number): Map<string, number> {
    const instances = group.Instances ?? [];
    // Those of the beginning have booted long ago.
    for (const { InstanceId } of [...instances, ...pool])
      if (!this.#since.has(InstanceId!)) this.#since.set(InstanceId!, step === 0 ? 0 : nowMs);
    const ids = instances.flatMap(({ InstanceId, LifecycleState }) => (LifecycleState === "InService" ? InstanceId! : []));
    const bootMs = this.scenario.launchHook ? 0 : this.scenario.fleet.bootSeconds * 1000;
    const serving = ids.filter((id) => this.#since.get(id)! + bootMs <= nowMs).length;
    this.desired.push(group.DesiredCapacity!);
    this.inService.push(ids.length);
    this.warm.push(pool.length);
    const values = new Map<string, number>();
    for (const [name, run] of this.#metrics) {
      run.sample(step, this.#demand.values[step]!, serving);
      if (!Number.isNaN(run.values[step]!)) values.set(name, run.values[step]!);
    }
    return values;
  }
}

function namespaceOf({ scaling }: SimulatedFleet, name: string): string {
  const metrics = scaling.policies.flatMap(({ metric }) =>
    "math" in metric ? Object.values(metric.math.metrics) : "name" in metric ? metric : [],
  );
  return metrics.find((one) => one.name === name)?.namespace ?? "AWS/EC2";
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
  const warmPools = async () => {
    const pools = scenarios.map(async ({ name, fleet }): Promise<[string, sdk.Instance[]]> => {
      if (fleet.warmPool === undefined) return [name, []];
      const { Instances = [] } = await autoscaling.send(new sdk.DescribeWarmPoolCommand({ AutoScalingGroupName: name }));
      return [name, Instances.filter(({ LifecycleState }) => !LifecycleState!.startsWith("Warmed:Terminat"))];
    });
    return new Map(await Promise.all(pools));
  };

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
    await autoscaling.send(new sdk.EnableMetricsCollectionCommand({ AutoScalingGroupName: name, Granularity: "1Minute" }));
    if (fleet.warmPool === undefined) return;
    const { state, min, maxPrepared, reuse } = fleet.warmPool;
    await autoscaling.send(
      new sdk.PutWarmPoolCommand({
        AutoScalingGroupName: name,
        PoolState: state,
        MinSize: min,
        MaxGroupPreparedCapacity: maxPrepared,
        ...(reuse === true ? { InstanceReusePolicy: { ReuseOnScaleIn: true } } : {}),
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

  const predefined = { PredefinedMetricSpecification: { PredefinedMetricType: "ASGAverageCPUUtilization" as const } };
  const calculated = (group: string, { expression, metrics }: MetricMath) => ({
    CustomizedMetricSpecification: {
      Metrics: [
        ...Object.entries(metrics).map(([Id, metric]) => ({
          Id,
          MetricStat: {
            Metric: {
              Namespace: metric.namespace,
              MetricName: metric.name,
              Dimensions: [{ Name: "AutoScalingGroupName", Value: group }],
            },
            Stat: metric.statistic,
          },
          ReturnData: false,
        })),
        { Id: "result", Expression: expression, ReturnData: true },
      ],
    },
  });

  async function createPolicies({ name, fleet }: Scenario): Promise<void> {
    for (const policy of fleet.scaling.policies) {
      if (policy.kind === "step") {
        await createStep(name, policy);
        continue;
      }
      await autoscaling.send(
        new sdk.PutScalingPolicyCommand({
          AutoScalingGroupName: name,
          PolicyName: policy.name,
          PolicyType: "TargetTrackingScaling",
          TargetTrackingConfiguration: {
            TargetValue: policy.target,
            DisableScaleIn: !policy.scaleIn,
            ...("math" in policy.metric ? calculated(name, policy.metric.math) : predefined),
          },
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

  /** Where each instance waits, and since when. */
  const waits = new Map<string, { readonly state: string; readonly sinceMs: number; readonly seconds: number }>();
  /** Nodes complete their hook when they have booted: a cold boot, or one out of the warm pool. */
  async function completeHooks(): Promise<void> {
    const nowMs = await now();
    const pools = await warmPools();
    const members = await groups();
    for (const { name, fleet, launchHook, warmSeconds } of scenarios) {
      if (!launchHook) continue;
      for (const { InstanceId, LifecycleState } of [...(members.get(name)?.Instances ?? []), ...(pools.get(name) ?? [])]) {
        const before = waits.get(InstanceId!);
        const state = LifecycleState!;
        if (before?.state !== state)
          waits.set(InstanceId!, { state, sinceMs: nowMs, seconds: before === undefined ? fleet.bootSeconds : warmSeconds });
        const { sinceMs, seconds } = waits.get(InstanceId!)!;
        if (!state.endsWith("Pending:Wait") || sinceMs + seconds * 1000 > nowMs) continue;
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
      const pools = await warmPools();
      const nowMs = await now();
      for (const player of players) {
        const { name, fleet } = player.scenario;
        for (const [metric, value] of player.minute(step, found.get(name)!, pools.get(name) ?? [], nowMs)) {
          const namespace = namespaceOf(fleet, metric);
          await aws.admin("POST", "metrics", { namespace, name: metric, dimensions: { AutoScalingGroupName: name }, value });
        }
      }
      await advance(60);
    }
    for (const { scenario, desired, inService, warm } of players)
      played.push({ name: scenario.name, startMs, desired, inService, ...(scenario.fleet.warmPool === undefined ? {} : { warm }) });
    if (process.env["FLEET_RECORD"] === "1") writeFileSync(recordedFile, `${JSON.stringify(played, undefined, 2)}\n`);
  });
  after(async () => {
    for (const client of [autoscaling, cloudWatch]) client.destroy();
    await aws.stop();
  });

  for (const [index, scenario] of scenarios.entries()) {
    it(`have the same sizes every minute: ${scenario.name}`, () => {
      const { desired, inService, warmPool } = simulated(scenario, startMs).simulation;
      assert.deepEqual([...desired], played[index]!.desired, "desired");
      assert.deepEqual([...inService], played[index]!.inService, "in service");
      if (warmPool !== undefined) assert.deepEqual([...poolSizes(warmPool)], played[index]!.warm, "in the warm pool");
    });
  }

  it("did what is recorded", () => {
    const recorded = JSON.parse(readFileSync(join(recordedFile), "utf8")) as Recorded[];
    assert.deepEqual(
      played.map((one) => ({ ...one, startMs: 0 })),
      recorded.map((one) => ({ ...one, startMs: 0 })),
    );
  });
});
