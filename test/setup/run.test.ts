/** The set-up step, in a copy of its own with stand-ins for npm and Python that record what they were asked. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

interface Outcome {
  readonly code: number;
  readonly output: string;
}

const npmStandIn = `#!/bin/sh
echo "npm $*" >> "$RECORD"
[ -n "$NPM_FAILS" ] && { echo "npm error network"; exit 1; }
sleep 0.2; mkdir -p node_modules/.bin; exit 0
`;

/** Answers the version check, makes a directory as venv does, and installs nothing. */
const pythonStandIn = `#!/bin/sh
echo "python $*" >> "$RECORD"
case "$1 $2 $3" in
  "-m venv --without-pip") [ "$VENV" = none ] && exit 1; make=$4 ;;
  "-m venv "*) [ -n "$VENV" ] && { echo "ensurepip is not available"; exit 1; }; make=$3 ;;
  "-m pip --version") [ "$PIP" = none ] && exit 1; exit 0 ;;
esac
[ -n "$make" ] && { mkdir -p "$make/bin"; cp "$0" "$make/bin/python"; }
exit 0
`;

describe("run.js, the set-up step", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "fleet-setup-"));
    copyFileSync(join(root, "run.js"), join(folder, "run.js"));
    mkdirSync(join(folder, "sandbox/aws"), { recursive: true });
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
    writeFileSync(join(folder, "package-lock.json"), "{}");
    writeFileSync(join(folder, "sandbox/aws/requirements.txt"), "moto==5.2.5\n");
    writeFileSync(join(folder, "entry.js"), `console.log("entry", process.argv.slice(2).join(" ")); process.exitCode = 7;`);
    for (const [name, text] of Object.entries({ npm: npmStandIn, python3: pythonStandIn })) {
      writeFileSync(join(folder, "bin", name), text);
      chmodSync(join(folder, "bin", name), 0o755);
    }
    for (const tool of ["sh", "mkdir", "cp", "sleep"]) symlinkSync(join("/bin", tool), join(folder, "bin", tool));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = async (extra: Record<string, string> = {}, nodeArguments: string[] = []): Promise<Outcome> => {
    const child = spawn(process.execPath, [...nodeArguments, join(folder, "run.js"), "entry.js", "one", "two"], {
      env: { PATH: join(folder, "bin"), RECORD: join(folder, "record"), ...extra },
    });
    let output = "";
    child.stdout.on("data", (text: Buffer) => (output += text.toString()));
    child.stderr.on("data", (text: Buffer) => (output += text.toString()));
    const code = await new Promise<number>((resolve) => child.on("close", (status) => resolve(status ?? -1)));
    return { code, output };
  };

  const record = () => (existsSync(join(folder, "record")) ? readFileSync(join(folder, "record"), "utf8").trim().split("\n") : []);
  const installs = () => record().filter((line) => line.startsWith("npm ci") || /pip (--python \S+ )?install/.test(line));

  it("installs packages and emulators, says so, and runs the entry with its arguments and exit code", async () => {
    const { code, output } = await run();
    assert.equal(code, 7);
    assert.match(output, /^setup: installing the npm packages/m);
    assert.match(output, /^setup: installing the pinned AWS emulators/m);
    assert.match(output, /^entry one two$/m);
    assert.deepEqual(
      installs().map((line) => line.split(" ").slice(0, 4).join(" ")),
      ["npm ci --ignore-scripts --no-audit", "python -m pip install"],
    );
    assert.ok(installs()[1]?.includes("--require-hashes"));
  });

  it("does nothing and says nothing when nothing changed, and installs again when a lock changed", async () => {
    await run();
    assert.equal((await run()).output, "entry one two\n");
    assert.equal(installs().length, 2);
    writeFileSync(join(folder, "sandbox/aws/requirements.txt"), "moto==5.2.6\n");
    const third = await run();
    assert.doesNotMatch(third.output, /npm packages/);
    assert.equal(installs().length, 3);
  });

  it("installs once when two commands start at the same time", async () => {
    const outcomes = await Promise.all([run(), run()]);
    assert.deepEqual(
      outcomes.map(({ code }) => code),
      [7, 7],
    );
    assert.equal(installs().length, 2);
  });

  it("fails with npm's own words and tries again next time", async () => {
    const failed = await run({ NPM_FAILS: "1" });
    assert.equal(failed.code, 1);
    assert.match(failed.output, /npm ci failed; check the network and the disk, then run the same command again\.\nnpm error network/);
    assert.equal((await run()).code, 7);
  });

  it("names a missing Python and the way to name another", async () => {
    const { code, output } = await run({ FLEET_PYTHON: "/nowhere/python3" });
    assert.equal(code, 1);
    assert.match(output, /\/nowhere\/python3 is missing: install Python 3\.10 or newer, or name one with FLEET_PYTHON=/);
  });

  it("goes round a Python without ensurepip when pip is there", async () => {
    assert.equal((await run({ VENV: "bare" })).code, 7);
    assert.match(installs()[1] ?? "", /^python -m pip --python .*\.venv\/bin\/python install/);
  });

  it("names the missing venv module when there is no way round it", async () => {
    const { code, output } = await run({ VENV: "none", PIP: "none" });
    assert.equal(code, 1);
    assert.match(output, /its venv module is missing\. Install it \(Debian, Ubuntu: apt-get install python3-venv/);
    assert.match(output, /ensurepip is not available/);
  });

  it("refuses a Node that is too old with one sentence", async () => {
    const pretend = join(folder, "old-node.mjs");
    writeFileSync(pretend, `Object.defineProperty(process.versions, "node", { value: "20.9.0" });`);
    const { code, output } = await run({}, ["--import", pretend]);
    assert.equal(code, 1);
    assert.match(output, /^setup: Node 20\.9\.0 is too old: this project needs Node 22\.18 or newer\./m);
  });
});
