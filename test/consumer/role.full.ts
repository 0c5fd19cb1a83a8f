/**
 * The functions' roles under each setting that changes what they call: what the local endpoint recorded is what the role
 * allows, and what the role allows was recorded. Beside `test/stack/node-cleanup.full.ts`, which has the deployed
 * functions with the settings' defaults.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import * as autoscaling from "@aws-sdk/client-auto-scaling";
import { CreateLaunchTemplateCommand, DescribeSubnetsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { consumerStatements, reconcilerStatement, secretStatements } from "../../components/node-cleanup-policies.ts";
import type { PolicyStatement } from "../../components/policy-document.ts";
import { ChefServer } from "../../sandbox/chef/server.ts";
import { startTestAws, type TestAws } from "../sandbox/aws/local-aws.ts";
import { group, notice, ours, wrapped } from "./helpers/messages.ts";

interface Call {
  readonly permission: string;
  readonly resources: readonly string[];
  readonly accessKeyId: string;
}

interface Variant {
  readonly nodeNaming: "instance-id" | "tag" | "search";
  readonly drains: boolean;
  readonly key: string;
  readonly certificateAuthority?: string;
  readonly kmsKeyArn?: string;
}

const kmsKeyArn = `arn:aws:kms:eu-west-1:${ours.accountId}:key/4e4a5f6b-0000-4000-8000-000000000001`;
let secretArn = "";

const variants: Readonly<Record<string, () => Variant>> = {
  "by default": () => ({ nodeNaming: "instance-id", drains: false, key: "ssm:/chef/key" }),
  "with naming by tag, the key in Secrets Manager under a key of KMS, and an authority": () => ({
    nodeNaming: "tag",
    drains: false,
    key: "secretsmanager:chef-key",
    certificateAuthority: "ssm:/chef/ca",
    kmsKeyArn,
  }),
  "with naming by search, the key by its ARN, and an authority in Secrets Manager": () => ({
    nodeNaming: "search",
    drains: false,
    key: `secretsmanager:${secretArn}`,
    certificateAuthority: "secretsmanager:chef-ca",
  }),
  "with a drain through Systems Manager": () => ({ nodeNaming: "instance-id", drains: true, key: "ssm:/chef/key" }),
};

/** What a role may do and its function does not call itself. */
const calledByOthers: Readonly<Record<string, string>> = {
  "sqs:ReceiveMessage": "the event source mapping, with the function's role",
  "sqs:DeleteMessage": "the event source mapping, with the function's role",
  "kms:Decrypt": "Systems Manager and Secrets Manager, for the caller",
};

/** Resources as policies have them: instances are EC2's, and documents of AWS belong to no account. */
const asPolicies = (resource: string) =>
  resource
    .replace(/^(arn:aws:)ssm(:[^:]*:\d+:instance\/)/, "$1ec2$2")
    .replace(/^(arn:aws:ssm:[^:]*:)\d+(:document\/AWS-)/, "$1$2")
    // A secret that is asked for by its name has six characters more in its ARN.
    .replace(/^(arn:aws:secretsmanager:[^:]*:\d+:secret:[a-z-]+)$/, "$1-a1b2c3");

const list = (value: string | readonly string[]) => (typeof value === "string" ? [value] : value);

function covers(pattern: string, resource: string): boolean {
  const literal = pattern.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${literal.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(resource);
}

describe("the roles of the clean-up's functions", function () {
  this.timeout(300_000);
  let aws: TestAws;
  let chef: ChefServer;
  let sqs: SQSClient;
  let queueUrl: string;
  let deadLetterQueueUrl: string;
  let hookQueueUrl: string;
  const arn = (service: string, name: string) => `arn:aws:${service}:eu-west-1:${ours.accountId}:${name}`;

  before(async () => {
    aws = await startTestAws({ speed: 60 });
    chef = await new ChefServer().start();
    const { publicKey, privateKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs1", format: "pem" },
    });
    await fetch(`${chef.url}/_fleet/organizations/acme`, { method: "PUT", body: JSON.stringify({ user: "janitor", publicKey }) });
    const ssm = new SSMClient(aws.client);
    await ssm.send(new PutParameterCommand({ Name: "/chef/key", Type: "SecureString", Value: privateKey }));
    await ssm.send(new PutParameterCommand({ Name: "/chef/ca", Type: "SecureString", Value: publicKey }));
    const secrets = new SecretsManagerClient(aws.client);
    secretArn = (await secrets.send(new CreateSecretCommand({ Name: "chef-key", SecretString: privateKey }))).ARN ?? "";
    await secrets.send(new CreateSecretCommand({ Name: "chef-ca", SecretString: publicKey }));
    sqs = new SQSClient(aws.client);
    const create = async (name: string) => (await sqs.send(new CreateQueueCommand({ QueueName: name }))).QueueUrl ?? "";
    [queueUrl, deadLetterQueueUrl, hookQueueUrl] = [await create("notices"), await create("dead"), await create("hooks")];
    await createGroup();
  });

  after(async () => {
    await chef.stop();
    await aws.stop();
  });

  /** A group whose instances wait in a terminating hook, which tells a queue of their tokens. */
  async function createGroup(): Promise<void> {
    const iam = new IAMClient(aws.client);
    const trust = [{ Effect: "Allow", Principal: { Service: "autoscaling.amazonaws.com" }, Action: "sts:AssumeRole" }];
    const statement = [{ Effect: "Allow", Action: "sqs:SendMessage", Resource: arn("sqs", "hooks") }];
    const document = (Statement: unknown) => JSON.stringify({ Version: "2012-10-17", Statement });
    const { Role: role } = await iam.send(new CreateRoleCommand({ RoleName: "hook", AssumeRolePolicyDocument: document(trust) }));
    await iam.send(new PutRolePolicyCommand({ RoleName: "hook", PolicyName: "hook", PolicyDocument: document(statement) }));
    const ec2 = new EC2Client(aws.client);
    const { Subnets: [subnet] = [] } = await ec2.send(new DescribeSubnetsCommand({}));
    await ec2.send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName: "one",
        LaunchTemplateData: { ImageId: "ami-12c6146b", InstanceType: "t3.small" },
      }),
    );
    const scaling = new autoscaling.AutoScalingClient(aws.client);
    await scaling.send(
      new autoscaling.CreateAutoScalingGroupCommand({
        AutoScalingGroupName: group,
        MinSize: 1,
        MaxSize: 9,
        LaunchTemplate: { LaunchTemplateName: "one" },
        VPCZoneIdentifier: subnet?.SubnetId,
      }),
    );
    await scaling.send(
      new autoscaling.PutLifecycleHookCommand({
        AutoScalingGroupName: group,
        LifecycleHookName: "drain",
        LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
        HeartbeatTimeout: 7_200,
        NotificationTargetARN: arn("sqs", "hooks"),
        RoleARN: role?.Arn,
      }),
    );
  }

  /** An instance that begins to leave, and the message that its hook sends. */
  async function leaving(): Promise<string> {
    const scaling = new autoscaling.AutoScalingClient(aws.client);
    let asked = false;
    for (const deadline = performance.now() + 120_000; performance.now() < deadline;) {
      const { AutoScalingGroups: [found] = [] } = await scaling.send(
        new autoscaling.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }),
      );
      const one = found?.Instances?.find(({ LifecycleState: state }) => state === "InService");
      if (!asked && one !== undefined) {
        const InstanceId = one.InstanceId ?? "";
        await scaling.send(
          new autoscaling.TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity: false }),
        );
        asked = true;
      }
      const { Messages: messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: hookQueueUrl, VisibilityTimeout: 3_600 }));
      const body = messages.map(({ Body: text = "" }) => text).find((text) => text.includes("EC2_INSTANCE_TERMINATING"));
      if (body !== undefined) return body;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return assert.fail("no hook told of an instance");
  }

  const environment = (variant: Variant, accessKeyId: string) => ({
    PATH: process.env["PATH"],
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_REGION: aws.region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: "secret",
    FLEET_CHEF_SERVER_URL: `${chef.url}/organizations/acme`,
    FLEET_CHEF_USER: "janitor",
    FLEET_CHEF_KEY: variant.key,
    FLEET_CHEF_ALLOW_HTTP: "true",
    FLEET_ACCOUNT_ID: ours.accountId,
    FLEET_NAME_PREFIX: ours.namePrefix,
    FLEET_QUEUE_URL: queueUrl,
    FLEET_DEAD_LETTER_QUEUE_URL: deadLetterQueueUrl,
    FLEET_NODE_NAMING: variant.nodeNaming,
    FLEET_DRAIN: variant.drains ? "chef-client" : "none",
    ...(variant.certificateAuthority === undefined ? {} : { FLEET_CHEF_CA: variant.certificateAuthority }),
  });

  /** All that the function called with this environment. */
  async function callsOf(
    name: "consumer" | "reconciler",
    variant: Variant,
    events: readonly unknown[],
    accessKeyId: string,
  ): Promise<Call[]> {
    const file = join(import.meta.dirname, "helpers/invoke.ts");
    const options = { env: environment(variant, accessKeyId), timeout: 120_000 };
    await promisify(execFile)(process.execPath, [file, name, JSON.stringify(events)], options);
    const { calls } = (await aws.admin("GET", "calls")) as { calls: Call[] };
    return calls.filter((call) => call.accessKeyId === accessKeyId && call.permission !== "sts:GetCallerIdentity"); // which needs no permission
  }

  function compare(statements: readonly PolicyStatement[], calls: readonly Call[]): void {
    const rights = statements.flatMap(({ Action, Resource }) =>
      list(Action).flatMap((action) => list(Resource).map((resource) => ({ action, resource }))),
    );
    const made = [...new Set(calls.flatMap(({ permission, resources }) => resources.map((one) => `${permission} ${asPolicies(one)}`)))];
    const fits = ({ action, resource }: (typeof rights)[number], line: string) =>
      line.startsWith(`${action} `) && covers(resource, line.slice(action.length + 1));
    assert.deepEqual(
      made.filter((line) => !rights.some((right) => fits(right, line))),
      [],
      "calls that the role does not allow",
    );
    assert.deepEqual(
      rights.filter((right) => calledByOthers[right.action] === undefined && !made.some((line) => fits(right, line))),
      [],
      "rights that are never used",
    );
  }

  Object.entries(variants).forEach(([name, variantOf], number) => {
    it(`allow what is called, and nothing else, ${name}`, async () => {
      const variant = variantOf();
      const place = { partition: "aws", region: aws.region, accountId: ours.accountId };
      const { key, certificateAuthority } = variant;
      const secrets = secretStatements(place, {
        references: [key, ...(certificateAuthority === undefined ? [] : [certificateAuthority])],
        kmsKeyArn: variant.kmsKeyArn,
      });
      const facts = {
        ...place,
        queueArn: arn("sqs", "notices"),
        deadLetterQueueArn: arn("sqs", "dead"),
        stackPrefix: ours.namePrefix,
        stackTags: {},
      };
      const id = `i-${String(number).padStart(17, "0")}`;
      // Another name is looked up, and kept in a message of its own.
      const nodeName = variant.nodeNaming === "instance-id" ? id : `node-${number}`;
      const ran = (instance_id: string) => ({ ec2: { instance_id, account_id: ours.accountId, region: aws.region }, ohai_time: 1 });
      assert.equal(chef.api.register("acme", nodeName, { name: nodeName, automatic: ran(id) }).status, 201);
      const orphan = `i-${String(number).padStart(16, "0")}f`; // of which the reconciler asks EC2
      assert.equal(chef.api.register("acme", orphan, { name: orphan, automatic: ran(orphan) }).status, 201);
      chef.faults.push({ match: /^DELETE .*\/clients\//, times: 1, status: 503 }); // asks for a change of visibility
      const batch = (...bodies: readonly string[]) => ({
        Records: bodies.map((body, index) => ({
          messageId: `m-${index}`,
          receiptHandle: `m-${index}`,
          body,
          eventSourceARN: arn("sqs", "notices"),
          attributes: { ApproximateReceiveCount: "1", SentTimestamp: "1" },
        })),
      });
      const hook = batch(await leaving());
      const named = wrapped(notice(id, { FleetNodeName: nodeName })); // as the consumer writes to itself
      const events = [batch("poison", wrapped(notice(id))), batch(named), hook, hook, hook, { fleet: "remaining" }];
      compare(
        [...consumerStatements({ ...facts, ...variant }), ...secrets],
        await callsOf("consumer", variant, events, `AKIACONSUMER${number}`),
      );
      compare([reconcilerStatement, ...secrets], await callsOf("reconciler", variant, [{}], `AKIARECONCILER${number}`));
    });
  });
});
