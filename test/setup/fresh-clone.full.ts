/** The README's first command in a fresh clone, under the oldest and the newest npm, with install scripts off. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

describe("a fresh clone", function () {
  this.timeout(300_000);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "fleet-clone-"));
    execFileSync("git", ["clone", "--quiet", root, join(folder, "fleet")]);
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = (line: string, args: readonly string[], cwd: string): Promise<{ code: number; output: string }> =>
    new Promise((resolve, reject) => {
      const child = spawn(line, args, { cwd, stdio: ["ignore", "pipe", "pipe"], timeout: 280_000 });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
      child.on("error", reject).on("close", (code) => resolve({ code: code ?? -1, output }));
    });

  for (const version of ["10", "11", "12"]) {
    it(`comes up with npm start under npm ${version}, and leaves the tree as it was`, async () => {
      // A folder of its own for this npm, so that nothing is installed system-wide.
      const npm = join(folder, "npm");
      execFileSync("npm", ["install", "--silent", "--no-audit", "--no-fund", "--prefix", npm, `npm@${version}`], { stdio: "pipe" });
      const clone = join(folder, "fleet");
      const started = await run(join(npm, "node_modules/.bin/npm"), ["start"], clone);
      assert.equal(started.code, 0, started.output.slice(-4_000));
      assert.match(started.output, /All of it was seen\./);
      assert.equal(execFileSync("git", ["status", "--porcelain"], { cwd: clone, encoding: "utf8" }), "");
    });
  }
});
