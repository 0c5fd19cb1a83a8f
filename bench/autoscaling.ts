/**
 * How fast the local Auto Scaling describes, rests and scales out, beside bare RunInstances in the same emulator: each figure from the
 * whole local AWS in this process, through the official SDK.
 *
 *   npm run bench -- autoscaling [--instances N] [--groups N]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import * as sdk from "@aws-sdk/client-auto-scaling";
import {
  CreateLaunchTemplateCommand,
  DescribeSubnetsCommand,
  EC2Client,
  RegisterImageCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, GetQueueAttributesCommand, SetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startDaemon } from "../sandbox/aws/daemon.ts";

const { values } = parseArgs({ options: { instances: { type: "string", default: "1000" }, groups: { type: "string", default: "100" } } });
const instances = Number(values.instances);
const groups = Number(values.groups);
const instancesPerGroup = 10;
/** Reading a thousand instances costs as much as launching some: look seldom. */
const pollMs = 200;

const directory = mkdtempSync(join(tmpdir(), "bench-autoscaling-"));
const aws = await startDaemon({
  root: join(import.meta.dirname, ".."),
  directory,
  id: "bench",
  speed: 1,
  accountId: "123456789012",
  region: "us-east-1",
  port: 0,
  log: (line) => console.error(line),
  onShutdown: () => undefined,
});
const options = { endpoint: aws.endpoint, region: "us-east-1", credentials: { accessKeyId: "AKIABENCH", secretAccessKey: "bench" } };
const autoscaling = new sdk.AutoScalingClient(options);
const ec2 = new EC2Client(options);
const sns = new SNSClient(options);
const sqs = new SQSClient(options);

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
};
async function median(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 21; round++) times.push(await seconds(work));
  return times.sort((one, other) => one - other)[10] ?? NaN;
}

const print = (name: string, value: number, unit: string, digits = 2) => console.log(`${name}: ${value.toFixed(digits)} ${unit}`);

async function createGroup(AutoScalingGroupName: string, MinSize: number, VPCZoneIdentifier: string): Promise<void> {
  const LaunchTemplate = { LaunchTemplateName: "bench" };
  const input = { AutoScalingGroupName, MinSize, MaxSize: Math.max(MinSize, instances), LaunchTemplate, VPCZoneIdentifier };
  await autoscaling.send(new sdk.CreateAutoScalingGroupCommand(input));
}

async function inService(name: string): Promise<number> {
  const { AutoScalingGroups } = await autoscaling.send(new sdk.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }));
  return AutoScalingGroups?.[0]?.Instances?.filter(({ LifecycleState }) => LifecycleState === "InService").length ?? 0;
}

async function until(reached: () => Promise<boolean>): Promise<void> {
  while (!(await reached())) await setTimeout(pollMs);
}

/** A queue that gets the topic's messages. */
async function noticePath(): Promise<{ topicArn: string; queueUrl: string }> {
  const { TopicArn: topicArn = "" } = await sns.send(new CreateTopicCommand({ Name: "bench" }));
  const { QueueUrl: queueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: "bench" }));
  const queueArn = "arn:aws:sqs:us-east-1:123456789012:bench";
  const Statement = [{ Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: queueArn }];
  const Attributes = { Policy: JSON.stringify({ Version: "2012-10-17", Statement }) };
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes }));
  await sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: "sqs", Endpoint: queueArn }));
  return { topicArn, queueUrl };
}

async function depth(QueueUrl: string): Promise<number> {
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"] }));
  return Number(Attributes?.["ApproximateNumberOfMessages"]);
}

async function bareLaunches(ImageId: string | undefined, SubnetId: string | undefined): Promise<number> {
  const ids: string[] = [];
  const bare = await seconds(async () => {
    const input = { ImageId, SubnetId, InstanceType: "t3.micro", MinCount: instances, MaxCount: instances } as const;
    const { Instances = [] } = await ec2.send(new RunInstancesCommand(input));
    ids.push(...Instances.flatMap(({ InstanceId }) => InstanceId ?? []));
  });
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));
  return bare;
}

async function scaleOut(subnets: string, bare: number): Promise<void> {
  const { topicArn, queueUrl } = await noticePath();
  await createGroup("large", 0, subnets);
  const NotificationTypes = ["autoscaling:EC2_INSTANCE_LAUNCH"];
  await autoscaling.send(
    new sdk.PutNotificationConfigurationCommand({ AutoScalingGroupName: "large", TopicARN: topicArn, NotificationTypes }),
  );
  await until(async () => (await depth(queueUrl)) === 1);
  const started = performance.now();
  await autoscaling.send(new sdk.SetDesiredCapacityCommand({ AutoScalingGroupName: "large", DesiredCapacity: instances }));
  await until(async () => (await inService("large")) === instances);
  const serving = (performance.now() - started) / 1000;
  await until(async () => (await depth(queueUrl)) === instances + 1);
  const told = (performance.now() - started) / 1000;
  print(`scale-out of ${instances} in service`, serving, "s");
  print(`its ${instances} notices in the queue`, told, "s");
  print(`scale-out against bare RunInstances`, serving / bare, "times");
  const memory = process.memoryUsage().heapUsed;
  const ended = await seconds(async () => {
    await autoscaling.send(new sdk.DeleteAutoScalingGroupCommand({ AutoScalingGroupName: "large", ForceDelete: true }));
    await until(
      async () =>
        (await autoscaling.send(new sdk.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ["large"] }))).AutoScalingGroups
          ?.length === 0,
    );
  });
  print("forced deletion of all", ended, "s");
  print("heap of the process with all in service", memory / 2 ** 20, "MiB", 0);
}

async function manyGroups(subnets: string): Promise<void> {
  const names = Array.from({ length: groups }, (_, index) => `group-${String(index).padStart(3, "0")}`);
  for (const name of names) await createGroup(name, instancesPerGroup, subnets);
  await until(async () => (await inService(names.at(-1) ?? "")) === instancesPerGroup);
  const page = `page of ${groups} groups with ${instancesPerGroup} instances each`;
  const authorization =
    "AWS4-HMAC-SHA256 Credential=AKIABENCH/20260101/us-east-1/autoscaling/aws4_request, SignedHeaders=host, Signature=0";
  const body = "Action=DescribeAutoScalingGroups&Version=2011-01-01&MaxRecords=100";
  const raw = await median(async () => (await fetch(aws.endpoint, { method: "POST", headers: { authorization }, body })).text());
  print(`DescribeAutoScalingGroups, ${page}, median`, raw * 1000, "ms", 1);
  const parsed = await median(() => autoscaling.send(new sdk.DescribeAutoScalingGroupsCommand({ MaxRecords: 100 })));
  print(`the same read by the JavaScript SDK in the same process, median`, parsed * 1000, "ms", 1);
  const before = process.cpuUsage();
  const idle = await seconds(() => setTimeout(10_000));
  const { user, system } = process.cpuUsage(before);
  print("idle CPU of the endpoint's process", ((user + system) / 1e6 / idle) * 100, "%", 2);
}

try {
  const { ImageId } = await ec2.send(new RegisterImageCommand({ Name: "bench", RootDeviceName: "/dev/xvda" }));
  const LaunchTemplateData = { ImageId, InstanceType: "t3.micro" as const };
  await ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: "bench", LaunchTemplateData }));
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  const subnets = Subnets.slice(0, 3).flatMap(({ SubnetId }) => SubnetId ?? []);
  const bare = await bareLaunches(ImageId, subnets[0]);
  print(`bare RunInstances of ${instances}`, bare, "s");
  await scaleOut(subnets.join(","), bare);
  await manyGroups(subnets.join(","));
} finally {
  for (const client of [autoscaling, ec2, sns, sqs]) client.destroy();
  await aws.close();
  rmSync(directory, { recursive: true, force: true });
}
