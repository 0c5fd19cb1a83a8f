/** An image that `up` bakes in staging, from the settings to the instances, and its promotion to production. Packer is the real one. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DescribeImagesCommand, DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import type { FleetsOutput } from "../../contract/fleets-output.ts";
import type { DeployResult } from "../../sandbox/engine/api.ts";
import { Checkout, type Finished } from "../helpers/checkout.ts";
import { clientOptions } from "../helpers/inventory.ts";
import { needs } from "../packer/helpers/root.ts";

const speed = ["--speed", "60"];
const sourceImage = "ami-0fedcba9876543210";

describe("an image that up bakes", function () {
  this.timeout(600_000);
  let checkout: Checkout;
  let ec2: EC2Client;

  before(async () => {
    await needs("packer");
    checkout = new Checkout();
    edit("staging", (text) =>
      text.replace(
        /image: \{ id: ami-\w+, bakeType: t3\.small \}/,
        `image: { from: bake, bakeType: t3.small, bake: { sourceImage: ${sourceImage}, recipeRevision: one } }`,
      ),
    );
    const { stdout } = await checkout.sandbox("env", ...speed);
    const [, endpoint = ""] = /AWS_ENDPOINT_URL='([^']*)'/.exec(stdout) ?? [];
    const [, region = ""] = /AWS_REGION='([^']*)'/.exec(stdout) ?? [];
    ec2 = new EC2Client(clientOptions(endpoint, region));
  });
  after(() => checkout.remove());

  const file = (stack: string) => join(checkout.path, `Pulumi.${stack}.yaml`);
  function edit(stack: string, change: (text: string) => string): void {
    const text = readFileSync(file(stack), "utf8");
    const changed = change(text);
    assert.notEqual(changed, text);
    writeFileSync(file(stack), changed);
  }

  async function deploy(verb: string, stack = "staging", ...args: readonly string[]): Promise<DeployResult & { readonly text: string }> {
    const environment = { PATH: `${join(checkout.path, "node_modules/.bin")}:${process.env["PATH"] ?? ""}` };
    const ended = await checkout.run(
      "sandbox/cli.ts",
      [verb, "--stack", stack, "--json", "--keep", ...speed, "--set", "fleet:consumer.kind=none", ...args],
      {
        environment,
        timeoutMs: 300_000,
      },
    );
    try {
      return { ...(JSON.parse(ended.stdout) as DeployResult), text: ended.stdout + ended.stderr };
    } catch {
      throw new Error(`${verb}: exit status ${ended.code}: ${ended.stderr}${ended.stdout}`);
    }
  }

  const images = async () => {
    const tagged = [{ Name: "tag:fleet:recipe-revision", Values: ["one", "two"] }];
    const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ["self"], Filters: tagged }));
    return Images.map(({ ImageId: id = "", Tags: tags = [] }) => ({
      id,
      tags: Object.fromEntries(tags.map(({ Key = "", Value = "" }) => [Key, Value])),
    }));
  };
  const fleetIn = ({ outputs }: DeployResult) => (outputs["fleets"] as FleetsOutput)["app"]!;
  const succeeded = (result: DeployResult & { readonly text: string }) => {
    assert.equal(result.ok, true, result.text);
    return result;
  };
  /** Images of what runs, once it is as many as the group has: a roll-out ends when the new ones serve, and the last old one may still be on its way out. */
  const running = async () => {
    const alive = [{ Name: "instance-state-name", Values: ["running"] }];
    for (const deadline = performance.now() + 120_000; ;) {
      const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ Filters: alive }));
      const found = Reservations.flatMap(({ Instances = [] }) => Instances).map(({ ImageId }) => ImageId);
      if (found.length === 2 || performance.now() > deadline) return found;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const promote = (...args: readonly string[]): Promise<Finished> =>
    checkout.run("ops/cli.ts", ["promote", "--fleet", "app", "--sandbox", ...args], { timeoutMs: 120_000 });

  it("is baked by up and by no preview, once, and again for other inputs", async () => {
    succeeded(await deploy("preview"));
    assert.deepEqual(await images(), []);
    const first = fleetIn(succeeded(await deploy("up")));
    const [one, ...others] = await images();
    assert.deepEqual(others, []);
    assert.equal(first.image.id, one!.id);
    assert.equal(first.image.bakedAt, one!.tags["fleet:baked-at"]);
    assert.deepEqual(await running(), [one!.id, one!.id]);
    succeeded(await deploy("up"));
    assert.equal((await images()).length, 1);
    edit("staging", (text) => text.replace("recipeRevision: one", "recipeRevision: two"));
    succeeded(await deploy("preview"));
    assert.equal((await images()).length, 1);
    const second = fleetIn(succeeded(await deploy("up")));
    const two = (await images()).find(({ tags }) => tags["fleet:recipe-revision"] === "two")!;
    assert.equal(second.image.id, two.id);
    assert.deepEqual(await running(), [two.id, two.id]);
  });

  it("is promoted once staging runs it: a tag, and a line of production's settings that production accepts", async () => {
    const two = (await images()).find(({ tags }) => tags["fleet:recipe-revision"] === "two")!;
    const one = (await images()).find(({ tags }) => tags["fleet:recipe-revision"] === "one")!;
    const refused = await promote("--image", one.id);
    assert.equal(refused.code, 5, refused.stderr);
    assert.match(
      refused.stderr,
      new RegExp(`^staging does not run image ${one.id} in full:\\n- in service with another image: i-\\w+ \\(${two.id}\\)`),
    );
    const before = readFileSync(file("production"), "utf8");
    const dry = await promote("--dry-run");
    assert.equal(dry.code, 0, dry.stderr);
    assert.equal(readFileSync(file("production"), "utf8"), before);
    assert.equal((await images()).find(({ id }) => id === two.id)!.tags["fleet:promoted-from"], undefined);
    const done = await promote();
    assert.equal(done.code, 0, done.stderr);
    const after = readFileSync(file("production"), "utf8");
    assert.equal(after, before.replace(/(app:\n {6}image: \{ id: )ami-\w+(, bakeType: )[\w.]+/, `$1${two.id}$2t3.small`));
    assert.equal((await images()).find(({ id }) => id === two.id)!.tags["fleet:promoted-from"], "staging");
    edit("production", (text) => text.replace(/instanceType: m7i\.large/, "instanceType: t3.small"));
    const accepted = await deploy("preview", "production");
    assert.equal(accepted.ok, true, accepted.text);
    edit("production", (text) => text.replace(two.id, one.id));
    const unpromoted = await deploy("preview", "production").catch((error: unknown) => ({ ok: false, text: String(error) }));
    assert.equal(unpromoted.ok, false);
    assert.match(unpromoted.text, /its tag fleet:promoted-from is absent; allowed: \\?"staging/);
  });

  it("fails the update with Packer's own last lines, and leaves the fleet as it is", async () => {
    const before = await running();
    edit("staging", (text) =>
      text.replace("recipeRevision: two", "recipeRevision: three, kmsKeyArn: 'arn:aws:kms:eu-central-1:111122223333:alias/none'"),
    );
    const { ok, text } = await deploy(
      "up",
      "staging",
      "--set",
      "fleet:fleets.app.image.bake.kmsKeyArn=arn:aws:kms:eu-central-1:111122223333:nothing/none",
    );
    assert.equal(ok, false);
    assert.match(text, /Packer failed with exit status 1; no image was made\. Its last lines:/);
    assert.match(text, /kms_key must be empty or the ARN/);
    assert.deepEqual(await running(), before);
  });
});
