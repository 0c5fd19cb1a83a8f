import assert from "node:assert/strict";
import fc from "fast-check";
import { adjustCapacity, clampCapacity, proportionalCapacity, roundChange, selectStep, sizeAfterStep } from "../../scaling/adjustment.ts";

describe("capacity arithmetic", () => {
  it("rounds a percentage's change as documented", () => {
    assert.deepEqual([12.7, 0.67, -0.58, -6.67, 0, 1, -1, 1.99].map(roundChange), [12, 1, -1, -6, 0, 1, -1, 1]);
  });

  it("adjusts by number, to a number and by percentage with a least change", () => {
    assert.equal(adjustCapacity(3, { type: "ChangeInCapacity", value: 5 }), 8);
    assert.equal(adjustCapacity(3, { type: "ChangeInCapacity", value: -5 }), 0);
    assert.equal(adjustCapacity(3, { type: "ExactCapacity", value: 5 }), 5);
    assert.equal(adjustCapacity(10, { type: "PercentChangeInCapacity", value: 10 }), 11);
    assert.equal(adjustCapacity(4, { type: "PercentChangeInCapacity", value: 25, minMagnitude: 2 }), 6);
    assert.equal(adjustCapacity(4, { type: "PercentChangeInCapacity", value: -25, minMagnitude: 2 }), 2);
    assert.equal(adjustCapacity(4, { type: "PercentChangeInCapacity", value: 0, minMagnitude: 2 }), 4);
    assert.equal(adjustCapacity(0, { type: "PercentChangeInCapacity", value: 50, minMagnitude: 1 }), 1);
  });

  it("follows the documentation's example of 10 instances and a threshold of 50", () => {
    const out = {
      adjustmentType: "PercentChangeInCapacity",
      steps: [
        { metricIntervalLowerBound: 0, metricIntervalUpperBound: 10, scalingAdjustment: 0 },
        { metricIntervalLowerBound: 10, metricIntervalUpperBound: 20, scalingAdjustment: 10 },
        { metricIntervalLowerBound: 20, scalingAdjustment: 30 },
      ],
    } as const;
    const into = {
      adjustmentType: "PercentChangeInCapacity",
      steps: [
        { metricIntervalLowerBound: -10, metricIntervalUpperBound: 0, scalingAdjustment: 0 },
        { metricIntervalLowerBound: -20, metricIntervalUpperBound: -10, scalingAdjustment: -10 },
        { metricIntervalUpperBound: -20, scalingAdjustment: -30 },
      ],
    } as const;
    const limits = { min: 0, max: 100 };
    assert.equal(sizeAfterStep(10, 59 - 50, out, limits), 10);
    assert.equal(sizeAfterStep(10, 60 - 50, out, limits), 11);
    assert.equal(sizeAfterStep(11, 70 - 50, out, limits), 14);
    assert.equal(sizeAfterStep(14, 40 - 50, into, limits), 13);
    assert.equal(sizeAfterStep(13, 30 - 50, into, limits), 10);
    assert.equal(sizeAfterStep(14, 41 - 50, into, limits), 14);
  });

  it("takes lower bounds in above the threshold, and upper bounds below it", () => {
    const up = [{ metricIntervalLowerBound: 0, metricIntervalUpperBound: 10 }, { metricIntervalLowerBound: 10 }];
    assert.deepEqual(
      [0, 9.9, 10, -0.1].map((difference) => up.indexOf(selectStep(up, difference)!)),
      [0, 0, 1, -1],
    );
    const down = [{ metricIntervalLowerBound: -10, metricIntervalUpperBound: 0 }, { metricIntervalUpperBound: -10 }];
    assert.deepEqual(
      [0, -9.9, -10, 0.1].map((difference) => down.indexOf(selectStep(down, difference)!)),
      [0, 0, 1, -1],
    );
    const both = [{ metricIntervalUpperBound: 0 }, { metricIntervalLowerBound: 0 }];
    assert.equal(selectStep(both, 0), both[1]);
  });

  it("never leaves the limits, and finds exactly one step in steps without gaps", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 500 }),
        fc.integer({ min: -200, max: 200 }),
        fc.integer({ min: 0, max: 50 }),
        fc.nat(50),
        (size, value, min, span) => {
          const limits = { min, max: min + span };
          const next = clampCapacity(adjustCapacity(size, { type: "PercentChangeInCapacity", value }), limits);
          assert.ok(next >= limits.min && next <= limits.max);
        },
      ),
    );
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 8 }),
        fc.double({ min: -60, max: 60, noNaN: true }),
        (bounds, difference) => {
          const sorted = [...bounds].sort((one, other) => one - other);
          const steps = [-Infinity, ...sorted].map((from, index) => ({
            ...(from === -Infinity ? {} : { metricIntervalLowerBound: from }),
            ...(sorted[index] === undefined ? {} : { metricIntervalUpperBound: sorted[index] }),
            index,
          }));
          const step = selectStep(steps, difference);
          assert.ok(step !== undefined);
          assert.ok(
            (step.metricIntervalLowerBound ?? -Infinity) <= difference && difference <= (step.metricIntervalUpperBound ?? Infinity),
          );
        },
      ),
    );
  });

  it("scales in proportion, rounding up, without the last bit of a product adding an instance", () => {
    assert.equal(proportionalCapacity(3, 75, 50), 5);
    assert.equal(proportionalCapacity(10, 20, 50), 4);
    assert.equal(proportionalCapacity(3, 0.1 * 3, 0.3), 3);
    assert.equal(proportionalCapacity(3, 0, 50), 0);
  });
});
