/** Our codec of properties and the generated one read and write each other's bytes. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import fc from "fast-check";
import type Runtime from "google-protobuf";
import type Structs from "google-protobuf/google/protobuf/struct_pb.js";
import { installStructCodec } from "../../../sandbox/engine/struct-codec.ts";

const require = createRequire(import.meta.url);
const names = { runtime: "google-protobuf", structs: "google-protobuf/google/protobuf/struct_pb.js" };

/** A copy of google-protobuf that nobody else has. */
function freshCopy() {
  const before = Object.values(names).map((name) => [require.resolve(name), require.cache[require.resolve(name)]] as const);
  for (const [path] of before) Reflect.deleteProperty(require.cache, path);
  const copy = { runtime: require(names.runtime) as typeof Runtime, structs: require(names.structs) as typeof Structs };
  for (const [path, module] of before) {
    if (module === undefined) Reflect.deleteProperty(require.cache, path);
    else require.cache[path] = module;
  }
  return copy;
}

type Map = Parameters<typeof Structs.Struct.fromJavaScript>[0];

const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true }),
    fc.integer(),
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(
      fc.string().filter((key) => key !== "__proto__"),
      tie("value"),
      { maxKeys: 5, noNullPrototype: true },
    ),
  ),
}));
const anyMap = fc.dictionary(
  fc.string({ unit: "grapheme" }).filter((key) => key !== "__proto__"),
  anyValue,
  { noNullPrototype: true },
) as fc.Arbitrary<Map>;

describe("sandbox/engine/struct-codec.ts", () => {
  const generated = freshCopy();
  const ours = freshCopy();
  const { Struct, Value } = ours.structs;
  before(() => installStructCodec(ours));

  it("writes what the generated code writes, byte by byte, and reads it", () => {
    fc.assert(
      fc.property(anyMap, (map) => {
        const bytes = Struct.fromJavaScript(map).serializeBinary();
        assert.deepEqual(Buffer.from(bytes), Buffer.from(generated.structs.Struct.fromJavaScript(map).serializeBinary()));
        assert.deepEqual(Struct.deserializeBinary(bytes).toJavaScript(), map);
        assert.deepEqual(Struct.fromJavaScript(map).toJavaScript(), map);
      }),
    );
  });

  it("reads and writes lengths of one to four bytes", () => {
    for (const length of [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
      const map = { text: "x".repeat(length), ["ü".repeat(length % 1000)]: [length] };
      const bytes = generated.structs.Struct.fromJavaScript(map).serializeBinary();
      assert.deepEqual(Struct.deserializeBinary(bytes).toJavaScript(), map);
      assert.deepEqual(Buffer.from(Struct.fromJavaScript(map).serializeBinary()), Buffer.from(bytes));
    }
  });

  it("shows the fields to whoever asks for them, and keeps what is changed there", () => {
    const struct = Struct.deserializeBinary(Struct.fromJavaScript({ a: { b: [1] }, c: "d" }).serializeBinary());
    const fields = struct.getFieldsMap();
    assert.deepEqual(fields.get("a")?.getStructValue()?.toJavaScript(), { b: [1] });
    fields.set("c", Value.fromJavaScript("e"));
    assert.deepEqual(struct.toJavaScript(), { a: { b: [1] }, c: "e" });
    assert.deepEqual(Struct.deserializeBinary(struct.serializeBinary()).toJavaScript(), { a: { b: [1] }, c: "e" });
  });

  it("takes what is set later on an empty one", () => {
    const struct = new Struct();
    struct.getFieldsMap().set("a", Value.fromJavaScript({ b: true }));
    assert.deepEqual(generated.structs.Struct.deserializeBinary(struct.serializeBinary()).toJavaScript(), { a: { b: true } });
  });

  it("refuses what has no place in the protocol, as the generated code does, and goes on", () => {
    for (const value of [undefined, () => 1, 1n]) {
      assert.throws(() => Struct.fromJavaScript({ x: [value as never] }), /^Error: Unexpected struct type\.$/);
    }
    assert.deepEqual(Struct.fromJavaScript({ x: 1 }).toJavaScript(), { x: 1 });
    assert.throws(() => Struct.deserializeBinary(Uint8Array.of(0x0a, 2, 0x18, 1)).toJavaScript(), /24 stands where a field was expected/);
  });
});
