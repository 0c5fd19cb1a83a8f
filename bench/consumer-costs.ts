/**
 * What the consumer costs: time to gone under light load, memory of the worker, the bundles, a function's start, a message.
 *
 *   npm run bench -- consumer-costs [--messages N]
 */
import { execFileSync, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CreateQueueCommand, SendMessageBatchCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import type { CoreDependencies } from "../consumer/core.ts";
import { Worker } from "../consumer/worker.ts";
import { ensureAws, stopAws } from "../sandbox/aws/lifetime.ts";
import { newOrganization, type ChefState } from "../sandbox/chef/store.ts";

const { values } = parseArgs({ options: { messages: { type: "string", default: "10000" } } });
const many = Number(values.messages);
const root = join(import.meta.dirname, "..");
const account = "123456789012";
const prefix = "bench-staging-web-v1";
const instance = (number: number) => `i-${number.toString(16).padStart(17, "0")}`;
const notice = (EC2InstanceId: string) =>
  JSON.stringify({
    Event: "autoscaling:EC2_INSTANCE_TERMINATE",
    AccountId: account,
    AutoScalingGroupName: `${prefix}-app-group-0a1b2c3`,
    EC2InstanceId,
  });
const show = (name: string, value: string) => console.log(`${name}: ${value}`);
const median = (numbers: readonly number[]) => numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;

const folder = mkdtempSync(join(tmpdir(), "fleet-bench-"));
symlinkSync(join(root, ".venv"), join(folder, ".venv")); // a local AWS of the benchmark's own
const pair = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

/** A Chef double with so many nodes and clients, as a process of its own. */
async function startChef(number: number): Promise<{ url: string; stop: () => void }> {
  const acme = newOrganization();
  acme.groups["users"]?.push("janitor");
  for (let index = 0; index < number; index++) {
    const name = instance(index);
    acme.nodes[name] = { value: { name }, access: acme.containers.nodes };
    acme.clients[name] = { value: { name, validator: false, publicKey: pair.publicKey }, access: acme.containers.clients };
  }
  const state: ChefState = { users: { janitor: { publicKey: pair.publicKey, organizations: ["acme"] } }, organizations: { acme } };
  const file = join(folder, "chef.json");
  writeFileSync(file, JSON.stringify(state));
  const child = spawn(process.execPath, [join(root, "sandbox/chef/main.ts"), "--file", file], { stdio: ["pipe", "pipe", "inherit"] });
  const url = await new Promise<string>((resolve) => child.stdout.once("data", (text: Buffer) => resolve(text.toString().trim())));
  return { url, stop: () => child.kill() };
}

async function queues(sqs: SQSClient): Promise<{ url: string; dead: string }> {
  const create = async (name: string) => (await sqs.send(new CreateQueueCommand({ QueueName: `${name}-${Date.now()}` }))).QueueUrl ?? "";
  return { url: await create("notices"), dead: await create("dead") };
}

interface WorkerProcess {
  readonly lines: readonly Record<string, unknown>[];
  /** Highest resident memory, MiB. */
  peakMiB(): number;
  readonly ended: Promise<void>;
  stop(): void;
}

/** As in consumer/Dockerfile and consumer/fleet-consumer.service. */
const heapLimits = ["--enable-source-maps", "--max-semi-space-size=1", "--max-old-space-size=64"];

/** The real worker, told what a user tells it. */
function startWorker(endpoint: string, chefUrl: string, queue: { url: string; dead: string }, ...args: readonly string[]): WorkerProcess {
  const environment = {
    PATH: process.env["PATH"],
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "bench",
    AWS_SECRET_ACCESS_KEY: "bench",
    FLEET_CHEF_SERVER_URL: `${chefUrl}/organizations/acme`,
    FLEET_CHEF_USER: "janitor",
    FLEET_CHEF_KEY: "ssm:/bench/key",
    FLEET_CHEF_ALLOW_HTTP: "true",
    FLEET_ACCOUNT_ID: account,
    FLEET_NAME_PREFIX: prefix,
    FLEET_QUEUE_URL: queue.url,
    FLEET_DEAD_LETTER_QUEUE_URL: queue.dead,
  };
  const child = spawn(process.execPath, [...heapLimits, join(root, "dist/worker/handler.mjs"), ...args], {
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: Record<string, unknown>[] = [];
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) lines.push(JSON.parse(part) as Record<string, unknown>);
  });
  let peak = 0;
  const sample = () => {
    try {
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? 0) / 1024);
    } catch {
      // it ended
    }
  };
  const timer = setInterval(sample, 50);
  const ended = new Promise<void>((resolve) =>
    child.on("close", () => {
      clearInterval(timer);
      resolve();
    }),
  );
  return {
    lines,
    peakMiB: () => {
      sample();
      return peak;
    },
    ended,
    stop: () => child.kill("SIGTERM"),
  };
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function lightLoad(endpoint: string, sqs: SQSClient): Promise<void> {
  const number = 200;
  const chef = await startChef(number);
  const queue = await queues(sqs);
  const worker = startWorker(endpoint, chef.url, queue);
  while (!worker.lines.some((line) => line["message"] === "consumer started")) await sleep(50); // a worker's start is no message's wait
  for (let index = 0; index < number; index++) {
    await sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: notice(instance(index)) }));
    await sleep(50);
  }
  while (worker.lines.filter((line) => line["outcome"] === "removed").length < number) await sleep(50);
  worker.stop();
  await worker.ended;
  chef.stop();
  const ages = worker.lines.flatMap((line) => (line["TimeToGone"] as number[] | undefined) ?? []).sort((one, other) => one - other);
  show("from visible to gone under light load, p50", `${median(ages)} ms`);
  show("from visible to gone under light load, p99", `${ages[Math.ceil(ages.length * 0.99) - 1] ?? 0} ms`);
}

async function memory(endpoint: string, sqs: SQSClient): Promise<void> {
  const chef = await startChef(many);
  const queue = await queues(sqs);
  for (let start = 0; start < many; start += 10) {
    const Entries = Array.from({ length: 10 }, (_, index) => ({ Id: String(index), MessageBody: notice(instance(start + index)) }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
  }
  const worker = startWorker(endpoint, chef.url, queue, "--once");
  let peak = 0;
  const timer = setInterval(() => (peak = Math.max(peak, worker.peakMiB())), 100);
  await worker.ended;
  clearInterval(timer);
  chef.stop();
  show(
    `highest memory of the worker over ${worker.lines.filter((line) => line["outcome"] === "removed").length} messages`,
    `${peak.toFixed(0)} MiB`,
  );
}

/** From the start of a Node process to a handler that could be called, as a cold start has it; medians. */
function initialisation(): void {
  for (const name of ["consumer", "reconciler"]) {
    const bundle = join(root, "dist", name);
    const bytes = readdirSync(bundle)
      .filter((file) => file.endsWith(".mjs"))
      .reduce((sum, file) => sum + statSync(join(bundle, file)).size, 0);
    show(`bundle of the ${name}, with all that is loaded on demand`, `${Math.round(bytes / 1000)} kB`);
  }
  const empty = join(folder, "empty.mjs");
  writeFileSync(empty, "export const handler = () => undefined;\n");
  const timed = (file: string) => {
    const started = performance.now();
    execFileSync(process.execPath, ["--input-type=module", "-e", `await import(${JSON.stringify(file)})`]);
    return performance.now() - started;
  };
  const rounds = Array.from({ length: 15 }, () => [timed(empty), timed(join(root, "dist/consumer/handler.mjs"))] as const);
  const [bare, ours] = [median(rounds.map(([one]) => one)), median(rounds.map(([, one]) => one))];
  show("start of an empty handler", `${bare.toFixed(0)} ms`);
  show("start of the consumer's handler", `${ours.toFixed(0)} ms`);
  show("the consumer's start beside an empty one's", `${(ours / bare).toFixed(1)} x`);
}

/** Processor time of core and worker alone: queue and Chef are in memory. */
async function perMessage(number: number): Promise<number> {
  let next = 0;
  const resolved = Promise.resolve();
  const chef = {
    deleteNode: () => resolved.then(() => true),
    deleteClient: () => resolved.then(() => true),
  } as unknown as CoreDependencies["chef"];
  const core: CoreDependencies = {
    chef,
    user: "janitor",
    naming: "instance-id",
    nodeNameTag: () => Promise.resolve(undefined),
    ours: { accountId: account, namePrefix: prefix },
    lifecycle: { heartbeat: () => Promise.resolve(true), complete: () => resolved },
    dryRun: false,
  };
  const receive = (count: number) =>
    new Promise<{ id: string; receiptHandle: string; body: string; receiveCount: number; sentAtMs: number }[]>((resolve) =>
      setImmediate(() =>
        resolve(
          Array.from({ length: Math.min(count, number - next) }, () => {
            const id = instance(next++);
            return { id, receiptHandle: id, body: notice(id), receiveCount: 1, sentAtMs: 0 };
          }),
        ),
      ),
    );
  const queue = { receive, remove: () => resolved, returnAfter: () => resolved, send: () => resolved, bury: () => resolved };
  const silent = () => undefined;
  const deps = { core, queue, log: silent, print: silent, namePrefix: prefix, now: Date.now };
  const before = process.cpuUsage();
  await new Worker({ concurrency: 64, visibilitySeconds: 360, once: true }, deps).run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / number;
}

execFileSync(process.execPath, [join(root, "bundle.ts")], { cwd: root, stdio: "ignore" });
const { endpoint } = await ensureAws({ root: folder, log: () => undefined });
const options = { endpoint, region: "eu-west-1", credentials: { accessKeyId: "bench", secretAccessKey: "bench" } };
const sqs = new SQSClient(options);
try {
  await new SSMClient(options).send(new PutParameterCommand({ Name: "/bench/key", Type: "SecureString", Value: pair.privateKey }));
  await lightLoad(endpoint, sqs);
  await memory(endpoint, sqs);
  initialisation();
  await perMessage(5_000); // warm
  const costs = [100, 1_000, 10_000, 100_000];
  const micros: number[] = [];
  for (const number of costs) micros.push(median([await perMessage(number), await perMessage(number), await perMessage(number)]));
  costs.forEach((number, index) => show(`processor time per message, of ${number}`, `${(micros[index] ?? 0).toFixed(1)} µs`));
  show("processor time per message, 100,000 beside 100", `${((micros[3] ?? 0) / (micros[0] ?? 1)).toFixed(2)} x`);
} finally {
  sqs.destroy();
  await stopAws(folder);
  rmSync(folder, { recursive: true, force: true });
}
