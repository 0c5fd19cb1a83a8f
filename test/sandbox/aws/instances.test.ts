/** What an instance sees of AWS: its metadata, and Systems Manager as an agent speaks to it. */
import assert from "node:assert/strict";
import { DescribeImagesCommand, EC2Client, RunInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import type { RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import {
  AddRoleToInstanceProfileCommand,
  AttachRolePolicyCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  IAMClient,
} from "@aws-sdk/client-iam";
import {
  AddTagsToResourceCommand,
  CreateAssociationCommand,
  CreateDocumentCommand,
  DeleteAssociationCommand,
  DescribeAssociationCommand,
  DescribeInstanceAssociationsStatusCommand,
  DescribeInstanceInformationCommand,
  ListAssociationsCommand,
  ListTagsForResourceCommand,
  RemoveTagsFromResourceCommand,
  SSMClient,
  UpdateAssociationCommand,
} from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { startTestAws } from "./local-aws.ts";
import type { TestAws } from "./local-aws.ts";

let aws: TestAws;
let ec2: EC2Client;
let iam: IAMClient;
let ssm: SSMClient;
let ImageId: string;

before(async () => {
  aws = await startTestAws();
  ec2 = new EC2Client(aws.client);
  iam = new IAMClient(aws.client);
  ssm = new SSMClient(aws.client);
  ImageId = (await ec2.send(new DescribeImagesCommand({}))).Images![0]!.ImageId!;
  for (const [name, policy] of [
    ["node", "AmazonSSMManagedInstanceCore"],
    ["bare", "AmazonEC2ReadOnlyAccess"],
  ] as const) {
    const AssumeRolePolicyDocument = JSON.stringify({
      Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
    });
    await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }));
    await iam.send(new AttachRolePolicyCommand({ RoleName: name, PolicyArn: `arn:aws:iam::aws:policy/${policy}` }));
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: name }));
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }));
  }
});

after(async () => {
  for (const client of [ec2, iam, ssm]) client.destroy();
  await aws.stop();
});

async function launch(more: Partial<RunInstancesCommandInput> = {}): Promise<string> {
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      ...{ ImageId, InstanceType: "t3.micro", MinCount: 1, MaxCount: 1, IamInstanceProfile: { Name: "node" } },
      MetadataOptions: { HttpTokens: "required", InstanceMetadataTags: "enabled" },
      TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "fleet", Value: "web" }] }],
      ...more,
    }),
  );
  return Instances![0]!.InstanceId!;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function ask(base: string, path: string, init: { method?: string; headers?: Record<string, string> } = {}): Promise<Answer> {
  const answer = await fetch(`${base}/latest/${path}`, init);
  return { status: answer.status, text: await answer.text() };
}

const ttl = { "x-aws-ec2-metadata-token-ttl-seconds": "60" };
const tokenOf = async (base: string) => ({
  "x-aws-ec2-metadata-token": (await ask(base, "api/token", { method: "PUT", headers: ttl })).text,
});

const baseOf = (id: string) => `${aws.endpoint}/_fleet/imds/${id}`;

describe("instance metadata", () => {
  it("are given to a session of the instance itself, and to nobody without a token where tokens are required", async () => {
    const [one, other] = [baseOf(await launch()), baseOf(await launch())];
    assert.deepEqual(await ask(one, "meta-data/instance-id"), { status: 401, text: "Unauthorized" });
    const headers = await tokenOf(one);
    assert.equal((await ask(one, "meta-data/instance-id", { headers })).text, one.split("/").pop());
    assert.equal((await ask(other, "meta-data/instance-id", { headers })).status, 401);
    await aws.advance(61);
    assert.equal((await ask(one, "meta-data/instance-id", { headers })).status, 401);
  });

  it("refuse faulty requests for a token", async () => {
    const base = baseOf(await launch());
    const put = async (headers: Record<string, string>) => (await ask(base, "api/token", { method: "PUT", headers })).status;
    assert.deepEqual([await put({}), await put({ ...ttl, "x-forwarded-for": "10.0.0.1" }), await put(ttl)], [400, 403, 200]);
    assert.equal((await ask(base, "api/token", { headers: ttl })).status, 405);
  });

  it("need no token where they are optional, and say nothing where they are off", async () => {
    const optional = baseOf(await launch({ MetadataOptions: { HttpTokens: "optional" } }));
    assert.equal((await ask(optional, "meta-data/ami-id")).text, ImageId);
    const off = baseOf(await launch({ MetadataOptions: { HttpEndpoint: "disabled" } }));
    assert.equal((await ask(off, "meta-data/ami-id")).status, 403);
    assert.equal((await ask(baseOf("i-0123456789abcdef0"), "meta-data/ami-id")).status, 404);
  });

  it("tell place, role, tags and user data", async () => {
    const id = await launch({ UserData: Buffer.from("#!/bin/sh\necho ä\n").toString("base64") });
    const base = baseOf(id);
    const headers = await tokenOf(base);
    const text = async (path: string) => (await ask(base, path, { headers })).text;
    assert.match(await text("meta-data/placement/availability-zone"), /^eu-west-1[abc]$/);
    assert.equal(await text("meta-data/placement/region"), "eu-west-1");
    assert.equal(await text("meta-data/tags/instance/fleet"), "web");
    assert.equal(await text("user-data"), "#!/bin/sh\necho ä\n");
    assert.equal(await text("meta-data/iam/security-credentials/"), "node");
    assert.match(await text("meta-data/"), /^ami-id\nblock-device-mapping\/\nhostname\niam\/\ninstance-id\n/);
    assert.equal((JSON.parse(await text("dynamic/instance-identity/document")) as { instanceId: string }).instanceId, id);
    assert.equal((await ask(base, "meta-data/nothing", { headers })).status, 404);
    assert.equal((await ask(base, "meta-data/autoscaling/target-lifecycle-state", { headers })).status, 404);
  });

  it("give credentials whose calls are the role's", async () => {
    const id = await launch();
    const headers = await tokenOf(baseOf(id));
    const keys = JSON.parse((await ask(baseOf(id), "meta-data/iam/security-credentials/node", { headers })).text) as {
      readonly AccessKeyId: string;
      readonly SecretAccessKey: string;
      readonly Token: string;
    };
    const credentials = { accessKeyId: keys.AccessKeyId, secretAccessKey: keys.SecretAccessKey, sessionToken: keys.Token };
    const sts = new STSClient({ ...aws.client, credentials });
    assert.equal((await sts.send(new GetCallerIdentityCommand({}))).Arn, `arn:aws:sts::123456789012:assumed-role/node/${id}`);
    sts.destroy();
    const { calls } = (await aws.admin("GET", "calls")) as {
      readonly calls: readonly { readonly roleName: string | null; readonly action: string }[];
    };
    assert.equal(calls.findLast(({ action }) => action === "GetCallerIdentity")?.roleName, "node");
  });

  it("have an address of their own for software that knows no paths", async () => {
    const id = await launch();
    const { endpoint } = (await aws.admin("POST", `imds/${id}`)) as { readonly endpoint: string };
    assert.equal((await ask(endpoint, "meta-data/instance-id", { headers: await tokenOf(endpoint) })).text, id);
    assert.deepEqual(await aws.admin("POST", `imds/${id}`), { endpoint });
  });
});

/** The agent's own calls are in no SDK. */
async function agent(action: string, input: Record<string, unknown>, accessKeyId = "AKIDEXAMPLE"): Promise<Answer> {
  const answer = await fetch(aws.endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": `AmazonSSM.${action}`,
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/eu-west-1/ssm/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(input),
  });
  return { status: answer.status, text: await answer.text() };
}

async function roleKey(id: string): Promise<string> {
  const headers = await tokenOf(baseOf(id));
  const role = (await ask(baseOf(id), "meta-data/iam/security-credentials/", { headers })).text;
  const keys = (await ask(baseOf(id), `meta-data/iam/security-credentials/${role}`, { headers })).text;
  return (JSON.parse(keys) as { readonly AccessKeyId: string }).AccessKeyId;
}

describe("Systems Manager", () => {
  const information = async (id: string) => {
    const Filters = [{ Key: "InstanceIds", Values: [id] }];
    return (await ssm.send(new DescribeInstanceInformationCommand({ Filters }))).InstanceInformationList;
  };

  it("knows a node from its agent's first report until it is terminated", async () => {
    const id = await launch();
    assert.deepEqual(await information(id), []);
    const facts = { InstanceId: id, AgentVersion: "3.3", PlatformType: "Linux", PlatformName: "Ubuntu", PlatformVersion: "24.04" };
    assert.equal((await agent("UpdateInstanceInformation", facts, await roleKey(id))).status, 200);
    const [node] = (await information(id))!;
    assert.deepEqual(
      [node?.PingStatus, node?.PlatformName, node?.AgentVersion, node?.ResourceType],
      ["Online", "Ubuntu", "3.3", "EC2Instance"],
    );
    const tagged = await ssm.send(new DescribeInstanceInformationCommand({ Filters: [{ Key: "tag:fleet", Values: ["web"] }] }));
    assert.ok(tagged.InstanceInformationList?.some(({ InstanceId }) => InstanceId === id));
    await aws.advance(301);
    assert.equal((await information(id))?.[0]?.PingStatus, "ConnectionLost");
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    assert.deepEqual(await information(id), []);
  });

  it("refuses an agent whose role lacks the permission, and an instance that does not exist", async () => {
    const id = await launch({ IamInstanceProfile: { Name: "bare" } });
    const refused = await agent("UpdateInstanceInformation", { InstanceId: id }, await roleKey(id));
    assert.equal(refused.status, 400);
    assert.match(refused.text, /AccessDeniedException.*ssm:UpdateInstanceInformation/);
    assert.match((await agent("UpdateInstanceInformation", { InstanceId: "i-0123456789abcdef0" })).text, /InvalidInstanceId/);
  });

  it("runs associations on the nodes that they target, as far as agents report", async () => {
    const id = await launch({ TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "layer", Value: "app" }] }] });
    const Content = JSON.stringify({
      schemaVersion: "2.2",
      description: "d",
      mainSteps: [{ action: "aws:runShellScript", name: "s", inputs: { runCommand: ["true"] } }],
    });
    await ssm.send(new CreateDocumentCommand({ Name: "own-document", DocumentType: "Command", Content }));
    const input = {
      Name: "own-document",
      AssociationName: "app-layer",
      Targets: [{ Key: "tag:layer", Values: ["app"] }],
      Parameters: { commands: ["true"] },
    };
    const { AssociationDescription: made } = await ssm.send(new CreateAssociationCommand({ ...input, Tags: [{ Key: "a", Value: "b" }] }));
    const AssociationId = made!.AssociationId!;
    const describe_ = async () => (await ssm.send(new DescribeAssociationCommand({ AssociationId }))).AssociationDescription!;
    assert.deepEqual([(await describe_()).Overview?.Status, (await describe_()).Targets], ["Pending", input.Targets]);
    const { Associations } = JSON.parse((await agent("ListInstanceAssociations", { InstanceId: id })).text) as {
      readonly Associations: readonly { readonly AssociationId: string }[];
    };
    assert.deepEqual(
      Associations.map((one) => one.AssociationId),
      [AssociationId],
    );
    await agent("UpdateInstanceAssociationStatus", { AssociationId, InstanceId: id, ExecutionResult: { Status: "Success" } });
    assert.equal((await describe_()).Overview?.Status, "Success");
    const { InstanceAssociationStatusInfos: infos } = await ssm.send(new DescribeInstanceAssociationsStatusCommand({ InstanceId: id }));
    assert.deepEqual(
      infos?.map((info) => [info.AssociationId, info.InstanceId, info.Status]),
      [[AssociationId, id, "Success"]],
    );
    await ssm.send(new UpdateAssociationCommand({ AssociationId, Targets: [{ Key: "InstanceIds", Values: [id] }] }));
    const updated = await describe_();
    assert.deepEqual([updated.AssociationVersion, updated.AssociationName, updated.Overview?.Status], ["2", undefined, "Pending"]);
    await ssm.send(
      new AddTagsToResourceCommand({ ResourceType: "Association", ResourceId: AssociationId, Tags: [{ Key: "c", Value: "d" }] }),
    );
    const { TagList } = await ssm.send(new ListTagsForResourceCommand({ ResourceType: "Association", ResourceId: AssociationId }));
    assert.deepEqual(TagList, [
      { Key: "a", Value: "b" },
      { Key: "c", Value: "d" },
    ]);
    const ofAssociation = { ResourceType: "Association" as const, ResourceId: AssociationId };
    await ssm.send(new RemoveTagsFromResourceCommand({ ...ofAssociation, TagKeys: ["a"] }));
    assert.deepEqual((await ssm.send(new ListTagsForResourceCommand(ofAssociation))).TagList, [{ Key: "c", Value: "d" }]);
    const listed = await ssm.send(new ListAssociationsCommand({ AssociationFilterList: [{ key: "Name", value: "own-document" }] }));
    assert.equal(listed.Associations?.length, 1);
    await ssm.send(new DeleteAssociationCommand({ AssociationId }));
    await assert.rejects(describe_(), { name: "AssociationDoesNotExist" });
    await assert.rejects(ssm.send(new CreateAssociationCommand({ Name: "no-document" })), { name: "InvalidDocument" });
    await assert.rejects(ssm.send(new CreateAssociationCommand({ ...input, AssociationName: "x y" })), { name: "ValidationException" });
  });
});
