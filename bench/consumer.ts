/**
 * How fast the termination worker empties a queue, beside what the machine could do at best and beside a sequential
 * consumer: all in one run against one Chef double (a process of its own) and one local SQS.
 *
 *   npm run bench -- consumer [--messages N] [--latency-ms N]
 */
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CreateQueueCommand, SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { SqsQueue } from "../consumer/aws/queue.ts";
import { ChefClient } from "../consumer/chef/client.ts";
import { inParallel } from "../consumer/pool.ts";
import type { CoreDependencies } from "../consumer/core.ts";
import { Worker } from "../consumer/worker.ts";
import { ensureAws, stopAws } from "../sandbox/aws/lifetime.ts";
import { newOrganization, type ChefState } from "../sandbox/chef/store.ts";

const { values } = parseArgs({ options: { messages: { type: "string", default: "3000" }, "latency-ms": { type: "string" } } });
const count = Number(values.messages);
const account = "123456789012";
const prefix = "bench-staging-web-v1";
/** Of the signed deletes alone. */
const inFlight = 16;
/** The worker's default. */
const workerConcurrency = 64;

const instance = (number: number) => `i-${number.toString(16).padStart(17, "0")}`;
const notice = (instanceId: string) =>
  JSON.stringify({
    Event: "autoscaling:EC2_INSTANCE_TERMINATE",
    AccountId: account,
    AutoScalingGroupName: `${prefix}-app-group-0a1b2c3`,
    EC2InstanceId: instanceId,
  });

const pair = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const folder = mkdtempSync(join(tmpdir(), "fleet-bench-"));
symlinkSync(join(import.meta.dirname, "../.venv"), join(folder, ".venv")); // a local AWS of the benchmark's own

/** A Chef double with `number` nodes and clients, as a process of its own. */
async function startChef(number: number, latencyMs: number): Promise<{ url: string; stop: () => void }> {
  const acme = newOrganization();
  acme.groups["users"]?.push("janitor");
  for (let index = 0; index < number; index++) {
    const name = instance(index);
    acme.nodes[name] = { value: { name, automatic: { ec2: { instance_id: name } } }, access: acme.containers.nodes };
    acme.clients[name] = { value: { name, validator: false, publicKey: pair.publicKey }, access: acme.containers.clients };
  }
  const state: ChefState = { users: { janitor: { publicKey: pair.publicKey, organizations: ["acme"] } }, organizations: { acme } };
  const file = join(folder, "chef.json");
  writeFileSync(file, JSON.stringify(state));
  const main = join(import.meta.dirname, "../sandbox/chef/main.ts");
  const child = spawn(process.execPath, [main, "--latency-ms", String(latencyMs), "--file", file], { stdio: ["pipe", "pipe", "inherit"] });
  const url = await new Promise<string>((resolve) => child.stdout.once("data", (text: Buffer) => resolve(text.toString().trim())));
  return { url, stop: () => child.kill() };
}

const connect = (url: string, maxConnections: number) =>
  new ChefClient({
    serverUrl: `${url}/organizations/acme`,
    user: "janitor",
    key: () => Promise.resolve(pair.privateKey),
    allowHttp: true,
    maxConnections,
  });

async function perSecond(number: number, work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return number / ((performance.now() - started) / 1000);
}

interface Measured {
  /** Instances a second. */
  readonly rate: number;
  /** Processor time of this process for one instance, milliseconds: without the Chef double's and the local SQS's, which share the machine. */
  readonly processorMs: number;
}

async function measured(work: () => Promise<void>): Promise<Measured> {
  const before = process.cpuUsage();
  const rate = await perSecond(count, work);
  const { user, system } = process.cpuUsage(before);
  return { rate, processorMs: (user + system) / 1000 / count };
}

/** The honest limit: nothing but signed deletes, sixteen in flight. */
async function deletesAlone(latencyMs: number): Promise<Measured> {
  const chef = await startChef(count, latencyMs);
  const client = connect(chef.url, inFlight);
  const names = Array.from({ length: count }, (_, number) => instance(number));
  const result = await measured(() =>
    inParallel(names, inFlight, async (name) => {
      await client.deleteNode(name);
      await client.deleteClient(name);
    }),
  );
  client.close();
  chef.stop();
  return result;
}

async function filledQueue(endpoint: string, number: number): Promise<{ client: SQSClient; queue: SqsQueue }> {
  const credentials = { accessKeyId: "bench", secretAccessKey: "bench" };
  const client = new SQSClient({ endpoint, region: "eu-west-1", credentials });
  const create = async (name: string) => (await client.send(new CreateQueueCommand({ QueueName: `${name}-${Date.now()}` }))).QueueUrl ?? "";
  const [url, dead] = [await create("notices"), await create("dead")];
  for (let start = 0; start < number; start += 10) {
    const entries = Array.from({ length: Math.min(10, number - start) }, (_, index) => ({
      Id: String(index),
      MessageBody: notice(instance(start + index)),
    }));
    await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries }));
  }
  return { client, queue: new SqsQueue(client, url, dead) };
}

const core = (chef: ChefClient): CoreDependencies => ({
  chef,
  user: "janitor",
  naming: "instance-id",
  nodeNameTag: () => Promise.resolve(undefined),
  ours: { accountId: account, namePrefix: prefix },
  lifecycle: { heartbeat: () => Promise.resolve(true), complete: () => Promise.resolve() },
  dryRun: false,
});

async function worker(endpoint: string, latencyMs: number): Promise<Measured> {
  const chef = await startChef(count, latencyMs);
  const client = connect(chef.url, workerConcurrency);
  const { client: sqs, queue } = await filledQueue(endpoint, count);
  const silent = () => undefined;
  const one = new Worker(
    { concurrency: workerConcurrency, visibilitySeconds: 180, once: true },
    { core: core(client), queue, log: silent, print: silent, namePrefix: prefix, now: Date.now },
  );
  const result = await measured(() => one.run());
  const left = (await client.listNodes()).length + (await client.listClients()).length;
  if (left > 0) throw new Error(`${left} objects are left in Chef`);
  client.close();
  sqs.destroy();
  chef.stop();
  return result;
}

/** What most consumers do: one message at a time, find the node by search, delete node, client, message. */
async function sequential(endpoint: string, latencyMs: number): Promise<number> {
  const number = Math.min(count, latencyMs > 0 ? 100 : 300);
  const chef = await startChef(count, latencyMs);
  const client = connect(chef.url, 1);
  const { client: sqs, queue } = await filledQueue(endpoint, number);
  const rate = await perSecond(number, async () => {
    for (;;) {
      const [message] = await queue.receive(1, 0, new AbortController().signal);
      if (message === undefined) return;
      const { EC2InstanceId: id } = JSON.parse(message.body) as { EC2InstanceId: string };
      const [found] = (await client.searchNodes(`ec2_instance_id:${id}`, 1)).nodes;
      if (found !== undefined) {
        await client.deleteNode(found.name);
        await client.deleteClient(found.name);
      }
      await queue.remove([message]);
    }
  });
  client.close();
  sqs.destroy();
  chef.stop();
  return rate;
}

const { endpoint } = await ensureAws({ root: folder, log: () => undefined });
try {
  for (const latencyMs of values["latency-ms"] === undefined ? [20, 0] : [Number(values["latency-ms"])]) {
    const limit = await deletesAlone(latencyMs);
    const ours = await worker(endpoint, latencyMs);
    const usual = await sequential(endpoint, latencyMs);
    const at = `at ${latencyMs} ms latency`;
    console.log(`signed deletes alone, ${inFlight} in flight, ${at}: ${limit.rate.toFixed(0)} instances/s`);
    console.log(`worker, queue to gone, ${at}: ${ours.rate.toFixed(0)} instances/s`);
    console.log(`worker beside signed deletes alone, ${at}: ${(ours.rate / limit.rate).toFixed(2)} x`);
    const [least, spent] = [limit.processorMs, ours.processorMs].map((time) => time.toFixed(2));
    console.log(`processor time of signed deletes alone beside the worker's own, ${at}: ${least} ms, ${spent} ms`);
    console.log(`sequential consumer with search, ${at}: ${usual.toFixed(0)} instances/s`);
    console.log(`worker beside the sequential consumer, ${at}: ${(ours.rate / usual).toFixed(1)} x`);
  }
} finally {
  await stopAws(folder);
  rmSync(folder, { recursive: true, force: true });
}
