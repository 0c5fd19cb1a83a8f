import assert from "node:assert/strict";
import { faults } from "../../../../sandbox/engine/policy/schema.ts";

/** Schema, a value that fits, a value that does not, and what is said about it. */
const rows: readonly [Record<string, unknown>, unknown, unknown, string][] = [
  [{ type: "string" }, "a", 1, "at is 1, expected: string"],
  [{ type: ["integer", "null"] }, null, 1.5, "at is 1.5, expected: integer or null"],
  [{ enum: ["a", { b: 1 }] }, { b: 1 }, { b: 2 }, 'at is {"b":2}, allowed: "a", {"b":1}'],
  [{ const: 1 }, 1, 2, "at is 2, allowed: 1"],
  [{ minimum: 1 }, 1, 0, "at is 0, at least 1"],
  [{ maximum: 1 }, 1, 2, "at is 2, at most 1"],
  [{ exclusiveMinimum: 1 }, 2, 1, "at is 1, more than 1"],
  [{ exclusiveMaximum: 1 }, 0, 1, "at is 1, less than 1"],
  [{ multipleOf: 60 }, 120, 90, "at is 90, a multiple of 60"],
  [{ minLength: 2 }, "äö", "ä", 'at is "ä", at least 2 characters'],
  [{ maxLength: 1 }, "ä", "äö", 'at is "äö", at most 1 characters'],
  [{ pattern: "^a+$" }, "aa", "b", 'at is "b", expected to match ^a+$'],
  [{ minItems: 1 }, [1], [], "at has fewer than 1 items"],
  [{ maxItems: 1 }, [1], [1, 2], "at has more than 1 items"],
  [{ uniqueItems: true }, [1, 2], [{ a: 1 }, { a: 1 }], "at has equal items"],
  [{ items: { type: "string" } }, ["a"], ["a", 2], "at[1] is 2, expected: string"],
  [{ required: ["a"] }, { a: 1 }, {}, "at.a is missing"],
  [{ properties: { a: { type: "string" } } }, { b: 1 }, { a: 1 }, "at.a is 1, expected: string"],
  [{ properties: { a: {} }, additionalProperties: false }, { a: 1 }, { b: 1 }, "at.b is unknown; known are: a"],
  [{ additionalProperties: { type: "string" } }, { a: "x" }, { a: 1 }, "at.a is 1, expected: string"],
  [{ anyOf: [{ type: "string" }, { type: "null" }] }, null, 1, "at is 1, which fits none of the alternatives"],
  [{ oneOf: [{ minimum: 1 }, { minimum: 5 }] }, 3, 7, "at is 7, which does not fit exactly one alternative"],
  [{ allOf: [{ minimum: 1 }, { maximum: 2 }] }, 2, 3, "at is 3, at most 2"],
];

describe("schemas of policy settings", () => {
  for (const [schema, good, bad, message] of rows) {
    it(JSON.stringify(schema), () => {
      assert.deepEqual(faults(schema, good, "at"), []);
      assert.deepEqual(faults(schema, bad, "at"), [message]);
    });
  }

  it("describe beside constraining, and an unknown keyword is no pass", () => {
    assert.deepEqual(faults({ description: "x", default: 1, title: "t" }, 1, "at"), []);
    assert.deepEqual(faults({ dependentRequired: {} }, 1, "at"), [
      'at: its schema uses "dependentRequired", which this engine does not know',
    ]);
  });
});
