import assert from "node:assert/strict";
import { NoticePath } from "../../components/notice-path.ts";
import type { NoticePathArgs } from "../../components/notice-path.ts";
import { noticeArgs } from "./helpers/args.ts";
import { accountId, region, settled, startMocks, urn, valueOf } from "./helpers/mocks.ts";
import type { Recorder } from "./helpers/mocks.ts";

const name = "storefront-staging-web-v3-notices";
const arn = (service: string, rest: string) => `arn:aws:${service}:${region}:${accountId}:${rest}`;
const publisher = `arn:aws:iam::${accountId}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_storefront-staging-web-v3-eu-273a55`;
const topic = arn("sns", `${name}-topic-0a1b2c3`);
const queue = arn("sqs", `${name}-queue-0a1b2c3`);
const deadLetters = arn("sqs", `${name}-dead-letters-0a1b2c3`);
const key = arn("kms", "key/11111111-2222-3333-4444-555555555555");
const tags = { "fleet:product": "storefront", "fleet:environment": "staging", "fleet:platform": "web", "fleet:major-version": "3" };

async function built(changes: Partial<NoticePathArgs> = {}): Promise<{ recorder: Recorder; path: NoticePath }> {
  const recorder = await startMocks();
  const path = new NoticePath(name, { ...noticeArgs, ...changes });
  await settled();
  return { recorder, path };
}

const statements = (policy: unknown) => {
  const document = JSON.parse(String(policy)) as { Version: string; Statement: unknown[] };
  assert.equal(document.Version, "2012-10-17");
  return document.Statement;
};

const tlsOnly = (Action: string, Resource: string) => ({
  Sid: "TlsOnly",
  Effect: "Deny",
  Principal: "*",
  Action,
  Resource,
  Condition: { Bool: { "aws:SecureTransport": "false" } },
});

describe("components/notice-path", () => {
  it("keeps notices and dead letters for 14 days, encrypted, with redrive between them", async () => {
    const { recorder } = await built();
    const common = { messageRetentionSeconds: 1_209_600, sqsManagedSseEnabled: true, tags };
    assert.deepEqual(recorder.one("aws:sqs/queue:Queue", "-queue").inputs, {
      ...common,
      visibilityTimeoutSeconds: 360,
      receiveWaitTimeSeconds: 20,
      redrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetters, maxReceiveCount: 1000 }),
    });
    assert.deepEqual(recorder.one("aws:sqs/queue:Queue", "-dead-letters").inputs, common);
    assert.deepEqual(recorder.one("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy").inputs, {
      queueUrl: `https://sqs.${region}.amazonaws.com/${accountId}/${name}-dead-letters-0a1b2c3`,
      redriveAllowPolicy: JSON.stringify({ redrivePermission: "byQueue", sourceQueueArns: [queue] }),
    });
  });

  it("publishes under a role of the stack's own that key and topic name", async () => {
    const { recorder, path } = await built();
    assert.deepEqual(recorder.one("aws:iam/serviceLinkedRole:ServiceLinkedRole").inputs, {
      awsServiceName: "autoscaling.amazonaws.com",
      customSuffix: "storefront-staging-web-v3-eu-273a55",
      description: "Auto Scaling of storefront-staging-web-v3",
      tags,
    });
    assert.equal(await valueOf(path.serviceLinkedRoleArn), publisher);
    const { policy, ...inputs } = recorder.one("aws:kms/key:Key").inputs;
    assert.deepEqual(inputs, { description: `Topics of ${name}`, enableKeyRotation: true, deletionWindowInDays: 30, tags });
    const use = ["kms:GenerateDataKey*", "kms:Decrypt"];
    assert.deepEqual(statements(policy), [
      { Sid: "Account", Effect: "Allow", Principal: { AWS: `arn:aws:iam::${accountId}:root` }, Action: "kms:*", Resource: "*" },
      { Sid: "AutoScaling", Effect: "Allow", Principal: { AWS: publisher }, Action: use, Resource: "*" },
      {
        Sid: "Alarms",
        Effect: "Allow",
        Principal: { Service: "cloudwatch.amazonaws.com" },
        Action: use,
        Resource: "*",
        Condition: { StringEquals: { "aws:SourceAccount": accountId } },
      },
    ]);
  });

  it("lets only that role publish, and only the topic send, both over TLS", async () => {
    const { recorder } = await built();
    assert.equal(recorder.one("aws:sns/topic:Topic", "-topic").inputs["kmsMasterKeyId"], key);
    const topicPolicy = recorder.one("aws:sns/topicPolicy:TopicPolicy", "-topic-policy").inputs;
    assert.equal(topicPolicy["arn"], topic);
    assert.deepEqual(statements(topicPolicy["policy"]), [
      { Sid: "AutoScaling", Effect: "Allow", Principal: { AWS: publisher }, Action: "sns:Publish", Resource: topic },
      tlsOnly("sns:Publish", topic),
    ]);
    for (const [end, target] of [
      ["-queue-policy", queue],
      ["-dead-letters-policy", deadLetters],
    ] as const) {
      assert.deepEqual(statements(recorder.one("aws:sqs/queuePolicy:QueuePolicy", end).inputs["policy"]), [
        {
          Sid: "NoticeTopic",
          Effect: "Allow",
          Principal: { Service: "sns.amazonaws.com" },
          Action: "sqs:SendMessage",
          Resource: target,
          Condition: { ArnEquals: { "aws:SourceArn": topic }, StringEquals: { "aws:SourceAccount": accountId } },
        },
        tlsOnly("sqs:*", target),
      ]);
    }
  });

  it("subscribes the queue once the topic may send to it, and loses nothing that it refuses", async () => {
    const { recorder } = await built();
    const { inputs, dependencies } = recorder.one("aws:sns/topicSubscription:TopicSubscription", "-subscription");
    assert.deepEqual(inputs, {
      topic,
      protocol: "sqs",
      endpoint: queue,
      rawMessageDelivery: true,
      redrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetters }),
    });
    assert.equal(dependencies.filter((one) => one.includes("queuePolicy:QueuePolicy")).length, 2);
  });

  it("tells operators of notices that wait and of dead letters", async () => {
    const { recorder } = await built();
    const common = {
      namespace: "AWS/SQS",
      statistic: "Maximum",
      comparisonOperator: "GreaterThanThreshold",
      period: 300,
      evaluationPeriods: 1,
      treatMissingData: "notBreaching",
      alarmActions: [arn("sns", `${name}-alerts-0a1b2c3`)],
      okActions: [arn("sns", `${name}-alerts-0a1b2c3`)],
      tags,
    };
    assert.deepEqual(recorder.one("aws:cloudwatch/metricAlarm:MetricAlarm", "-age-alarm").inputs, {
      ...common,
      alarmDescription: "Notices wait for more than 3600 s: is the consumer running?",
      metricName: "ApproximateAgeOfOldestMessage",
      dimensions: { QueueName: `${name}-queue-0a1b2c3` },
      threshold: 3600,
    });
    assert.deepEqual(recorder.one("aws:cloudwatch/metricAlarm:MetricAlarm", "-dead-letters-alarm").inputs, {
      ...common,
      alarmDescription: "Notices could not be worked on and are in the dead-letter queue: look at them, then redrive them",
      metricName: "ApproximateNumberOfMessagesVisible",
      dimensions: { QueueName: `${name}-dead-letters-0a1b2c3` },
      threshold: 0,
    });
  });

  it("makes an alert topic for an address, which CloudWatch may publish to", async () => {
    const { recorder } = await built();
    const alerts = arn("sns", `${name}-alerts-0a1b2c3`);
    assert.equal(recorder.one("aws:sns/topic:Topic", "-alerts").inputs["kmsMasterKeyId"], key);
    assert.deepEqual(recorder.one("aws:sns/topicSubscription:TopicSubscription", "-email").inputs, {
      topic: alerts,
      protocol: "email",
      endpoint: "ops@example.com",
    });
    assert.deepEqual(statements(recorder.one("aws:sns/topicPolicy:TopicPolicy", "-alerts-policy").inputs["policy"]), [
      {
        Sid: "Alarms",
        Effect: "Allow",
        Principal: { Service: "cloudwatch.amazonaws.com" },
        Action: "sns:Publish",
        Resource: alerts,
        Condition: { StringEquals: { "aws:SourceAccount": accountId }, ArnLike: { "aws:SourceArn": arn("cloudwatch", "alarm:*") } },
      },
      tlsOnly("sns:Publish", alerts),
    ]);
  });

  it("uses an alert topic that exists", async () => {
    const { recorder, path } = await built({ alerts: { topicArn: arn("sns", "operators") } });
    assert.equal(recorder.ofType("aws:sns/topic:Topic").length, 1);
    assert.equal(await valueOf(path.alertTopicArn), arn("sns", "operators"));
    assert.deepEqual(recorder.one("aws:cloudwatch/metricAlarm:MetricAlarm", "-age-alarm").inputs["alarmActions"], [
      arn("sns", "operators"),
    ]);
  });

  it("names what has to stand before a group: policies and subscription, resources all of them", async () => {
    const { path } = await built();
    const urns = await Promise.all(path.before.map((one) => valueOf(one.urn)));
    const parent = "fleet:components:NoticePath$";
    assert.deepEqual(urns, [
      urn(`${parent}aws:sns/topicPolicy:TopicPolicy`, `${name}-topic-policy`),
      urn(`${parent}aws:sqs/queuePolicy:QueuePolicy`, `${name}-queue-policy`),
      urn(`${parent}aws:sqs/queuePolicy:QueuePolicy`, `${name}-dead-letters-policy`),
      urn(`${parent}aws:sns/topicSubscription:TopicSubscription`, `${name}-subscription`),
    ]);
  });
});
