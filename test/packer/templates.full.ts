/** The templates and scripts as text: both source files, their shared parts and every script are in order. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { tagKeys } from "../../contract/tags.ts";
import { finished, needs } from "./helpers/root.ts";

const packer = join(import.meta.dirname, "../../packer");
const read = (name: string) => readFileSync(join(packer, name), "utf8");

describe("packer templates", function () {
  before(() => needs("packer", "shellcheck"));

  it("are HCL in Packer's own form, both source files and what they share", async () => {
    for (const folder of [".", "1.6", "1.7"])
      assert.deepEqual(await finished("packer", ["fmt", "-check", "-diff", join(packer, folder)], {}), { code: 0, output: "" });
  });

  it("differ between the releases only in what the older one does not know", () => {
    const lines = (name: string) =>
      read(name)
        .split("\n")
        .map((line) => line.replace(/ #.*|^#.*/, "").trim())
        .filter((line) => line !== "");
    const [older, newer] = [lines("1.6/source.pkr.hcl"), lines("1.7/source.pkr.hcl")];
    assert.deepEqual(
      older.filter((line) => !newer.includes(line)),
      ['required_version = "~> 1.6.0"'],
    );
    const only = newer.filter((line) => !older.includes(line));
    for (const part of ["required_plugins {", "metadata_options {", 'imds_support = "v2.0"', 'error-cleanup-provisioner "shell" {'])
      assert.ok(only.includes(part), part);
    assert.equal(only.filter((line) => line.endsWith("{")).length, 4);
  });

  it("carry no tag that contract/ does not know", () => {
    const keys = [...read("locals.pkr.hcl").matchAll(/"(fleet:[\w-]+)"/g)].map(([, key]) => key);
    assert.deepEqual(
      keys.filter((key) => !(Object.values(tagKeys) as unknown[]).includes(key)),
      [],
    );
    for (const name of [
      "product",
      "majorVersion",
      "bakeType",
      "sourceImage",
      "recipeRevision",
      "bakedAt",
      "architecture",
      "bakeInputs",
    ] as const) {
      assert.ok(keys.includes(tagKeys[name]), name);
    }
  });

  it("run scripts without a fault that shellcheck knows", async () => {
    const scripts = globSync("scripts/*.sh", { cwd: packer }).map((name) => join(packer, name));
    const standIns = globSync("stand-ins/*", { cwd: import.meta.dirname }).map((name) => join(import.meta.dirname, name));
    assert.ok(scripts.length > 10);
    assert.deepEqual(
      await finished("shellcheck", ["--shell=bash", "--external-sources", "--source-path=SCRIPTDIR", ...scripts, ...standIns], {}),
      {
        code: 0,
        output: "",
      },
    );
  });
});
