import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { rules } from "../../policies/rules.ts";
import { policyDocs } from "../../policies/tools/docs.ts";

const file = join(import.meta.dirname, "../../docs/policies.md");

describe("docs/policies.md", () => {
  it("is what `npm run policies -- docs` writes", async () => {
    const options = await resolveConfig(file);
    const expected = await format(policyDocs(rules), { ...options, parser: "markdown" });
    assert.equal(readFileSync(file, "utf8"), expected, "run: npm run policies -- docs");
  });
});

describe("metadata of the rules", () => {
  it("has ids that are unique, in kebab case, and the names of their files", () => {
    const ids = rules.map((rule) => rule.id);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^[a-z]+(-[a-z0-9]+)+$/);
  });

  it("is complete: a sentence that holds, its reason, what to do, and a page", () => {
    for (const { id, title, why, remediation, url } of rules) {
      for (const text of [title, why, remediation]) assert.match(text, /^[A-Z][\s\S]*\.$/, id);
      assert.match(url, /^https:\/\/(docs\.aws\.amazon\.com|www\.pulumi\.com|github\.com)\//, id);
    }
  });

  it("names controls of frameworks and tools as tool:rule, none both followed and contradicted", () => {
    for (const { id, controls, contradicts = [] } of rules) {
      for (const control of [...controls, ...contradicts]) assert.match(control, /^[a-z-]+:[A-Za-z0-9_.-]+$/, id);
      assert.deepEqual(
        controls.filter((control) => contradicts.includes(control)),
        [],
        id,
      );
    }
  });

  it("keeps the rules about the pack last, and the one that reports what is unproved after all others", () => {
    assert.deepEqual(
      rules.slice(-3).map((rule) => rule.id),
      ["pack-config-known", "pack-exemptions-valid", "pack-nothing-unproved"],
    );
  });
});
