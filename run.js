// Every npm script starts here: sets the project up when something changed, then runs an entry under Node 24.
//
//   node run.js <file> [arguments]
//
// Plain JavaScript that old Node versions read too, so that a machine with the wrong one is told so in a sentence.
import { createHash } from "node:crypto";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import process from "node:process";

const root = dirname(fileURLToPath(import.meta.url));
const oldestNode = [22, 18]; // the first release that runs TypeScript without a flag
const packages = join(root, "node_modules");
const python = join(root, ".venv");

class SetupError extends Error {}

/** The Node that runs TypeScript: the one installed as a package, else this one if it is new enough. */
function nodePath() {
  const installed = join(packages, ".bin", "node");
  if (existsSync(installed)) return installed;
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return process.execPath;
  throw new SetupError(
    `Node ${process.versions.node} is too old: this project needs Node ${oldestNode.join(".")} or newer. ` +
      `On Linux (x64, arm64) it comes as an npm package; here, install Node 24 (see .nvmrc) and run the same command again.`,
  );
}

function hashOf(...files) {
  const hash = createHash("sha256").update(process.platform).update(process.arch);
  for (const file of files) hash.update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

/** Runs `install` when `stamp` does not hold the hash of `files`; the stamp is written last, so a broken try is done again. */
function onceFor(stamp, files, install) {
  const wanted = hashOf(...files);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  install();
  writeFileSync(stamp, wanted);
}

function command(line, args, options = {}) {
  const result = spawnSync(line, args, { cwd: root, encoding: "utf8", timeout: 600_000, maxBuffer: 64 << 20, ...options });
  const output = `${result.stdout ?? ""}${result.stderr ?? ""}`.trim();
  return { ok: result.status === 0, missing: result.error?.code === "ENOENT", output };
}

const lastLines = (text) => text.split("\n").slice(-12).join("\n");

function installPackages() {
  console.error("setup: installing the npm packages that package-lock.json names (about 20 s, inside this folder)");
  const npm = command("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
  if (npm.missing) throw new SetupError("npm is missing: install Node with npm 10 or newer and run the same command again.");
  if (!npm.ok)
    throw new SetupError(`npm ci failed; check the network and the disk, then run the same command again.\n${lastLines(npm.output)}`);
}

/** A virtual environment with pip, also on a Debian whose Python lacks ensurepip but has pip. */
function makeEnvironment(interpreter) {
  rmSync(python, { recursive: true, force: true });
  const full = command(interpreter, ["-m", "venv", python]);
  if (full.missing) {
    throw new SetupError(
      `${interpreter} is missing: install Python 3.10 or newer, or name one with FLEET_PYTHON=/path/to/python3, and run the same command again.`,
    );
  }
  if (full.ok) return ["-m", "pip"];
  rmSync(python, { recursive: true, force: true });
  const bare = command(interpreter, ["-m", "venv", "--without-pip", python]);
  if (bare.ok && command(interpreter, ["-m", "pip", "--version"]).ok) return undefined;
  throw new SetupError(
    `${interpreter} cannot make a virtual environment: its venv module is missing. Install it (Debian, Ubuntu: apt-get install python3-venv; ` +
      `without it, apt-get install python3-pip serves too), or name another Python with FLEET_PYTHON=/path/to/python3, and run the same command again.\n${lastLines(full.output)}`,
  );
}

function installEmulators() {
  console.error("setup: installing the pinned AWS emulators into .venv (about 20 s, inside this folder)");
  const interpreter = process.env.FLEET_PYTHON || "python3";
  const version = command(interpreter, ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]);
  if (!version.missing && !version.ok) {
    throw new SetupError(
      `${interpreter} is older than Python 3.10: install a newer one, or name it with FLEET_PYTHON=/path/to/python3, and run the same command again.`,
    );
  }
  const ownPip = makeEnvironment(interpreter);
  const target = join(python, "bin", "python");
  const pip = ownPip ? [target, ...ownPip] : [interpreter, "-m", "pip", "--python", target];
  const install = command(pip[0], [
    ...pip.slice(1),
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "--require-hashes",
    "--no-deps",
    "-r",
    "sandbox/aws/requirements.txt",
  ]);
  if (!install.ok)
    throw new SetupError(
      `pip could not install sandbox/aws/requirements.txt; check the network, then run the same command again.\n${lastLines(install.output)}`,
    );
}

/** One set-up at a time: a second command waits for the first. A lock older than 15 minutes is a dead one. */
function locked(work) {
  const lock = join(root, ".setup.lock");
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== "EEXIST")
        throw new SetupError(`This folder cannot be written (${error.message}); make it writable and run the same command again.`);
      if (Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > 900_000)
        rmSync(lock, { recursive: true, force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
  try {
    work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function setUp() {
  const stamps = { npm: join(packages, ".fleet-setup"), python: join(python, ".fleet-setup") };
  const current = (stamp, file) => existsSync(stamp) && readFileSync(stamp, "utf8") === hashOf(file);
  if (current(stamps.npm, "package-lock.json") && current(stamps.python, "sandbox/aws/requirements.txt")) return;
  locked(() => {
    onceFor(stamps.npm, ["package-lock.json"], installPackages);
    onceFor(stamps.python, ["sandbox/aws/requirements.txt"], installEmulators);
  });
}

/**
 * Compiled code is kept beside the packages, as other tools keep theirs, so that everything starts in half the time; by
 * path from there, so that copies of the project share it. Not when coverage is measured, which it would blur
 * (https://nodejs.org/api/module.html#module-compile-cache).
 */
function compileCache() {
  if (process.env.NODE_V8_COVERAGE) return {};
  return { NODE_COMPILE_CACHE: join(packages, ".cache", "node-compile"), NODE_COMPILE_CACHE_PORTABLE: "1" };
}

function main() {
  const [entry, ...rest] = process.argv.slice(2);
  setUp();
  const node = nodePath();
  if (entry === undefined) return console.error("setup: done");
  const path = [dirname(node), join(packages, ".bin"), process.env.PATH].join(":");
  // The sandbox's engine answers a burst of calls from the program: with Node's default young generation (32 MiB and more), and
  // an old one that may grow to four times what is in use before it is collected, the same work takes twice the memory.
  const flags = entry.startsWith("sandbox/") ? ["--max-semi-space-size=4", "--heap-growing-percent=100"] : [];
  const env = { ...compileCache(), ...process.env, PATH: path };
  const child = spawn(node, [...flags, join(root, entry), ...rest], { stdio: "inherit", env });
  // A terminal sends Ctrl-C to both; the child decides when it is done.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => signal !== "SIGINT" && child.kill(signal));
  child.on("error", (error) => {
    console.error(`setup: ${node} does not start: ${error.message}`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGINT" ? 130 : 143);
  });
}

try {
  main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`setup: ${error.message}`);
  process.exitCode = 1;
}
