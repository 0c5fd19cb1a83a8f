import assert from "node:assert/strict";
import fc from "fast-check";
import type { StepPolicyOutput } from "../../../contract/fleets-output.ts";
import { evaluate, type AlarmState } from "../../../scaling/alarms/evaluate.ts";
import { evaluatedPeriods } from "../../../scaling/alarms/schedule.ts";
import { AlarmRun, type SimulatedAlarm } from "../../../scaling/simulate/alarm.ts";
import { figuresOf } from "../../../scaling/simulate/figures.ts";
import { candidatesOf, knobsOf, rank, withCandidate, type Outcome } from "../../../scaling/simulate/search.ts";
import { simulate } from "../../../scaling/simulate/simulate.ts";
import type { SimulatedFleet, SimulationOptions } from "../../../scaling/simulate/types.ts";

const startMs = Date.UTC(2026, 0, 5);
const cpu = { namespace: "AWS/EC2", name: "CPUUtilization", statistic: "Average" } as const;
const step = (direction: "up" | "down", threshold: number, more: Partial<StepPolicyOutput> = {}): StepPolicyOutput => ({
  kind: "step",
  direction,
  policyArn: "",
  alarmName: "",
  metric: cpu,
  threshold,
  periodSeconds: 60,
  evaluationPeriods: 2,
  datapointsToAlarm: 2,
  missingData: "missing",
  adjustmentType: "ChangeInCapacity",
  steps: [direction === "up" ? { lower: 0, adjustment: 1 } : { upper: 0, adjustment: -1 }],
  ...more,
});
const fleetOf = (policies: SimulatedFleet["scaling"]["policies"], more: Partial<SimulatedFleet> = {}): SimulatedFleet => ({
  size: { min: 1, max: 10 },
  bootSeconds: 120,
  scaling: { policies },
  ...more,
});
const options: SimulationOptions = {
  capacityPerInstance: 10,
  metric: { kind: "utilization", idle: 0, max: 100 },
  launchSeconds: 0,
  launchHook: false,
};
const demandOf = (values: readonly number[], stepSeconds = 60) => ({ values: Float64Array.from(values), stepSeconds, startMs });
const minutes = (count: number, value: number) => Array.from({ length: count }, () => value);
const figureOptions = { capacityPerInstance: 10, keepPercent: 80, flapSeconds: 1800, pricePerHour: 0.5 };

describe("a simulation", () => {
  it("is a flat line without reason to scale, with its exact figures", () => {
    const fleet = fleetOf([step("up", 70), step("down", 20)]);
    const simulation = simulate(fleet, demandOf(minutes(120, 10)), { ...options, initialSize: 2 });
    assert.deepEqual([...simulation.desired], minutes(120, 2));
    assert.deepEqual([...(simulation.metrics["CPUUtilization"] ?? [])], minutes(120, 50));
    const { alarms, ...figures } = figuresOf(simulation, 10, figureOptions);
    assert.deepEqual(figures, {
      seconds: 7200,
      size: { least: 2, mean: 2, most: 2 },
      utilizationPercent: { mean: 50, most: 50 },
      keptPercent: 100,
      unservedPercent: 0,
      secondsAtMaximum: 0,
      instanceHours: 4,
      cost: 2,
      arrivals: { cold: { count: 0, meanSeconds: 0 }, warm: { count: 0, meanSeconds: 0 } },
      scaleOuts: 0,
      scaleIns: 0,
      flaps: 0,
      launches: 0,
      terminations: 0,
    });
    assert.deepEqual(
      alarms.map(({ name, direction, secondsBeyond, secondsInAlarm }) => [name, direction, secondsBeyond, secondsInAlarm]),
      [
        ["up", "above", 0, 0],
        ["down", "below", 0, 0],
      ],
    );
  });

  it("grows when the alarm is on, and not again before the new instance is warm", () => {
    const simulation = simulate(fleetOf([step("up", 70)]), demandOf(minutes(12, 20)), { ...options, launchSeconds: 30 });
    // Two bad minutes, then one more every time that the last one has been in service for 120 s.
    assert.deepEqual([...simulation.desired], [1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3]);
    assert.deepEqual([...simulation.inService], [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3]);
    assert.deepEqual([...simulation.serving], [1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]);
    assert.deepEqual(
      [...(simulation.metrics["CPUUtilization"] ?? [])].map(Math.round),
      [100, 100, 100, 100, 100, 100, 100, 67, 67, 67, 67, 67],
    );
  });

  it("holds instances in a launch hook until they have booted", () => {
    const simulation = simulate(fleetOf([step("up", 70)]), demandOf(minutes(6, 20)), { ...options, launchSeconds: 30, launchHook: true });
    assert.deepEqual([...simulation.desired], [1, 1, 2, 2, 2, 2]);
    assert.deepEqual([...simulation.inService], [1, 1, 1, 1, 2, 2]);
    assert.deepEqual([...simulation.serving], [...simulation.inService]);
  });

  it("has no data while nothing serves, and a backlog that waits", () => {
    const fleet = fleetOf([step("up", 100, { metric: { ...cpu, name: "Waiting", statistic: "Maximum" }, missingData: "ignore" })], {
      size: { min: 0, max: 4 },
    });
    const idle = simulate(fleet, demandOf(minutes(3, 1)), options);
    assert.deepEqual([...(idle.metrics["Waiting"] ?? [])], [NaN, NaN, NaN]);
    const queue = simulate(fleet, demandOf(minutes(6, 1)), { ...options, metrics: { Waiting: { kind: "backlog" } } });
    assert.deepEqual([...(queue.metrics["Waiting"] ?? [])].slice(0, 4), [60, 120, 180, 240]);
    assert.equal(queue.desired[3], 1);
    const total = simulate(fleet, demandOf([5, 6]), { ...options, metric: { kind: "total" } });
    assert.deepEqual([...(total.metrics["Waiting"] ?? [])], [5, 6]);
  });

  it("leaves out what it cannot know, and says so", () => {
    const math = (name: string, expression: string) => ({
      kind: "target" as const,
      policyArn: "",
      name,
      target: 5,
      scaleIn: true,
      metric: { math: { expression, metrics: { a: { ...cpu, dimensions: { Queue: "q" } } } } },
    });
    const predictive = { target: 50, predefined: "ASGCPUUtilization", mode: "ForecastOnly", bufferSeconds: 0 } as const;
    const mixedInstances = {
      types: ["m5.large"],
      capacityUnits: "units",
      onDemandBaseCapacity: 0,
      onDemandPercentageAboveBase: 100,
      spotAllocationStrategy: "lowest-price",
    } as const;
    const fleet: SimulatedFleet = {
      ...fleetOf([]),
      terminateHook: { heartbeatSeconds: 60, onAbandon: "retain" },
      mixedInstances,
      groupOptions: { maxInstanceLifetimeSeconds: 86_400, terminationPolicies: ["arn:aws:lambda:us-east-1:123456789012:function:mine"] },
      scaling: {
        policies: [step("up", 70), math("ranked", "RANK(a)"), math("plain", "a * 2")],
        predictive,
        composites: { busy: "app-busy" },
      },
    };
    const [ranked, ...others] = simulate(fleet, demandOf([1]), options).leftOut;
    assert.match(ranked ?? "", /^target tracking ranked: its metric math \(The function RANK is not part of/);
    assert.deepEqual(others, [
      "metrics with the name CPUUtilization: several have it, and they are simulated as one",
      "predictive scaling: its forecast is AWS's own",
      "composite alarm busy: it tells operators and changes no size",
      "terminateHook.onAbandon: no hook is abandoned here, and nothing is retained",
      "mixedInstances: all instances carry the same, cost the same, and none is taken back",
      "mixedInstances.capacityUnits: the sizes are taken as instances, not as units",
      "group.maxLifetimeDays: nothing is replaced for its age",
      "group.terminationPolicies: a function of one's own is not called; instances go as OldestLaunchTemplate, then Default, have it",
    ]);
    assert.deepEqual(simulate(fleetOf([step("up", 70)]), demandOf([1]), options).leftOut, []);
  });

  it("keeps what is protected from scale-in, and bills what a terminating hook holds", () => {
    const load = demandOf([...minutes(10, 20), ...minutes(30, 0)]);
    const policies = [step("up", 70), step("down", 30, { evaluationPeriods: 1, datapointsToAlarm: 1 })];
    const run = (more: Partial<SimulatedFleet>) => simulate(fleetOf(policies, { bootSeconds: 0, ...more }), load, options);
    const free = run({});
    const kept = run({ groupOptions: { protectFromScaleIn: true } });
    assert.deepEqual([free.inService[39], kept.inService[39], kept.terminations], [1, kept.inService[10], 0]);
    const idle = (more: Partial<SimulatedFleet>) =>
      simulate(fleetOf(policies, more), demandOf(minutes(30, 0)), { ...options, initialSize: 2 });
    const [gone, held] = [idle({}), idle({ terminateHook: { heartbeatSeconds: 600 } })];
    assert.deepEqual([...held.inService], [...gone.inService]);
    assert.deepEqual([gone.terminations, held.terminations, held.instanceSeconds - gone.instanceSeconds], [1, 1, 600]);
  });

  it("runs schedules at their time and forgets those that are over", () => {
    const fleet = fleetOf([]);
    const schedules = [
      { name: "morning", recurrence: "30 0 * * *", min: 4 },
      { name: "past", startTime: "2026-01-01T00:00:00Z", desired: 9 },
      { name: "later", startTime: "2026-01-05T00:45:00Z", desired: 6 },
    ];
    const { desired } = simulate({ ...fleet, scaling: { policies: [], schedules } }, demandOf(minutes(60, 0)), options);
    assert.deepEqual([desired[0], desired[29], desired[30], desired[44], desired[45], desired[59]], [1, 1, 4, 4, 6, 6]);
  });

  it("is the same each time, stays within the sizes, and counts each instance once", () => {
    const demand = fc.array(fc.nat(150), { minLength: 5, maxLength: 120 });
    const policies = fc.constantFrom(
      [step("up", 60), step("down", 30)],
      [step("up", 60, { adjustmentType: "PercentChangeInCapacity", steps: [{ lower: 0, adjustment: 50 }], minAdjustmentMagnitude: 2 })],
      [step("up", 60, { simple: { cooldownSeconds: 180 } }), step("down", 40, { simple: { cooldownSeconds: 60 } })],
    );
    fc.assert(
      fc.property(demand, policies, fc.boolean(), (values, chosen, launchHook) => {
        const run = () => simulate(fleetOf(chosen), demandOf(values), { ...options, launchHook });
        const simulation = run();
        assert.deepEqual(run(), simulation);
        for (const [index, desired] of simulation.desired.entries()) {
          assert.ok(desired >= 1 && desired <= 10);
          assert.ok(simulation.serving[index]! <= simulation.inService[index]!);
        }
        assert.ok(simulation.launches - simulation.terminations <= 9);
        const hours = simulation.instanceSeconds / 3600;
        assert.ok(hours >= values.length / 60 - 1e-9 && hours <= (10 * values.length) / 60 + simulation.launches / 60, `${hours} hours`);
      }),
    );
  });
});

describe("a simulated alarm", () => {
  it("is judged as all of its periods say, whatever was skipped", () => {
    const operators = ["GreaterThanOrEqualToThreshold", "LessThanThreshold"] as const;
    const alarm = fc.record({
      statistic: fc.constantFrom("Average", "Sum", "Minimum", "Maximum", "SampleCount"),
      periodSeconds: fc.constantFrom(60, 120, 300),
      evaluationPeriods: fc.integer({ min: 1, max: 4 }),
      datapointsToAlarm: fc.integer({ min: 1, max: 4 }),
      comparisonOperator: fc.constantFrom(...operators),
      treatMissingData: fc.constantFrom("breaching", "notBreaching", "ignore", "missing"),
    });
    const value = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(10, 90) }, { weight: 1, arbitrary: fc.constant(NaN) });
    const series = fc.array(fc.tuple(value, fc.integer({ min: 1, max: 25 })), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(alarm, series, (given, runs) => {
        const values = Float64Array.from(runs.flatMap(([one, count]) => minutes(count, one)));
        const simulated = {
          ...given,
          datapointsToAlarm: Math.min(given.datapointsToAlarm, given.evaluationPeriods),
          threshold: 50,
          name: "a",
          label: "a",
          arn: "a",
          policyArn: "p",
          metric: "m",
        } as SimulatedAlarm;
        const run = new AlarmRun(simulated, { values, startMs, stepMs: 60_000 }, startMs);
        let state: AlarmState = "INSUFFICIENT_DATA";
        for (let minute = 1; minute <= values.length; minute++) {
          const nowMs = startMs + minute * 60_000;
          const points = evaluatedPeriods(simulated, nowMs).map((timestampMs) => {
            const samples = [...values.keys()]
              .filter(
                (index) => startMs + index * 60_000 >= timestampMs && startMs + index * 60_000 < timestampMs + given.periodSeconds * 1000,
              )
              .map((index) => values[index]!)
              .filter((one) => !Number.isNaN(one));
            const sum = samples.reduce((total, one) => total + one, 0);
            const all = {
              Average: sum / samples.length,
              Sum: sum,
              Minimum: Math.min(...samples),
              Maximum: Math.max(...samples),
              SampleCount: samples.length,
            };
            return { timestampMs, value: samples.length === 0 ? undefined : all[given.statistic] };
          });
          state = evaluate(simulated, points, state).state;
          const told = run.evaluate(nowMs);
          assert.equal(run.state, state, `minute ${minute}`);
          assert.equal(told !== undefined, state === "ALARM", `minute ${minute}`);
        }
      }),
    );
  });
});

describe("flaps", () => {
  it("are changes soon after one in the other direction", () => {
    const simulation = simulate(
      fleetOf(
        [step("up", 70, { evaluationPeriods: 1, datapointsToAlarm: 1 }), step("down", 40, { evaluationPeriods: 1, datapointsToAlarm: 1 })],
        { bootSeconds: 0 },
      ),
      demandOf([...minutes(10, 9), ...minutes(10, 2), ...minutes(10, 9), ...minutes(40, 2)]),
      options,
    );
    const { scaleOuts, scaleIns, flaps } = figuresOf(simulation, 10, figureOptions);
    assert.deepEqual([scaleOuts, scaleIns, flaps], [2, 2, 3]);
    assert.equal(figuresOf(simulation, 10, { ...figureOptions, flapSeconds: 60 }).flaps, 0);
  });
});

describe("a search", () => {
  it("tries all combinations that leave room between up and down", () => {
    const candidates = candidatesOf([
      { knob: "up", from: 50, to: 60, by: 5 },
      { knob: "down", from: 40, to: 55, by: 7.5 },
    ]);
    assert.deepEqual(candidates, [
      { up: 50, down: 40 },
      { up: 50, down: 47.5 },
      { up: 55, down: 40 },
      { up: 55, down: 47.5 },
      { up: 60, down: 40 },
      { up: 60, down: 47.5 },
      { up: 60, down: 55 },
    ]);
    assert.deepEqual(
      candidatesOf([{ knob: "target", from: 0.1, to: 0.3, by: 0.1 }]).map(({ target }) => target),
      [0.1, 0.2, 0.3],
    );
  });

  it("changes the first policy of a direction only", () => {
    const fleet = fleetOf([step("up", 70), step("up", 99, { of: "queue" }), step("down", 20)]);
    assert.deepEqual(knobsOf(fleet), ["up", "down"]);
    const changed = withCandidate(fleet, { up: 60, down: 25 });
    assert.deepEqual(
      changed.scaling.policies.map((policy) => (policy.kind === "step" ? policy.threshold : policy.target)),
      [60, 99, 25],
    );
  });

  it("ranks what keeps the objective by cost, then by calm", () => {
    const outcome = (up: number, instanceHours: number, keptPercent: number, flaps: number) =>
      ({ candidate: { up }, figures: { instanceHours, keptPercent, flaps } }) as Outcome;
    const ranked = rank([outcome(1, 10, 98, 0), outcome(2, 12, 99.5, 3), outcome(3, 12, 99.5, 1), outcome(4, 11, 99, 9)], 99);
    assert.deepEqual(
      ranked.map(({ candidate }) => candidate.up),
      [4, 3, 2],
    );
  });
});
