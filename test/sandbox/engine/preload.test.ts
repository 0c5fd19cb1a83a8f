/** What is loaded before programs and packs: nothing that they can see changes. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");
const runner = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/run");

/** What `script` prints when it runs below the preload, as if it were part of the SDK's runner. */
function printed(script: string): unknown {
  const preload = `--require=${join(root, "sandbox/engine/preload.ts")}`;
  const source = `const require = process.getBuiltinModule("module").createRequire(${JSON.stringify(runner)}); ${script}`;
  return JSON.parse(execFileSync(process.execPath, [preload, "--eval", source], { cwd: root, encoding: "utf8" }));
}

describe("sandbox/engine/preload.ts", () => {
  it("loads npm's tree reader and the TypeScript compiler when they are used, and not before", () => {
    assert.deepEqual(
      printed(`
        const isProxy = process.getBuiltinModule("util").types.isProxy;
        require("@pulumi/pulumi");
        const state = () => ["@npmcli/arborist", "typescript"].map((name) => isProxy(require(name)));
        const before = state();
        const used = [typeof require("@npmcli/arborist").Arborist, typeof require("typescript").transpile];
        console.log(JSON.stringify({ before, used, after: state() }));
      `),
      { before: [true, true], used: ["function", "function"], after: [false, false] },
    );
  });

  it("stands for the whole compiler to whoever asked for it before", () => {
    assert.deepEqual(
      printed(`
        const ts = require("typescript");
        const { version } = require("typescript/package.json");
        const text = ts.transpile("const one: number = 1", { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext });
        console.log(JSON.stringify([ts.version === version, text.split("\\n").at(-2), "SyntaxKind" in ts, Object.keys(ts).length > 1000]));
      `),
      [true, "const one = 1;", true, true],
    );
  });

  it("leaves stack traces as Node writes them", () => {
    const trace = printed(`
      require("source-map-support/register");
      const { Config } = require("@pulumi/pulumi");
      try { new Config("fleet").require("nothing"); } catch (error) { console.log(JSON.stringify(error.stack)); }
    `);
    assert.match(String(trace), /@pulumi\/pulumi\/config\.js:\d+/);
  });
});
