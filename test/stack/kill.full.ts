/** kill -9 of the engine at any step of `up`: the next run converges, with no second group and no orphan. */
import assert from "node:assert/strict";
import { ensureAws } from "../../sandbox/aws/lifetime.ts";
import { Checkout } from "../helpers/checkout.ts";
import { inventory, leftovers, type Inventory } from "../helpers/inventory.ts";

const region = "eu-central-1";
const prefix = "storefront-staging-web";

describe("kill -9 of the engine during up", function () {
  this.timeout(600_000);
  let checkout: Checkout;
  let endpoint: string;

  before(async () => {
    checkout = new Checkout();
    ({ endpoint } = await ensureAws({ root: checkout.path, region, log: () => undefined }));
  });

  after(() => checkout.remove());

  /** Starts `up`, which is killed as soon as the n-th creation is reported; false when it ended before that. */
  const killAfter = (creations: number): Promise<boolean> =>
    new Promise((resolve, reject) => {
      // Line by line, each of one kind: where a line may be of two, a search that fails tries all ways.
      const creation = "(?:(?! \\+ create).*\\n)* \\+ create.*\\n";
      const pattern = new RegExp(`Updating:.*\\n(?:${creation}){${creations}}`);
      const options = { signalAt: { pattern, signal: "SIGKILL" }, timeoutMs: 900_000 } as const; // a hang ends the test, not the command
      const child = checkout.start("sandbox/cli.ts", ["up", "--stack", "staging"], options);
      child.stdout.resume();
      child.stderr.resume();
      child.on("error", reject).on("close", (_, signal) => resolve(signal === "SIGKILL"));
    });

  const count = ({ groups, launchTemplates, queues, topics, policies, roles, securityGroups, alarms, instances }: Inventory) =>
    Object.fromEntries(
      Object.entries({ groups, launchTemplates, queues, topics, policies, roles, securityGroups, alarms, instances }).map(
        ([kind, names]) => [kind, names.length],
      ),
    );

  let whole: Record<string, number>;

  it("knows what stands after an undisturbed run", async () => {
    const { code, stdout, stderr } = await checkout.sandbox("up", "--stack", "staging");
    assert.equal(code, 0, stdout.slice(-2_000) + stderr);
    whole = count(await inventory(endpoint, region, prefix));
    assert.equal((await checkout.sandbox("destroy", "--stack", "staging", "--keep")).code, 0);
  });

  for (const creations of [1, 9, 17, 24, 31]) {
    it(`converges after a kill at creation ${creations}`, async () => {
      assert.ok(await killAfter(creations), "the run ended before it was killed");
      const { code, stdout, stderr } = await checkout.sandbox("up", "--stack", "staging");
      assert.equal(code, 0, stdout.slice(-3_000) + stderr);
      assert.deepEqual(count(await inventory(endpoint, region, prefix)), whole);
      const down = await checkout.sandbox("destroy", "--stack", "staging", "--keep");
      assert.equal(down.code, 0, down.stdout.slice(-3_000) + down.stderr);
      assert.deepEqual(await leftovers(endpoint, region, prefix), {});
    });
  }
});
