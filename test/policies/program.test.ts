/** The real program under the embedded engine with the real pack; program.full.ts goes on with deployments. */
import assert from "node:assert/strict";
import { Program, done, unproved, violated } from "./helpers/program.ts";

describe("the program under the pack, before anything exists", function () {
  const program = new Program();

  after(() => program.stop());

  it("is stopped for the wrong instance type before anything is created; nothing else is violated, and only what reads ARNs is unproved", async () => {
    const result = await program.deploy("up", "production", "--set", "fleet:fleets.app.instanceType=m7i.xlarge");
    assert.equal(result.ok, false);
    assert.deepEqual([...new Set(violated(result).map(({ rule, level }) => `${level} ${rule}`))], ["mandatory image-instance-type-match"]);
    assert.deepEqual(violated(result)[0], {
      rule: "image-instance-type-match",
      level: "mandatory",
      place: "storefront-production-web-v3-app",
      text: 'instanceType is "m7i.xlarge", but the image was built on m7i.large; allowed is the very type that the image was built on: change the type, or bake an image on it',
    });
    assert.deepEqual(done(result), [], "nothing was done");
    assert.deepEqual(unproved(result), [
      "consumer-least-privilege",
      "consumer-no-secrets",
      "key-not-public",
      "notify-key-allows-publisher",
      "notify-tls-only",
      "notify-topic-private",
      "queue-has-dlq",
      "queue-policy-sender",
    ]);
  });
});
