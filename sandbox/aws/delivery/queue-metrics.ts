/**
 * What SQS reports to CloudWatch each minute of each queue: depth and age, which operators' alarms watch.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 */
import type { Clock } from "../../../scaling/clock.ts";
import type { MetricValue } from "../deps.ts";
import type { Direct } from "../endpoint/direct.ts";

const minuteMs = 60_000;

export interface QueueMetricsPorts {
  readonly clock: Clock;
  readonly direct: Direct;
  put(values: readonly MetricValue[]): void;
  background(work: Promise<unknown>): void;
}

interface PeekedMessage {
  readonly MessageId: string;
  readonly SentTimestamp: number;
}

export class QueueMetrics {
  readonly #ports: QueueMetricsPorts;
  /** Virtual time at which a message was sent, as far as known: queues live in real time. */
  #sent = new Map<string, number>();
  #cancel: () => void = () => undefined;
  #isClosed = false;

  constructor(ports: QueueMetricsPorts) {
    this.#ports = ports;
    this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  #schedule(): void {
    const { clock } = this.#ports;
    this.#cancel = clock.schedule((Math.floor(clock.now() / minuteMs) + 1) * minuteMs, () => {
      this.#schedule();
      this.#ports.background(this.#report().catch((error: unknown) => (this.#isClosed ? undefined : Promise.reject(error as Error))));
    });
  }

  async #report(): Promise<void> {
    const { QueueUrls } = await this.#ports.direct.json("sqs", "ListQueues", {});
    const stillThere = new Map<string, number>();
    for (const url of (QueueUrls ?? []) as readonly string[]) await this.#reportQueue(url, stillThere);
    this.#sent = stillThere;
  }

  async #reportQueue(QueueUrl: string, stillThere: Map<string, number>): Promise<void> {
    const { Attributes } = await this.#ports.direct.json("sqs", "GetQueueAttributes", { QueueUrl, AttributeNames: ["All"] });
    const attributes = (Attributes ?? {}) as Readonly<Record<string, string | undefined>>;
    const count = (name: string) => Number(attributes[name] ?? 0);
    const visible = count("ApproximateNumberOfMessages");
    const inFlight = count("ApproximateNumberOfMessagesNotVisible");
    const ageSeconds = visible + inFlight === 0 ? 0 : await this.#age(QueueUrl, stillThere);
    const dimensions = { QueueName: QueueUrl.split("/").pop() ?? QueueUrl };
    this.#ports.put([
      { name: "ApproximateNumberOfMessagesVisible", dimensions, value: visible, unit: "Count" },
      { name: "ApproximateNumberOfMessagesNotVisible", dimensions, value: inFlight, unit: "Count" },
      { name: "ApproximateNumberOfMessagesDelayed", dimensions, value: count("ApproximateNumberOfMessagesDelayed"), unit: "Count" },
      { name: "ApproximateAgeOfOldestMessage", dimensions, value: ageSeconds, unit: "Seconds" },
    ]);
  }

  /** Virtual seconds since the oldest message was first seen, and the real ones before that. */
  async #age(queueUrl: string, stillThere: Map<string, number>): Promise<number> {
    const path = `/_ministack/sqs/messages?QueueUrl=${encodeURIComponent(queueUrl)}`;
    const { body } = await this.#ports.direct.rest("sqs", { method: "GET", path });
    const now = this.#ports.clock.now();
    let oldestMs = now;
    for (const { MessageId, SentTimestamp } of messagesIn(body)) {
      const sentMs = this.#sent.get(MessageId) ?? now - Math.max(0, Date.now() - SentTimestamp * 1000);
      stillThere.set(MessageId, sentMs);
      oldestMs = Math.min(oldestMs, sentMs);
    }
    return Math.floor((now - oldestMs) / 1000);
  }
}

/** The emulator's own view of a queue: by account, region and queue. */
function messagesIn(body: unknown): readonly PeekedMessage[] {
  const { messages = {} } = (body ?? {}) as {
    readonly messages?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, readonly PeekedMessage[]>>>>>>;
  };
  return Object.values(messages).flatMap((regions) => Object.values(regions).flatMap((queues) => Object.values(queues).flat()));
}
