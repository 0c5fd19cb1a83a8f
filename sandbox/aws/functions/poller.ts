/**
 * Reads a queue for a function, as Lambda's own pollers do: batches by size and window, partial failures, bounded concurrency.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 *
 * Queues live in real time, whatever the speed of the sandbox's clock; so do the window and the waits here.
 */
import { FilterError, passesFilter, valuesAt } from "../delivery/filter-policy.ts";
import { ServiceError } from "../endpoint/errors.ts";
import { batchOutcome } from "./batch-result.ts";
import type { Mapping } from "./mapping.ts";

/** A message as SQS gives it. */
export interface QueueMessage {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly MD5OfBody?: string;
  readonly Attributes?: Readonly<Record<string, string>>;
  readonly MessageAttributes?: Readonly<
    Record<string, { readonly DataType: string; readonly StringValue?: string; readonly BinaryValue?: string }>
  >;
}

export interface InvocationResult {
  readonly failed: boolean;
  /** The function did not run: its concurrency was used up. */
  readonly throttled: boolean;
  readonly payload: string;
}

export interface PollerPorts {
  readonly region: string;
  receive(count: number, waitSeconds: number): Promise<readonly QueueMessage[]>;
  delete(messages: readonly QueueMessage[]): Promise<void>;
  /** Makes messages visible again that were received and are not worked on. */
  release(messages: readonly QueueMessage[]): Promise<void>;
  invoke(payload: string): Promise<InvocationResult>;
  log(line: string): void;
}

/** Lambda begins with five batches at a time and grows with the queue; local functions stay there unless the mapping says otherwise. */
const usualConcurrency = 5;
const longPollSeconds = 20;
const largestReceive = 10;
/** A broken function or emulator is not asked again at once. */
const backOffMs = 1000;

export class Poller {
  readonly #mapping: Mapping;
  readonly #ports: PollerPorts;
  readonly #running = new Set<Promise<void>>();
  #closed = false;
  #lastResult = "No records processed";

  constructor(mapping: Mapping, ports: PollerPorts) {
    this.#mapping = mapping;
    this.#ports = ports;
    void this.#loop();
  }

  get lastResult(): string {
    return this.#lastResult;
  }

  /** No new batch is begun; those under way end by themselves. */
  close(): void {
    this.#closed = true;
  }

  async #loop(): Promise<void> {
    while (!this.#closed) {
      try {
        const batch = await this.#collect();
        if (batch.length === 0) continue;
        if (this.#isClosed()) {
          await this.#ports.release(batch);
          return;
        }
        const work = this.#process(batch).finally(() => this.#running.delete(work));
        this.#running.add(work);
        const most = this.#mapping.maximumConcurrency ?? usualConcurrency;
        if (this.#running.size >= most) await Promise.race(this.#running);
      } catch (error) {
        if (this.#isClosed()) return;
        if (error instanceof ServiceError && gone.test(error.code)) {
          this.#lastResult = `PROBLEM: ${error.message}`;
          this.#closed = true;
          return;
        }
        this.#ports.log(`mapping ${this.#mapping.uuid} of ${this.#mapping.functionName}: ${String(error)}`);
        await pause(backOffMs);
      }
    }
  }

  /** Closing happens while a poll waits. */
  #isClosed(): boolean {
    return this.#closed;
  }

  /** Until the batch is full or the window, which begins with the first message, is over. */
  async #collect(): Promise<QueueMessage[]> {
    const { batchSize, windowSeconds } = this.#mapping;
    const batch: QueueMessage[] = [];
    let deadlineMs = Infinity;
    while (!this.#closed && batch.length < batchSize) {
      const leftSeconds = (deadlineMs - Date.now()) / 1000;
      if (leftSeconds <= 0) break;
      const waitSeconds = Math.min(longPollSeconds, Math.ceil(leftSeconds));
      const received = await this.#ports.receive(Math.min(largestReceive, batchSize - batch.length), waitSeconds);
      if (batch.length === 0 && received.length > 0) deadlineMs = Date.now() + windowSeconds * 1000;
      batch.push(...received);
      if (windowSeconds === 0) break;
    }
    return batch;
  }

  async #process(batch: readonly QueueMessage[]): Promise<void> {
    const mapping = this.#mapping;
    try {
      const wanted = batch.filter((message) => this.#isWanted(message));
      const dropped = batch.filter((message) => !wanted.includes(message));
      if (dropped.length > 0) await this.#ports.delete(dropped);
      if (wanted.length === 0) return;
      const { failed, throttled, payload } = await this.#ports.invoke(this.#event(wanted));
      const outcome = batchOutcome(
        wanted.map(({ MessageId }) => MessageId),
        mapping.reportsFailures,
        failed || throttled,
        payload,
      );
      this.#lastResult = outcome.problem ?? "OK";
      const done = wanted.filter(({ MessageId }) => outcome.done.includes(MessageId));
      if (done.length > 0) await this.#ports.delete(done);
      if (failed || throttled) await pause(backOffMs);
    } catch (error) {
      this.#lastResult = `PROBLEM: ${String(error)}`;
      if (this.#closed) return;
      this.#ports.log(`mapping ${mapping.uuid} of ${mapping.functionName}: ${String(error)}`);
      await pause(backOffMs);
    }
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html: one matching filter is enough. */
  #isWanted(message: QueueMessage): boolean {
    const { filters } = this.#mapping;
    if (filters.length === 0) return true;
    const record = { ...this.#record(message), body: jsonOrText(message.Body) };
    return filters.some((pattern) => {
      try {
        return passesFilter(JSON.parse(pattern) as Readonly<Record<string, unknown>>, (path) => valuesAt(record, path));
      } catch (error) {
        if (error instanceof FilterError) return false;
        throw error;
      }
    });
  }

  #event(messages: readonly QueueMessage[]): string {
    return JSON.stringify({ Records: messages.map((message) => this.#record(message)) });
  }

  #record({ MessageId, ReceiptHandle, Body, MD5OfBody = "", Attributes = {}, MessageAttributes = {} }: QueueMessage) {
    return {
      messageId: MessageId,
      receiptHandle: ReceiptHandle,
      body: Body,
      attributes: Attributes,
      messageAttributes: Object.fromEntries(
        Object.entries(MessageAttributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
          name,
          {
            ...(StringValue === undefined ? {} : { stringValue: StringValue }),
            ...(BinaryValue === undefined ? {} : { binaryValue: BinaryValue }),
            stringListValues: [],
            binaryListValues: [],
            dataType: DataType,
          },
        ]),
      ),
      md5OfBody: MD5OfBody,
      eventSource: "aws:sqs",
      eventSourceARN: this.#mapping.queueArn,
      awsRegion: this.#ports.region,
    };
  }
}

/** The queue was deleted. */
const gone = /NonExistentQueue|QueueDoesNotExist/;

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds).unref());

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
