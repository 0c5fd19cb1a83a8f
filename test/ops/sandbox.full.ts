/** Hosts and snapshots of a stack that was really brought up: its instances carry the tags by which these verbs look for them. */
import assert from "node:assert/strict";
import type { Host } from "../../ops/hosts/running.ts";
import { Checkout } from "../helpers/checkout.ts";

describe("ops hosts and snapshot --sandbox", function () {
  let checkout: Checkout;
  before(async () => {
    checkout = new Checkout();
    const up = await checkout.run("sandbox/cli.ts", ["up", "--stack", "staging"], { timeoutMs: 200_000 });
    assert.equal(up.code, 0, up.stderr + up.stdout);
  });
  after(() => checkout.remove());

  const ops = (...args: readonly string[]) => checkout.run("ops/cli.ts", [...args, "--stack", "staging", "--sandbox"]);

  it("find the instances and volumes of the stack, and the snapshot by its tags", async () => {
    const listed = await ops("hosts", "--fleet", "app", "--json");
    assert.equal(listed.code, 0, listed.stderr);
    const hosts = JSON.parse(listed.stdout) as Host[];
    assert.deepEqual(
      hosts.map(({ fleet, role, environment }) => [fleet, role, environment]),
      [
        ["app", "app", "staging"],
        ["app", "app", "staging"],
      ],
    );
    const of = ["snapshot", "--name", "root", "--instance", hosts[0]!.instanceId, "--device"];
    const none = await ops(...of, "/dev/sdz");
    const device = /it has (\/dev\/\w+)/.exec(none.stderr)?.[1];
    assert.ok(device, none.stderr);
    const taken = await ops(...of, device, "--keep-newest", "1", "--json");
    assert.equal(taken.code, 0, taken.stderr);
    const { snapshot, pruning } = JSON.parse(taken.stdout) as { snapshot: { id: string; state: string }; pruning: object };
    assert.deepEqual([snapshot.state, pruning], ["completed", { deleted: [], inUse: [], failed: [] }]);
    const again = JSON.parse((await ops(...of, device, "--keep-newest", "1", "--json")).stdout) as { pruning: { deleted: string[] } };
    assert.deepEqual(again.pruning.deleted, [snapshot.id]);
  });
});
