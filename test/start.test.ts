import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const root = join(import.meta.dirname, "..");

/** What importing start.js ends with, in a Node that says it is `version`. */
function startedUnder(version: string): { readonly message: string; readonly isRunError: boolean } {
  const script = `
    Object.defineProperty(process, "versions", { value: { ...process.versions, node: ${JSON.stringify(version)} } });
    const { default: pulumi } = await import("@pulumi/pulumi");
    pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) }, "fleet", "staging");
    process.on("unhandledRejection", () => undefined);
    try {
      await import(${JSON.stringify(pathToFileURL(join(root, "start.js")).href)});
    } catch (error) {
      console.log(JSON.stringify({ message: error.message, isRunError: pulumi.RunError.isInstance(error) }));
    }
    process.exit();`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], { cwd: root, encoding: "utf8", timeout: 60_000 });
  return JSON.parse(output) as { message: string; isRunError: boolean };
}

describe("start.js", () => {
  for (const version of ["20.19.0", "22.17.1"]) {
    it(`refuses Node ${version} in one sentence that says what to do`, () => {
      assert.deepEqual(startedUnder(version), {
        isRunError: true,
        message:
          `Node ${version} cannot run this program: it needs Node 22.18 or newer. ` +
          "Install Node 24 (see .nvmrc), or put the project's own in front: export PATH=$PWD/node_modules/.bin:$PATH",
      });
    });
  }

  for (const version of ["22.18.0"]) {
    it(`goes on to the settings under Node ${version}`, () => {
      const { isRunError, message } = startedUnder(version);
      assert.ok(isRunError);
      assert.match(message, /^\d+ settings are wrong in stack staging:\n- fleet:product is missing/);
    });
  }
});
