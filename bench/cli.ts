/**
 * Runs benchmarks: `npm run bench` lists them, `npm run bench -- NAME [ARGUMENT …]` runs one, `npm run bench -- all` every
 * one after the other. Each prints its figures as lines `name: value unit`, ratios against what a user would pick instead
 * in the same run. No test depends on a figure.
 */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

const folder = import.meta.dirname;
const names = globSync("*.ts", { cwd: folder })
  .map((file) => basename(file, ".ts"))
  .filter((name) => name !== "cli")
  .sort();

/** The first sentence of the file's heading comment. */
function purpose(name: string): string {
  const heading = /\/\*\*([\s\S]*?)\*\//.exec(readFileSync(join(folder, `${name}.ts`), "utf8"))?.[1] ?? "";
  return (
    heading
      .replace(/\n\s*\* ?/g, " ")
      .trim()
      .split(/(?<=[.:]) /)[0] ?? ""
  );
}

function run(name: string, rest: readonly string[]): boolean {
  console.log(`== ${name}`);
  return spawnSync(process.execPath, ["--expose-gc", join(folder, `${name}.ts`), ...rest], { stdio: "inherit" }).status === 0;
}

const [wanted, ...rest] = process.argv.slice(2);
if (wanted === undefined) {
  for (const name of names) console.log(`${name.padEnd(14)} ${purpose(name)}`);
} else if (wanted === "all") {
  process.exitCode = names.map((name) => run(name, [])).every(Boolean) ? 0 : 1;
} else if (names.includes(wanted)) {
  process.exitCode = run(wanted, rest) ? 0 : 1;
} else {
  console.error(`there is no benchmark ${JSON.stringify(wanted)}; there are ${names.join(", ")}`);
  process.exitCode = 2;
}
