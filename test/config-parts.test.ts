/** The parts of reading settings that are worth a look by themselves. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { allowedBy, exampleAt, schemaAt } from "../settings/describe.ts";
import type { JsonSchema } from "../settings/describe.ts";
import { keyPath, removeLine, setLine, valueAt } from "../settings/faults.ts";
import { editDistance, nearest } from "../settings/nearest.ts";
import { jsonSchemaOf } from "../settings/parse.ts";
import { fleetSchema } from "../settings/fleet-schema.ts";
import { awsSchemas, projectSchemas } from "../settings/schema.ts";
import { looksLikeSecret, redacted, shown } from "../settings/secrets.ts";

describe("settings/nearest", () => {
  it("counts insertions, deletions, replacements and swaps", () => {
    for (const [one, other, distance] of [
      ["size", "size", 0],
      ["siez", "size", 1],
      ["sizes", "size", 1],
      ["szie", "size", 1],
      ["bootSecond", "bootSeconds", 1],
      ["", "abc", 3],
      ["kitten", "sitting", 3],
    ] as const) {
      assert.equal(editDistance(one, other), distance, `${one} ${other}`);
    }
  });

  it("is symmetric, zero for equals only, and never more than the longer word", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (one, other) => {
        const distance = editDistance(one, other);
        assert.equal(distance, editDistance(other, one));
        assert.equal(distance === 0, one === other);
        assert.ok(distance <= Math.max(one.length, other.length));
      }),
    );
  });

  it("finds the nearest of what is known, whatever the case", () => {
    assert.equal(nearest("INSTANCETYPE", ["size", "instanceType", "image"]), "instanceType");
    assert.equal(nearest("x", []), undefined);
    // What leaves out the unit is what is meant.
    assert.equal(nearest("period", ["metric", "periodSeconds"]), "periodSeconds");
    assert.equal(nearest("si", ["sinkSeconds", "size"]), "size");
  });
});

describe("settings/secrets", () => {
  const secrets = [
    "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----",
    "ASIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.sig",
    "glpat-abcdefghij0123456789",
    "pul-0123456789abcdef0123456789abcdef01234567",
    "token = abcdefgh",
    "https://user:hunter2secret@example.com",
  ];
  const names = [
    "/storefront/staging/chef-key",
    "arn:aws:secretsmanager:eu-central-1:123456789012:secret:chef-validator-AbCdEf",
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/MyLoadBalancer/50dc6c495c0c9188",
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/Storefront/0123456789abcdef",
    "storefront-production-errors",
    "https://chef.example.com/organizations/shop",
    "0123456789abcdef0123456789abcdef01234567",
  ];
  for (const text of secrets) it(`knows ${text.slice(0, 12)}…`, () => assert.ok(looksLikeSecret(text)));
  for (const text of names) it(`takes ${text} for a name`, () => assert.ok(!looksLikeSecret(text)));

  it("withholds, and cuts what is long", () => {
    for (const text of secrets) {
      assert.equal(shown({ in: text }), "a value that looks like a secret and is not repeated here");
      assert.ok(!looksLikeSecret(redacted(`before ${text} after`)));
      assert.ok(redacted(`before ${text}`).startsWith("before "));
    }
    assert.equal(shown("x".repeat(100)), `"${"x".repeat(79)}…`);
    assert.equal(redacted("fleet:fleets.app"), "fleet:fleets.app");
  });
});

describe("settings/faults: lines to type", () => {
  it("writes paths as `pulumi config set --path` reads them", () => {
    assert.equal(keyPath(["fleets", "my-app", "volumes", 0, "deviceName"]), "fleets.my-app.volumes[0].deviceName");
    assert.equal(keyPath(["tags", "a.b", 'c"d']), `tags["a.b"]["c\\"d"]`);
    assert.equal(keyPath([]), "");
  });

  it("quotes for the shell, and keeps a negative number from being an option", () => {
    assert.equal(setLine("fleet:product", "shop"), "pulumi config set fleet:product shop");
    assert.equal(setLine("fleet:x[0]", "it's"), `pulumi config set --path 'fleet:x[0]' 'it'\\''s'`);
    assert.equal(setLine("fleet:a.b", -1), "pulumi config set --path -- fleet:a.b -1");
    assert.equal(removeLine("fleet:a.b"), "pulumi config rm --path fleet:a.b");
  });

  it("finds the value at a path, whatever lies on it", () => {
    assert.equal(valueAt({ a: [{ b: 1 }] }, ["a", 0, "b"]), 1);
    assert.equal(valueAt({ a: "text" }, ["a", "b", "c"]), undefined);
    assert.equal(valueAt(null, ["a"]), undefined);
  });
});

describe("settings/describe", () => {
  /** Every place of a schema, with its path. */
  function* places(schema: JsonSchema, path: (string | number)[] = []): Generator<{ path: (string | number)[]; schema: JsonSchema }> {
    yield { path, schema };
    for (const [name, property] of Object.entries(schema.properties ?? {})) yield* places(property, [...path, name]);
    if (schema.items) yield* places(schema.items, [...path, 0]);
  }
  const all = [...Object.values(projectSchemas), ...Object.values(awsSchemas), fleetSchema];

  it("says of every setting what it is for and what is allowed, and has an example for whoever lacks it", () => {
    for (const schema of all) {
      for (const { path, schema: place } of places(jsonSchemaOf(schema))) {
        const where = JSON.stringify(path);
        if (path.at(-1) !== 0 || place.description !== undefined) assert.match(place.description ?? "", /\.$|\.\w|`/, where);
        assert.ok(allowedBy(place).length > 0, where);
        assert.notEqual(exampleAt(place, path).value, undefined, where);
      }
    }
  });

  it("has examples that the settings accept", () => {
    for (const [name, schema] of Object.entries(fleetSchema.shape)) {
      for (const { path, schema: place } of places(jsonSchemaOf(schema))) {
        if (place.properties !== undefined || place.items !== undefined || place.examples === undefined) continue;
        assert.deepEqual(schemaAt(jsonSchemaOf(schema), path), place);
        const [example] = place.examples;
        if (place.pattern !== undefined) assert.match(String(example), new RegExp(place.pattern), `${name} ${JSON.stringify(path)}`);
        if (place.enum !== undefined) assert.ok(place.enum.includes(example), `${name} ${JSON.stringify(path)}`);
        if (place.minimum !== undefined && place.type === "integer") {
          assert.ok(Number(example) >= place.minimum && Number(example) <= (place.maximum ?? Infinity), `${name} ${JSON.stringify(path)}`);
        }
      }
    }
  });
});
