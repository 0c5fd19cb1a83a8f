/**
 * Runs the tests: `npm test` takes every `*.test.ts`, `npm run test:full` the rest, every `*.full.ts` (what is slow or
 * needs more than npm and Python). Files run in a random order, the longest ones first, two at a time, each in a process
 * of its own; the seed is printed and `--seed N` repeats an order. Property tests draw from a fixed seed, so that a run
 * says something about the change at hand; `--properties N` draws others (plain mocha draws at random). Afterwards no
 * process of the run may be left and no tracked file changed.
 *
 *   node test/run.ts [--full] [--seed N] [--properties N] [--jobs N] [part of a file name …]
 */
import { execFileSync, spawn } from "node:child_process";
import { globSync, readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { ensureBundle } from "../sandbox/verbs/bundle.ts";

const root = join(import.meta.dirname, "..");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    full: { type: "boolean", default: false },
    seed: { type: "string" },
    properties: { type: "string", default: "1" },
    jobs: { type: "string", default: "2" },
  },
});

interface FileResult {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
  readonly seconds: number;
}

/** Mulberry32: small, seedable, good enough to shuffle. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other] as T, result[last] as T];
  }
  return result;
}

/** Begin first, in random order too, so that none of these long ones runs alone at the end. */
const longest = ["test/setup/", "test/stack/", "test/sandbox/cli."];
const longestFirst = (files: readonly string[]): string[] => {
  const isLong = (file: string) => longest.some((part) => file.startsWith(part));
  return [...files.filter(isLong), ...files.filter((file) => !isLong(file))];
};

function testFiles(): string[] {
  const found = globSync(values.full ? "test/**/*.full.ts" : "test/**/*.test.ts", { cwd: root });
  return found.filter((file) => positionals.length === 0 || positionals.some((part) => file.includes(part))).sort();
}

/** Mocha's JSON-stream reporter writes one event a line; everything else that a test prints is passed on when the file fails. */
async function runFile(file: string, marker: string): Promise<FileResult> {
  const started = performance.now();
  const mocha = join(root, "node_modules/mocha/bin/mocha.js");
  const child = spawn(process.execPath, [mocha, "--reporter", join(root, "test/reporter.cjs"), file], {
    cwd: root,
    env: { ...process.env, FLEET_TEST_RUN: marker, FLEET_PROPERTY_SEED: values.properties, FORCE_COLOR: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => output.push(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => output.push(text));
  const code = await new Promise<number>((resolve) => child.on("close", (status) => resolve(status ?? 1)));
  const lines = output.join("").split("\n");
  const summaryLine = lines.findLast((line) => line.startsWith("#summary "));
  const summary = summaryLine
    ? (JSON.parse(summaryLine.slice(9)) as { passed: number; failed: number; skipped: string[] })
    : { passed: 0, failed: 1, skipped: [] };
  const failed = code !== 0 && summary.failed === 0 ? 1 : summary.failed;
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${failed ? "FAIL" : "ok  "} ${file}  ${summary.passed} passed${failed ? `, ${failed} failed` : ""}  ${seconds.toFixed(1)} s`,
  );
  if (failed) console.log(lines.filter((line) => !line.startsWith("#summary ")).join("\n"));
  return { file, passed: summary.passed, failed, skipped: summary.skipped, seconds };
}

/** Processes that carry the run's marker in their environment: whatever a test started and left. */
function leftProcesses(marker: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, "utf8").includes(`FLEET_TEST_RUN=${marker}`)) return [];
        return [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim()}`];
      } catch {
        return []; // gone meanwhile, or not ours to read
      }
    });
}

const treeState = () => execFileSync("git", ["status", "--porcelain"], { cwd: root, encoding: "utf8" });

async function main(): Promise<void> {
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed);
  const marker = `${process.pid}-${Date.now()}`;
  const treeBefore = treeState();
  const files = longestFirst(shuffled(testFiles(), seed));
  // Once, for all copies of the checkout that tests make.
  await ensureBundle(root, (line) => console.log(line));
  console.log(`${files.length} test files, order from --seed ${seed}`);
  const results: FileResult[] = [];
  const queue = [...files];
  const worker = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) results.push(await runFile(file, marker));
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
  const complaints = [
    ...(process.platform === "linux" ? leftProcesses(marker).map((line) => `a test left a process behind: ${line}`) : []),
    ...(treeState() === treeBefore ? [] : [`the tests changed files of the tree:\n${treeState()}`]),
  ];
  for (const complaint of complaints) console.log(`FAIL ${complaint}`);
  report(results, complaints.length);
}

function report(results: readonly FileResult[], complaints: number): void {
  const total = (pick: (result: FileResult) => number) => results.reduce((sum, result) => sum + pick(result), 0);
  for (const result of results) for (const title of result.skipped) console.log(`skipped: ${relative("test", result.file)}: ${title}`);
  if (!values.full)
    console.log("not part of npm test (npm run test:full has them): " + globSync("test/**/*.full.ts", { cwd: root }).join(", "));
  const failed = total((result) => result.failed) + complaints;
  const skipped = total((result) => result.skipped.length);
  console.log(`${total((result) => result.passed)} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
  process.exitCode = failed > 0 || results.length === 0 ? 1 : 0;
}

await main();
