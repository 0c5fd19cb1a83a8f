import assert from "node:assert/strict";
import fc from "fast-check";
import type { StepPolicyOutput, WarmPool } from "../../../contract/fleets-output.ts";
import { figuresOf } from "../../../scaling/simulate/figures.ts";
import { simulate } from "../../../scaling/simulate/simulate.ts";
import type { SimulatedFleet, SimulationOptions } from "../../../scaling/simulate/types.ts";

const startMs = Date.UTC(2026, 0, 5);
const minutes = (count: number, value: number) => Array.from({ length: count }, () => value);
const demandOf = (values: readonly number[]) => ({ values: Float64Array.from(values), stepSeconds: 60, startMs });
const step = (direction: "up" | "down", threshold: number, adjustment: number): StepPolicyOutput => ({
  kind: "step",
  direction,
  policyArn: "",
  alarmName: "",
  metric: { namespace: "AWS/EC2", name: "CPUUtilization", statistic: "Average" },
  threshold,
  periodSeconds: 60,
  evaluationPeriods: 1,
  datapointsToAlarm: 1,
  missingData: "missing",
  adjustmentType: "ChangeInCapacity",
  steps: [direction === "up" ? { lower: 0, adjustment } : { upper: 0, adjustment }],
});
const fleetOf = (warmPool: WarmPool | undefined): SimulatedFleet => ({
  size: { min: 2, max: 8 },
  bootSeconds: 300,
  scaling: { policies: [step("up", 70, 2), step("down", 30, -1)] },
  ...(warmPool === undefined ? {} : { warmPool }),
});
const options: SimulationOptions = {
  capacityPerInstance: 10,
  metric: { kind: "utilization", idle: 0, max: 100 },
  launchSeconds: 30,
  warmSeconds: 60,
  launchHook: true,
};
const figureOptions = { capacityPerInstance: 10, keepPercent: 80, flapSeconds: 1800, pricePerHour: 0.5, restingPricePerHour: 0.1 };
/** Half an hour in which two instances do not suffice, four do. */
const load = [...minutes(5, 10), ...minutes(30, 25)];

describe("a simulated warm pool", () => {
  it("lets instances serve after their start instead of after their boot", () => {
    const cold = simulate(fleetOf(undefined), demandOf(load), options);
    const warm = simulate(fleetOf({ state: "Stopped", maxPrepared: 6 }), demandOf(load), options);
    // The alarm at 6 min; four serve 5 min later without a pool, 1 min later out of it.
    assert.deepEqual([...cold.serving].slice(5, 13), [2, 2, 2, 2, 2, 2, 4, 4]);
    assert.deepEqual([...warm.serving].slice(5, 13), [2, 2, 4, 4, 4, 4, 4, 4]);
    assert.deepEqual(cold.arrivals, { cold: { count: 2, seconds: 600 }, warm: { count: 0, seconds: 0 } });
    assert.deepEqual(warm.arrivals, { cold: { count: 0, seconds: 0 }, warm: { count: 2, seconds: 120 } });
  });

  it("costs only its volumes while it rests, and the price of an instance while it runs", () => {
    const run = (state: WarmPool["state"]) => {
      const simulation = simulate(fleetOf({ state, min: 2, maxPrepared: 2 }), demandOf(minutes(60, 10)), { ...options, initialSize: 2 });
      return figuresOf(simulation, 8, figureOptions);
    };
    for (const state of ["Stopped", "Hibernated"] as const) {
      const { instanceHours, cost, warmPool } = run(state);
      assert.deepEqual([instanceHours, cost, warmPool], [2, 1.2, { mean: 2, runningHours: 0, restingHours: 2 }]);
    }
    const { instanceHours, cost, warmPool } = run("Running");
    assert.deepEqual([instanceHours, cost, warmPool], [4, 2, { mean: 2, runningHours: 2, restingHours: 0 }]);
    assert.equal("warmPool" in figuresOf(simulate(fleetOf(undefined), demandOf([1]), options), 8, figureOptions), false);
  });

  it("launches cold when it is empty, and is filled again", () => {
    const { arrivals, warmPool, inService } = simulate(
      fleetOf({ state: "Stopped", min: 1, maxPrepared: 3 }),
      demandOf([...minutes(5, 10), ...minutes(55, 25)]),
      options,
    );
    assert.deepEqual(
      [arrivals.warm, arrivals.cold],
      [
        { count: 1, seconds: 60 },
        { count: 1, seconds: 300 },
      ],
    );
    assert.equal(inService.at(-1), 4);
    // Taken at 6 min, launched anew at once, prepared and stopped 5 min later.
    assert.deepEqual([...(warmPool?.resting ?? [])].slice(5, 13), [1, 0, 0, 0, 0, 0, 1, 1]);
    assert.deepEqual([...(warmPool?.running ?? [])].slice(5, 13), [0, 1, 1, 1, 1, 1, 0, 0]);
  });

  it("takes instances back that the group no longer needs, where it may", () => {
    const back = (reuse: boolean) =>
      simulate(fleetOf({ state: "Stopped", maxPrepared: 6, reuse }), demandOf([...load, ...minutes(30, 5)]), options);
    const [gone, kept] = [back(false), back(true)];
    assert.deepEqual([gone.inService.at(-1), kept.inService.at(-1)], [2, 2]);
    assert.deepEqual([gone.terminations, kept.terminations], [2, 0]);
    assert.deepEqual([gone.warmPool?.resting.at(-1), kept.warmPool?.resting.at(-1)], [4, 4]);
    assert.ok(kept.launches < gone.launches);
  });

  it("goes on with a boot that was interrupted, since without a hook it stops what runs", () => {
    const { arrivals } = simulate(fleetOf({ state: "Stopped", maxPrepared: 6 }), demandOf(load), { ...options, launchHook: false });
    // 30 s to running, then the 270 s of booting that nothing has been done of.
    assert.deepEqual(arrivals.warm, { count: 2, seconds: 600 });
  });

  it("serves at once what has waited running", () => {
    for (const launchHook of [true, false]) {
      const { arrivals, serving } = simulate(fleetOf({ state: "Running", maxPrepared: 6 }), demandOf(load), { ...options, launchHook });
      assert.deepEqual(arrivals, { cold: { count: 0, seconds: 0 }, warm: { count: 2, seconds: 0 } });
      assert.deepEqual([...serving].slice(5, 8), [2, 4, 4]);
    }
  });

  it("never has fewer than none, bills what runs, and is the same each time", () => {
    const pool = fc.record(
      {
        state: fc.constantFrom("Stopped" as const, "Running" as const, "Hibernated" as const),
        min: fc.integer({ min: 0, max: 3 }),
        maxPrepared: fc.integer({ min: 3, max: 8 }),
        reuse: fc.boolean(),
      },
      { requiredKeys: ["state"] },
    );
    fc.assert(
      fc.property(fc.array(fc.nat(100), { minLength: 5, maxLength: 90 }), pool, fc.boolean(), (values, warmPool, launchHook) => {
        const run = () => simulate(fleetOf(warmPool), demandOf(values), { ...options, launchHook });
        const simulation = run();
        assert.deepEqual(run(), simulation);
        const { inService, serving } = simulation;
        const { running, resting } = simulation.warmPool!;
        for (const [index, size] of inService.entries()) {
          assert.ok(serving[index]! >= 0 && serving[index]! <= size);
          assert.ok(running[index]! >= 0 && resting[index]! >= 0);
          assert.ok(running[index]! + resting[index]! <= Math.max(warmPool.min ?? 0, 8));
        }
        const least = values.length * 60 * 2 + running.reduce((sum, size) => sum + size, 0) * 0;
        assert.ok(simulation.instanceSeconds >= least - 1e-6);
      }),
    );
  });
});
