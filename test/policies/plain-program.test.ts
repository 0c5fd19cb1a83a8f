/** The pack on a program that has nothing of ours, by the engine, before anything exists: what leads to a group is known only by its dependencies. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { preview } from "../../sandbox/engine/engine.ts";
import { packDirectory } from "./helpers/process.ts";

describe("the pack on a plain program of Pulumi and AWS", function () {
  let folder: string;

  before(() => (folder = mkdtempSync(join(tmpdir(), "fleet-plain-"))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("finds by the dependencies alone what is wrong, each at its level, and stops the preview", async () => {
    const result = await preview({
      projectDir: join(import.meta.dirname, "fixtures/plain-program"),
      projectName: "shop",
      main: "index.ts",
      stack: "production",
      stateFile: join(folder, "state.json"),
      passphrase: "correct horse",
      config: {},
      plugins: {
        aws: {
          command: [join(packDirectory, "../sandbox/plugins/bin/pulumi-resource-aws")],
          env: { AWS_ENDPOINT_URL: "http://127.0.0.1:9", AWS_REGION: "eu-west-1" }, // a preview of what does not exist calls nothing
        },
      },
      policyPacks: [{ dir: packDirectory }],
      env: { PATH: [dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter), HOME: folder },
      onEvent: () => undefined,
    });
    const said = result.policyViolations.map(({ policyName, enforcementLevel, urn }) => `${enforcementLevel} ${policyName} ${urn}`);
    const [group, template] = ["aws:autoscaling/group:Group", "aws:ec2/launchTemplate:LaunchTemplate"].map(
      (type) => `urn:pulumi:production::shop::${type}::web`,
    ) as [string, string];
    assert.deepEqual([...new Set(said)].sort(), [
      `advisory group-replaces-on-new-image ${group}`,
      `advisory group-tags-propagate ${group}`,
      `mandatory image-facts-known ${group}`,
      `mandatory image-instance-type-match ${group}`,
      `mandatory image-promoted ${group}`,
      `mandatory notify-terminate-exists ${group}`,
      `mandatory scaling-no-oscillation ${group}`,
      `mandatory template-imdsv2 ${template}`,
    ]);
    const oscillation = result.policyViolations.find(({ policyName }) => policyName === "scaling-no-oscillation");
    assert.equal(
      oscillation?.message.split("\n")[1],
      'with 2 instances at CPUUtilization 60, alarm "busy" leads to 6, whose CPUUtilization 20 sets off alarm "idle" (threshold 50); with a threshold of 19 for alarm "idle" all sizes would be steady; set that, or make the steps smaller',
    );
    assert.equal(result.ok, false);
  });
});
