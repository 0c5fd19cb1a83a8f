import {
  DeleteMessageBatchCommand,
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { batchLimit, type QueueDepth, type QueueMessage, type QueueNames, type QueuePort } from "../queue.ts";

export class SqsQueue implements QueuePort, QueueDepth {
  readonly #client: SQSClient;
  readonly #queueUrl: string;
  readonly #deadLetterQueueUrl: string;

  constructor(client: SQSClient, queueUrl: string, deadLetterQueueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
    this.#deadLetterQueueUrl = deadLetterQueueUrl;
  }

  async receive(count: number, waitSeconds: number, signal: AbortSignal): Promise<QueueMessage[]> {
    const input = {
      QueueUrl: this.#queueUrl,
      MaxNumberOfMessages: Math.min(count, batchLimit),
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ["ApproximateReceiveCount", "SentTimestamp"],
    } satisfies ConstructorParameters<typeof ReceiveMessageCommand>[0];
    const { Messages: messages = [] } = await this.#client.send(new ReceiveMessageCommand(input), { abortSignal: signal });
    return messages.map((message) => ({
      id: message.MessageId ?? "",
      receiptHandle: message.ReceiptHandle ?? "",
      body: message.Body ?? "",
      receiveCount: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
      sentAtMs: Number(message.Attributes?.SentTimestamp ?? 0),
    }));
  }

  /** @throws Error when SQS kept one of them; it then comes back and is done again. */
  async remove(messages: readonly QueueMessage[]): Promise<void> {
    for (let start = 0; start < messages.length; start += batchLimit) {
      const entries = messages
        .slice(start, start + batchLimit)
        .map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle }));
      const { Failed: failed = [] } = await this.#client.send(
        new DeleteMessageBatchCommand({ QueueUrl: this.#queueUrl, Entries: entries }),
      );
      if (failed.length > 0)
        throw new Error(
          `SQS kept ${failed.length} of ${entries.length} messages: ${failed[0]?.Message ?? failed[0]?.Code ?? "no reason given"}`,
        );
    }
  }

  async returnAfter({ receiptHandle, queueUrl = this.#queueUrl }: QueueMessage, seconds: number): Promise<void> {
    await this.#client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queueUrl,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: Math.round(seconds),
      }),
    );
  }

  async send(body: string, seconds: number): Promise<void> {
    await this.#client.send(new SendMessageCommand({ QueueUrl: this.#queueUrl, MessageBody: body, DelaySeconds: Math.round(seconds) }));
  }

  async bury(message: QueueMessage, reason: string): Promise<void> {
    const attributes = {
      FleetReason: { DataType: "String", StringValue: reason.slice(0, 1000) },
      FleetMessageId: { DataType: "String", StringValue: message.id },
    };
    await this.#client.send(
      new SendMessageCommand({ QueueUrl: this.#deadLetterQueueUrl, MessageBody: message.body, MessageAttributes: attributes }),
    );
  }

  async depth({ queueUrl = this.#queueUrl, deadLetterQueueUrl = this.#deadLetterQueueUrl }: QueueNames = {}): ReturnType<
    QueueDepth["depth"]
  > {
    const [queue, dead] = await Promise.all([this.#counts(queueUrl), this.#counts(deadLetterQueueUrl)]);
    return { ...queue, deadLetters: dead.visible + dead.inFlight + dead.delayed };
  }

  async #counts(queueUrl: string): Promise<{ visible: number; inFlight: number; delayed: number }> {
    const names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"] as const;
    const { Attributes: counts = {} } = await this.#client.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...names] }),
    );
    const [visible = 0, inFlight = 0, delayed = 0] = names.map((name) => Number(counts[name] ?? 0));
    return { visible, inFlight, delayed };
  }
}
