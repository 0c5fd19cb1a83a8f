import { SQSClient } from "@aws-sdk/client-sqs";
import type { RemainingAnswer, RemainingQuestion } from "../contract/node-cleanup.ts";
import { longPollOptions } from "./aws/clients.ts";
import { SqsQueue } from "./aws/queue.ts";
import { connect } from "./aws/wiring.ts";
import { handleMessage, type CoreDependencies } from "./core.ts";
import { inParallel } from "./pool.ts";
import { remaining } from "./remaining.ts";
import { settle, type QueueDepth, type QueueMessage, type QueuePort } from "./queue.ts";
import { jsonLog, logOutcome, Metrics, printLine, type Log } from "./report.ts";
import { readSettings, type ConsumerSettings } from "./settings.ts";

/** https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
export interface SqsEvent {
  readonly Records: readonly SqsRecord[];
}

interface SqsRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** `arn:aws:sqs:REGION:ACCOUNT:NAME` */
  readonly eventSourceARN: string;
  readonly attributes: { readonly ApproximateReceiveCount: string; readonly SentTimestamp: string };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting */
export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

/** A removal's requests have at most 15 s each; what starts with less time left could be cut in the middle. */
const startMarginMs = 5_000;

export interface BatchDependencies {
  readonly settings: Pick<ConsumerSettings, "concurrency" | "namePrefix" | "queueUrl">;
  readonly core: CoreDependencies;
  readonly queue: QueuePort & QueueDepth;
  readonly log: Log;
  readonly print: (line: string) => void;
  readonly now: () => number;
}

/** One batch. A message that fails, or for which no time is left, is reported and comes back; the others are deleted by Lambda. */
export async function handleBatch(event: SqsEvent, context: LambdaContext, deps: BatchDependencies): Promise<BatchResponse> {
  const failures: { itemIdentifier: string }[] = [];
  const metrics = new Metrics(deps.settings.namePrefix);
  await inParallel(
    event.Records.map((record) => toMessage(record, deps.settings.queueUrl)),
    deps.settings.concurrency,
    async (message) => {
      const kept = context.getRemainingTimeInMillis() < startMarginMs ? await postpone(message, deps) : await one(message, deps, metrics);
      if (kept) failures.push({ itemIdentifier: message.id });
    },
  );
  const line = metrics.line(deps.now());
  if (line !== undefined) deps.print(line);
  return { batchItemFailures: failures };
}

/** True when the message stays in the queue. */
async function one(message: QueueMessage, deps: BatchDependencies, metrics: Metrics): Promise<boolean> {
  const startedAt = deps.now();
  const outcome = await handleMessage(message, deps.core);
  logOutcome(deps.log, message, outcome, deps.now() - startedAt);
  metrics.add(message, outcome, deps.now());
  if (deps.core.dryRun) return true;
  try {
    return (await settle(message, outcome, deps.queue)) === "keep";
  } catch (error) {
    // It comes back after the queue's visibility time-out instead.
    deps.log("warn", "the queue did not take the outcome", { messageId: message.id, error: String(error) });
    return true;
  }
}

async function postpone(message: QueueMessage, deps: BatchDependencies): Promise<boolean> {
  await deps.queue.returnAfter(message, 0).catch(() => undefined); // else it returns after the visibility time-out
  deps.log("info", "no time left for this message; it goes to the next invocation", { messageId: message.id });
  return true;
}

/** While a replaced queue is drained, its messages come beside those of the function's own: queues of one account and region differ in their names. */
const toMessage = (record: SqsRecord, ownQueueUrl: string): QueueMessage => ({
  id: record.messageId,
  receiptHandle: record.receiptHandle,
  body: record.body,
  receiveCount: Number(record.attributes.ApproximateReceiveCount),
  sentAtMs: Number(record.attributes.SentTimestamp),
  queueUrl: ownQueueUrl.replace(/[^/]+$/, record.eventSourceARN.split(":").at(-1) ?? ""),
});

let ready: Promise<BatchDependencies> | undefined;

/** Settings and connections live as long as the function's environment; a failed start is tried anew. */
async function prepare(): Promise<BatchDependencies> {
  const settings = readSettings(process.env);
  const queue = new SqsQueue(new SQSClient(longPollOptions), settings.queueUrl, settings.deadLetterQueueUrl);
  return { settings, core: await connect(settings), queue, log: jsonLog(printLine), print: printLine, now: Date.now };
}

/** The function's entry: a batch of messages, or the drain gate's question. */
export async function handler(event: SqsEvent | RemainingQuestion, context: LambdaContext): Promise<BatchResponse | RemainingAnswer> {
  ready ??= prepare();
  ready.catch(() => (ready = undefined));
  const deps = await ready;
  return "fleet" in event ? remaining(event, deps.queue, deps.core) : handleBatch(event, context, deps);
}
