/** The parts that rules are made of. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  choice,
  choices,
  configFaults,
  defaultsOf,
  flag,
  integer,
  list,
  number,
  optionSchema,
  table,
  text,
  texts,
} from "../../policies/core/config.ts";
import { exemptionSchema, standing } from "../../policies/core/exemption.ts";
import { stackLevel } from "../../policies/engine/settings.ts";
import { architectureOf, familyOf } from "../../policies/facts/instance-type.ts";
import { credentialInVariable } from "../../policies/facts/secrets.ts";
import { kinds } from "../../policies/model/kinds.ts";
import { Value, secretSignature, signatureKey } from "../../policies/model/value.ts";
import { matches } from "../../policies/rules/image-instance-type-match.ts";

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const secret = (value: unknown) => ({ [signatureKey]: secretSignature, value });

describe("options of a rule", () => {
  const options = {
    days: integer("Days.", 90, { minimum: 1, maximum: 365 }),
    share: number("Share.", 0.5, { maximum: 1 }),
    mode: choice("Mode.", ["exact", "family"], "exact"),
    kinds: choices("Kinds.", ["a", "b"], ["a"]),
    names: texts("Names.", ["x"]),
    name: text("Name.", "web"),
    on: flag("On.", true),
    exemptions: list("Exemptions.", exemptionSchema),
    images: table("Images.", { type: "object", properties: { bakeType: { type: "string" } } }),
  };

  it("give defaults and a schema with them", () => {
    assert.deepEqual(defaultsOf(options), {
      days: 90,
      share: 0.5,
      mode: "exact",
      kinds: ["a"],
      names: ["x"],
      name: "web",
      on: true,
      exemptions: [],
      images: {},
    });
    assert.deepEqual(optionSchema(options.days), { type: "integer", minimum: 1, maximum: 365, default: 90, description: "Days." });
    assert.deepEqual(optionSchema(options.mode), { type: "string", enum: ["exact", "family"], default: "exact", description: "Mode." });
  });

  const exemption = { rule: "r", resource: "x", reason: "y", expires: "2026-01-01" };
  for (const [given, faults] of [
    [
      {
        days: 1,
        share: 1,
        mode: "family",
        kinds: [],
        names: ["a"],
        name: "b",
        on: false,
        exemptions: [exemption],
        images: { "ami-1": { bakeType: "x" } },
      },
      [],
    ],
    [{ days: 365 }, []],
    [{ days: 0 }, ["rule.days is 0; it must be at least 1"]],
    [{ days: 366 }, ["rule.days is 366; it must be at most 365"]],
    [{ days: 1.5 }, ["rule.days is 1.5; it must be a whole number"]],
    [{ days: "1" }, ["rule.days is of type string; it must be a whole number"]],
    [{ share: 1.5 }, ["rule.share is 1.5; it must be at most 1"]],
    [{ mode: "other" }, ['rule.mode is "other"; it must be one of exact, family']],
    [{ kinds: ["c", "a"] }, ['rule.kinds[0] is "c"; it must be one of a, b']],
    [{ names: ["", 7] }, ["rule.names[0] is empty", "rule.names[1] is of type number; it must be string"]],
    [{ names: "a" }, ["rule.names is of type string; it must be array"]],
    [{ on: null }, ["rule.on is of type null; it must be boolean"]],
    [
      { exemptions: [{ ...exemption, expires: "tomorrow", until: "x" }] },
      [
        'rule.exemptions[0].expires is "tomorrow"; it must look like YYYY-MM-DD',
        "rule.exemptions[0].until is not an option; known are rule, resource, reason, expires, stack",
      ],
    ],
    [
      { exemptions: [{ rule: "r" }] },
      ["rule.exemptions[0].resource is missing", "rule.exemptions[0].reason is missing", "rule.exemptions[0].expires is missing"],
    ],
    [{ images: { "ami-1": { bakeType: 7 } } }, ["rule.images.ami-1.bakeType is of type number; it must be string"]],
    [{ dayz: 1 }, ["rule.dayz is not an option of this rule; it has days, share, mode, kinds, names, name, on, exemptions, images"]],
  ] as const) {
    it(`finds in ${JSON.stringify(given)}: ${faults.join("; ") || "nothing"}`, () =>
      assert.deepEqual(configFaults("rule", options, given), faults));
  }
});

describe("a property", () => {
  const value = new Value<{ a?: { b?: unknown[] }; c?: unknown; d?: unknown; n?: unknown }>({
    a: { b: [1, unknown, { deep: secret(unknown) }] },
    c: null,
    d: secret("plain"),
    n: "7",
  });

  it("is known, unknown, missing or secret, at every depth", () => {
    assert.equal(value.at("a").state, "known");
    assert.equal(value.at("a").at("b").items()[1]?.state, "unknown");
    assert.equal(value.at("c").state, "missing");
    assert.equal(value.at("d").text(), "plain");
    assert.equal(new Value({ [signatureKey]: secretSignature, ciphertext: "v1:x" }).state, "secret");
    assert.equal(new Value({ [signatureKey]: secretSignature, plaintext: '"text"' }).text(), "text");
    assert.equal(new Value(unknown).at("x" as never).state, "unknown", "what lies in a hidden object is hidden");
    assert.equal(new Value(undefined).at("x" as never).state, "missing");
    assert.equal(new Value(7).at("x" as never).state, "missing");
  });

  it("knows its path and the top-level property that it belongs to", () => {
    const [, second] = value.at("a").at("b").items();
    assert.equal(second?.path, "a.b[1]");
    assert.equal(second.property, "a");
  });

  it("finds what is hidden beneath it", () => {
    assert.equal(value.firstHidden()?.path, "a.b[1]");
    assert.equal(value.at("d").firstHidden(), undefined);
  });

  it("reads numbers and booleans that are written as text", () => {
    assert.equal(value.at("n").number(), 7);
    for (const odd of ["", " ", "x", true, [], {}, NaN, Infinity]) assert.equal(new Value(odd).number(), undefined, JSON.stringify(odd));
    assert.equal(new Value("true").flag(), true);
    assert.equal(new Value("false").flag(), false);
    assert.equal(new Value("yes").flag(), undefined);
    assert.deepEqual(new Value(["a", unknown, 7, "b"]).texts(), ["a", "b"]);
    assert.deepEqual(new Value("a").texts(), ["a"]);
    assert.deepEqual(new Value({ a: 1 }).keys(), ["a"]);
    assert.deepEqual(new Value(["a"]).keys(), []);
  });

  it("describes itself in a sentence, shortened when it is long", () => {
    assert.equal(new Value("x", "p").describe(), 'p is "x"');
    assert.equal(new Value(undefined, "p").describe(), "p is not set");
    assert.equal(new Value(unknown, "p").describe(), "p is not known yet");
    assert.equal(new Value({ [signatureKey]: secretSignature }, "p").describe(), "p is encrypted");
    assert.equal(new Value("x".repeat(200), "p").describe(), `p is "${"x".repeat(116)}...`);
  });
});

describe("instance types", () => {
  for (const [type, architecture] of [
    ["m7g.large", "arm64"],
    ["c7gn.16xlarge", "arm64"],
    ["t4g.nano", "arm64"],
    ["im4gn.large", "arm64"],
    ["is4gen.medium", "arm64"],
    ["x2gd.metal", "arm64"],
    ["a1.large", "arm64"],
    ["g5g.xlarge", "arm64"],
    ["p6e-gb200.36xlarge", "arm64"],
    ["g4dn.xlarge", "x86_64"],
    ["gr6.4xlarge", "x86_64"],
    ["m7i-flex.large", "x86_64"],
    ["u7i-12tb.224xlarge", "x86_64"],
    ["t3.micro", "x86_64"],
    ["p5en.48xlarge", "x86_64"],
    ["mac2-m2.metal", undefined],
    ["large", undefined],
    ["", undefined],
  ] as const) {
    it(`${type} is ${architecture ?? "none that is known"}`, () => assert.equal(architectureOf(type), architecture));
  }

  it("match exactly, by family, and by architecture", () => {
    assert.equal(familyOf("m7g.large"), "m7g");
    assert.deepEqual(
      (["exact", "family", "architecture"] as const).map((mode) => [
        matches(mode, "m7g.large", "m7g.large"),
        matches(mode, "m7g.large", "m7g.xlarge"),
        matches(mode, "m7g.large", "c7g.large"),
        matches(mode, "m7g.large", "m7i.large"),
        matches(mode, "odd", "odder"),
      ]),
      [
        [true, false, false, false, false],
        [true, true, false, false, false],
        [true, true, true, false, false],
      ],
    );
  });
});

describe("credentials in variables", () => {
  for (const [name, value, found] of [
    ["API_TOKEN", "8f14e45fceea167a5a36dedd4bea2543", true],
    ["DB_PASSWORD", "correct-horse-battery-staple-1", true],
    ["API_TOKEN", "short1", false],
    ["API_TOKEN", "/web/token/of/the/day1", false],
    ["API_TOKEN", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x-1a2b3c", false],
    ["API_TOKEN", "$secrets.token.of.the.day.1", false],
    ["TOKEN_URL", "https://example.com/0123456789abcdef", false],
    ["NAME", "8f14e45fceea167a5a36dedd4bea2543", false],
    ["NAME", "postgres://ops:hunter2@db/1", true],
  ] as const) {
    it(`${name}=${value.slice(0, 20)}: ${found ? "found" : "not found"}`, () =>
      assert.equal(credentialInVariable(name, value) !== undefined, found));
  }
});

describe("exemptions stand", () => {
  const now = Date.parse("2026-06-15T12:00:00Z");
  for (const [expires, reason, expected] of [
    ["2026-06-15", "r", "valid"],
    ["2026-06-14", "r", "expired"],
    ["2026-06-31", "r", "no day"],
    ["15.06.2026", "r", "no day"],
    ["2026-06-15", "  ", "no reason"],
  ] as const) {
    it(`${expires} with reason "${reason}": ${expected}`, () => assert.equal(standing({ expires, reason }, now), expected));
  }
});

describe("the stack's setting", () => {
  it("is advisory only when it says so", () => {
    const of = (config: string | undefined) => stackLevel(config === undefined ? {} : { PULUMI_CONFIG: config });
    assert.equal(of('{"fleet:policies":"advisory"}'), "advisory");
    for (const other of [undefined, "{}", '{"fleet:policies":"required"}', '{"fleet:policies":"off"}', "null", "not JSON"])
      assert.equal(of(other), "required", other);
  });
});

describe("kinds", () => {
  it("name types that the installed @pulumi/aws has", () => {
    for (const token of Object.values(kinds).filter((one) => one.startsWith("aws:"))) {
      const [, module = "", file = ""] = /^aws:(\w+)\/(\w+):/.exec(token) ?? [];
      const source = readFileSync(join(import.meta.dirname, "../../node_modules/@pulumi/aws", module, `${file}.js`), "utf8");
      assert.ok(source.includes(`'${token}'`), token);
    }
  });
});
