import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parseInstanceType } from "../../contract/instance-types.ts";
import { fleetPrefix, groupName, groupsCollide, isAutonamedFrom } from "../../contract/naming.ts";
import { rolloutCommand } from "../../contract/state-commands.ts";
import { metadataSafeTagKey, tagKeys } from "../../contract/tags.ts";
import { typeTokens } from "../../contract/type-tokens.ts";

const root = join(import.meta.dirname, "..", "..");
const naming = { product: "storefront", environment: "staging", platform: "web", majorVersion: 3 };

describe("contract/tags", () => {
  it("is what contract/tags.json says to Packer and the boot scripts", () => {
    assert.deepEqual(JSON.parse(readFileSync(join(root, "contract/tags.json"), "utf8")), tagKeys);
  });

  it("has keys that instance metadata serves, each once", () => {
    for (const key of Object.values(tagKeys)) assert.match(key, metadataSafeTagKey);
    assert.equal(new Set(Object.values(tagKeys)).size, Object.keys(tagKeys).length);
    for (const key of ["a/b", "a b", ".", "..", "_index", "", "a".repeat(129)]) assert.doesNotMatch(key, metadataSafeTagKey);
  });
});

describe("contract/type-tokens", () => {
  it("has three parts each, the project first, and no two alike", () => {
    for (const token of Object.values(typeTokens)) assert.match(token, /^fleet:components:[A-Z][A-Za-z]+$/);
    assert.equal(new Set(Object.values(typeTokens)).size, Object.keys(typeTokens).length);
  });
});

describe("contract/instance-types", () => {
  const cases: readonly (readonly [string, string, string, "x86_64" | "arm64"])[] = [
    ["t3.small", "t3", "small", "x86_64"],
    ["m7i-flex.large", "m7i-flex", "large", "x86_64"],
    ["m6gd.2xlarge", "m6gd", "2xlarge", "arm64"],
    ["c7gn.metal", "c7gn", "metal", "arm64"],
    ["is4gen.xlarge", "is4gen", "xlarge", "arm64"],
    ["a1.medium", "a1", "medium", "arm64"],
    ["g4dn.xlarge", "g4dn", "xlarge", "x86_64"],
    ["g5g.xlarge", "g5g", "xlarge", "arm64"],
    ["hpc7g.4xlarge", "hpc7g", "4xlarge", "arm64"],
    ["u-6tb1.112xlarge", "u-6tb1", "112xlarge", "x86_64"],
    ["x2iezn.metal", "x2iezn", "metal", "x86_64"],
    ["trn1n.32xlarge", "trn1n", "32xlarge", "x86_64"],
    ["m7i.metal-24xl", "m7i", "metal-24xl", "x86_64"],
  ];
  for (const [type, family, size, architecture] of cases) {
    it(`reads ${type}`, () => assert.deepEqual(parseInstanceType(type), { family, size, architecture }));
  }

  it("reads nothing else", () => {
    for (const text of ["", "large", "m7i", "m7i.", ".large", "M7I.large", "m7i large", "m7i.large.x"]) {
      assert.equal(parseInstanceType(text), undefined, text);
    }
  });
});

describe("contract/naming: fleets of one stack", () => {
  it("collide when the wildcard of one matches the group of the other", () => {
    const collide = (one: string, other: string) => groupsCollide(fleetPrefix(naming, one), fleetPrefix(naming, other));
    assert.ok(collide("app", "app"));
    assert.ok(collide("app", "app-group-blue"));
    assert.ok(collide("app-group-blue", "app"));
    assert.ok(!collide("app", "app-blue"));
    assert.ok(!collide("app", "application"));
    assert.ok(collide("app", "app-group"));
    assert.ok(!collide("app", "app-groups"));
  });

  it("that do not collide are never taken for each other, by wildcard or by name", () => {
    const name = fc.stringMatching(/^(?:app|web|group)(?:-(?:app|web|group|[0-9a-f]{7})){0,3}$/);
    fc.assert(
      fc.property(name, name, fc.stringMatching(/^[0-9a-f]{7}$/), (one, other, random) => {
        const [onePrefix, otherPrefix] = [fleetPrefix(naming, one), fleetPrefix(naming, other)];
        fc.pre(!groupsCollide(onePrefix, otherPrefix));
        const actual = `${groupName(otherPrefix)}-${random}`;
        assert.ok(!actual.startsWith(`${groupName(onePrefix)}-`));
        assert.ok(!isAutonamedFrom(groupName(onePrefix), actual));
      }),
    );
  });
});

describe("contract/state-commands", () => {
  it("keeps the line that every stack's state holds", () => {
    assert.equal(rolloutCommand, "node ops/state-command.js rollout --v1");
  });
});
