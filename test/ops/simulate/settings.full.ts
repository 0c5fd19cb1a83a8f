/** `ops simulate --settings`: a fleet that is not deployed, through a preview in the sandbox of a copy of this checkout. */
import assert from "node:assert/strict";
import { Checkout } from "../../helpers/checkout.ts";

describe("ops simulate --settings", function () {
  this.timeout(400_000);
  const checkout = new Checkout();
  after(() => checkout.remove());
  const simulate = (...args: readonly string[]) =>
    checkout.run(
      "ops/cli.ts",
      ["simulate", "--settings", "--capacity", "50", "--load", "step:from=20,to=180,at=1h", "--for", "3h", ...args],
      {
        timeoutMs: 300_000,
      },
    );

  it("runs the policies that the stack's settings say", async () => {
    const { code, stdout, stderr } = await simulate("--stack", "staging", "--json");
    assert.equal(code, 0, stderr);
    const { figures } = JSON.parse(stdout) as { figures: { scaleOuts: number; alarms: { name: string; threshold: number }[] } };
    assert.ok(figures.scaleOuts > 0);
    assert.deepEqual(
      figures.alarms.map(({ name }) => name),
      ["up", "down"],
    );
  });

  it("says what is wrong with a stack that has no settings", async () => {
    const { code, stderr } = await simulate("--stack", "nowhere");
    assert.equal(code, 2);
    assert.match(stderr, /^The preview of stack nowhere in the sandbox (failed|shows no fleet)[\s\S]*Pulumi\.nowhere\.yaml/);
  });
});
