/** What makes the pack start fast, and that nothing is lost by it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { PackProcess, packDirectory } from "./helpers/process.ts";

describe("start of the pack", function () {
  it("keeps compiled code while it runs, since Pulumi kills it", async () => {
    const cache = mkdtempSync(join(tmpdir(), "fleet-pack-"));
    const pack = await PackProcess.start({ environment: { NODE_COMPILE_CACHE: cache } });
    try {
      await pack.info();
      assert.notDeepEqual(readdirSync(cache), []);
    } finally {
      await pack.stop();
      rmSync(cache, { recursive: true, force: true });
    }
  });

  it("loads npm's reader of installed packages when it is used, and not before", () => {
    const script = `
      import { createRequire } from "node:module";
      import { types } from "node:util";
      const require = createRequire(${JSON.stringify(join(packDirectory, "pack.ts"))});
      await import(${JSON.stringify(pathToFileURL(join(packDirectory, "engine/load-late.ts")).href)});
      const { runtime } = require("@pulumi/pulumi");
      const late = () => types.isProxy(require("@npmcli/arborist"));
      const before = late();
      const paths = await runtime.computeCodePaths();
      console.log(JSON.stringify({ before, paths: paths.size > 0, after: late() }));`;
    const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
      cwd: join(packDirectory, ".."),
      encoding: "utf8",
      stdio: "pipe",
      timeout: 60_000,
    });
    assert.deepEqual(JSON.parse(printed), { before: true, paths: true, after: false });
  });
});
