/** Scenarios that the simulator and the local Auto Scaling service both go through, minute by minute. */
import type { FleetOutput, StepPolicyOutput, TargetPolicyOutput } from "../../../contract/fleets-output.ts";
import type { MetricModel, SimulatedFleet } from "../../../scaling/simulate/types.ts";

export interface Scenario {
  readonly name: string;
  readonly fleet: SimulatedFleet;
  /** Demand that one instance carries. */
  readonly capacity: number;
  readonly load: readonly string[];
  readonly metric: MetricModel;
  readonly initial: number;
  readonly launchHook: boolean;
  /** From a start out of the warm pool to the end of its hook; without a hook or a pool 0. */
  readonly warmSeconds: number;
}

export const scenarioMinutes = 90;

const cpu = { namespace: "AWS/EC2", name: "CPUUtilization", statistic: "Average" } as const;
const step = (direction: "up" | "down", threshold: number, more: Partial<StepPolicyOutput>): StepPolicyOutput => ({
  kind: "step",
  direction,
  policyArn: "",
  alarmName: "",
  metric: cpu,
  threshold,
  periodSeconds: 60,
  evaluationPeriods: direction === "up" ? 2 : 5,
  datapointsToAlarm: direction === "up" ? 2 : 5,
  missingData: "missing",
  adjustmentType: "ChangeInCapacity",
  steps: [direction === "up" ? { lower: 0, adjustment: 1 } : { upper: 0, adjustment: -1 }],
  ...more,
});
const target = (value: number, more: Partial<TargetPolicyOutput> = {}): TargetPolicyOutput => ({
  kind: "target",
  policyArn: "",
  name: "cpu",
  target: value,
  scaleIn: true,
  metric: { predefined: "ASGAverageCPUUtilization" },
  ...more,
});
const utilization: MetricModel = { kind: "utilization", idle: 2, max: 100 };

function scenario(
  name: string,
  policies: FleetOutput["scaling"]["policies"],
  load: readonly string[],
  more: Partial<Omit<Scenario, "fleet">> &
    Partial<Omit<SimulatedFleet, "launchHook">> & { readonly schedules?: FleetOutput["scaling"]["schedules"] } = {},
): Scenario {
  const { size = { min: 2, max: 20 }, bootSeconds = 120, schedules, warmPool, ...others } = more;
  const scaling = { policies, ...(schedules === undefined ? {} : { schedules }) };
  const fleet = { size, bootSeconds, scaling, ...(warmPool === undefined ? {} : { warmPool }) };
  return { name, fleet, capacity: 10, load, metric: utilization, initial: size.min, launchHook: false, warmSeconds: 0, ...others };
}

export const scenarios: readonly Scenario[] = [
  scenario("one-by-one", [step("up", 70, {}), step("down", 30, {})], ["step:from=10,to=60,at=10m"]),
  scenario(
    "steps-and-back",
    [
      step("up", 60, {
        steps: [
          { lower: 0, upper: 20, adjustment: 1 },
          { lower: 20, adjustment: 4 },
        ],
      }),
      step("down", 35, {
        steps: [
          { upper: -20, adjustment: -3 },
          { lower: -20, upper: 0, adjustment: -1 },
        ],
      }),
    ],
    ["constant:value=15", "spike:by=90,at=10m,for=25m"],
  ),
  scenario(
    "ramp",
    [step("up", 70, { evaluationPeriods: 3, datapointsToAlarm: 2 }), step("down", 40, {})],
    ["ramp:from=10,to=120,at=5m,for=50m"],
  ),
  scenario("wave", [step("up", 70, {}), step("down", 45, {})], ["wave:low=10,high=90,period=60m,peak=30m"]),
  scenario("noise", [step("up", 65, {}), step("down", 40, {})], ["wave:low=20,high=80,period=45m,peak=20m", "noise:percent=40"]),
  scenario(
    "percent",
    [
      step("up", 60, { adjustmentType: "PercentChangeInCapacity", minAdjustmentMagnitude: 2, steps: [{ lower: 0, adjustment: 25 }] }),
      step("down", 30, { adjustmentType: "PercentChangeInCapacity", minAdjustmentMagnitude: 1, steps: [{ upper: 0, adjustment: -20 }] }),
    ],
    ["step:from=20,to=130,at=5m", "spike:by=30,at=15m,for=10m"],
    { size: { min: 3, max: 18 } },
  ),
  scenario(
    "cooldown",
    [step("up", 70, { simple: { cooldownSeconds: 300 } }), step("down", 35, { simple: { cooldownSeconds: 420 } })],
    ["constant:value=12", "spike:by=60,at=5m,for=40m"],
    { bootSeconds: 60 },
  ),
  scenario("target", [target(50)], ["constant:value=20", "spike:by=70,at=8m,for=30m"]),
  scenario("hook", [step("up", 70, { steps: [{ lower: 0, adjustment: 2 }] }), step("down", 30, {})], ["step:from=10,to=70,at=6m"], {
    launchHook: true,
    bootSeconds: 150,
  }),
  scenario(
    "queue-from-zero",
    [
      step("up", 1, {
        metric: { namespace: "Jobs", name: "Waiting", statistic: "Maximum" },
        adjustmentType: "ExactCapacity",
        steps: [
          { lower: 0, upper: 3000, adjustment: 2 },
          { lower: 3000, adjustment: 6 },
        ],
      }),
      step("down", 0, {
        metric: { namespace: "Jobs", name: "Waiting", statistic: "Maximum" },
        missingData: "ignore",
        steps: [{ upper: 0, adjustment: -2 }],
      }),
    ],
    ["spike:by=25,at=10m,for=15m", "spike:by=8,at=50m,for=5m"],
    {
      size: { min: 0, max: 8 },
      metric: { kind: "backlog" },
      schedules: [{ name: "evening", recurrence: "7 * * * *", min: 1 }],
    },
  ),
  scenario(
    "warm-pool",
    [step("up", 70, { steps: [{ lower: 0, adjustment: 2 }] }), step("down", 30, {})],
    ["constant:value=10", "spike:by=65,at=6m,for=35m"],
    { launchHook: true, bootSeconds: 240, warmSeconds: 30, warmPool: { state: "Stopped", maxPrepared: 8, reuse: true } },
  ),
  scenario("warm-pool-running", [step("up", 70, {}), step("down", 45, {})], ["wave:low=10,high=90,period=60m,peak=30m"], {
    bootSeconds: 180,
    warmPool: { state: "Running", min: 1, maxPrepared: 5 },
  }),
  scenario(
    "metric-math",
    [
      target(1000, {
        name: "backlog-per-instance",
        metric: {
          math: {
            expression: "IF(instances > 0, waiting / instances, waiting)",
            metrics: {
              waiting: { namespace: "Jobs", name: "Waiting", statistic: "Maximum" },
              instances: { namespace: "AWS/AutoScaling", name: "GroupInServiceInstances", statistic: "Average" },
            },
          },
        },
      }),
    ],
    ["constant:value=15", "spike:by=25,at=8m,for=25m"],
    { metric: { kind: "backlog" } },
  ),
];
