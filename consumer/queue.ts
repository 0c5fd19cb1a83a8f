import type { RemainingAnswer, RemainingQuestion } from "../contract/node-cleanup.ts";
import type { Outcome } from "./outcome.ts";

export interface QueueMessage {
  readonly id: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** How often it was received, this time included. */
  readonly receiveCount: number;
  /** Milliseconds since 1970. */
  readonly sentAtMs: number;
  /** The queue that it came from, when that is not the consumer's own: one that was replaced and is drained. */
  readonly queueUrl?: string;
}

/** SQS takes and brings at most ten messages a call. */
export const batchLimit = 10;

/** The part of SQS that the consumer needs. Every call may fail; none of them loses a message when it does. */
export interface QueuePort {
  /** Waits up to `waitSeconds` for at most `count` messages (1 to 10). */
  receive(count: number, waitSeconds: number, signal: AbortSignal): Promise<QueueMessage[]>;
  remove(messages: readonly QueueMessage[]): Promise<void>;
  /** Lets the message return after `seconds` (0 to 43,200) from now. */
  returnAfter(message: QueueMessage, seconds: number): Promise<void>;
  /** Puts a new message into the queue, visible after `seconds` (0 to 900). */
  send(body: string, seconds: number): Promise<void>;
  /** Puts a copy into the dead-letter queue, with the reason as an attribute. */
  bury(message: QueueMessage, reason: string): Promise<void>;
}

/** Queues by address; absent = the consumer's own. */
export type QueueNames = Pick<RemainingQuestion, "queueUrl" | "deadLetterQueueUrl">;

/** How much is left; SQS counts approximately and lags by up to a minute. */
export interface QueueDepth {
  depth(of?: QueueNames): Promise<Omit<RemainingAnswer, "nodes">>;
}

/** What the shell does with the message itself after its outcome was carried out. */
export type Disposition = "delete" | "keep";

/**
 * Carries out what an outcome means for the queue. The new message of a replacement and the copy of a dead letter are
 * there before the original goes: a crash in between makes a duplicate, never a loss.
 */
export async function settle(message: QueueMessage, outcome: Outcome, queue: QueuePort): Promise<Disposition> {
  if (outcome.kind === "retry") {
    await queue.returnAfter(message, outcome.delaySeconds);
    return "keep";
  }
  if (outcome.kind === "resolved") await queue.send(outcome.replacement, 0);
  if (outcome.kind === "give-up") await queue.bury(message, outcome.reason);
  return "delete";
}
