/** sandbox/README.md says what there is: its verbs and options are those of the command line, its types those of the plugin. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { functionFiles, resourceFiles } from "../../sandbox/plugins/aws/registry.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "sandbox/README.md"), "utf8");
const sources = JSON.parse(readFileSync(join(root, "sandbox/plugins/aws/replace-sets.json"), "utf8")) as Record<string, { source: string }>;

/** Rows of the table that begins with this heading, cells trimmed. */
function table(heading: string): string[][] {
  const lines = page.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} `));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  return lines.slice(start + 2, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, inner = ""]) => inner);

describe("sandbox/README.md", () => {
  /** What `--help` prints, an option a line. */
  const help = async (...args: string[]) =>
    (await promisify(execFile)(process.execPath, [join(root, "sandbox/cli.ts"), ...args, "--help"])).stdout.replace(/\n {10,}/g, " ");
  const verbs = table("Verb").map(([verb = "", options = ""]) => ({ verb: quoted(verb)[0] ?? "", options: quoted(options) }));

  it("has the verbs of the command line, each with its options", async function () {
    const known = [...(await help()).matchAll(/^ {2}([a-z]+) (?:\[options\]|<|\s)/gm)]
      .map(([, verb]) => verb)
      .filter((verb) => verb !== "npm");
    assert.deepEqual(verbs.map(({ verb }) => verb).sort(), known.filter((verb) => verb !== "help").sort());
    await Promise.all(
      verbs.map(async ({ verb, options }) => {
        const there = [...(await help(verb)).matchAll(/^ {2}(?:-\w, )?(--[a-z]+)/gm)].map(([, option]) => option);
        assert.deepEqual(options.sort(), there.filter((option) => option !== "--help").sort(), verb);
      }),
    );
  });

  it("explains every option, with the default that the command line has", async function () {
    const [up, aws] = await Promise.all([help("up"), help("aws")]);
    const rows = table("Option").map(([option = "", value = ""]) => [quoted(option)[0]?.split(" ")[0] ?? "", value] as const);
    assert.deepEqual(rows.map(([option]) => option).sort(), [...new Set(verbs.flatMap(({ options }) => options))].sort());
    for (const [option, value] of rows) {
      const line = `${up}\n${aws}`.split("\n").find((one) => one.trim().startsWith(option)) ?? "";
      const real = /default:? "?([^")]+)"?\)$/.exec(line)?.[1];
      const told = value.replaceAll("`", "");
      assert.equal(told, { undefined: "required", false: "off" }[String(real)] ?? real, option);
    }
  });

  it("lists every type and function of the plugin, with where its replace set comes from", () => {
    assert.deepEqual(
      table("Type").map(([type = "", , source = ""]) => [quoted(type)[0], quoted(source)[0]]),
      Object.keys(resourceFiles).map((type) => [type, sources[type]?.source]),
    );
    const listed = /^Functions: ([^.]*)\./m.exec(page)?.[1] ?? "";
    assert.deepEqual(
      quoted(listed).sort(),
      Object.keys(functionFiles)
        .map((token) => token.split(":").at(-1) ?? "")
        .sort(),
    );
  });
});
