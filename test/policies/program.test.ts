/** The real program under the embedded engine with the real pack: what the stacks pass, and what stops a bad one before anything is created. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DeployResult } from "../../sandbox/engine/api.ts";
import { Checkout } from "../helpers/checkout.ts";

describe("the program under the pack", function () {
  this.timeout(180_000);
  let checkout: Checkout;

  before(async () => {
    checkout = new Checkout();
    await checkout.sandbox("env"); // one local AWS for all that follows
  });

  after(() => checkout.remove());

  async function deploy(verb: string, ...args: readonly string[]): Promise<DeployResult> {
    const { stdout, stderr } = await checkout.sandbox(verb, "--json", ...args);
    assert.ok(stdout.startsWith("{"), `sandbox ${verb} printed no JSON:\n${stderr.slice(-2_000)}`);
    return JSON.parse(stdout) as DeployResult;
  }

  const said = ({ policyViolations }: DeployResult) =>
    policyViolations.map(({ policyName, enforcementLevel, urn, message }) => ({
      rule: policyName,
      level: enforcementLevel,
      place: urn.split("::").at(-1),
      text: message.slice(message.indexOf("\n") + 1),
    }));
  const violated = (result: DeployResult) => said(result).filter(({ rule }) => rule !== "pack-nothing-unproved");
  const errors = ({ diagnostics }: DeployResult) =>
    diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message);
  /** Rules of which something is unproved. */
  const unproved = (result: DeployResult) =>
    [...new Set(said(result).flatMap(({ rule, text }) => (rule === "pack-nothing-unproved" ? (text.split(" ")[0] ?? "") : [])))].sort();

  it("production violates nothing; before the first deployment only what reads access policies is unproved", async () => {
    const result = await deploy("preview", "--stack", "production");
    assert.deepEqual(violated(result), [], JSON.stringify(errors(result)));
    assert.ok(result.ok, JSON.stringify(errors(result)));
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

  it("the wrong instance type is stopped in production before anything is created, and only told in staging", async () => {
    const wrong = ["--set", "fleet:fleets.app.instanceType=m7i.xlarge"];
    const message =
      'instanceType is "m7i.xlarge", but the image was built on m7i.large; allowed is the very type that the image was built on: change the type, or bake an image on it';
    const production = await deploy("up", "--stack", "production", ...wrong);
    assert.equal(production.ok, false);
    const match = violated(production).filter(({ rule }) => rule === "image-instance-type-match");
    assert.deepEqual(match[0], {
      rule: "image-instance-type-match",
      level: "mandatory",
      place: "storefront-production-web-v3-app",
      text: message,
    });
    assert.deepEqual(
      production.steps.filter(({ op }) => op !== "same"),
      [],
      "nothing was done",
    );
    const staging = await deploy("preview", "--stack", "staging", "--set", "fleet:fleets.app.instanceType=t3.medium");
    assert.ok(staging.ok);
    const advisory = violated(staging).filter(({ rule }) => rule === "image-instance-type-match");
    assert.ok(advisory.length > 0 && advisory.every(({ level }) => level === "advisory"));
  });

  it("an exemption in the settings of a fleet lets it pass, with everything in it", async () => {
    const exemption = JSON.stringify([{ rule: "image-instance-type-match", reason: "Trying the larger size", expires: "2099-12-31" }]);
    const result = await deploy(
      "preview",
      "--stack",
      "production",
      "--set",
      "fleet:fleets.app.instanceType=m7i.xlarge",
      "--set",
      `fleet:fleets.app.exemptions=${exemption}`,
    );
    assert.deepEqual(violated(result), [], JSON.stringify(errors(result)));
    assert.ok(result.ok, JSON.stringify(errors(result)));
  });

  it("staging violates nothing once it stands, and nothing is unproved any more", async () => {
    const result = await deploy("up", "--stack", "staging", "--speed", "60");
    assert.ok(result.ok, JSON.stringify(errors(result)));
    assert.deepEqual(said(result), []);
    assert.deepEqual(said(await deploy("preview", "--stack", "staging")), []);
    const { code, stdout } = await checkout.run("policies/cli.ts", ["analyze", ".sandbox/staging/state.json"]);
    assert.match(stdout, /^\d+ resources, 61 rules: 0 mandatory and 0 advisory violations\n$/);
    assert.equal(code, 0);
  });

  it("a fleet without its notification is stopped before anything is created", async () => {
    const file = join(checkout.path, "components/fleet.ts");
    const source = readFileSync(file, "utf8");
    const without = source.replace(/^ +createNotification\(name, args, group, this\);\n/m, "    void createNotification;\n");
    assert.notEqual(without, source);
    writeFileSync(file, without);
    try {
      const result = await deploy("up", "--stack", "production");
      assert.equal(result.ok, false);
      const groups = violated(result).filter(({ rule }) => rule === "notify-terminate-exists");
      assert.deepEqual(groups.map(({ level, place }) => [level, place]).sort(), [
        ["mandatory", "storefront-production-web-v3-app-group"],
        ["mandatory", "storefront-production-web-v3-worker-group"],
      ]);
      assert.deepEqual(
        result.steps.filter(({ op }) => op !== "same"),
        [],
        "nothing was done",
      );
    } finally {
      writeFileSync(file, source);
    }
  });
});
