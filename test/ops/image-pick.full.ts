/** `ops image pick` against the local AWS: exactly one image is chosen, and one line of the settings changes. */
import assert from "node:assert/strict";
import { CreateTagsCommand, EC2Client, RegisterImageCommand } from "@aws-sdk/client-ec2";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { exitCodes } from "../../ops/exit-codes.ts";
import { startTestAws, type TestAws } from "../sandbox/aws/local-aws.ts";
import { Project, settingsText } from "./project.ts";

const unpicked = settingsText(`    app:
      image: { id: ami-00000000000000000, bakeType: t3.nano } # picked, never typed
      instanceType: t3.small
`);

describe("ops image pick", function () {
  let aws: TestAws;
  let ec2: EC2Client;
  let ssm: SSMClient;
  const project = new Project();

  before(async () => {
    aws = await startTestAws();
    ec2 = new EC2Client(aws.client);
    ssm = new SSMClient(aws.client);
  });
  beforeEach(() => project.write("Pulumi.staging.yaml", unpicked));
  after(async () => {
    ec2.destroy();
    ssm.destroy();
    await aws.stop();
    project.remove();
  });

  let count = 0;
  async function image(tags: Readonly<Record<string, string>>): Promise<string> {
    const disk = { DeviceName: "/dev/xvda", Ebs: { VolumeSize: 8 } };
    const { ImageId } = await ec2.send(
      new RegisterImageCommand({
        Name: `image-${++count}`,
        Architecture: "x86_64",
        RootDeviceName: "/dev/xvda",
        BlockDeviceMappings: [disk],
      }),
    );
    const all = { "fleet:product": "shop", "fleet:major-version": "3", "fleet:bake-type": "t3.small", ...tags };
    await ec2.send(new CreateTagsCommand({ Resources: [ImageId!], Tags: Object.entries(all).map(([Key, Value]) => ({ Key, Value })) }));
    return ImageId!;
  }
  const pick = (...args: readonly string[]) =>
    project.ops(aws.endpoint, "image", "pick", "--stack", "staging", "--region", aws.region, ...args);
  const settings = () => project.read("Pulumi.staging.yaml");

  it("takes the newest by tag, changes that line alone, and nothing in a dry run", async () => {
    await image({ "fleet:baked-at": "2026-11-01T10:00:00Z" });
    const newest = await image({ "fleet:baked-at": "2026-11-20T10:00:00Z", "fleet:recipe-revision": "4f1c2aa" });
    await image({ "fleet:baked-at": "2026-12-01T10:00:00Z", "fleet:product": "other" });
    await image({ "fleet:baked-at": "2026-12-01T10:00:00Z", "fleet:major-version": "2" });
    const dry = await pick("--dry-run");
    assert.equal(dry.status, exitCodes.done, dry.stderr);
    assert.equal(settings(), unpicked);
    const ended = await pick();
    assert.deepEqual([ended.status, ended.stderr], [exitCodes.done, ""]);
    assert.equal(
      ended.stdout,
      `Pulumi.staging.yaml: fleet app changed from ami-00000000000000000 (t3.nano) to ${newest} (t3.small), baked 2026-11-20T10:00:00Z\n`,
    );
    assert.equal(settings(), unpicked.replace("ami-00000000000000000", newest).replace("t3.nano", "t3.small"));
    assert.match((await pick()).stdout, /has ami-\w+ already/);
  });

  it("refuses two equally new ones and names both, until a tag tells them apart", async () => {
    const date = "2026-11-21T10:00:00Z";
    const one = await image({ "fleet:baked-at": date, "fleet:recipe-revision": "one" });
    const other = await image({ "fleet:baked-at": date, "fleet:recipe-revision": "other" });
    const ended = await pick();
    assert.equal(ended.status, exitCodes.notExactlyOne);
    assert.match(ended.stderr, /^2 images are equally new .*Narrow the choice with --tag KEY=VALUE until exactly one fits\.\n$/);
    assert.ok(ended.stderr.includes(one) && ended.stderr.includes(other), ended.stderr);
    assert.equal(settings(), unpicked);
    const { status, stdout } = await pick("--tag", "fleet:recipe-revision=other", "--json");
    assert.equal(status, exitCodes.done);
    assert.equal((JSON.parse(stdout) as { image: { id: string } }).image.id, other);
  });

  it("refuses none, and says what those lack that fit", async () => {
    const none = await pick("--tag", "fleet:recipe-revision=absent");
    assert.deepEqual(
      [none.status, none.stderr],
      [
        exitCodes.notExactlyOne,
        "No image fits of owner self with fleet:product=shop, fleet:major-version=3, fleet:recipe-revision=absent. " +
          "Bake one, or correct the tags or the owner.\n",
      ],
    );
    const undated = await image({ "fleet:recipe-revision": "undated" });
    const lacking = await pick("--tag", "fleet:recipe-revision=undated");
    assert.equal(lacking.status, exitCodes.notExactlyOne);
    assert.ok(lacking.stderr.includes(`- ${undated}: the tag fleet:baked-at is absent, not a time`), lacking.stderr);
    assert.equal(settings(), unpicked);
  });

  it("takes the one image whose id a parameter holds, and nothing but an id", async () => {
    const id = await image({ "fleet:baked-at": "2026-10-01T10:00:00Z" });
    const put = (Value: string) => ssm.send(new PutParameterCommand({ Name: "/shop/image", Value, Type: "String", Overwrite: true }));
    await put(id);
    const ended = await pick("--parameter", "/shop/image");
    assert.equal(ended.status, exitCodes.done, ended.stderr);
    assert.ok(settings().includes(id));
    await put("latest");
    const wrong = await pick("--parameter", "/shop/image");
    assert.equal(wrong.status, exitCodes.notExactlyOne);
    assert.match(wrong.stderr, /^Parameter \/shop\/image holds "latest", not the id of one image/);
    await put("ami-0fffffffffffffff0");
    assert.match((await pick("--parameter", "/shop/image")).stderr, /^No image fits of owner self under the id in \/shop\/image\./);
  });
});
