/** The scripts of boot/, as a whole: clean for shellcheck, and right on every way to fail, which bats walks with stubs for the tools. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootParts } from "../../components/boot/script.ts";
import { bootSettingsText } from "../../components/boot/settings-text.ts";

const root = join(import.meta.dirname, "../..");
const tool = (name: string) => {
  const found = spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;
  assert.ok(found, `${name} is not installed: apt-get install ${name}`);
};

describe("boot scripts", function () {
  this.timeout(900_000); // a whole file of bats in one test
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "fleet-scripts-"))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("are clean for shellcheck, put together as each system has them", () => {
    tool("shellcheck");
    for (const provisioning of ["none", "chef-server", "chef-solo", "managed-node"] as const) {
      for (const volumes of [true, false]) {
        const parts = bootParts({ provisioning, volumes }).map((part) => readFileSync(join(root, "boot", part), "utf8"));
        const file = join(folder, `${provisioning}-${volumes}.sh`);
        writeFileSync(file, `#!/bin/bash\n${bootSettingsText({ prefix: "x" })}${parts.join("\n")}`);
        const { status, stdout } = spawnSync("shellcheck", [file], { encoding: "utf8" });
        assert.equal(status, 0, stdout);
      }
    }
  });

  it("leave no file of boot/ without a system that uses it", () => {
    const used = (["none", "chef-server", "chef-solo", "managed-node"] as const).flatMap((provisioning) =>
      [true, false].flatMap((volumes) => bootParts({ provisioning, volumes })),
    );
    assert.deepEqual([...new Set(used)].sort(), globSync("**/*.sh", { cwd: join(root, "boot") }).sort());
  });

  it("have an inside of the sandbox's machines that is clean for shellcheck, too", () => {
    const { status, stdout } = spawnSync("shellcheck", [join(root, "sandbox/boot/enter.sh"), join(import.meta.dirname, "stubs/curl")], {
      encoding: "utf8",
    });
    assert.equal(status, 0, stdout);
  });

  for (const file of globSync("*.bats", { cwd: import.meta.dirname }).sort()) {
    it(`${file}: every way to succeed and to fail`, () => {
      for (const name of ["bats", "jq"]) tool(name);
      const planned = readFileSync(join(import.meta.dirname, file), "utf8").match(/^@test /gm)?.length ?? 0;
      const { status, stdout, stderr } = spawnSync("bats", ["--formatter", "tap", file], { cwd: import.meta.dirname, encoding: "utf8" });
      assert.equal(status, 0, stdout + stderr);
      assert.equal(stdout.match(/^ok /gm)?.length, planned);
    });
  }

  it("run under the bash of this machine", () => {
    assert.match(execFileSync("bash", ["--version"], { encoding: "utf8" }), /version [5-9]/);
  });
});
