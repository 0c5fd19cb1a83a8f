/** Functions with the zip that was uploaded, and queues that reach them. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  AddPermissionCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  InvokeCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  ListTagsCommand,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import type { CreateEventSourceMappingCommandInput } from "@aws-sdk/client-lambda";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { startTestAws } from "./local-aws.ts";
import type { TestAws } from "./local-aws.ts";
import { zip } from "./zip.ts";

let aws: TestAws;
let lambda: LambdaClient;
let sqs: SQSClient;
let iam: IAMClient;
let Role: string;
const folder = mkdtempSync(join(tmpdir(), "fleet-functions-"));

const account = "arn:aws:iam::123456789012";

before(async () => {
  aws = await startTestAws({ speed: 1 });
  lambda = new LambdaClient(aws.client);
  sqs = new SQSClient(aws.client);
  iam = new IAMClient(aws.client);
  Role = await makeRole("consumer", ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:SendMessage"]);
});

after(async () => {
  for (const client of [lambda, sqs, iam]) client.destroy();
  await aws.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function makeRole(RoleName: string, Action: readonly string[], Service = "lambda.amazonaws.com"): Promise<string> {
  const trust = { Statement: [{ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" }] };
  const { Role: role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  const document = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "arn:aws:sqs:*:123456789012:*" }] };
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "own", PolicyDocument: JSON.stringify(document) }));
  return role!.Arn!;
}

async function makeFunction(
  FunctionName: string,
  source: string,
  more: { Timeout?: number; Role?: string; variables?: Record<string, string> } = {},
) {
  await lambda.send(
    new CreateFunctionCommand({
      // A cold start on a busy machine takes seconds; more than this no queue allows that hides its messages for the usual 30 s.
      ...{ FunctionName, Role: more.Role ?? Role, Runtime: "nodejs22.x", Handler: "index.handler", Timeout: more.Timeout ?? 30 },
      ...{ Environment: { Variables: more.variables ?? {} }, Code: { ZipFile: zip({ "index.mjs": source }) } },
    }),
  );
  return FunctionName;
}

async function makeQueue(QueueName: string, Attributes: Record<string, string> = {}) {
  const QueueUrl = (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl!;
  return { QueueUrl, arn: `arn:aws:sqs:eu-west-1:123456789012:${QueueName}` };
}

const map = (input: CreateEventSourceMappingCommandInput) => lambda.send(new CreateEventSourceMappingCommand(input));

async function send(QueueUrl: string, ...bodies: readonly string[]): Promise<void> {
  const Entries = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody }));
  await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
}

/** Handlers report by sending what they saw to a queue of results, with the credentials that they were given. */
const reporter = `
const call = async (action, body) => {
  const credential = process.env.AWS_ACCESS_KEY_ID + "/20260101/" + process.env.AWS_REGION + "/sqs/aws4_request";
  const answer = await fetch(process.env.AWS_ENDPOINT_URL, { method: "POST", body: JSON.stringify(body), headers: {
    "content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS." + action,
    authorization: "AWS4-HMAC-SHA256 Credential=" + credential + ", SignedHeaders=host, Signature=0" } });
  if (!answer.ok) throw new Error(await answer.text());
};
const report = (text) => call("SendMessage", { QueueUrl: process.env.RESULTS, MessageBody: JSON.stringify(text) });
`;

/** Waits, without a limit of its own (mocha has one), until `count` results are there. */
async function results(QueueUrl: string, count: number): Promise<unknown[]> {
  const found: unknown[] = [];
  while (found.length < count) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 5, VisibilityTimeout: 600 }),
    );
    found.push(...Messages.map(({ Body }) => JSON.parse(Body!) as unknown));
  }
  return found;
}

async function depth(QueueUrl: string): Promise<readonly [visible: number, inFlight: number]> {
  const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
  return [Number(Attributes["ApproximateNumberOfMessages"]), Number(Attributes["ApproximateNumberOfMessagesNotVisible"])];
}

async function untilDepth(QueueUrl: string, visible: number, inFlight: number): Promise<void> {
  for (;;) {
    const [waiting, taken] = await depth(QueueUrl);
    if (waiting === visible && taken === inFlight) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const refusal = async (work: Promise<unknown>) =>
  work.then(
    () => "accepted",
    (error: unknown) => `${(error as Error).name}: ${(error as Error).message}`,
  );

describe("a function", () => {
  it("runs the uploaded zip with its environment, its role's credentials and the endpoint", async () => {
    await makeFunction(
      "facts",
      `export const handler = async (event, context) => ({ event, own: process.env.OWN, endpoint: process.env.AWS_ENDPOINT_URL, region: process.env.AWS_REGION, name: context.functionName });`,
      { variables: { OWN: "x" } },
    );
    const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: "facts", Payload: '{"a":1}' }));
    assert.deepEqual(JSON.parse(Buffer.from(Payload!).toString()), {
      ...{ event: { a: 1 }, own: "x", endpoint: aws.endpoint, region: "eu-west-1", name: "facts" },
    });
  });

  it("is ended at its timeout, and says how it failed", async () => {
    await makeFunction("slow", `export const handler = async () => { await new Promise(() => setInterval(() => {}, 1000)); };`, {
      Timeout: 1,
    });
    await makeFunction("fails", `export const handler = async () => { throw new Error("asked to"); };`);
    const slow = await lambda.send(new InvokeCommand({ FunctionName: "slow", Payload: "{}" }));
    assert.equal(slow.FunctionError, "Unhandled");
    assert.match(Buffer.from(slow.Payload!).toString(), /Task timed out after 1\.00 seconds/);
    const failed = await lambda.send(new InvokeCommand({ FunctionName: "fails", Payload: "{}" }));
    assert.match(Buffer.from(failed.Payload!).toString(), /"errorMessage": ?"asked to"/);
  });

  it("writes its lines into its log group", async () => {
    await makeFunction("talks", `export const handler = async () => { console.log("a line of its own"); };`);
    await lambda.send(new InvokeCommand({ FunctionName: "talks", Payload: "{}" }));
    const logs = new CloudWatchLogsClient(aws.client);
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: "/aws/lambda/talks" }));
    assert.ok(
      events.some(({ message }) => message?.includes("a line of its own")),
      JSON.stringify(events),
    );
    logs.destroy();
  });

  it("is refused with a role that Lambda cannot assume", async () => {
    const other = await makeRole("of-instances", ["sqs:SendMessage"], "ec2.amazonaws.com");
    for (const role of [other, `${account}:role/nobody`]) {
      assert.match(
        await refusal(makeFunction("refused", "export const handler = () => 1;", { Role: role })),
        /^InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda\.$/,
      );
    }
  });

  it("is reached by an EventBridge rule", async () => {
    const { QueueUrl } = await makeQueue("event-results");
    const name = await makeFunction(
      "on-event",
      `${reporter} export const handler = async (event) => report({ type: event["detail-type"], detail: event.detail });`,
      { variables: { RESULTS: QueueUrl } },
    );
    const events = new EventBridgeClient(aws.client);
    await events.send(new PutRuleCommand({ Name: "own", EventPattern: '{"source":["own.tests"]}' }));
    await events.send(
      new PutTargetsCommand({ Rule: "own", Targets: [{ Id: "f", Arn: `arn:aws:lambda:eu-west-1:123456789012:function:${name}` }] }),
    );
    await events.send(new PutEventsCommand({ Entries: [{ Source: "own.tests", DetailType: "hello", Detail: '{"x":1}' }] }));
    assert.deepEqual(await results(QueueUrl, 1), [{ type: "hello", detail: { x: 1 } }]);
    events.destroy();
  });
});

describe("a function that subscribes to a topic", () => {
  it("gets what is published when its policy lets the topic in, and only then", async () => {
    const { QueueUrl } = await makeQueue("topic-results");
    const name = await makeFunction(
      "on-topic",
      `${reporter} export const handler = async ({ Records }) => report(Records.map(({ EventSource, Sns }) => [EventSource, Sns.Subject, Sns.Message]));`,
      { variables: { RESULTS: QueueUrl } },
    );
    const sns = new SNSClient(aws.client);
    const Endpoint = `arn:aws:lambda:eu-west-1:123456789012:function:${name}`;
    const TopicArn = (await sns.send(new CreateTopicCommand({ Name: "to-function" }))).TopicArn!;
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "lambda", Endpoint }));
    await sns.send(new PublishCommand({ TopicArn, Message: "lost" }));
    const { refusals } = (await aws.admin("GET", "refusals")) as {
      readonly refusals: readonly { readonly to: string; readonly reason: string }[];
    };
    assert.equal(refusals.at(-1)?.to, Endpoint);
    assert.match(refusals.at(-1)?.reason ?? "", /does not allow sns\.amazonaws\.com lambda:InvokeFunction/);
    const permission = { StatementId: "topic", Action: "lambda:InvokeFunction", Principal: "sns.amazonaws.com", SourceArn: TopicArn };
    await lambda.send(new AddPermissionCommand({ FunctionName: name, ...permission }));
    await sns.send(new PublishCommand({ TopicArn, Subject: "s", Message: "arrives" }));
    assert.deepEqual(await results(QueueUrl, 1), [[["aws:sns", "s", "arrives"]]]);
    sns.destroy();
  });
});

describe("a mapping from a queue", () => {
  it("hands batches to the function as the function's role, and removes what was processed", async () => {
    const results_ = await makeQueue("batch-results");
    const queue = await makeQueue("batch");
    const name = await makeFunction(
      "batch",
      `${reporter} export const handler = async ({ Records }) => report(Records.map(({ body, eventSource, eventSourceARN }) => [body, eventSource, eventSourceARN]));`,
      { variables: { RESULTS: results_.QueueUrl } },
    );
    await send(queue.QueueUrl, "one", "two");
    await aws.admin("DELETE", "calls");
    await map({ FunctionName: name, EventSourceArn: queue.arn });
    const seen = (await results(results_.QueueUrl, 1)).flat() as [string, string, string][];
    assert.deepEqual(seen.map(([body]) => body).sort(), ["one", "two"]);
    assert.deepEqual(seen[0]!.slice(1), ["aws:sqs", queue.arn]);
    await untilDepth(queue.QueueUrl, 0, 0);
    const { calls } = (await aws.admin("GET", "calls")) as {
      readonly calls: readonly { readonly roleName: string; readonly permission: string; readonly resources: readonly string[] }[];
    };
    const byRole = calls
      .filter(({ roleName }) => roleName === "consumer")
      .map(({ permission, resources }) => `${permission} ${resources.join()}`);
    for (const expected of [`sqs:ReceiveMessage ${queue.arn}`, `sqs:DeleteMessage ${queue.arn}`, `sqs:SendMessage ${results_.arn}`])
      assert.ok(byRole.includes(expected), expected);
  });

  it("takes back only what the function names as failed, and counts receives until the dead letters", async () => {
    const dead = await makeQueue("partial-dead");
    const queue = await makeQueue("partial", {
      VisibilityTimeout: "2",
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 }),
    });
    const name = await makeFunction(
      "partial",
      `export const handler = async ({ Records }) => ({ batchItemFailures: Records.filter(({ body }) => body === "bad").map(({ messageId }) => ({ itemIdentifier: messageId })) });`,
      { Timeout: 2 },
    );
    // Its cold start on a busy machine could take longer than the messages are hidden.
    await lambda.send(new InvokeCommand({ FunctionName: name, Payload: '{"Records":[]}' }));
    await map({ FunctionName: name, EventSourceArn: queue.arn, FunctionResponseTypes: ["ReportBatchItemFailures"] });
    await send(queue.QueueUrl, "good", "bad", "good");
    await untilDepth(dead.QueueUrl, 1, 0);
    assert.deepEqual(await depth(queue.QueueUrl), [0, 0]);
  });

  it("leaves the whole batch when the function fails", async () => {
    const queue = await makeQueue("failing", { VisibilityTimeout: "30" });
    const name = await makeFunction("failing", `export const handler = async () => { throw new Error("no"); };`);
    const { UUID } = await map({ FunctionName: name, EventSourceArn: queue.arn });
    await send(queue.QueueUrl, "a", "b");
    for (;;) {
      const { LastProcessingResult } = await lambda.send(new GetEventSourceMappingCommand({ UUID }));
      if (LastProcessingResult?.startsWith("PROBLEM: Function call failed")) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.deepEqual(await depth(queue.QueueUrl), [0, 2]);
  });

  it("runs no more batches at a time than its maximum concurrency", async () => {
    const results_ = await makeQueue("concurrency-results");
    const queue = await makeQueue("concurrency");
    const name = await makeFunction(
      "concurrency",
      `import { existsSync } from "node:fs";
      ${reporter} export const handler = async () => {
        const from = Date.now();
        await report("begun");
        const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
        while (!existsSync(process.env.GATE)) await pause(10);
        await pause(100);
        await report([from, Date.now()]);
      };`,
      { variables: { RESULTS: results_.QueueUrl, GATE: join(folder, "gate") } },
    );
    await send(queue.QueueUrl, ..."abcdef".split(""));
    await map({ FunctionName: name, EventSourceArn: queue.arn, BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } });
    // Nobody ends before two have begun, however long their starts are apart.
    assert.deepEqual(await results(results_.QueueUrl, 2), ["begun", "begun"]);
    writeFileSync(join(folder, "gate"), "");
    const spans = (await results(results_.QueueUrl, 4 + 6)).filter((one) => one !== "begun") as [number, number][];
    const overlapping = spans.map(([from]) => spans.filter(([start, end]) => start <= from && from < end).length);
    assert.equal(Math.max(...overlapping), 2);
  });

  it("gathers messages over its window, more than one receive gives", async () => {
    const results_ = await makeQueue("window-results");
    const queue = await makeQueue("window");
    const name = await makeFunction("window", `${reporter} export const handler = async ({ Records }) => report(Records.length);`, {
      variables: { RESULTS: results_.QueueUrl },
    });
    await map({ FunctionName: name, EventSourceArn: queue.arn, BatchSize: 12, MaximumBatchingWindowInSeconds: 60 });
    await send(queue.QueueUrl, ..."abcdef".split(""));
    await send(queue.QueueUrl, ..."ghijkl".split(""));
    assert.deepEqual(await results(results_.QueueUrl, 1), [12]);
  });

  it("drops what its filter does not want", async () => {
    const results_ = await makeQueue("filter-results");
    const queue = await makeQueue("filter");
    const name = await makeFunction(
      "filter",
      `${reporter} export const handler = async ({ Records }) => report(Records.map(({ body }) => JSON.parse(body).kind));`,
      { variables: { RESULTS: results_.QueueUrl } },
    );
    await map({
      FunctionName: name,
      EventSourceArn: queue.arn,
      FilterCriteria: { Filters: [{ Pattern: '{"body":{"kind":["wanted"]}}' }] },
    });
    await send(queue.QueueUrl, '{"kind":"other"}', '{"kind":"wanted"}', "no json");
    assert.deepEqual(await results(results_.QueueUrl, 1), [["wanted"]]);
    await untilDepth(queue.QueueUrl, 0, 0);
  });

  it("can be read, changed, stopped and deleted", async () => {
    const queue = await makeQueue("life");
    const name = await makeFunction("life", "export const handler = () => 1;");
    const { UUID, State, EventSourceMappingArn } = await map({ FunctionName: name, EventSourceArn: queue.arn, Tags: { a: "b" } });
    assert.equal(State, "Creating");
    const read = () => lambda.send(new GetEventSourceMappingCommand({ UUID }));
    assert.equal((await read()).State, "Enabled");
    assert.deepEqual((await lambda.send(new ListTagsCommand({ Resource: EventSourceMappingArn! }))).Tags, { a: "b" });
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID, BatchSize: 5, Enabled: false }));
    const changed = await read();
    assert.deepEqual([changed.State, changed.BatchSize], ["Disabled", 5]);
    await send(queue.QueueUrl, "waits");
    const { EventSourceMappings } = await lambda.send(new ListEventSourceMappingsCommand({ FunctionName: name }));
    assert.deepEqual(
      EventSourceMappings?.map((mapping) => mapping.UUID),
      [UUID],
    );
    await untilDepth(queue.QueueUrl, 1, 0); // a receive that was under way puts it back
    assert.equal((await lambda.send(new DeleteEventSourceMappingCommand({ UUID }))).State, "Deleting");
    assert.match(await refusal(read()), /^ResourceNotFoundException/);
  });

  it("is refused where it could not work", async () => {
    const queue = await makeQueue("refusing", { VisibilityTimeout: "10" });
    const slow = await makeFunction("refusing-slow", "export const handler = () => 1;", { Timeout: 11 });
    assert.match(
      await refusal(map({ FunctionName: slow, EventSourceArn: queue.arn })),
      /Queue visibility timeout: 10 seconds is less than Function timeout: 11 seconds/,
    );
    const weak = await makeFunction("refusing-weak", "export const handler = () => 1;", {
      Timeout: 3,
      Role: await makeRole("weak", ["sqs:ReceiveMessage", "sqs:GetQueueAttributes"]),
    });
    assert.match(
      await refusal(map({ FunctionName: weak, EventSourceArn: queue.arn })),
      /The function execution role does not have permissions to call DeleteMessage on SQS/,
    );
    const name = await makeFunction("refusing", "export const handler = () => 1;", { Timeout: 3 });
    const attempt = (more: Partial<CreateEventSourceMappingCommandInput>) =>
      refusal(map({ FunctionName: name, EventSourceArn: queue.arn, ...more }));
    assert.match(await attempt({ BatchSize: 11 }), /Maximum batch window in seconds must be greater than 0/);
    assert.match(await attempt({ ScalingConfig: { MaximumConcurrency: 1 } }), /ValidationException: .*'maximumConcurrency'/);
    assert.match(await attempt({ FunctionName: "nobody" }), /ResourceNotFoundException: Function not found: nobody/);
    assert.match(await attempt({ EventSourceArn: `${queue.arn}-none` }), /SQS Error Code: /);
    assert.match(await attempt({ EventSourceArn: "arn:aws:kinesis:eu-west-1:123456789012:stream/s" }), /maps queues to functions/);
    await map({ FunctionName: name, EventSourceArn: queue.arn });
    assert.match(await attempt({}), /ResourceConflictException: An event source mapping with SQS arn/);
  });
});
