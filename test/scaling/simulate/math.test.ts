import assert from "node:assert/strict";
import fc from "fast-check";
import type { TargetPolicyOutput } from "../../../contract/fleets-output.ts";
import type { MetricMath } from "../../../contract/scaling-policies.ts";
import { MathRun } from "../../../scaling/simulate/math.ts";
import { sharedNames, watchedGroupMetrics, watchedMetrics } from "../../../scaling/simulate/policies.ts";
import { simulate } from "../../../scaling/simulate/simulate.ts";
import type { SimulatedFleet, SimulationOptions } from "../../../scaling/simulate/types.ts";

const startMs = Date.UTC(2026, 0, 5);
const waiting = { namespace: "Jobs", name: "Waiting", statistic: "Maximum" } as const;
const instances = { namespace: "AWS/AutoScaling", name: "GroupInServiceInstances", statistic: "Average" } as const;
const target = (math: MetricMath, value: number): TargetPolicyOutput => ({
  kind: "target",
  policyArn: "",
  name: "per-instance",
  target: value,
  scaleIn: true,
  metric: { math },
});
const fleetOf = (...policies: TargetPolicyOutput[]): SimulatedFleet => ({
  size: { min: 1, max: 10 },
  bootSeconds: 0,
  scaling: { policies },
});
const demandOf = (values: readonly number[], stepSeconds = 60) => ({ values: Float64Array.from(values), stepSeconds, startMs });
const options: SimulationOptions = { capacityPerInstance: 1000, metric: { kind: "total" }, launchSeconds: 0, launchHook: false };
const perInstance = { expression: "waiting / instances", metrics: { waiting, instances } };

describe("a target on metric math", () => {
  it("is tracked on what the expression gives, with what the group publishes of itself", () => {
    const fleet = { ...fleetOf(target(perInstance, 10)), bootSeconds: 120 };
    assert.deepEqual([watchedMetrics(fleet), watchedGroupMetrics(fleet)], [["Waiting"], ["GroupInServiceInstances"]]);
    const values = [...Array.from({ length: 5 }, () => 10), ...Array.from({ length: 10 }, () => 40)];
    const { desired, metrics, alarms, leftOut } = simulate(fleet, demandOf(values), options);
    // 40 on one instance for three minutes: four of them come back to the target.
    assert.deepEqual([...desired], [1, 1, 1, 1, 1, 1, 1, 1, 4, 4, 4, 4, 4, 4, 4]);
    assert.deepEqual([...metrics["per-instance (calculated)"]!], [10, 10, 10, 10, 10, 40, 40, 40, 40, 10, 10, 10, 10, 10, 10]);
    assert.deepEqual([...metrics["GroupInServiceInstances"]!].slice(7), [1, 1, 4, 4, 4, 4, 4, 4]);
    assert.deepEqual(
      alarms.map(({ metric, direction, threshold }) => [metric, direction, threshold]),
      [
        ["per-instance (calculated)", "above", 10],
        ["per-instance (calculated)", "below", 7],
      ],
    );
    assert.deepEqual(leftOut, []);
  });

  it("is without data where the expression divides by nothing", () => {
    const fleet = { ...fleetOf(target(perInstance, 10)), size: { min: 0, max: 4 } };
    const { metrics, desired } = simulate(fleet, demandOf([5, 5, 5, 5]), options);
    assert.deepEqual(
      [[...metrics["per-instance (calculated)"]!], [...desired]],
      [
        [NaN, NaN, NaN, NaN],
        [0, 0, 0, 0],
      ],
    );
  });

  it("gives the same over a range as period by period, where periods do not depend on each other", () => {
    const queries = (expression: string) => [
      { id: "a", metricStat: { metric: { namespace: "n", metricName: "A", dimensions: [] }, stat: "Average" }, returnData: false },
      { id: "b", metricStat: { metric: { namespace: "n", metricName: "B", dimensions: [] }, stat: "Sum" }, returnData: false },
      { id: "r", expression, returnData: true },
    ];
    const value = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constant(NaN));
    const series = fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 12 });
    const expression = fc.constantFrom("a / b", "IF(a > b, a, b)", "ABS(a - b) * 2", "CEIL(a / 3) + PERIOD(a)", "-a ^ 2");
    fc.assert(
      fc.property(series, expression, (values, text) => {
        const samplesOf = (pick: 0 | 1) => ({ values: Float64Array.from(values, (one) => one[pick]), startMs, stepMs: 60_000 });
        const run = new MathRun(queries(text), samplesOf(0), (metric) => samplesOf(metric === "A" ? 0 : 1));
        assert.equal(run.isPointwise, true);
        for (const step of values.keys()) run.sample(step);
        const whole = run.points(Array.from(values, (_, index) => startMs + index * 60_000));
        assert.deepEqual(
          [...run.values],
          whole.map((one) => one ?? NaN),
        );
      }),
    );
    const across = new MathRun(queries("RATE(a) + b"), { values: new Float64Array(1), startMs, stepMs: 60_000 }, () => ({
      values: new Float64Array(1),
      startMs,
      stepMs: 60_000,
    }));
    assert.equal(across.isPointwise, false);
  });

  it("looks at the whole range where the expression does", () => {
    const fleet = fleetOf(target({ expression: "DIFF(waiting)", metrics: { waiting } }, 5));
    // Rises by 10 a minute: two and a half times the target from the second minute on, seen three minutes in a row.
    const { desired, metrics } = simulate(fleet, demandOf(Array.from({ length: 8 }, (_, index) => index * 10)), options);
    assert.deepEqual([...metrics["per-instance (calculated)"]!].slice(1), [10, 10, 10, 10, 10, 10, 10]);
    assert.equal(desired[3], 1);
    assert.equal(desired[4], 2);
  });

  it("tells metrics apart by their names alone, and says where that is too little", () => {
    const queue = (name: string) => ({ ...waiting, dimensions: { QueueName: name } });
    assert.deepEqual(sharedNames(fleetOf(target({ expression: "a + b", metrics: { a: queue("x"), b: queue("y") } }, 5))), ["Waiting"]);
    assert.deepEqual(sharedNames(fleetOf(target(perInstance, 5), target(perInstance, 6))), []);
  });
});
