/** Looking at a queue's messages and handing them back. */
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type Message,
} from "@aws-sdk/client-sqs";
import { calling } from "../aws-calls.ts";
import type { AwsSession } from "../account.ts";

export interface SeenMessage {
  readonly id: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** How often it was received, this look included. */
  readonly receiveCount: number;
  /** ISO 8601, UTC. */
  readonly sentAt: string;
  /** Why the consumer gave it up; absent when SQS moved it after its last receive. */
  readonly reason?: string;
}

/** As long as a look at 1,000 messages may take; what is not handed back comes back after it. */
const hiddenSeconds = 60;
/** SQS's own limit of a call. */
const batchSize = 10;
/** A receive that finds nothing may have asked too few of SQS's servers; long polling asks all of them. */
const waitSeconds = 1;

export class QueueLook {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor({ clientArguments }: AwsSession, queueUrl: string) {
    this.#client = new SQSClient(clientArguments);
    this.#queueUrl = queueUrl;
  }

  /** Visible messages, `limit` at most; they stay hidden until `handBack`, or for a minute. */
  async take(limit: number): Promise<SeenMessage[]> {
    const seen = new Map<string, SeenMessage>();
    while (seen.size < limit) {
      const input = {
        QueueUrl: this.#queueUrl,
        MaxNumberOfMessages: Math.min(batchSize, limit - seen.size),
        VisibilityTimeout: hiddenSeconds,
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ["ApproximateReceiveCount", "SentTimestamp"] as ("ApproximateReceiveCount" | "SentTimestamp")[],
        MessageAttributeNames: ["FleetReason"],
      };
      const { Messages: messages = [] } = await calling(`ReceiveMessage of ${this.#queueUrl}`, () =>
        this.#client.send(new ReceiveMessageCommand(input)),
      );
      if (messages.length === 0) break;
      for (const message of messages) seen.set(message.MessageId ?? "", seenMessage(message));
    }
    return [...seen.values()];
  }

  async handBack(messages: readonly SeenMessage[]): Promise<void> {
    for (let start = 0; start < messages.length; start += batchSize) {
      const entries = messages
        .slice(start, start + batchSize)
        .map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle, VisibilityTimeout: 0 }));
      await this.#client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.#queueUrl, Entries: entries }));
    }
  }

  async send(body: string): Promise<void> {
    await calling(`SendMessage to ${this.#queueUrl}`, () =>
      this.#client.send(new SendMessageCommand({ QueueUrl: this.#queueUrl, MessageBody: body })),
    );
  }

  async delete({ receiptHandle }: SeenMessage): Promise<void> {
    await calling(`DeleteMessage of ${this.#queueUrl}`, () =>
      this.#client.send(new DeleteMessageCommand({ QueueUrl: this.#queueUrl, ReceiptHandle: receiptHandle })),
    );
  }
}

function seenMessage(message: Message): SeenMessage {
  const reason = message.MessageAttributes?.["FleetReason"]?.StringValue;
  return {
    id: message.MessageId ?? "",
    receiptHandle: message.ReceiptHandle ?? "",
    body: message.Body ?? "",
    receiveCount: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
    sentAt: new Date(Number(message.Attributes?.SentTimestamp ?? 0)).toISOString(),
    ...(reason === undefined ? {} : { reason }),
  };
}
