/** The endpoint: who answers, what is refused, what is recorded. */
import assert from "node:assert/strict";
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient, ListMetricsCommand, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, CreateLogGroupCommand, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateTagsCommand,
  DescribeImagesCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  DescribeTagsCommand,
  EC2Client,
  RegisterImageCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { DescribeTargetGroupsCommand, ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { EventBridgeClient, ListEventBusesCommand } from "@aws-sdk/client-eventbridge";
import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient, ListAttachedRolePoliciesCommand } from "@aws-sdk/client-iam";
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  EncryptCommand,
  KMSClient,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { CreateSecretCommand, GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { ListTopicsCommand, SNSClient } from "@aws-sdk/client-sns";
import { CreateQueueCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { DeleteParameterCommand, GetParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { assignments } from "../../../sandbox/aws/endpoint/parties.ts";
import { scopeOf } from "../../../sandbox/aws/endpoint/route.ts";
import { startTestAws } from "./local-aws.ts";
import type { TestAws } from "./local-aws.ts";

let aws: TestAws;
const open: { destroy(): void }[] = [];

before(async () => {
  aws = await startTestAws();
});

after(async () => {
  for (const client of open) client.destroy();
  await aws.stop();
});

function client<Client extends { destroy(): void }>(
  Kind: new (options: TestAws["client"]) => Client,
  more: Partial<TestAws["client"]> = {},
): Client {
  const made = new Kind({ ...aws.client, ...more });
  open.push(made);
  return made;
}

interface Call {
  readonly service: string;
  readonly action: string;
  readonly permission: string;
  readonly resources: readonly string[];
  readonly conditionKeys: Readonly<Record<string, unknown>>;
  readonly roleName: string | null;
  readonly status: number;
}

async function calls(): Promise<readonly Call[]> {
  return ((await aws.admin("GET", "calls")) as { readonly calls: readonly Call[] }).calls;
}

const trust = (Service: string) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" }] });

describe("routing", () => {
  it("reaches one party for every service in the table", async () => {
    const answered = {
      autoscaling: (await client(AutoScalingClient).send(new DescribeAutoScalingGroupsCommand({}))).AutoScalingGroups,
      monitoring: (await client(CloudWatchClient).send(new ListMetricsCommand({}))).Metrics,
      ec2: (await client(EC2Client).send(new DescribeInstancesCommand({}))).Reservations,
      elasticloadbalancing: (await client(ElasticLoadBalancingV2Client).send(new DescribeTargetGroupsCommand({}))).TargetGroups,
      iam: (
        await client(IAMClient).send(new CreateRoleCommand({ RoleName: "routed", AssumeRolePolicyDocument: trust("ec2.amazonaws.com") }))
      ).Role,
      sts: (await client(STSClient).send(new GetCallerIdentityCommand({}))).Account,
      ssm: (await client(SSMClient).send(new PutParameterCommand({ Name: "/routed", Value: "x", Type: "String" }))).Version,
      kms: (await client(KMSClient).send(new CreateKeyCommand({}))).KeyMetadata,
      secretsmanager: (await client(SecretsManagerClient).send(new CreateSecretCommand({ Name: "routed", SecretString: "x" }))).ARN,
      sqs: (await client(SQSClient).send(new CreateQueueCommand({ QueueName: "routed" }))).QueueUrl,
      sns: (await client(SNSClient).send(new ListTopicsCommand({}))).Topics ?? [],
      lambda: (await client(LambdaClient).send(new ListFunctionsCommand({}))).Functions,
      events: (await client(EventBridgeClient).send(new ListEventBusesCommand({}))).EventBuses,
      logs: await client(CloudWatchLogsClient).send(new CreateLogGroupCommand({ logGroupName: "routed" })),
    };
    for (const [service, answer] of Object.entries(answered)) assert.notEqual(answer, undefined, service);
    assert.deepEqual(Object.keys(answered).sort(), Object.keys(assignments).sort());
    const recorded = new Set((await calls()).map(({ service }) => service));
    assert.deepEqual([...recorded].sort(), Object.keys(assignments).sort());
  });

  it("puts every service on one account and region", async () => {
    assert.equal((await client(STSClient).send(new GetCallerIdentityCommand({}))).Account, aws.accountId);
    const { QueueUrl } = await client(SQSClient).send(new CreateQueueCommand({ QueueName: "where" }));
    assert.equal(QueueUrl, `${aws.endpoint}/${aws.accountId}/where`);
    const { logGroups } = await client(CloudWatchLogsClient).send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "routed" }));
    assert.match(logGroups?.[0]?.arn ?? "", /^arn:aws:logs:eu-west-1:123456789012:/);
    const { Subnets = [] } = await client(EC2Client).send(new DescribeSubnetsCommand({}));
    assert.deepEqual(Subnets.map(({ AvailabilityZone }) => AvailabilityZone).sort(), ["eu-west-1a", "eu-west-1b", "eu-west-1c"]);
  });

  it("reads the scope of headers and of presigned URLs, and of nothing else", () => {
    const authorization = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/sqs/aws4_request, SignedHeaders=host, Signature=0";
    const expected = { accessKeyId: "AKID", region: "eu-west-1", service: "sqs" };
    assert.deepEqual(scopeOf({ authorization }, "/"), expected);
    assert.deepEqual(scopeOf({}, "/?X-Amz-Credential=AKID%2F20260101%2Feu-west-1%2Fsqs%2Faws4_request&X-Amz-Signature=0"), expected);
    for (const [headers, url] of [
      [{}, "/"],
      [{ authorization: "Bearer x" }, "/"],
      [{}, "/?AWSAccessKeyId=AKID"],
    ] as const)
      assert.equal(scopeOf(headers, url), undefined);
  });

  it("refuses unsigned requests as AWS does, in the protocol they came in", async () => {
    const query = await fetch(aws.endpoint, { method: "POST", body: new URLSearchParams({ Action: "ListTopics" }) });
    assert.equal(query.status, 403);
    assert.match(await query.text(), /<Code>MissingAuthenticationToken<\/Code><Message>Request is missing Authentication Token<\/Message>/);
    const json = await fetch(aws.endpoint, { method: "POST", headers: { "x-amz-target": "AmazonSQS.ListQueues" }, body: "{}" });
    assert.equal(json.status, 403);
    assert.equal(((await json.json()) as { __type: string }).__type, "MissingAuthenticationTokenException");
  });

  it("names the services it has when asked for another", async () => {
    const authorization = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
    const answer = await fetch(aws.endpoint, {
      method: "POST",
      headers: { authorization, "x-amz-target": "DynamoDB_20120810.ListTables" },
      body: "{}",
    });
    assert.equal(answer.status, 400);
    const { message } = (await answer.json()) as { readonly message: string };
    assert.match(message, /^The local AWS has no service "dynamodb"; it has autoscaling, ec2, .*sts\.$/);
  });
});

describe("the choice of a party", () => {
  it("gives keys that can be named by ARN, whose policies change, and that refuse use while they wait for deletion", async () => {
    const kms = client(KMSClient);
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const KeyId = KeyMetadata!.Arn!;
    await kms.send(new CreateAliasCommand({ AliasName: "alias/own", TargetKeyId: KeyId }));
    await kms.send(new PutKeyPolicyCommand({ KeyId, Policy: '{"Version":"2012-10-17","Statement":[]}' }));
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    assert.equal((await kms.send(new DescribeKeyCommand({ KeyId: "alias/own" }))).KeyMetadata?.KeyState, "PendingDeletion");
    await assert.rejects(kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from("x") })), { name: "KMSInvalidStateException" });
  });

  it("gives secrets with versions by stage", async () => {
    const secrets = client(SecretsManagerClient);
    await secrets.send(new CreateSecretCommand({ Name: "staged", SecretString: "one" }));
    await secrets.send(new PutSecretValueCommand({ SecretId: "staged", SecretString: "two" }));
    const read = async (VersionStage: string) =>
      (await secrets.send(new GetSecretValueCommand({ SecretId: "staged", VersionStage }))).SecretString;
    assert.deepEqual([await read("AWSCURRENT"), await read("AWSPREVIOUS")], ["two", "one"]);
  });

  it("knows the policies that AWS manages, and instances that keep their fields", async () => {
    const iam = client(IAMClient);
    await iam.send(new CreateRoleCommand({ RoleName: "managed", AssumeRolePolicyDocument: trust("ec2.amazonaws.com") }));
    await iam.send(new AttachRolePolicyCommand({ RoleName: "managed", PolicyArn: "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore" }));
    const { AttachedPolicies } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: "managed" }));
    assert.deepEqual(
      AttachedPolicies?.map(({ PolicyName }) => PolicyName),
      ["AmazonSSMManagedInstanceCore"],
    );
    const ec2 = client(EC2Client);
    const ImageId = (await ec2.send(new DescribeImagesCommand({}))).Images![0]!.ImageId!;
    const { Instances } = await ec2.send(
      new RunInstancesCommand({ ImageId, InstanceType: "t3.micro", MinCount: 1, MaxCount: 1, MetadataOptions: { HttpTokens: "required" } }),
    );
    assert.equal(Instances?.[0]?.MetadataOptions?.HttpTokens, "required");
  });

  it("finds images, instances and tags by their ids, and says which it does not know", async () => {
    const ec2 = client(EC2Client);
    const { ImageId } = await ec2.send(new RegisterImageCommand({ Name: "looked-for", RootDeviceName: "/dev/xvda" }));
    const launch = async (count: number) => {
      const TagSpecifications = [{ ResourceType: "instance" as const, Tags: [{ Key: "of", Value: String(count) }] }];
      const { Instances = [] } = await ec2.send(
        new RunInstancesCommand({ ImageId, InstanceType: "t3.micro", MinCount: count, MaxCount: count, TagSpecifications }),
      );
      return Instances.map(({ InstanceId }) => InstanceId!);
    };
    const [first, second, third] = [...(await launch(2)), ...(await launch(1))];
    const tags = async (id: string) =>
      (await ec2.send(new DescribeTagsCommand({ Filters: [{ Name: "resource-id", Values: [id] }] }))).Tags?.map(
        ({ ResourceId, ResourceType, Value }) => `${ResourceType!} ${ResourceId!} ${Value!}`,
      );
    assert.deepEqual(await tags(first!), [`instance ${first!} 2`]);
    assert.deepEqual(await tags(third!), [`instance ${third!} 1`]);
    assert.deepEqual((await tags("i-*"))?.sort(), [`instance ${first!} 2`, `instance ${second!} 2`, `instance ${third!} 1`].sort());
    assert.deepEqual(await tags("i-0"), []);
    const attribute = (InstanceId: string) =>
      ec2.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute: "disableApiTermination" }));
    assert.equal((await attribute(second!)).InstanceId, second);
    await assert.rejects(attribute("i-0123456789abcdef0"), { name: "InvalidInstanceID.NotFound" });
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [first!] }));
    assert.equal((await attribute(first!)).InstanceId, first);
    // A call that is repeated with its client token launches nothing more.
    const call = { ImageId, InstanceType: "t3.micro" as const, MinCount: 1, MaxCount: 1, ClientToken: "asked-twice" };
    const ids = async (more: object = {}) =>
      (await ec2.send(new RunInstancesCommand({ ...call, ...more }))).Instances?.map(({ InstanceId }) => InstanceId);
    assert.deepEqual(await ids(), await ids());
    await assert.rejects(ids({ MinCount: 2, MaxCount: 2 }), { name: "IdempotentParameterMismatch" });
    const unknown = ec2.send(new RunInstancesCommand({ ImageId: "ami-0123456789abcdef0", MinCount: 1, MaxCount: 1 }));
    await assert.rejects(unknown, { name: "InvalidAMIID.NotFound" });
  });
});

describe("what is recorded", () => {
  it("has permission, resources and role of a session, and can be cleared", async () => {
    const sts = client(STSClient);
    const assumed = await sts.send(new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${aws.accountId}:role/reader`, RoleSessionName: "s" }));
    const credentials = { accessKeyId: assumed.Credentials!.AccessKeyId!, secretAccessKey: assumed.Credentials!.SecretAccessKey! };
    const own = client(SQSClient);
    const { QueueUrl } = await own.send(new CreateQueueCommand({ QueueName: "recorded" }));
    await aws.admin("DELETE", "calls");
    await client(SQSClient, { credentials }).send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }));
    await assert.rejects(client(SSMClient, { credentials }).send(new GetParameterCommand({ Name: "/none" })));
    await assert.rejects(client(SSMClient).send(new DeleteParameterCommand({ Name: "none" })));
    const recorded = (await calls()).map(({ permission, resources, roleName, status }) => ({ permission, resources, roleName, status }));
    assert.deepEqual(recorded, [
      { permission: "sqs:SendMessage", resources: [`arn:aws:sqs:eu-west-1:${aws.accountId}:recorded`], roleName: "reader", status: 200 },
      {
        permission: "ssm:GetParameter",
        resources: [`arn:aws:ssm:eu-west-1:${aws.accountId}:parameter/none`],
        roleName: "reader",
        status: 400,
      },
      {
        permission: "ssm:DeleteParameter",
        resources: [`arn:aws:ssm:eu-west-1:${aws.accountId}:parameter/none`],
        roleName: null,
        status: 400,
      },
    ]);
    await aws.admin("DELETE", "calls");
    assert.deepEqual(await calls(), []);
  });

  it("has what conditions see of the request: tags that it asks for, and the metric's namespace", async () => {
    await aws.admin("DELETE", "calls");
    const tag = { Key: "fleet:Role", Value: "app" };
    await client(EC2Client).send(new CreateTagsCommand({ Resources: ["i-0123456789abcdef0"], Tags: [tag] }));
    await client(EC2Client).send(new DescribeSubnetsCommand({}));
    await client(CloudWatchClient).send(new PutMetricDataCommand({ Namespace: "Fleet", MetricData: [{ MetricName: "M", Value: 1 }] }));
    assert.deepEqual(
      (await calls()).map(({ conditionKeys }) => conditionKeys),
      [{ "aws:tagkeys": ["fleet:Role"], "aws:requesttag/fleet:role": "app" }, {}, { "cloudwatch:namespace": "Fleet" }],
    );
  });
});

describe("administration", () => {
  it("tells the time and moves it, and refuses what makes no sense", async () => {
    const time = async () => Date.parse(((await aws.admin("GET", "clock")) as { readonly now: string }).now);
    const before = await time();
    await aws.advance(90);
    assert.equal((await time()) - before, 90_000);
    await assert.rejects(aws.advance(-1), /advanceSeconds is -1; it must be a number from 0 to 604800/);
    await assert.rejects(aws.admin("POST", "metrics", { namespace: "AWS/EC2" }), /namespace, name and unit must be texts/);
    await assert.rejects(aws.admin("GET", "nothing"), /no GET \/_fleet\/nothing here; there are GET \/_fleet\/status/);
  });

  it("puts metrics that only AWS's own services may publish", async () => {
    await aws.admin("POST", "metrics", {
      namespace: "AWS/EC2",
      name: "CPUUtilization",
      dimensions: { AutoScalingGroupName: "g" },
      value: 90,
      unit: "Percent",
    });
    const { Metrics } = await client(CloudWatchClient).send(new ListMetricsCommand({ Namespace: "AWS/EC2" }));
    assert.deepEqual(Metrics, [
      { Namespace: "AWS/EC2", MetricName: "CPUUtilization", Dimensions: [{ Name: "AutoScalingGroupName", Value: "g" }] },
    ]);
  });
});
