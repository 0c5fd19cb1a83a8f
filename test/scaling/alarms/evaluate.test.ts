/** The tables of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html, and laws over random data. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { comparisonOperators, evaluate, evaluationRange, isBreaching, missingDataTreatments } from "../../../scaling/alarms/evaluate.ts";
import type { AlarmCondition, AlarmState, DataPoint, MissingDataTreatment } from "../../../scaling/alarms/evaluate.ts";

/** `X` breaches, `0` does not, `-` is missing; the newest stands last. */
const points = (text: string): DataPoint[] =>
  text.split(" ").map((one, index) => ({ timestampMs: index * 60_000, value: one === "-" ? undefined : one === "X" ? 100 : 0 }));

const condition = (datapointsToAlarm: number, treatMissingData: MissingDataTreatment, evaluationPeriods = 3): AlarmCondition => ({
  ...{ comparisonOperator: "GreaterThanThreshold", threshold: 50, evaluationPeriods, datapointsToAlarm, treatMissingData },
});

const stateOf = (text: string, datapointsToAlarm: number, treatment: MissingDataTreatment, current: AlarmState = "OK") =>
  evaluate(condition(datapointsToAlarm, treatment), points(text), current).state;

type Row = readonly [data: string, filled: number, missing: string, ignore: string, breaching: string, notBreaching: string];

const threeOfThree: readonly Row[] = [
  ["0 - X - X", 0, "OK", "OK", "OK", "OK"],
  ["0 - - - -", 2, "OK", "OK", "OK", "OK"],
  ["- - - - -", 3, "INSUFFICIENT_DATA", "retain", "ALARM", "OK"],
  ["0 X X - X", 0, "ALARM", "ALARM", "ALARM", "ALARM"],
  ["- - X - -", 2, "ALARM", "retain", "ALARM", "OK"],
];

const twoOfThree: readonly Row[] = [
  ["0 - X - X", 0, "ALARM", "ALARM", "ALARM", "ALARM"],
  ["0 0 X 0 X", 0, "ALARM", "ALARM", "ALARM", "ALARM"],
  ["0 - X - -", 1, "OK", "OK", "ALARM", "OK"],
  ["- - - - 0", 2, "OK", "OK", "ALARM", "OK"],
  ["- - - X -", 2, "ALARM", "retain", "ALARM", "OK"],
];

describe("alarm evaluation", () => {
  for (const [datapointsToAlarm, rows] of [
    [3, threeOfThree],
    [2, twoOfThree],
  ] as const) {
    for (const [data, filled, ...states] of rows) {
      it(`${datapointsToAlarm} out of 3, ${data}: as documented for each treatment of missing data`, () => {
        // The first table counts what must be filled in; where all are real the number is 0 whatever is missing.
        assert.equal(evaluate(condition(datapointsToAlarm, "missing"), points(data), "OK").filled, filled);
        for (const [index, treatment] of (["missing", "ignore", "breaching", "notBreaching"] as const).entries()) {
          for (const current of ["OK", "ALARM", "INSUFFICIENT_DATA"] as const) {
            const expected = states[index] === "retain" ? current : states[index];
            assert.equal(stateOf(data, datapointsToAlarm, treatment, current), expected, `${treatment} in ${current}`);
          }
        }
      });
    }
  }

  it("does not go to ALARM early while a later point may still show it wrong", () => {
    for (const data of ["- - - - X", "- - - X -"]) assert.equal(stateOf(data, 3, "missing"), "OK");
    for (const data of ["- - - X 0", "- - X - 0"]) assert.equal(stateOf(data, 3, "missing"), "OK");
    for (const data of ["- X - - -", "X - - - -"]) assert.equal(stateOf(data, 3, "missing"), "ALARM");
  });

  it("looks at more periods than it evaluates", () => {
    assert.equal(evaluationRange(3), 5);
  });

  it("names the evaluated points, newest first", () => {
    const { evaluated, breaching } = evaluate(condition(2, "missing"), points("X 0 - X X"), "OK");
    assert.deepEqual([evaluated.map(({ timestampMs }) => timestampMs / 60_000), breaching], [[4, 3, 1], 2]);
  });

  it("compares at the threshold as each operator says", () => {
    const at = comparisonOperators.map((operator) => [9, 10, 11].map((value) => isBreaching(value, operator, 10)));
    assert.deepEqual(at, [
      [false, true, true],
      [false, false, true],
      [true, false, false],
      [true, true, false],
    ]);
  });

  const value = fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined });
  const setting = fc.integer({ min: 1, max: 6 }).chain((evaluationPeriods) =>
    fc.record({
      values: fc.array(value, { minLength: evaluationPeriods + 2, maxLength: evaluationPeriods + 2 }),
      condition: fc.record({
        comparisonOperator: fc.constantFrom(...comparisonOperators),
        threshold: fc.integer({ min: 0, max: 100 }),
        evaluationPeriods: fc.constant(evaluationPeriods),
        datapointsToAlarm: fc.integer({ min: 1, max: evaluationPeriods }),
        treatMissingData: fc.constantFrom(...missingDataTreatments),
      }),
      current: fc.constantFrom<AlarmState>("OK", "ALARM", "INSUFFICIENT_DATA"),
    }),
  );
  const asPoints = (values: readonly (number | undefined)[]) => values.map((one, index) => ({ timestampMs: index, value: one }));

  it("without gaps counts the breaching points of the last N periods, whatever the treatment and the state before", () => {
    fc.assert(
      fc.property(setting, ({ values, condition: given, current }) => {
        const full = values.map((one) => one ?? 0);
        const recent = full.slice(-given.evaluationPeriods);
        const breaching = recent.filter((one) => isBreaching(one, given.comparisonOperator, given.threshold)).length;
        assert.equal(evaluate(given, asPoints(full), current).state, breaching >= given.datapointsToAlarm ? "ALARM" : "OK");
      }),
    );
  });

  it("is INSUFFICIENT_DATA only without any data, and then only where missing is missing or was so before", () => {
    fc.assert(
      fc.property(setting, ({ values, condition: given, current }) => {
        const { state } = evaluate(given, asPoints(values), current);
        if (state !== "INSUFFICIENT_DATA") return;
        const isKept = given.treatMissingData === "ignore" && current === "INSUFFICIENT_DATA";
        assert.ok(isKept || (given.treatMissingData === "missing" && values.every((one) => one === undefined)));
      }),
    );
  });

  it("with breaching treatment is never calmer than with notBreaching", () => {
    fc.assert(
      fc.property(setting, ({ values, condition: given, current }) => {
        const state = (treatMissingData: MissingDataTreatment) => evaluate({ ...given, treatMissingData }, asPoints(values), current).state;
        if (state("notBreaching") === "ALARM") assert.equal(state("breaching"), "ALARM");
      }),
    );
  });
});
