/** Machines of instances end with the local AWS, in order and when it is killed: no process of theirs is left. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { waitUntilGone } from "../../sandbox/aws/processes.ts";
import { whyNoBoot } from "../../sandbox/boot/ability.ts";
import { Checkout } from "../helpers/checkout.ts";

/** A busy machine's. */
const endLimitMs = 60_000;

const managedNode = {
  source: { type: "GitHub", info: { owner: "example", repository: "cookbooks", path: "app" } },
  runList: ["recipe[storefront]"],
};

describe("machines of instances", function () {
  this.timeout(400_000);
  let checkout: Checkout;
  before(() => {
    assert.equal(whyNoBoot(), undefined);
    checkout = new Checkout();
  });
  after(() => checkout.remove());

  /** Brings up two nodes whose agent goes on running; gives the ids of all processes of their machines. */
  async function up(): Promise<number[]> {
    const settings = [
      "fleet:consumer.kind=none",
      "fleet:fleets.app.size.min=2",
      "fleet:fleets.app.provisioning=managed-node",
      `fleet:fleets.app.managedNode=${JSON.stringify(managedNode)}`,
    ];
    const args = ["up", "--stack", "staging", "--keep", "--boot", ...settings.flatMap((one) => ["--set", one])];
    const { code, stderr, stdout } = await checkout.run("sandbox/cli.ts", args, { timeoutMs: 240_000 });
    assert.equal(code, 0, stdout.slice(-2_000) + stderr.slice(-2_000));
    return machineProcesses(checkout.path);
  }

  it("end with `down`", async () => {
    const processes = await up();
    assert.ok(processes.length >= 4, "two machines, each with an agent");
    const { code, stderr } = await checkout.sandbox("down");
    assert.equal(code, 0, stderr);
    assert.ok(await waitUntilGone(processes, endLimitMs), "processes of machines are left");
    assert.deepEqual(machineProcesses(checkout.path), []);
  });

  it("end when the local AWS is killed", async () => {
    const processes = await up();
    assert.ok(processes.length >= 4, "two machines, each with an agent");
    const { pid } = JSON.parse(readFileSync(join(checkout.path, ".sandbox/aws/aws.json"), "utf8")) as { readonly pid: number };
    process.kill(pid, "SIGKILL");
    assert.ok(await waitUntilGone([pid, ...processes], endLimitMs), "processes of machines are left");
    assert.deepEqual(machineProcesses(checkout.path), []);
  });
});

/** Processes that were started on a folder of an instance, and all that descend of them. */
function machineProcesses(path: string): number[] {
  const all = globSync("/proc/[0-9]*/stat").flatMap((file) => {
    try {
      const parent = Number(/\) [A-Za-z] (\d+) /.exec(readFileSync(file, "utf8"))?.[1]);
      const command = readFileSync(file.replace(/stat$/, "cmdline"), "utf8");
      return [{ pid: Number(file.split("/")[2]), parent, command }];
    } catch {
      return []; // gone meanwhile
    }
  });
  const found = new Set(all.filter(({ command }) => command.includes(`${path}/.sandbox/boot/i-`)).map(({ pid }) => pid));
  for (let before = -1; before < found.size;) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}
