/**
 * What the rules read out of policy documents against what happens: 500 random policies of queues, topics and keys are put
 * in force in a local AWS that enforces them, and messages are really published and keys really used.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateKeyCommand, GenerateDataKeyCommand, KMSClient, PutKeyPolicyCommand } from "@aws-sdk/client-kms";
import { CreateTopicCommand, PublishCommand, SetTopicAttributesCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, PurgeQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import fc from "fast-check";
import { serviceContext, stranger, strangerContext } from "../../policies/facts/strangers.ts";
import { parsePolicy } from "../../policies/iam/document.ts";
import { accountOf, decide, type AccessRequest, type Decision } from "../../policies/iam/evaluate.ts";
import { delivery } from "../../policies/rules/queue-policy-sender.ts";

const root = join(import.meta.dirname, "../..");
const account = "123456789012";
const strangerAccount = "999999999999";
const region = "eu-west-1";

/** An emulator that enforces policies; the one of the sandbox does not, so this is one of the test's own. */
class EnforcingAws {
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly endpoint: string;

  private constructor(child: ChildProcess, directory: string, port: string) {
    this.#child = child;
    this.#directory = directory;
    this.endpoint = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<EnforcingAws> {
    const directory = mkdtempSync(join(tmpdir(), "fleet-policies-"));
    const child = spawn(join(root, ".venv/bin/python"), [join(root, "sandbox/aws/emulators/serve.py"), "ministack"], {
      cwd: directory,
      env: {
        PATH: process.env["PATH"] ?? "/usr/bin:/bin",
        HOME: directory,
        TMPDIR: directory,
        PYTHONDONTWRITEBYTECODE: "1",
        PYTHONUNBUFFERED: "1",
        AUTH: "true",
        MINISTACK_ACCOUNT_ID: account,
        MINISTACK_REGION: region,
        IOT_MTLS_ENABLED: "0",
        SFTP_ENABLED: "0",
        LOG_LEVEL: "ERROR",
        FLEET_TEST_RUN: process.env["FLEET_TEST_RUN"] ?? "",
      },
      stdio: ["pipe", "pipe", "ignore"],
      detached: true,
    });
    const port = await new Promise<string>((resolve, reject) => {
      child.stdout.once("data", (data: Buffer) => resolve(data.toString().trim()));
      child.once("exit", (code) => reject(new Error(`the emulator ended with ${String(code)}`)));
    });
    return new EnforcingAws(child, directory, port);
  }

  /** Settings of a client that signs with the given key; an account id stands for that account's root. */
  client(accessKeyId: string, secretAccessKey = "test") {
    return { endpoint: this.endpoint, region, maxAttempts: 5, credentials: { accessKeyId, secretAccessKey } };
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin?.end(); // ends it with whatever it started
    await ended;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

interface Names {
  readonly action: string;
  readonly resource: string;
  /** Principals that may stand in a statement; the caller among them. */
  readonly principals: readonly unknown[];
  /** Conditions that are met and that are not, on keys that the request has. */
  readonly conditions: readonly object[];
}

function statement({ action, resource, principals, conditions }: Names): fc.Arbitrary<object> {
  const service = action.split(":")[0] ?? "";
  const verb = action.split(":")[1] ?? "";
  return fc
    .record({
      effect: fc.constantFrom("Allow", "Allow", "Deny"),
      principal: fc.constantFrom(...principals),
      negated: fc.constantFrom(false, false, false, true),
      action: fc.constantFrom(
        action,
        `${service}:*`,
        "*",
        `${service}:${verb.slice(0, 4)}*`,
        `${service}:?${verb.slice(1)}`,
        [`${service}:TagResource`, action],
        `${service}:TagResource`,
        action.toUpperCase(),
      ),
      resource: fc.constantFrom(
        resource,
        "*",
        resource.replace(/.$/, "?"),
        `${resource.slice(0, -3)}*`,
        [`${resource}-other`, resource],
        `${resource}-other`,
      ),
      condition: fc.option(fc.constantFrom(...conditions), { nil: undefined, freq: 2 }),
      excluded: fc.constantFrom(false, false, false, false, true),
    })
    .map(({ effect, principal, negated, action: actions, resource: resources, condition, excluded }) => ({
      Effect: effect,
      // AWS takes NotPrincipal with an allowance too; it then lets in everybody else.
      [excluded && typeof principal === "object" ? "NotPrincipal" : "Principal"]: principal,
      [negated ? "NotAction" : "Action"]: actions,
      Resource: resources,
      ...(condition && { Condition: condition }),
    }));
}

const seed = 20261121;

const documents = (names: Names, number: number, from: number) =>
  fc
    .sample(fc.array(statement(names), { minLength: 1, maxLength: 3 }), { numRuns: number, seed: from })
    .map((statements) => ({ Version: "2012-10-17", Statement: statements }));

/** So many documents without NotPrincipal: whom it means differs between emulators; the evaluation of it has tests of its own. */
function withoutExclusions(names: Names, number: number) {
  const all = documents(names, 2 * number, seed).map((document) => ({
    ...document,
    Statement: document.Statement.filter((one) => !("NotPrincipal" in one)),
  }));
  const usable = all.filter(({ Statement: statements }) => statements.length > 0).slice(0, number);
  assert.equal(usable.length, number);
  return usable;
}

/**
 * A denial of all actions would keep the queue's owner from looking, so denials are of sending only. Whom NotPrincipal
 * means among services differs between emulators, so it becomes everybody.
 */
function sendersOnly(statement: object): object {
  const { NotPrincipal: excluded, NotAction: otherActions, ...rest } = statement as Record<string, unknown>;
  const principal = excluded === undefined ? {} : { Principal: "*" };
  if (rest["Effect"] === "Allow") return { ...rest, ...principal, ...(otherActions !== undefined && { NotAction: otherActions }) };
  return { ...rest, ...principal, Action: ["sqs:Send*", "sqs:TagQueue"] };
}

const allowed = (document: object, request: AccessRequest): Decision => decide(parsePolicy(document)!, request);

describe("policy documents in force", function () {
  let aws: EnforcingAws;

  before(async () => {
    aws = await EnforcingAws.start();
  });

  after(() => aws.stop());

  it("300 queue policies: SNS delivers exactly where the rule says that it may", async () => {
    const [sqs, sns] = [new SQSClient(aws.client("test")), new SNSClient(aws.client("test"))];
    const { TopicArn: topicArn = "" } = await sns.send(new CreateTopicCommand({ Name: "notices" }));
    const queues = await Promise.all(
      Array.from({ length: 30 }, async (_none, index) => {
        const name = `queue-${String(index).padStart(2, "0")}`;
        const { QueueUrl: url = "" } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
        const arn = `arn:aws:sqs:${region}:${account}:${name}`;
        await sns.send(
          new SubscribeCommand({ TopicArn: topicArn, Protocol: "sqs", Endpoint: arn, Attributes: { RawMessageDelivery: "true" } }),
        );
        return { url, arn };
      }),
    );
    const conditions = [
      { ArnEquals: { "aws:SourceArn": topicArn } },
      { ArnLike: { "aws:SourceArn": `arn:aws:sns:*:${account}:not*` } },
      { ArnLike: { "AWS:sourcearn": "arn:aws:sns:*:*:other" } },
      { StringEquals: { "aws:SourceAccount": account } },
      { StringEquals: { "aws:SourceAccount": [strangerAccount, account] } },
      { StringNotEquals: { "aws:SourceAccount": account } },
      { StringLike: { "aws:SourceArn": "*:not?ces" } },
      { StringNotLike: { "aws:SourceArn": "*:notices" } },
      { ArnNotLike: { "aws:SourceArn": "arn:aws:sns:*:*:old-*" } },
      { StringEqualsIgnoreCase: { "aws:SourceArn": topicArn.toUpperCase() } },
      { Null: { "aws:SourceArn": "true" } },
      { Null: { "aws:SourceArn": "false" } },
      { StringEqualsIfExists: { "aws:SourceAccount": strangerAccount } },
      { ArnEquals: { "aws:SourceArn": topicArn }, StringEquals: { "aws:SourceAccount": strangerAccount } },
    ];
    let delivered = 0;
    const rounds = 10;
    const perQueue = queues.map(({ arn }, index) => {
      const principals = [
        "*",
        { AWS: "*" },
        { Service: "sns.amazonaws.com" },
        { Service: ["events.amazonaws.com", "sns.amazonaws.com"] },
        { Service: "s3.amazonaws.com" },
        { AWS: account },
      ];
      return documents({ action: "sqs:SendMessage", resource: arn, principals, conditions }, rounds, seed + index).map((document) => ({
        ...document,
        Statement: document.Statement.map(sendersOnly),
      }));
    });
    for (let round = 0; round < rounds; round++) {
      const inForce = queues.map((queue, index) => ({ ...queue, document: perQueue[index]![round]! }));
      await Promise.all(
        inForce.map(({ url, document }) =>
          sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy: JSON.stringify(document) } })),
        ),
      );
      await sns.send(new PublishCommand({ TopicArn: topicArn, Message: `round ${round}` }));
      for (const { url, arn, document } of inForce) {
        const { Messages: messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 0 }));
        const expected = allowed(document, delivery(topicArn, arn));
        assert.equal(messages.length > 0, expected === "allow", `${expected} by ${JSON.stringify(document)}`);
        if (messages.length > 0) {
          delivered++;
          await sqs.send(new PurgeQueueCommand({ QueueUrl: url }));
        }
      }
    }
    assert.ok(delivered > 40 && delivered < 260, `both happen: ${delivered} of 300 were delivered`);
  });

  it("100 topic policies: a stranger publishes exactly where the rule says that it may", async () => {
    const [owner, other] = [new SNSClient(aws.client("test")), new SNSClient(aws.client(strangerAccount))];
    const { TopicArn: topicArn = "" } = await owner.send(new CreateTopicCommand({ Name: "private" }));
    const arn = `arn:aws:iam::${strangerAccount}:root`;
    const names: Names = {
      action: "sns:Publish",
      resource: topicArn,
      principals: [
        "*",
        { AWS: "*" },
        { AWS: account },
        { AWS: strangerAccount },
        { AWS: [arn, `arn:aws:iam::${account}:role/web`] },
        { Service: "s3.amazonaws.com" },
      ],
      conditions: [
        { StringEquals: { "aws:PrincipalAccount": account } },
        { StringEquals: { "aws:PrincipalAccount": strangerAccount } },
        { ArnLike: { "aws:PrincipalArn": `arn:aws:iam::${strangerAccount}:*` } },
        { StringNotEquals: { "aws:PrincipalAccount": strangerAccount } },
      ],
    };
    const request: AccessRequest = {
      caller: { arn, allowedByOwnPolicies: true },
      action: "sns:Publish",
      resource: topicArn,
      context: { ...strangerContext, "aws:PrincipalArn": arn, "aws:PrincipalAccount": strangerAccount },
    };
    let published = 0;
    let documentsTried = 0;
    for (const usable of withoutExclusions(names, 100)) {
      const { TopicArn: fresh = "" } = await owner.send(new CreateTopicCommand({ Name: `private-${documentsTried++}` }));
      const renamed = JSON.stringify(usable).replaceAll(topicArn, fresh);
      await owner.send(new SetTopicAttributesCommand({ TopicArn: fresh, AttributeName: "Policy", AttributeValue: renamed }));
      const expected = allowed(JSON.parse(renamed) as object, { ...request, resource: fresh });
      const happened = await other.send(new PublishCommand({ TopicArn: fresh, Message: "hello" })).then(
        () => true,
        (error: unknown) => {
          assert.match((error as Error).name, /Authorization/);
          return false;
        },
      );
      assert.equal(happened, expected === "allow", `${expected} by ${renamed}`);
      if (happened) published++;
    }
    assert.ok(published > 10 && published < 90, `both happen: ${published} were published`);
  });

  it("100 key policies: a user without policies of its own uses the key exactly where the rule says that it may", async () => {
    const [kms, iam] = [new KMSClient(aws.client("test")), new IAMClient(aws.client("test"))];
    await iam.send(new CreateUserCommand({ UserName: "publisher" }));
    const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: "publisher" }));
    const user = new KMSClient(aws.client(key?.AccessKeyId ?? "", key?.SecretAccessKey ?? ""));
    const arn = `arn:aws:iam::${account}:user/publisher`;
    const rootStatement = { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "kms:*", Resource: "*" };
    const names: Names = {
      action: "kms:GenerateDataKey",
      resource: "*",
      principals: [
        "*",
        { AWS: "*" },
        { AWS: arn },
        { AWS: [`arn:aws:iam::${account}:user/someone`, arn] },
        { AWS: `arn:aws:iam::${account}:user/someone` },
        { Service: "sns.amazonaws.com" },
        { AWS: account },
      ],
      conditions: [
        { StringEquals: { "aws:PrincipalAccount": account } },
        { StringEquals: { "aws:PrincipalAccount": strangerAccount } },
        { ArnEquals: { "aws:PrincipalArn": arn } },
        { StringNotEquals: { "aws:PrincipalAccount": account } },
      ],
    };
    let used = 0;
    for (const document of withoutExclusions(names, 100)) {
      const statements = document.Statement.map((one) => ({ ...one, Resource: "*" }));
      const policy = { ...document, Statement: [rootStatement, ...statements] };
      const { KeyMetadata: metadata } = await kms.send(new CreateKeyCommand({}));
      await kms.send(
        new PutKeyPolicyCommand({
          KeyId: metadata?.KeyId,
          PolicyName: "default",
          Policy: JSON.stringify(policy),
          BypassPolicyLockoutSafetyCheck: true,
        }),
      );
      const expected = allowed(policy, {
        caller: { arn, allowedByOwnPolicies: false },
        action: "kms:GenerateDataKey",
        resource: metadata?.Arn ?? "",
        context: { ...strangerContext, "aws:PrincipalArn": arn, "aws:PrincipalAccount": accountOf(arn), "kms:CallerAccount": account },
      });
      const happened = await user.send(new GenerateDataKeyCommand({ KeyId: metadata?.KeyId, KeySpec: "AES_256" })).then(
        () => true,
        (error: unknown) => {
          assert.match((error as Error).name, /AccessDenied/);
          return false;
        },
      );
      assert.equal(happened, expected === "allow", `${expected} by ${JSON.stringify(policy)}`);
      if (happened) used++;
    }
    assert.ok(used > 10 && used < 90, `both happen: the key was used ${used} times`);
  });
});

describe("requests that the rules make up", () => {
  it("come from other accounts than the resource's", () => {
    assert.equal("arn" in stranger && accountOf(stranger.arn), strangerAccount);
    assert.equal(serviceContext("sns.amazonaws.com", "arn:aws:sns:eu-west-1:111122223333:notices")["aws:SourceAccount"], "111122223333");
  });
});
