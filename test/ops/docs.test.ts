/** What docs/ops.md says of verbs and exit statuses is so. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { exitCodes } from "../../ops/exit-codes.ts";

const root = join(import.meta.dirname, "../..");
const text = readFileSync(join(root, "docs/ops.md"), "utf8");
const help = (...args: readonly string[]) =>
  execFileSync(process.execPath, ["ops/cli.ts", ...args, "--help"], { cwd: root, encoding: "utf8" });
const commandsOf = (shown: string) => [...(shown.split("\nCommands:\n")[1] ?? "").matchAll(/^ {2}([\w-]+)/gm)].map(([, name]) => name!);

describe("docs/ops.md", () => {
  it("has every exit status, with its name", () => {
    const rows = [...text.matchAll(/^\| (\d) +\| (\w+) +\|/gm)].map(([, status, name]) => [name, Number(status)]);
    assert.deepEqual(Object.fromEntries(rows), exitCodes);
  });

  it("names verbs that exist", () => {
    const documented = [...text.matchAll(/^\| \[?`([\w -]+)`/gm)].map(([, verb]) => verb!);
    const known = commandsOf(help());
    for (const verb of documented) {
      const [first, second] = verb.split(" ");
      assert.ok(known.includes(first!), verb);
      if (second !== undefined) assert.ok(commandsOf(help(first!)).includes(second), verb);
    }
    assert.ok(documented.length >= 6);
  });
});
