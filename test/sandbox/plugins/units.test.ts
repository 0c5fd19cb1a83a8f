/** Pure parts of the plugins, by properties. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { hashed, zipOf } from "../../../sandbox/plugins/aws/lambda/code.ts";
import { zip } from "../../../sandbox/plugins/aws/lambda/zip.ts";
import { launchTemplateData } from "../../../sandbox/plugins/aws/ec2/launch-template-data.ts";
import { groupParameters } from "../../../sandbox/plugins/aws/autoscaling/group-parameters.ts";
import { atoms, permission, rulesFrom, sameRules } from "../../../sandbox/plugins/aws/ec2/rules.ts";
import type { InlineRule } from "../../../sandbox/plugins/aws/ec2/rules.ts";
import { resourceSchema } from "../../../sandbox/plugins/aws/schema.ts";
import type { Shape } from "../../../sandbox/plugins/aws/schema.ts";
import { durationSeconds } from "../../../sandbox/plugins/aws/wait.ts";
import { autoname } from "../../../sandbox/plugins/protocol/autoname.ts";
import { differences } from "../../../sandbox/plugins/protocol/diff.ts";
import { equal, fromStruct, hasSecret, hasUnknown, plain, secret, toStruct, unknown } from "../../../sandbox/plugins/protocol/values.ts";
import type { Value } from "../../../sandbox/plugins/protocol/values.ts";

// google-protobuf's Struct.toJavaScript assigns to a plain object, so a key `__proto__` is lost there, as in Pulumi's own SDK.
const key = fc.string({ minLength: 1 }).filter((text) => text !== "__proto__");
const { value: anyValue } = fc.letrec<{ value: Value; list: Value; map: Value }>((tie) => ({
  value: fc.oneof({ depthSize: "small" }, fc.string(), fc.integer(), fc.boolean(), tie("list"), tie("map")),
  list: fc.array(tie("value"), { maxLength: 4 }),
  map: fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
}));

describe("values of the protocol", () => {
  it("survive the wire, with their secrets and unknowns", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const properties = { value, secret: secret(value), unknown };
        const back = fromStruct(toStruct(properties));
        assert.ok(equal(back, properties));
        assert.equal(hasSecret(back["secret"]), true);
        assert.equal(hasUnknown(back), true);
        assert.ok(equal(plain(back["secret"]!), value));
      }),
    );
  });

  it("differ nowhere when equal, and somewhere below the path when not", () => {
    fc.assert(
      fc.property(anyValue, anyValue, (one, other) => {
        const found = differences("x", one, other);
        assert.equal(found.length === 0, equal(one, other));
        for (const { path } of found) assert.ok(path.startsWith("x"));
      }),
    );
  });

  it("unknowns of every type of the engine are one", () => {
    for (const typed of [
      "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
      "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
      "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    ])
      assert.equal(plain(typed), unknown);
  });

  it("a resource reference is refused, for the provider did not say that it takes them", () => {
    assert.throws(
      () => plain({ "4dabf18193072939515e22adb298388d": "5cf8f73096256a8f31e491e813e4eb8e", urn: "u" }),
      /a resource reference was sent/,
    );
  });
});

describe("names", () => {
  it("have the prefix, seven hexadecimal digits and the ending, and follow from the seed", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 20 }), fc.uint8Array({ minLength: 1 }), (prefix, seed) => {
        const name = autoname(`${prefix}-`, seed, 64, ".fifo");
        assert.equal(name, autoname(`${prefix}-`, seed, 64, ".fifo"));
        assert.ok(name.startsWith(`${prefix}-`));
        assert.match(name.slice(prefix.length + 1), /^[0-9a-f]{7}\.fifo$/);
      }),
    );
    assert.notEqual(autoname("a-", new Uint8Array(), 64), autoname("a-", new Uint8Array(), 64), "no seed, no order");
  });

  it("are refused one character over the limit", () => {
    assert.equal(autoname("a".repeat(24) + "-", Buffer.from("s"), 32).length, 32);
    assert.throws(() => autoname("a".repeat(25) + "-", Buffer.from("s"), 32), /has 33 characters, 32 are allowed/);
  });
});

describe("durations", () => {
  it("are Go's", () => {
    const cases = { "10m": 600, "90s": 90, "1h30m": 5400, "0": 0, "0s": 0, "1.5m": 90, "500ms": 0.5 };
    for (const [text, seconds] of Object.entries(cases)) assert.equal(durationSeconds(text), seconds, text);
    for (const text of ["", "10", "m", "-1m", "1d", "10 m", "1m "]) assert.equal(durationSeconds(text), undefined, text);
  });
});

describe("tables between properties and parameters", () => {
  /** A value of the shape, every optional member given. */
  const values = (shape: Shape): fc.Arbitrary<Value> => {
    if (typeof shape !== "string") {
      if ("list" in shape) return fc.array(values(shape.list), { minLength: 1, maxLength: 2 });
      if ("map" in shape)
        return fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), values(shape.map), { minKeys: 1, maxKeys: 3, noNullPrototype: true });
      return fc.record(Object.fromEntries(Object.entries(shape.object).map(([key, member]) => [key, values(member.type)])));
    }
    return { string: fc.stringMatching(/^[a-z]{1,8}$/), number: fc.integer({ min: 1 }), boolean: fc.boolean(), any: fc.constant("") }[
      shape
    ];
  };
  /** Texts that must be more than text. */
  const special: Record<string, fc.Arbitrary<Value>> = {};
  const flag = fc.constantFrom("true", "false");
  for (const key of [
    "deleteOnTermination",
    "encrypted",
    "ebsOptimized",
    "associateCarrierIpAddress",
    "associatePublicIpAddress",
    "primaryIpv6",
  ])
    special[key] = flag;
  special["validUntil"] = fc.constant("2026-01-31T08:00:00Z");
  const arbitrary = (shape: Shape, key: string): fc.Arbitrary<Value> => {
    if (special[key] !== undefined && shape === "string") return special[key];
    if (typeof shape === "string" || "map" in shape) return values(shape);
    if ("list" in shape) return fc.array(arbitrary(shape.list, ""), { minLength: 1, maxLength: 2 });
    return fc.record(Object.fromEntries(Object.entries(shape.object).map(([name, member]) => [name, arbitrary(member.type, name)])));
  };

  for (const [token, table] of [
    ["aws:ec2/launchTemplate:LaunchTemplate", launchTemplateData],
    ["aws:autoscaling/group:Group", groupParameters],
  ] as const)
    it(`${token}: what is encoded is decoded again, every member of every object`, () => {
      const properties = Object.entries(resourceSchema(token)).filter(([key]) => key in table.fields);
      for (const [key, { type }] of properties)
        fc.assert(
          fc.property(arbitrary(type, key), (value) => {
            assert.ok(equal(table.decode(table.encode({ [key]: value })), { [key]: value }));
          }),
          { numRuns: 10 },
        );
    });
});

describe("inline rules of security groups", () => {
  const rule: fc.Arbitrary<InlineRule> = fc.record(
    {
      protocol: fc.constantFrom("tcp", "udp", "-1", "6", "all"),
      fromPort: fc.integer({ min: 0, max: 3 }),
      toPort: fc.integer({ min: 0, max: 3 }),
      cidrBlocks: fc.uniqueArray(fc.constantFrom("10.0.0.0/8", "0.0.0.0/0"), { minLength: 1 }),
      securityGroups: fc.uniqueArray(fc.constantFrom("sg-1", "sg-2")),
      self: fc.boolean(),
      description: fc.constantFrom("", "web"),
    },
    { requiredKeys: ["protocol", "fromPort", "toPort", "cidrBlocks"] },
  );

  it("mean the same after EC2 has grouped them its own way", () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), (rules) => {
        const found = rulesFrom(atoms(rules, "sg-own").map(permission), "sg-own");
        assert.ok(sameRules(found, rules as unknown as Value));
      }),
    );
  });

  it("are told apart by each of their parts", () => {
    const one = { protocol: "tcp", fromPort: 80, toPort: 80, cidrBlocks: ["10.0.0.0/8"] };
    for (const other of [
      { protocol: "udp" },
      { fromPort: 81 },
      { toPort: 81 },
      { cidrBlocks: ["0.0.0.0/0"] },
      { description: "x" },
      { self: true },
    ])
      assert.equal(sameRules([one], [{ ...one, ...other }]), false, JSON.stringify(other));
    assert.equal(sameRules([one], [{ ...one, protocol: "6" }]), true);
  });
});

describe("code of functions", () => {
  const directory = mkdtempSync(join(tmpdir(), "fleet-zip-"));
  after(() => rmSync(directory, { recursive: true }));
  /** Python's reader as the judge: names, contents, modes. */
  const listed = (archive: Buffer): unknown => {
    const path = join(directory, "out.zip");
    writeFileSync(path, archive);
    const script =
      "import json,sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(json.dumps([[i.filename, z.read(i).decode(), oct(i.external_attr >> 16)] for i in z.infolist()]))";
    return JSON.parse(execFileSync("python3", ["-c", script, path], { encoding: "utf8" }));
  };
  const archive = (assets: Record<string, Value>): Value => ({
    "4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7",
    assets,
  });
  const text = (content: string): Value => ({ "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", text: content });
  const path = (of: string): Value => ({ "4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", path: of });

  it("is a zip that others read, equal for equal files", async () => {
    const code = archive({ "b.txt": text("b\n"), "a/ü.txt": text("a\n"), empty: text("") });
    const made = await zipOf(code);
    assert.deepEqual(listed(made), [
      ["a/ü.txt", "a\n", "0o100644"],
      ["b.txt", "b\n", "0o100644"],
      ["empty", "", "0o100644"],
    ]);
    assert.deepEqual(await zipOf(archive({ "a/ü.txt": text("a\n"), empty: text(""), "b.txt": text("b\n") })), made);
    assert.deepEqual(listed(zip([{ name: "run", content: Buffer.from("#!/bin/sh\n"), executable: true }])), [
      ["run", "#!/bin/sh\n", "0o100755"],
    ]);
  });

  it("comes from a folder, from a zip as it is, from parts; not from elsewhere", async () => {
    const folder = join(directory, "folder");
    mkdirSync(join(folder, "lib"), { recursive: true });
    writeFileSync(join(folder, "index.mjs"), "one");
    writeFileSync(join(folder, "lib", "two.mjs"), "two", { mode: 0o755 });
    const expected = [
      ["index.mjs", "one", "0o100644"],
      ["lib/two.mjs", "two", "0o100755"],
    ];
    assert.deepEqual(listed(await zipOf(path(folder))), expected);
    const zipped = join(directory, "ready.zip");
    writeFileSync(zipped, await zipOf(path(folder)));
    assert.deepEqual(listed(await zipOf(path(zipped))), expected);
    assert.deepEqual(listed(await zipOf(archive({ app: path(folder), "x.txt": text("x") }))), [
      ...expected.map(([name, ...rest]) => [`app/${name!}`, ...rest]),
      ["x.txt", "x", "0o100644"],
    ]);
    await assert.rejects(zipOf(path(join(folder, "index.mjs"))), /is neither a folder nor a zip file/);
    await assert.rejects(zipOf(path(join(directory, "none"))), /ENOENT/);
    const remote = { "4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", uri: "https://example.com/a.zip" };
    await assert.rejects(zipOf(remote), /https:\/\/example.com\/a.zip is remote/);
  });

  it("has a hash that follows its content, unless the engine gave one", async () => {
    const hash = async (value: Value) => ((await hashed(value)) as { hash: string }).hash;
    assert.equal(await hash(archive({ a: text("1") })), await hash(archive({ a: text("1") })));
    assert.notEqual(await hash(archive({ a: text("1") })), await hash(archive({ a: text("2") })));
    assert.equal(await hash({ ...(archive({ a: text("1") }) as object), hash: "given" }), "given");
  });
});
