/** https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html */
import assert from "node:assert/strict";
import { FilterError, passesFilter, valuesAt } from "../../../sandbox/aws/delivery/filter-policy.ts";

const passes = (policy: Readonly<Record<string, unknown>>, body: unknown) => passesFilter(policy, (path) => valuesAt(body, path));

describe("filter policies", () => {
  for (const [policy, body, expected] of [
    [{}, { a: 1 }, true],
    [{ a: ["x", "y"] }, { a: "y" }, true],
    [{ a: ["x"] }, { a: "y" }, false],
    [{ a: ["x"] }, {}, false],
    [{ a: ["x"] }, { a: ["z", "x"] }, true],
    [{ a: [1] }, { a: 1 }, true],
    [{ a: [null] }, { a: null }, true],
    [{ a: ["x"], b: [true] }, { a: "x", b: true }, true],
    [{ a: ["x"], b: [true] }, { a: "x" }, false],
    [{ a: { b: { c: ["x"] } } }, { a: { b: { c: "x" } } }, true],
    [{ a: [{ prefix: "ab" }] }, { a: "abc" }, true],
    [{ a: [{ suffix: "bc" }] }, { a: "abc" }, true],
    [{ a: [{ "equals-ignore-case": "ABC" }] }, { a: "abc" }, true],
    [{ a: [{ "anything-but": ["x", "y"] }] }, { a: "z" }, true],
    [{ a: [{ "anything-but": ["x", "y"] }] }, { a: "x" }, false],
    [{ a: [{ "anything-but": { prefix: "x" } }] }, { a: "xy" }, false],
    [{ a: [{ "anything-but": "x" }] }, {}, false],
    [{ a: [{ exists: true }] }, { a: 0 }, true],
    [{ a: [{ exists: false }] }, { b: 0 }, true],
    [{ a: [{ exists: false }] }, { a: 0 }, false],
    [{ a: [{ numeric: [">", 0, "<=", 5] }] }, { a: 5 }, true],
    [{ a: [{ numeric: [">", 0, "<=", 5] }] }, { a: 0 }, false],
    [{ a: [{ numeric: ["=", 3] }] }, { a: "3" }, false],
  ] as const) {
    it(`${JSON.stringify(policy)} ${expected ? "lets" : "keeps back"} ${JSON.stringify(body)}`, () =>
      assert.equal(passes(policy, body), expected));
  }

  for (const [policy, message] of [
    [{ a: "x" }, /neither a list nor an object/],
    [{ a: [{ cidr: "10.0.0.0/8" }] }, /has the operator cidr; supported are prefix/],
    [{ a: [{ numeric: ["~", 1] }] }, /which is not one/],
  ] as const) {
    it(`${JSON.stringify(policy)} is refused`, () => {
      assert.throws(
        () => passes(policy, { a: 1 }),
        (error) => error instanceof FilterError && message.test(error.message),
      );
    });
  }
});
