/** The README's first commands in a fresh clone, under the oldest and the newest npm, with install scripts off. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
/** Packages, emulators and a stack, on a machine that does other things too. */
const limitMilliseconds = 600_000;

describe("a fresh clone", function () {
  this.timeout(limitMilliseconds + 60_000);
  let folder: string;
  let clone: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "fleet-clone-"));
    clone = join(folder, "fleet");
    execFileSync("git", ["clone", "--quiet", root, clone]);
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = (line: string, args: readonly string[]): Promise<{ code: number; output: string }> =>
    new Promise((resolve, reject) => {
      const child = spawn(line, args, { cwd: clone, env: environment(), stdio: ["ignore", "pipe", "pipe"], timeout: limitMilliseconds });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
      child.on("error", reject).on("close", (code) => resolve({ code: code ?? -1, output }));
    });

  /** Nothing of the run that this test is part of: no npm settings, no packages on the path, no compiled code. */
  function environment(): NodeJS.ProcessEnv {
    const path = (process.env["PATH"] ?? "").split(":").filter((one) => !one.startsWith(root));
    const kept = Object.entries(process.env).filter(([name]) => !/^npm_(?!config_(registry|cache)$)|^NODE_COMPILE_CACHE/.test(name));
    return { ...Object.fromEntries(kept), PATH: path.join(":") };
  }

  /** In a folder of its own, so that nothing is installed system-wide. */
  function npmOf(version: string): string {
    const prefix = join(folder, "npm");
    const install = ["install", "--silent", "--no-audit", "--no-fund", "--prefix", prefix, `npm@${version}`];
    execFileSync("npm", install, { stdio: "pipe", env: environment() });
    return join(prefix, "node_modules/.bin/npm");
  }

  const treeOf = () => execFileSync("git", ["status", "--porcelain"], { cwd: clone, encoding: "utf8" });

  it("shows the whole story with npm start under npm 12, and leaves the tree as it was", async () => {
    const started = await run(npmOf("12"), ["start"]);
    assert.equal(started.code, 0, started.output.slice(-4_000));
    assert.match(started.output, /All of it was seen\./);
    assert.equal(treeOf(), "");
  });

  for (const version of ["10", "11"]) {
    it(`sets itself up under npm ${version} and previews under its policies, and leaves the tree as it was`, async () => {
      const previewed = await run(npmOf(version), ["run", "sandbox", "--", "preview", "--stack", "production"]);
      assert.equal(previewed.code, 0, previewed.output.slice(-4_000));
      assert.match(previewed.output, /^setup: installing the npm packages/m);
      assert.match(previewed.output, /^preview of production: \d+ to create, /m);
      assert.equal(treeOf(), "");
    });
  }
});
