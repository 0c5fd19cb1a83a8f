/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html */
import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { evaluateMath, mathFaults } from "../../../scaling/alarms/math/evaluate.ts";
import type { Series } from "../../../scaling/alarms/math/evaluate.ts";
import { MathError, parseExpression } from "../../../scaling/alarms/math/parse.ts";

const _ = undefined;

function result(expression: string, metrics: Readonly<Record<string, Series>>, others: Readonly<Record<string, string>> = {}): Series {
  const length = Object.values(metrics)[0]?.length ?? 3;
  const expressions = new Map([...Object.entries(others), ["e", expression] as const]);
  return evaluateMath({ metrics: new Map(Object.entries(metrics)), expressions, periodSeconds: 60, length }, "e");
}

describe("metric math", () => {
  const a = [1, 2, 3];
  const b = [10, _, 30];

  const cases: readonly (readonly [expression: string, expected: Series])[] = [
    ["a + 1", [2, 3, 4]],
    ["a + b", [11, _, 33]],
    ["2 + 3 * 4 - 6 / 2", [11, 11, 11]],
    ["(2 + 3) * 4", [20, 20, 20]],
    ["2 ^ 3 ^ 2", [512, 512, 512]],
    ["-a", [-1, -2, -3]],
    ["-2 ^ 2", [-4, -4, -4]],
    ["1.5e2 * a", [150, 300, 450]],
    ["b / (a - 1)", [_, _, 15]],
    ["a > 1", [0, 1, 1]],
    ["a >= 2 AND a <= 2", [0, 1, 0]],
    ["a == 1 || a == 3", [1, 0, 1]],
    ["IF(a > 1, b, 0)", [0, _, 30]],
    ["IF(a > 1, a)", [_, 2, 3]],
    ["FILL(b, 0)", [10, 0, 30]],
    ["FILL(b, REPEAT)", [10, 10, 30]],
    ["FILL(b, a)", [10, 2, 30]],
    ["SUM(a)", [6, 6, 6]],
    ["AVG(b)", [20, 20, 20]],
    ["a / MAX(a)", [1 / 3, 2 / 3, 1]],
    ["SUM(METRICS())", [11, 2, 33]],
    ["MAX([a, b])", [10, 2, 30]],
    ["MIN(METRICS('a'))", [1, 2, 3]],
    ["ABS(0 - a)", [1, 2, 3]],
    ["CEIL(a / 2) + FLOOR(a / 2)", [1, 2, 3]],
    ["DIFF(b)", [_, _, 20]],
    ["RATE(b)", [_, _, 20 / 120]],
    ["a * PERIOD(a)", [60, 120, 180]],
    ["other * 2", [4, 6, 8]],
  ];
  for (const [expression, expected] of cases) {
    it(`${expression} = ${JSON.stringify(expected.map((value) => value ?? "-"))}`, () => {
      assert.deepEqual(result(expression, { a, b }, { other: "a + 1" }), expected);
    });
  }

  const refused: readonly (readonly [expression: string, message: RegExp])[] = [
    ["ANOMALY_DETECTION_BAND(a)", /The function ANOMALY_DETECTION_BAND is not part of the metric math that is supported here: ABS/],
    ["a +", /ends too early/],
    ["a b", /Unexpected "b"/],
    ["a $ b", /Unexpected character at position/],
    ["nobody", /no metric or expression with the id "nobody"/],
    ["FILL(a, LINEAR)", /FILL takes a number, a metric or REPEAT/],
    ["METRICS()", /One metric is needed there, not several/],
    ["'text' + 1", /has no place there/],
  ];
  for (const [expression, message] of refused) {
    it(`refuses ${expression}`, () => {
      assert.throws(
        () => result(expression, { a, b }),
        (error) => error instanceof MathError && message.test(error.message),
      );
    });
  }

  it("refuses expressions in a circle, before any data are there", () => {
    assert.deepEqual(
      mathFaults(
        ["m"],
        new Map([
          ["x", "y + m"],
          ["y", "x"],
        ]),
      ),
      ['The expression "x" depends on itself', 'The expression "y" depends on itself'],
    );
  });

  it("parses what it prints: numbers and operators in any nesting", () => {
    const operator = fc.constantFrom("+", "-", "*");
    const { tree } = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.nat(9).map(String),
        fc.tuple(tie("tree"), operator, tie("tree")).map(([left, one, right]) => `(${left} ${one} ${right})`),
      ),
    }));
    fc.assert(
      fc.property(tree, (text) => {
        parseExpression(text);
        // The same grammar in JavaScript.
        const expected = Number(runInNewContext(text));
        assert.deepEqual(
          result(text, { a: [1] }),
          [Number.isFinite(expected) ? expected : _].map((value) => value && value + 0),
        );
      }),
    );
  });
});
