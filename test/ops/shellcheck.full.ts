/** The scripts that operations send to instances. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

describe("shell scripts of ops/", () => {
  it("pass shellcheck", () => {
    const scripts = globSync("ops/**/*.sh", { cwd: root }).sort();
    assert.deepEqual(scripts, ["ops/snapshot/freeze.sh", "ops/snapshot/thaw.sh"]);
    const { error, stdout } = spawnSync("shellcheck", scripts, { cwd: root, encoding: "utf8" });
    assert.equal(error, undefined, "shellcheck is missing: apt-get install shellcheck");
    assert.equal(stdout, "");
  });
});
