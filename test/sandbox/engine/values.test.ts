import assert from "node:assert/strict";
import fc from "fast-check";
import { contains, ignoreChanges, parsePath } from "../../../sandbox/engine/paths.ts";
import { fromStruct, toStruct } from "../../../sandbox/engine/rpc.ts";
import type { PropertyMap, Value } from "../../../sandbox/engine/values.ts";
import {
  containsSecret,
  makeSecret,
  mapWithoutSecrets,
  markSecrets,
  redacted,
  unknown,
  containsUnknown,
} from "../../../sandbox/engine/values.ts";

const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.string(),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), tie("value"), { maxKeys: 3, noNullPrototype: true }),
    tie("value").map(makeSecret),
  ),
}));
const map = fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), value, { maxKeys: 4, noNullPrototype: true }) as fc.Arbitrary<PropertyMap>;

describe("property values", () => {
  it("survive the way over the protocol", () => {
    fc.assert(fc.property(map, (one) => assert.deepEqual(fromStruct(toStruct(one)), one)));
  });

  it("lose every secret marker, or every secret's content", () => {
    fc.assert(fc.property(map, (one) => assert.equal(Object.values(mapWithoutSecrets(one)).some(containsSecret), false)));
    assert.deepEqual(redacted({ a: [makeSecret({ b: 1 })], c: 2 }), { a: ["[secret]"], c: 2 });
  });

  it("are marked secret again where the inputs were", () => {
    const inputs = { plain: 1, secret: makeSecret("x"), list: [1, makeSecret(2)], object: { inner: makeSecret(3), other: 4 } };
    const answer = { plain: 1, secret: "x", list: [2, 1], object: { inner: 3, other: 4 }, more: 5 };
    assert.deepEqual(markSecrets(answer, inputs), {
      plain: 1,
      secret: makeSecret("x"),
      list: makeSecret([2, 1]),
      object: { inner: makeSecret(3), other: 4 },
      more: 5,
    });
    fc.assert(
      fc.property(map, (one) => assert.deepEqual(mapWithoutSecrets(markSecrets(mapWithoutSecrets(one), one)), mapWithoutSecrets(one))),
    );
  });

  it("are unknown when something in them is", () => {
    assert.equal(containsUnknown({ a: [{ b: unknown }] }), true);
    assert.equal(containsUnknown({ a: ["b"] }), false);
  });
});

describe("property paths", () => {
  it("are names, indices and stars", () => {
    assert.deepEqual(parsePath("tags.owner"), ["tags", "owner"]);
    assert.deepEqual(parsePath('rules[0].ports["a.\\"b"]'), ["rules", 0, "ports", 'a."b']);
    assert.deepEqual(parsePath("list[*].name"), ["list", "*", "name"]);
    for (const wrong of [".a", "a[", "a[x]", "a]"]) assert.throws(() => parsePath(wrong), /is no property path/, wrong);
  });

  it("contain what lies under them", () => {
    assert.ok(contains(parsePath("a"), parsePath("a.b[1]")));
    assert.ok(contains(parsePath("a[*].c"), parsePath("a[7].c")));
    assert.ok(!contains(parsePath("a.b"), parsePath("a")));
    assert.ok(!contains(parsePath("a.b"), parsePath("a.c")));
  });

  const cases: readonly [string, PropertyMap, PropertyMap, PropertyMap, boolean][] = [
    ["a", { a: 1 }, { a: 2, b: 3 }, { a: 1, b: 3 }, true],
    ["a", {}, { a: 2 }, {}, true],
    ["a", { a: 1 }, {}, { a: 1 }, true],
    ["a.b", { a: { b: 1, c: 1 } }, { a: { b: 2, c: 2 } }, { a: { b: 1, c: 2 } }, true],
    ["a[0].b", { a: [{ b: 1 }] }, { a: [{ b: 2 }, { b: 3 }] }, { a: [{ b: 1 }, { b: 3 }] }, true],
    ["a[1]", { a: [1] }, { a: [1, 2] }, { a: [1, 2] }, false],
    ["a[*].b", { a: [{ b: 1 }, { b: 2 }] }, { a: [{ b: 3 }, { b: 4 }] }, { a: [{ b: 1 }, { b: 2 }] }, true],
    ["a.b", { a: "text" }, { a: { b: 1 } }, { a: { b: 1 } }, false],
    ["a.b", { a: { b: 1 } }, {}, {}, false],
  ];
  for (const [path, old, news, expected, possible] of cases) {
    it(`ignore changes at ${path} from ${JSON.stringify(old)} to ${JSON.stringify(news)}`, () => {
      assert.deepEqual(ignoreChanges(news, old, [path]), { inputs: expected, impossible: possible ? [] : [path] });
    });
  }

  it("leave equal inputs equal, whatever is ignored", () => {
    fc.assert(
      fc.property(map, fc.stringMatching(/^[a-z]{1,2}(\.[a-z]{1,2})?$/), (one, path) =>
        assert.deepEqual(ignoreChanges(one, one, [path]).inputs, one),
      ),
    );
  });
});
