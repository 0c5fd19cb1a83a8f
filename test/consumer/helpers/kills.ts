/** The worker as a process that is killed again and again, between a real queue and a Chef double. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { ensureBundle } from "../../../sandbox/verbs/bundle.ts";
import { ChefServer } from "../../../sandbox/chef/server.ts";
import { startTestAws, type TestAws } from "../../sandbox/aws/local-aws.ts";
import { notice, ours, wrapped } from "./messages.ts";

const root = join(import.meta.dirname, "../../..");
const organization = "acme";
const user = "janitor";

/** Short, so that what a killed worker had in hand comes back soon. */
const visibilitySeconds = 2;

export class WorkerWorld {
  readonly chef: ChefServer;
  readonly aws: TestAws;
  readonly sqs: SQSClient;
  readonly environment: Readonly<Record<string, string>>;

  private constructor(chef: ChefServer, aws: TestAws, sqs: SQSClient, environment: Readonly<Record<string, string>>) {
    this.chef = chef;
    this.aws = aws;
    this.sqs = sqs;
    this.environment = environment;
  }

  static async start(): Promise<WorkerWorld> {
    await ensureBundle(root, () => undefined);
    const aws = await startTestAws({ speed: 1 });
    const chef = await new ChefServer().start();
    const { publicKey, privateKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs1", format: "pem" },
    });
    await fetch(`${chef.url}/_fleet/organizations/${organization}`, { method: "PUT", body: JSON.stringify({ user, publicKey }) });
    await new SSMClient(aws.client).send(new PutParameterCommand({ Name: "/chef/key", Type: "SecureString", Value: privateKey }));
    const sqs = new SQSClient(aws.client);
    const attributes = { VisibilityTimeout: String(visibilitySeconds) };
    const { QueueUrl: queueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: "notices", Attributes: attributes }));
    const { QueueUrl: deadLetterQueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: "dead" }));
    return new WorkerWorld(chef, aws, sqs, {
      PATH: process.env["PATH"] ?? "",
      FLEET_TEST_RUN: process.env["FLEET_TEST_RUN"] ?? "",
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_REGION: aws.region,
      AWS_ACCESS_KEY_ID: aws.client.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: aws.client.credentials.secretAccessKey,
      FLEET_CHEF_SERVER_URL: `${chef.url}/organizations/${organization}`,
      FLEET_CHEF_USER: user,
      FLEET_CHEF_KEY: "ssm:/chef/key",
      FLEET_CHEF_ALLOW_HTTP: "true",
      FLEET_ACCOUNT_ID: ours.accountId,
      FLEET_NAME_PREFIX: ours.namePrefix,
      FLEET_QUEUE_URL: queueUrl,
      FLEET_DEAD_LETTER_QUEUE_URL: deadLetterQueueUrl,
      FLEET_CONCURRENCY: "4",
    });
  }

  async stop(): Promise<void> {
    this.sqs.destroy();
    await this.chef.stop();
    await this.aws.stop();
  }

  get organization() {
    return this.chef.store.state.organizations[organization]!;
  }

  async plant(instanceId: string): Promise<void> {
    const { status } = this.chef.api.register(organization, instanceId, { name: instanceId });
    assert.equal(status, 201);
    await this.notify(instanceId);
  }

  async notify(instanceId: string): Promise<void> {
    await this.sqs.send(
      new SendMessageCommand({ QueueUrl: this.environment["FLEET_QUEUE_URL"], MessageBody: wrapped(notice(instanceId)) }),
    );
  }

  worker(...args: readonly string[]) {
    const child = spawn(process.execPath, [join(root, "dist/worker/handler.mjs"), ...args], {
      env: this.environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    // A worker whose lines nobody takes does not end: with some hundred messages left by the killed ones they fill the pipe.
    child.stdout.resume();
    child.stderr.resume();
    return child;
  }

  async depth(queueUrl = this.environment["FLEET_QUEUE_URL"]): Promise<number> {
    const names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"] as const;
    const { Attributes: counts = {} } = await this.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...names] }),
    );
    return names.reduce((sum, name) => sum + Number(counts[name] ?? 0), 0);
  }
}

/** Waits for a condition; this long is a hang on any machine, also with all messages of two hundred kills left for one worker. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 240_000; performance.now() < deadline;) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`waited in vain for ${what}`);
}

/** Kills a worker `kills` times after a random number of Chef requests and a random moment, then lets one finish. */
export async function killAgainAndAgain(world: WorkerWorld, kills: number, random: () => number): Promise<void> {
  const { chef } = world;
  for (let kill = 0; kill < kills; kill++) {
    // Four instances each time, and a neighbour that stays.
    for (let number = 0; number < 4; number++) await world.plant(`i-${(kill * 4 + number + 1).toString(16).padStart(17, "0")}`);
    const child = world.worker();
    const ended = new Promise((resolve) => child.on("close", resolve));
    const from = chef.requests.length;
    const after = Math.floor(random() * 8);
    await until("the worker to ask Chef", () => chef.requests.length - from >= after);
    await new Promise((resolve) => setTimeout(resolve, random() * 20));
    child.kill("SIGKILL");
    await ended;
  }
}
