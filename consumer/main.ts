/**
 * The consumer as a process.
 *
 *   node consumer/main.ts [--once] [--dry-run] [--health-port N]
 *
 * Settings come from the environment (docs/consumer.md). SIGTERM and SIGINT end it cleanly: what is in hand is finished.
 * Exit codes: 0 stopped as asked, 1 the queue does not answer (with --once), 2 wrong settings.
 */
import { createServer, type Server } from "node:http";
import { parseArgs } from "node:util";
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { longPollOptions } from "./aws/clients.ts";
import { SqsQueue } from "./aws/queue.ts";
import { connect } from "./aws/wiring.ts";
import { jsonLog, printLine } from "./report.ts";
import { readSettings, SettingsError } from "./settings.ts";
import { Worker } from "./worker.ts";

const { values } = parseArgs({
  options: { once: { type: "boolean", default: false }, "dry-run": { type: "boolean", default: false }, "health-port": { type: "string" } },
});

/** Time for what is in hand after a stop was asked for, milliseconds; below the 30 s that init systems and containers give. */
const stopDeadlineMs = 25_000;

/** The queue's own visibility time-out; fails with the queue's name when there is no such queue. */
async function visibilityOf(client: SQSClient, queueUrl: string): Promise<number> {
  const { Attributes: attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["VisibilityTimeout"] }),
  );
  return Number(attributes?.VisibilityTimeout ?? 30);
}

/** @throws SettingsError when it is no port. */
function checkedPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new SettingsError([{ name: "--health-port", message: `is ${JSON.stringify(text)}; it must be a port from 0 to 65535` }]);
}

/** 200 while the queue answers, 503 when it has not for several receives. */
function serveHealth(worker: Worker, port: number | undefined): Server | undefined {
  if (port === undefined) return undefined;
  const server = createServer((_, response) => {
    const { health } = worker;
    response.writeHead(health.ok ? 200 : 503, { "Content-Type": "application/json" }).end(JSON.stringify(health));
  });
  server.on("error", ({ message }) => {
    console.error(`--health-port ${port}: ${message}`);
    process.exit(2);
  });
  return server.listen(port);
}

async function main(): Promise<void> {
  const settings = readSettings({ ...process.env, ...(values["dry-run"] ? { FLEET_DRY_RUN: "true" } : {}) });
  const port = checkedPort(values["health-port"]);
  const log = jsonLog(printLine);
  const client = new SQSClient(longPollOptions);
  const visibilitySeconds = await visibilityOf(client, settings.queueUrl);
  const core = await connect(settings);
  const queue = new SqsQueue(client, settings.queueUrl, settings.deadLetterQueueUrl);
  const worker = new Worker(
    { concurrency: settings.concurrency, visibilitySeconds, once: values.once },
    { core, queue, log, print: printLine, namePrefix: settings.namePrefix, now: Date.now },
  );
  const health = serveHealth(worker, port);
  const stop = (signal: NodeJS.Signals) => {
    log("info", `${signal}: finishing what is in hand`, worker.health);
    worker.stop();
    setTimeout(() => process.exit(0), stopDeadlineMs).unref();
  };
  process.once("SIGTERM", stop).once("SIGINT", stop);
  log("info", "consumer started", {
    queueUrl: settings.queueUrl,
    chefServerUrl: settings.chefServerUrl,
    concurrency: settings.concurrency,
    dryRun: settings.dryRun,
  });
  await worker.run();
  log("info", "consumer stopped");
  health?.close();
  core.close();
  client.destroy();
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof SettingsError ? 2 : 1;
}
