/** The worker's container and unit, as far as they can be had without Docker and without a running systemd. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until, WorkerWorld } from "./helpers/kills.ts";

const root = join(import.meta.dirname, "../..");

describe("consumer/Dockerfile", function () {
  this.timeout(300_000);
  /** Instructions in order; what a backslash continues is one. */
  const instructions = readFileSync(join(root, "consumer/Dockerfile"), "utf8")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .flatMap((line) => (/^([A-Z]+) (.*)$/.exec(line)?.slice(1, 3) as [string, string] | null) ?? []);
  const steps = instructions.flatMap((word, index) => (index % 2 === 0 ? [{ word, rest: instructions[index + 1] ?? "" }] : []));
  const only = (word: string) => {
    const found = steps.filter((step) => step.word === word);
    assert.equal(found.length, 1, word);
    return found[0]!.rest;
  };
  const words = (text: string) => JSON.parse(text) as string[];
  let folder: string;
  let world: WorkerWorld;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "fleet-image-"));
    world = await WorkerWorld.start();
  });

  after(async () => {
    await world.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("builds from what it copies, and nothing else", () => {
    const build = join(folder, "build");
    mkdirSync(build);
    for (const { rest } of steps.filter(({ word, rest: text }) => word === "COPY" && !text.startsWith("--from"))) {
      const [target = "", ...sources] = rest.split(" ").reverse();
      for (const source of sources) {
        assert.ok(existsSync(join(root, source)), source);
        cpSync(join(root, source), join(build, target === "./" ? source : target), { recursive: true });
      }
    }
    symlinkSync(join(root, "node_modules"), join(build, "node_modules")); // in the place of npm ci
    assert.equal(only("USER"), "node");
    const runs = steps.filter(({ word }) => word === "RUN").map(({ rest }) => rest);
    assert.deepEqual(runs, ["npm ci --ignore-scripts", "node bundle.ts"]);
    const { status, stderr } = spawnSync(process.execPath, ["bundle.ts"], { cwd: build, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    const [, from = "", to = ""] =
      /^--from=build \/build\/(\S+) (\S+)$/.exec(steps.filter(({ word }) => word === "COPY").at(-1)?.rest ?? "") ?? [];
    assert.equal(to, "./");
    cpSync(join(build, from), join(folder, "app"), { recursive: true });
  });

  it("starts from the bundle alone, is healthy, works, and ends on its stop signal", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const port = String((server.address() as AddressInfo).port);
    server.close();
    await once(server, "close");
    const exposed = only("EXPOSE");
    const here = (text: string) => text.replaceAll(exposed, port); // the port of the image may be taken on this machine
    const [node, ...args] = words(only("ENTRYPOINT")).map(here);
    assert.deepEqual([node, ...args.slice(-2)], ["node", "--health-port", port]);
    const child = spawn(process.execPath, args, {
      cwd: join(folder, "app"),
      env: world.environment,
      stdio: ["ignore", "ignore", "inherit"],
    });
    const [probe, ...probeArgs] = words(/CMD (\[.*\])$/.exec(only("HEALTHCHECK"))?.[1] ?? "[]").map(here);
    assert.equal(probe, "node");
    const healthy = () => spawnSync(process.execPath, probeArgs, { timeout: 60_000 }).status === 0;
    try {
      await until("the container to be healthy", () => child.exitCode === null && healthy());
      await world.plant("i-0cccccccccccccccc");
      await until("an empty queue", async () => (await world.depth()) === 0);
      assert.deepEqual(Object.keys(world.organization.nodes), []);
      const closed = once(child, "close");
      child.kill(only("STOPSIGNAL") as NodeJS.Signals);
      assert.deepEqual(await closed, [0, null]);
      assert.equal(healthy(), false);
    } finally {
      child.kill("SIGKILL");
    }
  });
});

describe("consumer/fleet-consumer.service", function () {
  this.timeout(120_000);
  let folder: string;
  let unit: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "fleet-unit-"));
    unit = join(folder, "fleet-consumer.service");
    // The Node of this run, which need not be where a Debian package has it.
    const text = readFileSync(join(root, "consumer/fleet-consumer.service"), "utf8");
    writeFileSync(unit, text.replace("ExecStart=/usr/bin/node ", `ExecStart=${process.execPath} `));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  const analyze = (...args: readonly string[]) => {
    const ended = spawnSync("systemd-analyze", args, { encoding: "utf8", timeout: 100_000 });
    assert.equal(ended.error, undefined, "systemd-analyze is missing: install the Debian package systemd");
    return ended;
  };

  /** What systemd says of this unit: those that it needs are the machine's own. */
  const verify = (file: string) => {
    const { status, stderr } = analyze("verify", "--recursive-errors=no", file);
    return { status, told: stderr.split("\n").filter((line) => line.includes(folder)) };
  };

  it("is a unit that systemd takes without a word", () => {
    assert.deepEqual(verify(unit), { status: 0, told: [] });
  });

  it("is not taken with a mistake in it", () => {
    const wrong = join(folder, "wrong.service");
    writeFileSync(wrong, readFileSync(unit, "utf8").replace("TimeoutStopSec=30", "TimeoutStopSec=soon"));
    const { status, told } = verify(wrong);
    assert.equal(status, 1);
    assert.match(told.join("\n"), /Failed to parse time value, ignoring: soon/);
  });

  it("is exposed no more than systemd calls fine", () => {
    const { status, stdout } = analyze("security", "--offline=true", "--no-pager", "--threshold=50", unit);
    assert.equal(status, 0, stdout.slice(-500));
    assert.match(stdout, /Overall exposure level for fleet-consumer\.service: \d\.\d OK/);
  });
});
