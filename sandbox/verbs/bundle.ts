/** The functions' code, which the program packs: made when it is missing or older than what it is made from. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { withLock } from "../aws/lock.ts";
import { sandboxDirectory } from "./local-state.ts";
import { UsageError } from "./usage-error.ts";

const bundles = ["consumer", "reconciler", "worker"].map((name) => `dist/${name}/handler.mjs`);
const sources = ["consumer", "contract", "bundle.ts", "package-lock.json"];

function newestMs(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
  return Math.max(...readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => statSync(join(path, name)).mtimeMs));
}

function isFresh(root: string): boolean {
  if (bundles.some((one) => !existsSync(join(root, one)))) return false;
  const made = Math.min(...bundles.map((one) => statSync(join(root, one)).mtimeMs));
  return sources.every((one) => newestMs(join(root, one)) <= made);
}

export async function ensureBundle(root: string, say: (line: string) => void): Promise<void> {
  if (isFresh(root)) return;
  mkdirSync(sandboxDirectory(root), { recursive: true });
  await withLock(join(sandboxDirectory(root), "bundle.lock"), async () => {
    if (isFresh(root)) return;
    say("bundling the consumer (npm run bundle)");
    await run(root);
  });
}

function run(root: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, "bundle.ts")], { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new UsageError(`The consumer cannot be bundled; "npm run bundle" says why:\n${errors.slice(-2_000)}`));
    });
  });
}
