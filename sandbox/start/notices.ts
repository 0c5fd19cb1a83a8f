/** Reads a stack's queue of notices without taking anything out of it. */
import { ChangeMessageVisibilityBatchCommand, ReceiveMessageCommand, SQSClient, type Message } from "@aws-sdk/client-sqs";
import { noticeEvents, type InstanceNotice, type Notice } from "../../contract/notices.ts";
import type { LocalAws } from "../aws/lifetime.ts";
import { localClient } from "./fleet.ts";

/** Long enough that one message is not handed out twice while the queue is searched. */
const visibilitySeconds = 30;
/** SQS's own limits. */
const batchSize = 10;

function noticeOf(message: Message): Notice | undefined {
  try {
    const body = JSON.parse(message.Body ?? "") as { readonly Message?: string };
    return (typeof body.Message === "string" ? JSON.parse(body.Message) : body) as Notice;
  } catch {
    return undefined;
  }
}

export class NoticeQueue {
  readonly #client: SQSClient;
  readonly #url: string;
  readonly #taken: Message[] = [];

  constructor(aws: LocalAws, url: string) {
    this.#client = new SQSClient(localClient(aws));
    this.#url = url;
  }

  /** The terminate notice of `instanceId` among the messages that are visible now. */
  async terminateNotice(instanceId: string): Promise<InstanceNotice | undefined> {
    const { Messages = [] } = await this.#client.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#url,
        MaxNumberOfMessages: batchSize,
        VisibilityTimeout: visibilitySeconds,
        WaitTimeSeconds: 0,
      }),
    );
    this.#taken.push(...Messages);
    for (const message of Messages) {
      const notice = noticeOf(message);
      if (notice?.Event === noticeEvents.terminate && notice.EC2InstanceId === instanceId) return notice;
    }
    return undefined;
  }

  /** Makes everything visible again that was looked at. */
  async handBack(): Promise<void> {
    for (let start = 0; start < this.#taken.length; start += batchSize) {
      const entries = this.#taken
        .slice(start, start + batchSize)
        .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle: ReceiptHandle ?? "", VisibilityTimeout: 0 }));
      await this.#client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.#url, Entries: entries }));
    }
    this.#taken.length = 0;
  }
}
