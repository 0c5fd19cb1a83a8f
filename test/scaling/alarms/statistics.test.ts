import assert from "node:assert/strict";
import fc from "fast-check";
import { aggregate, parseStatistic, sample, significantSampleCount } from "../../../scaling/alarms/statistics.ts";

const samples = (...values: readonly number[]) => values.map((value, index) => sample(index, value));

describe("statistics", () => {
  it("are undefined over nothing", () => {
    assert.equal(aggregate([], "Sum"), undefined);
  });

  it("count, add, average and bound", () => {
    const all = samples(4, 1, 7);
    assert.deepEqual(
      (["SampleCount", "Sum", "Average", "Minimum", "Maximum"] as const).map((statistic) => aggregate(all, statistic)),
      [3, 12, 4, 1, 7],
    );
  });

  it("weigh values by their counts and take sets as they are", () => {
    assert.equal(aggregate([sample(0, 1, 3), sample(0, 5)], "Average"), 2);
    const set = { timestampMs: 0, count: 4, sum: 20, minimum: 2, maximum: 9 };
    assert.equal(aggregate([set, ...samples(1)], "Average"), 4.2);
    assert.equal(aggregate([set], { percentile: 50 }), undefined);
  });

  it("give percentiles", () => {
    const hundred = samples(...Array.from({ length: 100 }, (_, index) => 100 - index));
    assert.deepEqual(
      [50, 95, 99.9, 100].map((percentile) => aggregate(hundred, { percentile })),
      [50, 95, 100, 100],
    );
    assert.equal(aggregate(samples(-1, 2), { percentile: 50 }), undefined);
  });

  it("are named as the API names them", () => {
    assert.equal(parseStatistic("Average"), "Average");
    assert.deepEqual(parseStatistic("p99.9"), { percentile: 99.9 });
    for (const name of ["average", "p0", "p101", "tm90", "IQM", "p"]) assert.equal(parseStatistic(name), undefined, name);
  });

  it("know how many samples make a percentile significant", () => {
    assert.deepEqual(
      [99, 50, 10].map((percentile) => Math.round(significantSampleCount({ percentile }))),
      [1000, 20, 100],
    );
  });

  it("keep every percentile between minimum and maximum, growing with the percentile", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 1 }), fc.integer({ min: 1, max: 99 }), (values, percentile) => {
        const all = samples(...values);
        const lower = aggregate(all, { percentile }) ?? NaN;
        const upper = aggregate(all, { percentile: percentile + 1 }) ?? NaN;
        assert.ok(Math.min(...values) <= lower && lower <= upper && upper <= Math.max(...values));
      }),
    );
  });
});
