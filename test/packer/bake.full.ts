/**
 * Real Packer bakes a real image in the local AWS: `ops bake` starts it, its own ssh communicator reaches an SSH server in a throw-away
 * root, where the scripts read the validator's key with the builder's role, run Chef's stand-in, clean up and verify.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeKeyPairsCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { SeedWorld } from "../../sandbox/seed/world.ts";
import { startTestAws, type TestAws } from "../sandbox/aws/local-aws.ts";
import { chefServer, leftovers, serverUrl, validatorKey } from "./helpers/builder.ts";
import { finished, needs, ThrowAwayRoot, type Finished } from "./helpers/root.ts";

const project = join(import.meta.dirname, "../..");
const opsCli = join(project, "ops/cli.ts");

describe("packer: a bake", function () {
  let aws: TestAws;
  let ec2: EC2Client;
  let metadata: Server;
  let folder: string;
  let sourceImage: string;
  let repository: string;
  let root: ThrowAwayRoot | undefined;

  before(async function () {
    await needs("packer", "sshd", "ohai", "unshare", "jq", "curl");
    aws = await startTestAws({ speed: 1 });
    ec2 = new EC2Client(aws.client);
    const world = new SeedWorld(aws);
    const zone = (await world.defaultNetwork()).subnets[0]!.zone;
    sourceImage = await world.image({ id: "ami-source", architecture: "x86_64", tags: {}, bakedAtTag: "x" }, zone);
    repository = await world.snapshot("repository", zone);
    await makeProfile();
    await new SSMClient(aws.client).send(
      new PutParameterCommand({ Name: "/storefront/chef/validator", Type: "SecureString", Value: validatorKey }),
    );
    metadata = await startMetadata();
    folder = mkdtempSync(join(tmpdir(), "fleet-bake-"));
    symlinkSync(join(project, "packer"), join(folder, "packer"));
  });

  afterEach(async () => {
    await root?.stop();
    root = undefined;
  });

  after(async () => {
    metadata.close();
    rmSync(folder, { recursive: true, force: true });
    await aws.stop();
  });

  async function makeProfile(): Promise<void> {
    const iam = new IAMClient(aws.client);
    const trust = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
    };
    await iam.send(new CreateRoleCommand({ RoleName: "builder", AssumeRolePolicyDocument: JSON.stringify(trust) }));
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: "builder" }));
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: "builder", RoleName: "builder" }));
    const arn = `arn:aws:ssm:${aws.region}:${aws.accountId}:parameter/storefront/chef/validator`;
    const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "ssm:GetParameter", Resource: arn }] };
    await iam.send(new PutRolePolicyCommand({ RoleName: "builder", PolicyName: "key", PolicyDocument: JSON.stringify(policy) }));
  }

  const builders = async () =>
    (
      await ec2.send(new DescribeInstancesCommand({ Filters: [{ Name: "tag:fleet:role", Values: ["image-builder"] }] }))
    ).Reservations?.flatMap(({ Instances = [] }) => Instances) ?? [];

  /** Instance metadata of whichever builder runs now. */
  async function startMetadata(): Promise<Server> {
    const server = createServer((request, response) => {
      void (async () => {
        const builder = (await builders()).find(({ State }) => State?.Name === "running");
        const headers = Object.entries(request.headers).filter(([name]) => name.startsWith("x-aws-"));
        const answer = await fetch(`${aws.endpoint}/_fleet/imds/${builder?.InstanceId ?? "none"}${request.url ?? ""}`, {
          method: request.method ?? "GET",
          headers: Object.fromEntries(headers) as Record<string, string>,
        });
        response.writeHead(answer.status).end(await answer.text());
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  const environment = () => ({
    PATH: `${join(project, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_ACCESS_KEY_ID: "AKIDPACKER",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_EC2_METADATA_DISABLED: "true",
  });

  function settings(fleet: readonly string[] = [], bake: readonly string[] = []): void {
    const lines = [
      "config:",
      `  aws:region: ${aws.region}`,
      `  aws:allowedAccountIds: ["${aws.accountId}"]`,
      "  fleet:product: storefront",
      "  fleet:platform: web",
      "  fleet:majorVersion: 3",
      "  fleet:fleets:",
      "    app:",
      "      instanceType: t3.small",
      "      image:",
      "        bakeType: t3.small",
      "        bake:",
      `          sourceImage: ${sourceImage}`,
      "          sourceOwner: self",
      "          recipeRevision: 4f1c2aa",
      ...bake.map((line) => `          ${line}`),
      ...fleet.map((line) => `      ${line}`),
    ];
    writeFileSync(join(folder, "Pulumi.staging.yaml"), `${lines.join("\n")}\n`);
  }

  const bake = (...args: readonly string[]): Promise<Finished> =>
    finished("sh", ["-c", `cd "$0" && exec node "$@"`, folder, opsCli, "bake", "--stack", "staging", ...args], environment());

  async function overSsh(): Promise<string[]> {
    const port = await root!.startSshd();
    const inside = {
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${(metadata.address() as AddressInfo).port}`,
    };
    const values = {
      communicator: "ssh",
      ssh_host: "127.0.0.1",
      ssh_port: port,
      ssh_username: "root",
      environment: JSON.stringify(inside),
    };
    return Object.entries(values).flatMap(([name, value]) => ["--var", `${name}=${value}`]);
  }

  /** Whatever Packer makes beside an image, of which nothing may be left. */
  async function nothingLeft(): Promise<void> {
    assert.deepEqual(
      (await builders()).filter(({ State }) => State?.Name !== "terminated"),
      [],
    );
    assert.deepEqual((await ec2.send(new DescribeKeyPairsCommand({}))).KeyPairs, []);
    assert.deepEqual((await ec2.send(new DescribeVolumesCommand({}))).Volumes, []);
    const groups = (await ec2.send(new DescribeSecurityGroupsCommand({}))).SecurityGroups ?? [];
    assert.deepEqual(
      groups.filter(({ GroupName }) => GroupName?.startsWith("packer")),
      [],
    );
  }

  const images = async () => (await ec2.send(new DescribeImagesCommand({ Owners: ["self"] }))).Images ?? [];
  const tagsOf = (
    tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] = [],
  ): Record<string, string> => Object.fromEntries(tags.map(({ Key = "", Value = "" }) => [Key, Value]));

  const chefFleet = [
    "provisioning: chef-server",
    "chef:",
    `  serverUrl: ${serverUrl}`,
    '  runList: ["role[app]"]',
    "  key: ssm:/storefront/chef/validator",
  ];
  const chefBake = ["instanceProfile: builder", 'runList: ["role[base]", "recipe[app::bake]"]'];

  it("is provisioned over ssh, cleaned, verified and tagged, with permissions that the printed policies name", async function () {
    root = await ThrowAwayRoot.start({ ...chefServer, ...leftovers });
    settings(chefFleet, chefBake);
    await aws.admin("DELETE", "calls");
    const before = (await images()).length;
    const { code, output } = await bake(...(await overSsh()), "--json");
    assert.equal(code, 0, output);
    assert.match(output, /bake: the image is clean/);
    assert.ok(!output.includes(validatorKey.split("\n")[1]!), "the validator's key is not in the log");
    const all = await images();
    assert.equal(all.length, before + 1);
    const image = all.find(({ Name }) => Name?.startsWith("storefront-staging-web-v3-app-"))!;
    const { Name, "fleet:baked-at": bakedAt, "fleet:bake-inputs": inputs, ...tags } = tagsOf(image.Tags);
    assert.equal(Name, image.Name);
    assert.match(bakedAt ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.match(inputs ?? "", /^[0-9a-f]{64}$/);
    assert.deepEqual(tags, {
      "fleet:product": "storefront",
      "fleet:major-version": "3",
      "fleet:bake-type": "t3.small",
      "fleet:source-image": sourceImage,
      "fleet:recipe-revision": "4f1c2aa",
      "fleet:architecture": "x86_64",
    });
    const [mapping, ...more] = image.BlockDeviceMappings ?? [];
    assert.deepEqual(more, []);
    const [snapshot] = (await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [mapping!.Ebs!.SnapshotId!] }))).Snapshots ?? [];
    assert.equal(snapshot?.Encrypted, true);
    assert.deepEqual(tagsOf(snapshot.Tags), tagsOf(image.Tags));
    const record = await root.shell("cat /opt/stand-ins/record");
    assert.match(record, /^run list: role\[base\] recipe\[app::bake\]$/m);
    assert.match(record, /^knife client delete bake-storefront-staging-web-v3-app-/m);
    await nothingLeft();
    await onlyNamedPermissions();
    const reused = await bake("--reuse");
    assert.match(reused.output, new RegExp(`${image.ImageId!} was baked before`));
    assert.equal((await images()).length, before + 1);
  });

  /** What the local AWS saw, against what `--iam-policy` prints. */
  async function onlyNamedPermissions(): Promise<void> {
    const { calls } = (await aws.admin("GET", "calls")) as {
      readonly calls: readonly { readonly permission: string; readonly roleName: string | null; readonly accessKeyId: string }[];
    };
    const actions = async (whose: string) => {
      const { Statement } = JSON.parse((await bake("--iam-policy", whose)).output) as {
        readonly Statement: readonly { readonly Action: string[] }[];
      };
      return new Set(Statement.flatMap(({ Action }) => Action));
    };
    const used = (pick: (call: (typeof calls)[number]) => boolean) => new Set(calls.filter(pick).map(({ permission }) => permission));
    const packer = used(({ accessKeyId, roleName }) => accessKeyId === "AKIDPACKER" && roleName === null);
    packer.delete("sts:GetCallerIdentity"); // needs no permission
    const allowed = await actions("packer");
    assert.deepEqual(
      [...packer].filter((one) => !allowed.has(one)),
      [],
    );
    // Asked of AWS only in another situation than this bake's.
    const elsewhere = [
      ...["ec2:DeregisterImage", "ec2:DeleteSnapshot"], // what a cancelled bake has made
      "iam:PassRole", // no call: RunInstances asks for it
      ...["ec2:DescribeSubnets", "ec2:DescribeSnapshots"], // with a subnet, with a repository
      ...["ec2:DescribeInstanceStatus", "ec2:DescribeTags"], // newer releases, as their page says
    ];
    const unused = [...allowed].filter((one) => !packer.has(one) && !elsewhere.includes(one));
    assert.deepEqual(unused, []);
    const builder = used(({ roleName }) => roleName === "builder");
    assert.deepEqual([...builder], ["ssm:GetParameter"]);
    assert.deepEqual([...(await actions("builder"))], ["ssm:GetParameter"]);
  }

  it("leaves nothing, on AWS and on the Chef server, when Chef fails, and says so with Packer's last lines", async function () {
    root = await ThrowAwayRoot.start({ ...chefServer, ...leftovers, "/opt/stand-ins/chef-client-status": "1\n" });
    settings(chefFleet, chefBake);
    const before = (await images()).length;
    const { code, output } = await bake(...(await overSsh()));
    assert.equal(code, 4, output);
    assert.match(output, /chef-client failed with status 1/);
    assert.match(output, /Packer failed with exit status 1; no image was made\. Its last lines:\n(?:.*\n)*.*errored after/);
    assert.equal((await images()).length, before);
    assert.equal(await root.shell("ls /opt/stand-ins/server/nodes /opt/stand-ins/server/clients | grep -v : || :"), "");
    await nothingLeft();
  });

  it("is bare where instances run nothing, without the volume that it was attached for", async function () {
    settings(
      [
        "provisioning: chef-solo",
        "chef: { runList: ['role[app]'] }",
        `volumes: [{ deviceName: /dev/sdk, snapshotId: ${repository}, mountPoint: /chef }]`,
      ],
      ['runList: ["role[base]"]', "rootSizeGiB: 12"],
    );
    const { code, output } = await bake("--json");
    assert.equal(code, 0, output);
    assert.match(output, /^local AWS: its instances run nothing/m);
    const id = /"id": "(ami-\w+)"/.exec(output)![1]!;
    const image = (await images()).find(({ ImageId }) => ImageId === id)!;
    assert.deepEqual(
      image.BlockDeviceMappings?.map(({ DeviceName, Ebs }) => [DeviceName, Ebs?.VolumeSize, Ebs?.Encrypted]),
      [["/dev/xvda", 12, true]],
    );
    await nothingLeft();
  });

  it("is refused before anything is made, with every fault of what it refers to", async function () {
    settings(
      [],
      ["instanceProfile: nobody", "subnetId: subnet-0123456789abcdef0", "securityGroupIds: [sg-0123456789abcdef0]", "rootSizeGiB: 4"],
    );
    const { code, output } = await bake();
    assert.equal(code, 2, output);
    for (const fault of [
      `rootSizeGiB is 4, the root volume of source image ${sourceImage} has 8`,
      "subnet subnet-0123456789abcdef0 does not exist",
      "security group sg-0123456789abcdef0 does not exist",
      "instance profile nobody does not exist",
    ]) {
      assert.ok(output.includes(`- ${fault}\n`), output);
    }
    assert.doesNotMatch(output, /amazon-ebs/);
  });

  it("hears from Packer of every wrong variable at once", async function () {
    settings();
    const { code, output } = await bake(
      "--var",
      "name=X",
      "--var",
      "chef_validator_key=-----BEGIN RSA PRIVATE KEY-----",
      "--var",
      "ssh_timeout=soon",
    );
    assert.equal(code, 4, output);
    for (const fault of ["The name must be", "The chef_validator_key must be the name of a secret", "The ssh_timeout must look like"]) {
      assert.ok(output.replace(/\s+/g, " ").includes(fault), output);
    }
    await nothingLeft();
  });

  it("makes an image in which Ohai, with the hint, knows that it is on EC2", async function () {
    root = await ThrowAwayRoot.start({ "/srv/hint.sh": readFileSync(join(project, "packer/scripts/hint.sh"), "utf8") });
    const seen = () => root!.shell("timeout 60 ohai -l trace ec2 2>&1 | grep -o 'looks_like_ec2? == [a-z]*' | sort -u || :");
    assert.equal(await seen(), "looks_like_ec2? == false");
    await root.shell("bash -euo pipefail /srv/hint.sh");
    assert.equal(await seen(), "looks_like_ec2? == true");
  });
});
