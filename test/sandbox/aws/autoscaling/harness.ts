/** The Auto Scaling service in front of a real moto, behind the real endpoint, on a clock that the test moves. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AutoScalingClient, type AutoScalingGroup } from "@aws-sdk/client-auto-scaling";
import * as autoscaling from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import * as ec2 from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAMClient } from "@aws-sdk/client-iam";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";
import { VirtualClock, type Clock } from "../../../../scaling/clock.ts";
import { createAutoScaling, type AutoScalingService } from "../../../../sandbox/aws/autoscaling/service.ts";
import type { BusEvent, MetricValue, Sender, TopicMessage } from "../../../../sandbox/aws/deps.ts";
import { CallLog } from "../../../../sandbox/aws/endpoint/calls.ts";
import { Direct } from "../../../../sandbox/aws/endpoint/direct.ts";
import { EmulatedService } from "../../../../sandbox/aws/endpoint/emulated.ts";
import { Forwarder } from "../../../../sandbox/aws/endpoint/forward.ts";
import { Endpoint } from "../../../../sandbox/aws/endpoint/server.ts";
import { Sessions } from "../../../../sandbox/aws/endpoint/sessions.ts";
import { Emulator } from "../../../../sandbox/aws/emulators/emulator.ts";
import { World } from "../../../../sandbox/aws/world.ts";

const root = join(import.meta.dirname, "../../../..");
const accountId = "123456789012";
const region = "us-east-1";
const emulated = ["ec2", "elasticloadbalancing", "iam", "ssm", "sns", "sqs", "monitoring", "sts"];

export interface SentMessage extends TopicMessage {
  readonly sender: Sender;
}

class TestWorld extends World {
  readonly events: BusEvent[] = [];
  override putEvent(event: BusEvent): Promise<void> {
    this.events.push(event);
    return Promise.resolve();
  }
}

export class Harness {
  readonly directory = mkdtempSync(join(tmpdir(), "autoscaling-"));
  readonly clock: Clock;
  readonly sent: SentMessage[] = [];
  readonly queued: { readonly queueArn: string; readonly body: string; readonly sender: Sender }[] = [];
  readonly metrics: { readonly namespace: string; readonly value: MetricValue }[] = [];
  readonly log: string[] = [];
  /** Makes a publication fail once for each entry. */
  readonly publishFailures: Error[] = [];
  readonly #forwarder = new Forwarder();
  #moto: Emulator | undefined;
  #endpoint: Endpoint | undefined;
  #world: TestWorld | undefined;
  #service: AutoScalingService | undefined;
  #url = "";

  constructor(clock: Clock = new VirtualClock(Date.UTC(2026, 0, 31, 12))) {
    this.clock = clock;
  }

  static async start(clock?: Clock): Promise<Harness> {
    const harness = new Harness(clock);
    await harness.#start();
    return harness;
  }

  async #start(): Promise<void> {
    this.#moto = new Emulator({ name: "moto", root, directory: join(this.directory, "moto"), accountId, region, endpointPort: 1 });
    this.#endpoint = new Endpoint({
      accountId,
      clock: this.clock,
      calls: new CallLog(),
      sessions: new Sessions(),
      log: (line) => this.log.push(line),
      admin: () => Promise.resolve({ status: 404, headers: {}, body: "" }),
      metadata: () => Promise.resolve({ status: 404, headers: {}, body: "" }),
    });
    this.#url = `http://127.0.0.1:${await this.#endpoint.listen(0)}`;
    await this.#moto.ready();
    this.#open();
  }

  #open(): void {
    const moto = this.#moto!;
    const services = new Map(emulated.map((name) => [name, new EmulatedService(name, moto, this.#forwarder)]));
    const world = new TestWorld({
      clock: this.clock,
      accountId,
      region,
      endpoint: this.#url,
      stateDirectory: join(this.directory, "state"),
      direct: new Direct({ service: (name) => services.get(name), accountId, region }),
      log: (line) => this.log.push(line),
      urlOf: () => moto.url,
    });
    world.connect({
      delivery: {
        publish: (message, sender) => this.#publish(message, sender),
        sendToQueue: async (queueArn, body, sender) => {
          this.queued.push({ queueArn, body, sender });
          const name = queueArn.split(":").at(-1) ?? "";
          await this.sqs.send(new SendMessageCommand({ QueueUrl: `${moto.url}/${accountId}/${name}`, MessageBody: body }));
        },
      },
      metrics: { put: (namespace, values) => values.forEach((value) => this.metrics.push({ namespace, value })) },
    });
    this.#world = world;
    this.#service = createAutoScaling(world);
    this.#endpoint!.open([...services.values(), this.#service]);
  }

  async #publish(message: TopicMessage, sender: Sender): Promise<void> {
    const failure = this.publishFailures.shift();
    if (failure) throw failure;
    await this.sns.send(new PublishCommand({ TopicArn: message.topicArn, Message: message.message, Subject: message.subject }));
    this.sent.push({ ...message, sender });
  }

  get service(): AutoScalingService {
    return this.#service!;
  }

  get world(): TestWorld {
    return this.#world!;
  }

  get moto(): Emulator {
    return this.#moto!;
  }

  get url(): string {
    return this.#url;
  }

  get #clientOptions() {
    return { endpoint: this.#url, region, credentials: { accessKeyId: "AKIATEST", secretAccessKey: "test" }, maxAttempts: 1 };
  }

  get autoscaling(): AutoScalingClient {
    return this.#client("autoscaling", () => new AutoScalingClient(this.#clientOptions));
  }
  get ec2(): ec2.EC2Client {
    return this.#client("ec2", () => new ec2.EC2Client(this.#clientOptions));
  }
  get elb(): ElasticLoadBalancingV2Client {
    return this.#client("elb", () => new ElasticLoadBalancingV2Client(this.#clientOptions));
  }
  get iam(): IAMClient {
    return this.#client("iam", () => new IAMClient(this.#clientOptions));
  }
  get ssm(): SSMClient {
    return this.#client("ssm", () => new SSMClient(this.#clientOptions));
  }
  get sns(): SNSClient {
    return this.#client("sns", () => new SNSClient(this.#clientOptions));
  }
  get sqs(): SQSClient {
    return this.#client("sqs", () => new SQSClient(this.#clientOptions));
  }
  get cloudWatch(): CloudWatchClient {
    return this.#client("cloudwatch", () => new CloudWatchClient(this.#clientOptions));
  }

  readonly #clients = new Map<string, { destroy(): void }>();
  #client<Client extends { destroy(): void }>(name: string, make: () => Client): Client {
    const client = (this.#clients.get(name) as Client | undefined) ?? make();
    this.#clients.set(name, client);
    return client;
  }

  /** Waits until nothing is under way at this instant. */
  async settled(): Promise<void> {
    await this.world.settled();
  }

  /** Moves the stepped clock in steps, by default of a second; the effects of a step are complete before the next. */
  async advance(seconds: number, stepSeconds = 1): Promise<void> {
    assert.ok(this.clock instanceof VirtualClock);
    await this.settled();
    for (let left = seconds * 1000; left > 0; left -= stepSeconds * 1000) {
      this.clock.advanceBy(Math.min(stepSeconds * 1000, left));
      await this.settled();
    }
  }

  async group(name: string): Promise<AutoScalingGroup> {
    const { AutoScalingGroups: groups } = await this.autoscaling.send(
      new autoscaling.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
    );
    assert.equal(groups?.length, 1, `group ${name}`);
    return groups[0]!;
  }

  async inService(name: string): Promise<string[]> {
    const group = await this.group(name);
    return (group.Instances ?? []).filter((one) => one.LifecycleState === "InService").map((one) => one.InstanceId!);
  }

  async activities(name: string): Promise<autoscaling.Activity[]> {
    const { Activities } = await this.autoscaling.send(
      new autoscaling.DescribeScalingActivitiesCommand({ AutoScalingGroupName: name, IncludeDeletedGroups: true }),
    );
    return Activities ?? [];
  }

  /** Instances that EC2 has, terminated ones left out. */
  async ec2Instances(): Promise<ec2.Instance[]> {
    const { Reservations } = await this.ec2.send(new ec2.DescribeInstancesCommand({ MaxResults: 1000 }));
    return (Reservations ?? []).flatMap(({ Instances }) => Instances ?? []).filter(({ State }) => State?.Name !== "terminated");
  }

  async subnets(): Promise<{ id: string; zone: string }[]> {
    const { Subnets } = await this.ec2.send(new ec2.DescribeSubnetsCommand({}));
    return (Subnets ?? [])
      .map((subnet) => ({ id: subnet.SubnetId!, zone: subnet.AvailabilityZone! }))
      .sort((one, other) => (one.zone < other.zone ? -1 : 1));
  }

  async image(name = "baked"): Promise<string> {
    const { Images } = await this.ec2.send(new ec2.DescribeImagesCommand({ Filters: [{ Name: "name", Values: [name] }] }));
    if (Images?.[0]?.ImageId !== undefined) return Images[0].ImageId;
    const { ImageId } = await this.ec2.send(
      new ec2.RegisterImageCommand({ Name: name, RootDeviceName: "/dev/xvda", Architecture: "x86_64", VirtualizationType: "hvm" }),
    );
    return ImageId!;
  }

  async template(name: string, data: ec2.RequestLaunchTemplateData = {}): Promise<string> {
    const LaunchTemplateData = { ImageId: await this.image(), InstanceType: "t3.micro" as const, ...data };
    const { LaunchTemplate } = await this.ec2.send(new ec2.CreateLaunchTemplateCommand({ LaunchTemplateName: name, LaunchTemplateData }));
    return LaunchTemplate!.LaunchTemplateId!;
  }

  /** A group in two zones on a template of its own. */
  async createGroup(
    name: string,
    input: Partial<autoscaling.CreateAutoScalingGroupCommandInput> = {},
    data: ec2.RequestLaunchTemplateData = {},
  ) {
    const LaunchTemplateId = input.LaunchTemplate || input.MixedInstancesPolicy ? undefined : await this.template(`${name}-template`, data);
    const subnets = (await this.subnets()).slice(0, 2).map(({ id }) => id);
    await this.autoscaling.send(
      new autoscaling.CreateAutoScalingGroupCommand({
        AutoScalingGroupName: name,
        MinSize: 0,
        MaxSize: 10,
        VPCZoneIdentifier: subnets.join(","),
        ...(LaunchTemplateId && { LaunchTemplate: { LaunchTemplateId, Version: "$Latest" } }),
        ...input,
      }),
    );
    await this.settled();
  }

  async messages(queueUrl: string): Promise<Record<string, unknown>[]> {
    const found: Record<string, unknown>[] = [];
    for (;;) {
      const { Messages } = await this.sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }));
      if (!Messages?.length) return found;
      found.push(...Messages.map(({ Body }) => JSON.parse(Body!) as Record<string, unknown>));
    }
  }

  async close(): Promise<void> {
    for (const client of this.#clients.values()) client.destroy();
    await this.settled();
    await this.#service?.close();
    await this.#endpoint?.close();
    await this.#moto?.stop();
    this.#forwarder.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** `Code: message` of what the service answers to a call that it refuses. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof Error);
    return `${error.name}: ${error.message}`;
  }
  return assert.fail("the call was not refused");
}
