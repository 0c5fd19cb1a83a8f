/** The real program, deployed under the real pack: what the stacks pass once they stand, and what is told, exempt or stopped. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Program, done, errors, said, violated } from "./helpers/program.ts";

describe("the program under the pack, deployed", function () {
  let program: Program;

  before(async () => {
    program = new Program();
    await program.start();
  });

  after(() => program.stop());

  it("the wrong instance type is only told in staging", async () => {
    const result = await program.deploy("preview", "staging", "--set", "fleet:fleets.app.instanceType=t3.medium");
    assert.ok(result.ok, errors(result));
    const match = violated(result).filter(({ rule }) => rule === "image-instance-type-match");
    assert.ok(match.length > 0 && match.every(({ level }) => level === "advisory"));
  });

  it("an exemption in the settings of a fleet lets it pass, with everything in it", async () => {
    const exemption = JSON.stringify([{ rule: "image-instance-type-match", reason: "Trying the larger size", expires: "2099-12-31" }]);
    const type = ["--set", "fleet:fleets.app.instanceType=m7i.xlarge"];
    const result = await program.deploy("preview", "production", ...type, "--set", `fleet:fleets.app.exemptions=${exemption}`);
    assert.deepEqual(violated(result), [], errors(result));
    assert.ok(result.ok, errors(result));
  });

  it("a fleet without its notification is stopped before anything is created", async () => {
    const file = join(program.checkout.path, "components/fleet.ts");
    const source = readFileSync(file, "utf8");
    const without = source.replace(/^ +createNotification\(name, args, group, this\);\n/m, "    void createNotification;\n");
    assert.notEqual(without, source);
    writeFileSync(file, without);
    try {
      const result = await program.deploy("up", "production");
      assert.equal(result.ok, false);
      const groups = violated(result).filter(({ rule }) => rule === "notify-terminate-exists");
      assert.deepEqual(
        groups.map(({ level, place }) => [level, place]).sort(),
        [
          ["mandatory", "storefront-production-web-v3-app-group"],
          ["mandatory", "storefront-production-web-v3-worker-group"],
        ],
        errors(result),
      );
      assert.deepEqual(done(result), [], "nothing was done");
    } finally {
      writeFileSync(file, source);
    }
  });

  for (const stack of ["staging", "production"]) {
    it(`${stack} violates nothing once it stands, and nothing is unproved any more`, async () => {
      const result = await program.deploy("up", stack, "--speed", "60");
      assert.ok(result.ok, errors(result));
      assert.deepEqual(said(result), []);
      assert.deepEqual(said(await program.deploy("preview", stack)), []);
      const { code, stdout } = await program.checkout.run("policies/cli.ts", ["analyze", `.sandbox/${stack}/state.json`]);
      assert.match(stdout, /^\d+ resources, 62 rules: 0 mandatory and 0 advisory violations\n$/);
      assert.equal(code, 0);
    });
  }
});
