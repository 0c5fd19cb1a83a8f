/** What operators' alarms watch of a queue. */
import assert from "node:assert/strict";
import { CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { CreateQueueCommand, PurgeQueueCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startTestAws } from "./local-aws.ts";
import type { TestAws } from "./local-aws.ts";

let aws: TestAws;
let sqs: SQSClient;
let cloudWatch: CloudWatchClient;

before(async () => {
  aws = await startTestAws();
  sqs = new SQSClient(aws.client);
  cloudWatch = new CloudWatchClient(aws.client);
});

after(async () => {
  sqs.destroy();
  cloudWatch.destroy();
  await aws.stop();
});

const now = async () => Date.parse(((await aws.admin("GET", "clock")) as { readonly now: string }).now);

describe("metrics of queues", () => {
  it("tell depth and age each minute of virtual time", async () => {
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "watched" }));
    for (const MessageBody of ["a", "b"]) await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 1 }));
    await aws.advance(60);
    const start = await now();
    await aws.advance(600);
    const metric = (MetricName: string) => ({ Namespace: "AWS/SQS", MetricName, Dimensions: [{ Name: "QueueName", Value: "watched" }] });
    const names = ["ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible", "ApproximateAgeOfOldestMessage"];
    const read = async () => {
      const MetricDataQueries = names.map((name, index) => ({
        Id: `m${index}`,
        MetricStat: { Metric: metric(name), Period: 60, Stat: "Maximum" },
      }));
      const input = { StartTime: new Date(start), EndTime: new Date((await now()) + 1), MetricDataQueries };
      return (await cloudWatch.send(new GetMetricDataCommand(input))).MetricDataResults!.map(({ Values }) => Values!);
    };
    const [visible, taken, age] = await read();
    assert.deepEqual([visible![0], taken![0]], [1, 1]);
    const steps = age!.slice(1).map((older, index) => age![index]! - older);
    assert.ok(steps.length >= 9 && steps.every((step) => step === 60), String(age)); // newest first, a minute older each time
    await sqs.send(new PurgeQueueCommand({ QueueUrl }));
    await aws.advance(60);
    const [empty, none, young] = await read();
    assert.deepEqual([empty![0], none![0], young![0]], [0, 0, 0]);
  });
});
