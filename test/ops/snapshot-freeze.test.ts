/** The scripts that hold a volume still, run as Systems Manager runs them: by sh, between stand-ins for what names and freezes devices. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { scriptSettings } from "../../ops/snapshot/freeze.ts";

const scripts = join(import.meta.dirname, "../../ops/snapshot");
const volumeId = "vol-0a1b2c3d4e5f60718";

/** A machine with these disks: each partition or disk with where it is mounted. */
interface Machine {
  readonly disks: readonly { readonly name: string; readonly serial?: string; readonly inside?: readonly string[] }[];
  readonly mounts: Readonly<Record<string, string>>;
  /** Mount points that cannot be frozen. */
  readonly stubborn?: readonly string[];
}

const nitro: Machine = {
  disks: [
    { name: "/dev/nvme0n1", serial: "vol0ffffffffffffffff", inside: ["/dev/nvme0n1p1"] },
    { name: "/dev/nvme1n1", serial: "vol0a1b2c3d4e5f60718", inside: ["/dev/nvme1n1p1", "/dev/nvme1n1p2"] },
  ],
  mounts: { "/dev/nvme0n1p1": "/", "/dev/nvme1n1p1": "/code", "/dev/nvme1n1p2": "/var/www/my shop" },
};

describe("ops/snapshot/freeze.sh and thaw.sh", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "fleet-freeze-"));
    mkdirSync(join(directory, "bin"));
  });
  afterEach(() => {
    const watchdog = join(directory, "state", "watchdog");
    if (existsSync(watchdog)) process.kill(-Number(readFileSync(watchdog, "utf8")), "SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  });

  const standIn = (name: string, text: string) => {
    writeFileSync(join(directory, "bin", name), `#!/bin/sh\n${text}`);
    chmodSync(join(directory, "bin", name), 0o755);
  };
  const log = () => (existsSync(join(directory, "log")) ? readFileSync(join(directory, "log"), "utf8").trimEnd().split("\n") : []);

  function machine({ disks, mounts, stubborn = [] }: Machine): void {
    const list = disks.map(({ name, serial = "" }) => `${name} ${serial}`).join("\n");
    const inside = disks.map(({ name, inside: parts = [] }) => `${name}) printf '%s\\n' ${[name, ...parts].join(" ")} ;;`).join("\n");
    standIn("lsblk", `for last; do :; done\ncase $last in\n${inside}\n*) cat <<'LIST'\n${list}\nLIST\n;; esac\n`);
    const targets = Object.entries(mounts).map(([name, target]) => `${name}) echo '${target}' ;;`);
    standIn("findmnt", `for last; do :; done\ncase $last in\n${targets.join("\n")}\n*) exit 1 ;; esac\n`);
    const refused = stubborn.map((target) => `"--freeze ${target}") exit 1 ;;`).join("\n");
    standIn("fsfreeze", `case "$*" in\n${refused}\nesac\necho "$*" >>'${join(directory, "log")}'\n`);
  }

  function run(name: string, { device = "/dev/sdk", token = "one" } = {}) {
    const settings = scriptSettings({ volumeId, instanceId: "i-1", device }, token).replace(
      /^state_directory=.*$/m,
      `state_directory='${join(directory, "state")}'`,
    );
    const text = `${settings}${readFileSync(join(scripts, name), "utf8")}`;
    const { status, stdout, stderr } = spawnSync("sh", ["-c", text], {
      encoding: "utf8",
      env: { PATH: `${join(directory, "bin")}:${process.env["PATH"] ?? ""}`, FLEET_TEST_RUN: process.env["FLEET_TEST_RUN"] ?? "" },
    });
    return { status, stdout, stderr };
  }

  it("freeze what is mounted of the volume, known by its serial number, and thaw it", () => {
    machine(nitro);
    assert.deepEqual(run("freeze.sh"), { status: 0, stdout: "frozen /code\nfrozen /var/www/my shop\n", stderr: "" });
    assert.deepEqual(run("thaw.sh"), { status: 0, stdout: "thawed /code\nthawed /var/www/my shop\n", stderr: "" });
    assert.deepEqual(log(), ["--freeze /code", "--freeze /var/www/my shop", "--unfreeze /code", "--unfreeze /var/www/my shop"]);
    assert.equal(existsSync(join(directory, "state")), false);
    assert.deepEqual(run("thaw.sh"), { status: 0, stdout: "", stderr: "" });
  });

  it("know a disk by the letter of its device where it has no serial number", () => {
    machine({ disks: [{ name: "/dev/xvda" }, { name: "/dev/xvdk" }], mounts: { "/dev/xvda": "/", "/dev/xvdk": "/chef" } });
    assert.equal(run("freeze.sh").stdout, "frozen /chef\n");
    assert.equal(run("thaw.sh").status, 0);
    assert.deepEqual(run("freeze.sh", { device: "/dev/sdz" }), {
      status: 1,
      stdout: "",
      stderr: `no disk of this machine is ${volumeId} (/dev/sdz)\n`,
    });
  });

  it("freeze nothing when nothing is mounted", () => {
    machine({ ...nitro, mounts: {} });
    assert.deepEqual(run("freeze.sh"), { status: 0, stdout: "", stderr: "" });
    assert.deepEqual([log(), existsSync(join(directory, "state"))], [[], false]);
  });

  for (const target of ["/", "/var", "/var/lib", "/run", "/tmp"]) {
    it(`refuse to freeze ${target}, which the agent needs to thaw it`, () => {
      machine({ ...nitro, mounts: { "/dev/nvme1n1p1": "/code", "/dev/nvme1n1p2": target } });
      const ended = run("freeze.sh");
      assert.equal(ended.status, 1);
      assert.equal(
        ended.stderr,
        `${target} is on ${volumeId}: frozen, it would stop the agent that has to thaw it; stop the instance for a consistent snapshot\n`,
      );
      assert.deepEqual(log(), []);
    });
  }

  it("thaw all when one of two cannot be frozen", () => {
    machine({ ...nitro, stubborn: ["/var/www/my shop"] });
    const ended = run("freeze.sh");
    assert.equal(ended.status, 1);
    assert.match(ended.stderr, /^\/var\/www\/my shop cannot be frozen; everything was thawed again$/m);
    assert.deepEqual(log(), ["--freeze /code", "--unfreeze /code", "--unfreeze /var/www/my shop"]);
    assert.equal(existsSync(join(directory, "state")), false);
  });

  it("leave another run's freeze alone, and its thaw to it", () => {
    machine(nitro);
    assert.equal(run("freeze.sh", { token: "first" }).status, 0);
    const second = run("freeze.sh", { token: "second" });
    assert.deepEqual([second.status, second.stderr.startsWith(`another snapshot of ${volumeId} is being taken`)], [1, true]);
    assert.deepEqual(run("thaw.sh", { token: "second" }), { status: 0, stdout: "", stderr: "" });
    assert.deepEqual(log(), ["--freeze /code", "--freeze /var/www/my shop"]);
    assert.equal(run("thaw.sh", { token: "first" }).stdout, "thawed /code\nthawed /var/www/my shop\n");
  });

  it("thaw by themselves when nobody does", async () => {
    machine(nitro);
    standIn(
      "sleep",
      `echo "sleep $1" >>'${join(directory, "log")}'\nuntil [ -e '${join(directory, "over")}' ]; do /bin/sleep 0.05; done\n`,
    );
    assert.equal(run("freeze.sh").status, 0);
    assert.equal(existsSync(join(directory, "state")), true);
    writeFileSync(join(directory, "over"), "");
    for (let tries = 0; existsSync(join(directory, "state")) && tries < 600; tries++) await sleep(50);
    assert.deepEqual(log().sort(), [
      "--freeze /code",
      "--freeze /var/www/my shop",
      "--unfreeze /code",
      "--unfreeze /var/www/my shop",
      "sleep 60",
    ]);
    assert.deepEqual(run("thaw.sh"), { status: 0, stdout: "", stderr: "" });
  });
});
