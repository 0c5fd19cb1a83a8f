/** `ops simulate --settings`: a fleet that is not deployed, through a preview in the sandbox of a copy of this checkout. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Figures } from "../../../scaling/simulate/figures.ts";
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

  it("takes hooks, warm pool and what it leaves out from the settings too", async () => {
    const file = join(checkout.path, "Pulumi.staging.yaml");
    const more = [
      "launchHook: { heartbeatSeconds: 300 }",
      "terminateHook: { heartbeatSeconds: 60 }",
      "warmPool: { state: Stopped, maxPrepared: 5 }",
      "group: { maxLifetimeDays: 30 }",
    ];
    const before = readFileSync(file, "utf8");
    writeFileSync(
      file,
      before.replace(/^( +)bootSeconds: 120$/m, (line, indent: string) => [line, ...more.map((one) => indent + one)].join("\n")),
    );
    const { code, stdout, stderr } = await simulate("--stack", "staging", "--warm-seconds", "40", "--json");
    assert.equal(code, 0, stderr);
    const { figures, leftOut } = JSON.parse(stdout) as { figures: Figures; leftOut: string[] };
    assert.equal(figures.arrivals.warm.meanSeconds, 40);
    assert.equal(figures.warmPool?.runningHours, 0);
    assert.ok(figures.warmPool.restingHours > 0);
    assert.deepEqual(leftOut, ["group.maxLifetimeDays: nothing is replaced for its age"]);
  });

  it("says what is wrong with a stack that has no settings", async () => {
    const { code, stderr } = await simulate("--stack", "nowhere");
    assert.equal(code, 2);
    assert.match(stderr, /^The preview of stack nowhere in the sandbox (failed|shows no fleet)[\s\S]*Pulumi\.nowhere\.yaml/);
  });
});
