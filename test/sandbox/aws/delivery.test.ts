/** Topics to queues through the endpoint, with real SDK clients and the policies a stack would set. */
import assert from "node:assert/strict";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { PublishBatchCommand, PublishCommand, SetSubscriptionAttributesCommand, SNSClient } from "@aws-sdk/client-sns";
import { CreateTopicCommand, SetTopicAttributesCommand, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import { startTestAws } from "./local-aws.ts";
import type { TestAws } from "./local-aws.ts";

let aws: TestAws;
let sns: SNSClient;
let sqs: SQSClient;
let kms: KMSClient;
let names = 0;

before(async () => {
  aws = await startTestAws();
  sns = new SNSClient(aws.client);
  sqs = new SQSClient(aws.client);
  kms = new KMSClient(aws.client);
});

after(async () => {
  for (const client of [sns, sqs, kms]) client.destroy();
  await aws.stop();
});

const allowTopic = (queueArn: string, topicArn: string) => ({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { Service: "sns.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: queueArn,
      Condition: { ArnEquals: { "aws:SourceArn": topicArn } },
    },
  ],
});

interface Path {
  readonly topicArn: string;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly subscriptionArn: string;
}

async function makePath(options: {
  readonly topic?: Record<string, string>;
  readonly queue?: Record<string, string>;
  readonly subscription?: Record<string, string>;
  readonly queuePolicy?: (queueArn: string, topicArn: string) => unknown;
}): Promise<Path> {
  const name = `path-${++names}`;
  const topicArn = (await sns.send(new CreateTopicCommand({ Name: name, Attributes: options.topic ?? {} }))).TopicArn!;
  const queueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: options.queue ?? {} }))).QueueUrl!;
  const queueArn = `arn:aws:sqs:${aws.region}:${aws.accountId}:${name}`;
  if (options.queuePolicy) {
    const Policy = JSON.stringify(options.queuePolicy(queueArn, topicArn));
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { Policy } }));
  }
  const subscribe = { TopicArn: topicArn, Protocol: "sqs", Endpoint: queueArn, Attributes: options.subscription ?? {} };
  const subscriptionArn = (await sns.send(new SubscribeCommand(subscribe))).SubscriptionArn!;
  return { topicArn, queueUrl, queueArn, subscriptionArn };
}

async function received(queueUrl: string) {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ["All"] }),
  );
  return Messages;
}

async function lastRefusal(): Promise<string> {
  const { refusals } = (await aws.admin("GET", "refusals")) as { readonly refusals: readonly { readonly reason: string }[] };
  return refusals.at(-1)?.reason ?? "";
}

describe("delivery from a topic to a queue", () => {
  it("wraps the message as SNS documents", async () => {
    const { topicArn, queueUrl } = await makePath({ queuePolicy: allowTopic });
    const { MessageId } = await sns.send(new PublishCommand({ TopicArn: topicArn, Subject: "Greeting", Message: "hello" }));
    const [message, ...more] = await received(queueUrl);
    assert.deepEqual(more, []);
    const envelope = JSON.parse(message!.Body!) as Record<string, unknown>;
    assert.deepEqual(
      [envelope["Type"], envelope["MessageId"], envelope["TopicArn"], envelope["Subject"], envelope["Message"]],
      ["Notification", MessageId, topicArn, "Greeting", "hello"],
    );
  });

  it("delivers raw with the message's attributes", async () => {
    const { topicArn, queueUrl } = await makePath({ queuePolicy: allowTopic, subscription: { RawMessageDelivery: "true" } });
    const MessageAttributes = { colour: { DataType: "String", StringValue: "red" } };
    await sns.send(new PublishCommand({ TopicArn: topicArn, Message: "as it is <&>", MessageAttributes }));
    const message = (await received(queueUrl))[0]!;
    assert.equal(message.Body, "as it is <&>");
    assert.equal(message.MessageAttributes?.["colour"]?.StringValue, "red");
  });

  it("is refused by a queue without a policy, and by one bound to another topic", async () => {
    const open = await makePath({});
    await sns.send(new PublishCommand({ TopicArn: open.topicArn, Message: "lost" }));
    assert.deepEqual(await received(open.queueUrl), []);
    assert.match(await lastRefusal(), /policy of the queue .* does not allow sns\.amazonaws\.com sqs:SendMessage for .*: add a statement/);
    const bound = await makePath({ queuePolicy: (queueArn) => allowTopic(queueArn, "arn:aws:sns:eu-west-1:123456789012:another") });
    await sns.send(new PublishCommand({ TopicArn: bound.topicArn, Message: "lost" }));
    assert.deepEqual(await received(bound.queueUrl), []);
  });

  it("notices at once that a policy was put right", async () => {
    const { topicArn, queueArn, queueUrl } = await makePath({});
    await sns.send(new PublishCommand({ TopicArn: topicArn, Message: "lost" }));
    const Policy = JSON.stringify(allowTopic(queueArn, topicArn));
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { Policy } }));
    await sns.send(new PublishCommand({ TopicArn: topicArn, Message: "arrives" }));
    assert.deepEqual(
      (await received(queueUrl)).map(({ Body }) => (JSON.parse(Body!) as { Message: string }).Message),
      ["arrives"],
    );
  });

  it("passes a queue policy that denies calls without TLS, as every call on AWS has it", async () => {
    const { topicArn, queueUrl } = await makePath({
      queuePolicy: (queueArn, topic) => ({
        Statement: [
          ...allowTopic(queueArn, topic).Statement,
          { Effect: "Deny", Principal: "*", Action: "sqs:*", Resource: queueArn, Condition: { Bool: { "aws:SecureTransport": "false" } } },
        ],
      }),
    });
    await sns.send(new PublishCommand({ TopicArn: topicArn, Message: "through" }));
    assert.equal((await received(queueUrl)).length, 1);
  });

  it("keeps back what the filter does not let through", async () => {
    const FilterPolicy = JSON.stringify({ event: [{ prefix: "autoscaling:" }], size: [{ numeric: [">", 1] }] });
    const { topicArn, queueUrl } = await makePath({ queuePolicy: allowTopic, subscription: { FilterPolicy, RawMessageDelivery: "true" } });
    const attributes = (event: string, size: string) => ({
      event: { DataType: "String", StringValue: event },
      size: { DataType: "Number", StringValue: size },
    });
    for (const [event, size] of [
      ["autoscaling:LAUNCH", "2"],
      ["autoscaling:LAUNCH", "1"],
      ["other", "2"],
    ] as const) {
      await sns.send(new PublishCommand({ TopicArn: topicArn, Message: `${event} ${size}`, MessageAttributes: attributes(event, size) }));
    }
    assert.deepEqual(
      (await received(queueUrl)).map(({ Body }) => Body),
      ["autoscaling:LAUNCH 2"],
    );
  });

  it("filters on the body when the scope says so", async () => {
    const { topicArn, queueUrl, subscriptionArn } = await makePath({
      queuePolicy: allowTopic,
      subscription: { RawMessageDelivery: "true" },
    });
    for (const [AttributeName, AttributeValue] of [
      ["FilterPolicyScope", "MessageBody"],
      ["FilterPolicy", '{"detail":{"state":["ALARM"]}}'],
    ] as const) {
      await sns.send(new SetSubscriptionAttributesCommand({ SubscriptionArn: subscriptionArn, AttributeName, AttributeValue }));
    }
    for (const state of ["ALARM", "OK"])
      await sns.send(new PublishCommand({ TopicArn: topicArn, Message: JSON.stringify({ detail: { state } }) }));
    assert.deepEqual(
      (await received(queueUrl)).map(({ Body }) => Body),
      ['{"detail":{"state":"ALARM"}}'],
    );
  });

  it("puts what it could not deliver into the subscription's dead-letter queue", async () => {
    const dead = await makePath({
      queuePolicy: (queueArn) => ({
        Statement: [{ Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: queueArn }],
      }),
    });
    const { topicArn } = await makePath({ subscription: { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.queueArn }) } });
    await sns.send(new PublishCommand({ TopicArn: topicArn, Message: "lost" }));
    assert.equal((await received(dead.queueUrl)).length, 1);
  });

  it("publishes batches, each entry for itself", async () => {
    const { topicArn, queueUrl } = await makePath({ queuePolicy: allowTopic, subscription: { RawMessageDelivery: "true" } });
    const PublishBatchRequestEntries = [
      { Id: "a", Message: "one" },
      { Id: "b", Message: "two", Subject: "x".repeat(101) },
    ];
    const { Successful, Failed } = await sns.send(new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries }));
    assert.deepEqual(
      Successful?.map(({ Id }) => Id),
      ["a"],
    );
    assert.deepEqual(
      Failed?.map(({ Id, Code }) => [Id, Code]),
      [["b", "InvalidParameter"]],
    );
    assert.deepEqual(
      (await received(queueUrl)).map(({ Body }) => Body),
      ["one"],
    );
  });

  it("refuses faulty calls with the codes of SNS", async () => {
    const { topicArn } = await makePath({});
    const refusal = (input: ConstructorParameters<typeof PublishCommand>[0]) =>
      sns.send(new PublishCommand(input)).then(
        () => "accepted",
        (error: unknown) => (error as Error).name,
      );
    assert.equal(await refusal({ TopicArn: `${topicArn}-none`, Message: "x" }), "NotFoundException");
    assert.equal(await refusal({ TopicArn: topicArn, Message: "" }), "InvalidParameterException");
    assert.equal(await refusal({ TopicArn: topicArn, Message: "x", MessageStructure: "json" }), "InvalidParameterException");
    await sns.send(
      new SetTopicAttributesCommand({
        TopicArn: topicArn,
        AttributeName: "Policy",
        AttributeValue: JSON.stringify({
          Statement: [{ Sid: "nobody", Effect: "Deny", Principal: "*", Action: "sns:Publish", Resource: topicArn }],
        }),
      }),
    );
    assert.equal(await refusal({ TopicArn: topicArn, Message: "x" }), "AuthorizationErrorException");
  });
});

describe("delivery through encryption", () => {
  const keyPolicy = (...services: readonly string[]) => ({
    Statement: [
      { Effect: "Allow", Principal: { AWS: "arn:aws:iam::123456789012:root" }, Action: "kms:*", Resource: "*" },
      ...services.map((Service) => ({
        Effect: "Allow",
        Principal: { Service },
        Action: ["kms:GenerateDataKey*", "kms:Decrypt"],
        Resource: "*",
      })),
    ],
  });
  const makeKey = async (...services: readonly string[]) =>
    (await kms.send(new CreateKeyCommand({ Policy: JSON.stringify(keyPolicy(...services)) }))).KeyMetadata!.KeyId!;

  it("lets SNS into an encrypted queue only when the key's policy does", async () => {
    for (const [KmsMasterKeyId, count] of [
      [await makeKey("sns.amazonaws.com"), 1],
      [await makeKey(), 0],
      ["alias/aws/sqs", 0],
    ] as const) {
      const { topicArn, queueUrl } = await makePath({ queuePolicy: allowTopic, queue: { KmsMasterKeyId } });
      await sns.send(new PublishCommand({ TopicArn: topicArn, Message: "secret" }));
      assert.equal((await received(queueUrl)).length, count, KmsMasterKeyId);
    }
  });

  it("lets an alarm publish to an encrypted topic only when the key's policy lets CloudWatch in", async () => {
    const cloudWatch = new CloudWatchClient(aws.client);
    for (const [services, count] of [
      [["cloudwatch.amazonaws.com"], 1],
      [[], 0],
    ] as const) {
      const KmsMasterKeyId = await makeKey(...services);
      const { topicArn, queueUrl } = await makePath({ queuePolicy: allowTopic, topic: { KmsMasterKeyId } });
      const AlarmName = `key-${services.length}`;
      await cloudWatch.send(
        new PutMetricAlarmCommand({
          ...{ AlarmName, AlarmActions: [topicArn], Namespace: "Own", MetricName: "m", Statistic: "Sum", Period: 60 },
          ...{ EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: "GreaterThanThreshold" },
        }),
      );
      await cloudWatch.send(new SetAlarmStateCommand({ AlarmName, StateValue: "ALARM", StateReason: "test" }));
      await aws.advance(0);
      assert.equal((await received(queueUrl)).length, count);
    }
    assert.match(await lastRefusal(), /policy of the key .* does not allow cloudwatch\.amazonaws\.com kms:GenerateDataKey/);
    cloudWatch.destroy();
  });
});
