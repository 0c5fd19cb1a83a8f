/** Every type through its life, against the local AWS: check, preview, create, read, change, delete. */
import assert from "node:assert/strict";
import { EC2Client, RegisterImageCommand } from "@aws-sdk/client-ec2";
import { resourceFiles } from "../../../sandbox/plugins/aws/registry.ts";
import { hasUnknown, isObject, plainProperties, unknown } from "../../../sandbox/plugins/protocol/values.ts";
import type { Properties, Value } from "../../../sandbox/plugins/protocol/values.ts";
import { startTestAws } from "../aws/local-aws.ts";
import type { TestAws } from "../aws/local-aws.ts";
import { startAssociationsDouble } from "./associations-double.ts";
import type { AssociationsDouble } from "./associations-double.ts";
import { PluginProcess, urnOf } from "./client.ts";
import { samples } from "./samples.ts";
import type { Made, Place, Sample } from "./samples.ts";

/** Leaves that the preview knew and that came out otherwise. */
function wrong(path: string, previewed: Value | undefined, made: Value | undefined): string[] {
  if (previewed === unknown) return [];
  if (isObject(previewed) && isObject(made))
    return Object.keys(previewed).flatMap((key) => wrong(`${path}.${key}`, previewed[key], made[key]));
  if (Array.isArray(previewed) && Array.isArray(made) && previewed.length === made.length)
    return previewed.flatMap((item, index) => wrong(`${path}[${index}]`, item, made[index]));
  if (JSON.stringify(previewed) === JSON.stringify(made)) return [];
  return [`${path}: previewed ${JSON.stringify(previewed)}, is ${JSON.stringify(made)}`];
}
const wrongOutputs = (previewed: Properties, made: Properties) =>
  Object.keys(previewed).flatMap((key) => wrong(key, previewed[key], made[key]));

describe("round trip of every resource type", function () {
  let aws: TestAws;
  let associations: AssociationsDouble;
  let plugin: PluginProcess;
  let place: Place;
  const made = new Map<string, Made & { inputs: Properties }>();

  before(async () => {
    aws = await startTestAws({ speed: 60 });
    plugin = await PluginProcess.start("aws", "", { AWS_ENDPOINT_URL: aws.endpoint });
    associations = await startAssociationsDouble(aws.endpoint);
    await plugin.configure({
      region: aws.region,
      defaultTags: JSON.stringify({ tags: { team: "fleet" } }),
      endpoints: JSON.stringify([{ ssm: associations.endpoint }]),
    });
    const ec2 = new EC2Client(aws.client);
    const image = await ec2.send(
      new RegisterImageCommand({ Name: "own", Architecture: "x86_64", RootDeviceName: "/dev/xvda", VirtualizationType: "hvm" }),
    );
    ec2.destroy();
    const vpc = await plugin.invoke("aws:ec2/getVpc:getVpc", { default: true });
    const subnets = await plugin.invoke("aws:ec2/getSubnets:getSubnets", { filters: [{ name: "vpc-id", values: [vpc.result["id"]] }] });
    place = {
      region: aws.region,
      accountId: aws.accountId,
      vpcId: vpc.result["id"] as string,
      subnetIds: (subnets.result["ids"] as string[]).slice(0, 2),
      imageId: image.ImageId!,
      made: (name) => made.get(name) ?? assert.fail(`${name} was not made`),
    };
  });
  after(async () => {
    await plugin.stop();
    await associations.stop();
    await aws.stop();
  });

  const urn = (sample: Sample) => urnOf(sample.type, sample.name);

  it("has a sample of every type", () => {
    assert.deepEqual([...new Set(samples.map((sample) => sample.type))].sort(), Object.keys(resourceFiles).sort());
  });

  for (const sample of samples) {
    it(`${sample.name}: ${sample.type} is made as previewed, read back equal, found by its inputs`, async () => {
      const checked = await plugin.check(urn(sample), sample.inputs(place));
      assert.deepEqual(checked.failures, []);
      const preview = await plugin.create(urn(sample), checked.inputs, true);
      const { id, outputs } = await plugin.create(urn(sample), checked.inputs);
      made.set(sample.name, { id, outputs: plainProperties(outputs), inputs: checked.inputs });
      assert.deepEqual(
        Object.keys(preview.outputs)
          .filter((key) => hasUnknown(preview.outputs[key]))
          .sort(),
        [...sample.assigned].sort(),
        "unknown at the preview",
      );
      assert.deepEqual(wrongOutputs(preview.outputs, outputs), []);
      assert.deepEqual(Object.keys(preview.outputs).sort(), Object.keys(outputs).sort(), "names of the outputs");
      const read = await plugin.read(urn(sample), id, outputs, checked.inputs);
      assert.equal(read.id, id);
      assert.deepEqual(read.outputs, outputs);
      assert.deepEqual(read.inputs, checked.inputs);
      assert.equal((await plugin.diff(urn(sample), id, read.inputs, read.outputs, checked.inputs)).changes, "none");
      const found = await plugin.read(urn(sample), "", {}, checked.inputs);
      assert.equal(found.id, id, "found by its inputs");
    });

    if (sample.change !== undefined)
      it(`${sample.name}: ${sample.type} is changed in place as previewed`, async () => {
        const { id, outputs, inputs } = made.get(sample.name) ?? assert.fail("was not made");
        const wanted: Record<string, unknown> = { ...sample.inputs(place), ...sample.change?.(place) };
        const checked = await plugin.check(urn(sample), wanted, inputs);
        assert.deepEqual(checked.failures, []);
        const diff = await plugin.diff(urn(sample), id, inputs, outputs, checked.inputs);
        assert.deepEqual([diff.changes, diff.replaces], ["some", []]);
        const preview = await plugin.update(urn(sample), id, inputs, outputs, checked.inputs, true);
        const updated = await plugin.update(urn(sample), id, inputs, outputs, checked.inputs);
        assert.deepEqual(wrongOutputs(preview, updated), []);
        assert.deepEqual(Object.keys(preview).sort(), Object.keys(updated).sort(), "names of the outputs");
        const read = await plugin.read(urn(sample), id, updated, checked.inputs);
        assert.deepEqual(read.outputs, updated);
        assert.equal((await plugin.diff(urn(sample), id, read.inputs, read.outputs, checked.inputs)).changes, "none");
        made.set(sample.name, { id, outputs: plainProperties(updated), inputs: checked.inputs });
      });
  }

  for (const sample of [...samples].reverse()) {
    it(`${sample.name}: ${sample.type} is deleted, read as gone, and deleted once more without complaint`, async () => {
      const { id, outputs, inputs } = made.get(sample.name) ?? assert.fail("was not made");
      await plugin.delete(urn(sample), id, outputs);
      // A topic always has a policy: AWS's own one.
      const gone = await plugin.read(urn(sample), id, outputs, inputs);
      if (sample.name === "topic-policy") assert.match(gone.outputs["policy"] as string, /__default_policy_ID/);
      else assert.equal(gone.id, "");
      await plugin.delete(urn(sample), id, outputs);
    });
  }
});
