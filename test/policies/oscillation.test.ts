/** The proof about oscillation against brute force: every size, metrics all around every threshold and bound, the alarms followed step by step. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { findOscillation, type Scaling, type Trigger } from "../../policies/proofs/oscillation.ts";
import { VirtualClock } from "../../scaling/clock.ts";

type Step = Trigger["policy"]["steps"][number];

const far = 1e-7;

/** An independent reading of AWS's rules, written out with loops and no shared code. */
function stepFor(steps: readonly Step[], difference: number): Step | undefined {
  const candidates = steps.filter((step) => {
    const [low, high] = [step.metricIntervalLowerBound ?? -Infinity, step.metricIntervalUpperBound ?? Infinity];
    const above = low >= 0 && difference >= low && difference < high;
    const below = high <= 0 && difference > low && difference <= high;
    return above || below;
  });
  return candidates[0];
}

function sizeAfter(size: number, metric: number, { threshold, policy, repeats }: Trigger, { min, max }: Scaling["limits"]): number {
  const step = stepFor(policy.steps, metric - threshold);
  if (!step) return size;
  let next = size;
  for (let time = 0; time < repeats; time++) {
    const by = step.scalingAdjustment;
    if (policy.adjustmentType === "ExactCapacity") next = by;
    else if (policy.adjustmentType === "ChangeInCapacity") next += by;
    else {
      let change = (next * by) / 100;
      if (change > 0) change = change < 1 ? 1 : Math.floor(change);
      else if (change < 0) change = change > -1 ? -1 : Math.ceil(change);
      const least = policy.minAdjustmentMagnitude ?? 0;
      if (by !== 0 && Math.abs(change) < least) change = by > 0 ? least : -least;
      next += change;
    }
    if (next < min) next = min;
    if (next > max) next = max;
  }
  return next;
}

const isOn = ({ side, inclusive, threshold }: Trigger, metric: number) =>
  side === "above" ? metric > threshold || (inclusive && metric === threshold) : metric < threshold || (inclusive && metric === threshold);

/** Whether some size and metric set off one alarm and then, at the same load, the other. */
function bruteForce({ limits, out, in: back, margin }: Scaling): boolean {
  const eased = (trigger: Trigger): Trigger => ({
    ...trigger,
    threshold: trigger.threshold * (trigger.side === "above" ? 1 - margin : 1 + margin),
  });
  for (let size = Math.max(1, limits.min); size <= limits.max; size++) {
    for (const [first, second] of [
      [out, back],
      [back, out],
    ] as const) {
      const bounds = first.policy.steps.flatMap((step) => [step.metricIntervalLowerBound ?? 0, step.metricIntervalUpperBound ?? 0]);
      const edges = [0, ...bounds].map((bound) => first.threshold + bound);
      for (const metric of edges.flatMap((edge) => [edge - far, edge, edge + far, edge - 0.25, edge + 0.25])) {
        if (metric < 0 || !isOn(first, metric)) continue;
        const next = sizeAfter(size, metric, first, limits);
        const moved = first.side === "above" ? next > size : next < size;
        if (moved && (next === 0 || isOn(eased(second), (metric * size) / next))) return true;
      }
    }
  }
  return false;
}

const adjustmentType = fc.constantFrom("ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity" as const);

function trigger(side: "above" | "below", threshold: fc.Arbitrary<number>): fc.Arbitrary<Trigger> {
  const sign = side === "above" ? 1 : -1;
  return fc
    .record({
      threshold,
      inclusive: fc.boolean(),
      type: adjustmentType,
      cuts: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 2 }),
      adjustments: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 3, maxLength: 3 }),
      magnitude: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
      repeats: side === "above" ? fc.integer({ min: 1, max: 3 }) : fc.constant(1),
    })
    .map(({ threshold: at, inclusive, type, cuts, adjustments, magnitude, repeats }): Trigger => {
      const edges = [0, ...[...cuts].sort((one, other) => one - other)];
      const steps = edges.map((edge, index): Step => {
        const [near, away] = [sign * edge, edges[index + 1] === undefined ? undefined : sign * edges[index + 1]!];
        const [low, high] = side === "above" ? [near, away] : [away, near];
        const amount = adjustments[index]! * (type === "PercentChangeInCapacity" ? 15 : 1);
        return {
          ...(low === undefined ? {} : { metricIntervalLowerBound: low }),
          ...(high === undefined ? {} : { metricIntervalUpperBound: high }),
          scalingAdjustment: type === "ExactCapacity" ? amount : sign * amount,
        };
      });
      const minAdjustmentMagnitude = type === "PercentChangeInCapacity" ? magnitude : undefined;
      return {
        alarm: side,
        side,
        inclusive,
        threshold: at,
        repeats,
        policy: { adjustmentType: type, minAdjustmentMagnitude, steps },
      };
    });
}

const scaling: fc.Arbitrary<Scaling> = fc
  .record({
    min: fc.integer({ min: 0, max: 4 }),
    span: fc.integer({ min: 0, max: 12 }),
    low: fc.integer({ min: 5, max: 45 }),
    gap: fc.integer({ min: 1, max: 50 }),
    margin: fc.constantFrom(0, 0.05, 0.2),
  })
  .chain(({ min, span, low, gap, margin }) =>
    fc.record({ out: trigger("above", fc.constant(low + gap)), in: trigger("below", fc.constant(low)) }).map((triggers) => ({
      limits: { min, max: Math.max(1, min + span) },
      margin,
      ...triggers,
    })),
  );

describe("oscillation proof", () => {
  it("agrees with brute force on random policies", function () {
    let found = 0;
    fc.assert(
      fc.property(scaling, (one) => {
        const proof = findOscillation(one);
        if (proof) found++;
        assert.equal(proof !== undefined, bruteForce(one), JSON.stringify(proof));
      }),
      { numRuns: 4000 },
    );
    assert.ok(found > 400 && found < 3600, `both answers occur: ${found} of 4000 oscillate`);
  });

  it("gives a counter-example that one can follow by hand", () => {
    fc.assert(
      fc.property(scaling, (one) => {
        const proof = findOscillation(one);
        if (!proof || proof.kind === "stuck at zero") return;
        assert.ok(Math.abs(proof.nextMetric * proof.nextSize - proof.metric * proof.size) < 1e-6, "the load is the same before and after");
        assert.ok(proof.size >= one.limits.min && proof.nextSize <= one.limits.max);
        assert.notEqual(proof.first, proof.second);
      }),
      { numRuns: 500 },
    );
  });

  it("agrees with what a simulated group does: thresholds that it passes let the group come to rest", () => {
    fc.assert(
      fc.property(scaling, fc.integer({ min: 20, max: 600 }), (one, load) => {
        fc.pre(findOscillation({ ...one, margin: 0 }) === undefined);
        const clock = new VirtualClock();
        let size = Math.max(1, one.limits.min);
        let lastMove: "above" | "below" | undefined;
        let turns = 0;
        const act = () => {
          const firing = [one.out, one.in].find((trigger) => isOn(trigger, load / size));
          const next = firing ? sizeAfter(size, load / size, firing, one.limits) : size;
          const moved = firing && (firing.side === "above" ? next > size : next < size);
          if (!moved) return;
          if (lastMove !== undefined && lastMove !== firing.side) turns++;
          lastMove = firing.side;
          size = next;
          clock.schedule(clock.now() + 60_000, act);
        };
        clock.schedule(clock.now(), act);
        clock.advanceBy(60_000 * 100);
        assert.equal(turns, 0, `size ${size}, load ${load}`);
      }),
      { numRuns: 500 },
    );
  });
});
