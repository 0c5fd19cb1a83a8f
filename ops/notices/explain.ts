/** What a message says, why it is where it is, and what helps. */
import { readMessage, type Ownership } from "../../consumer/message.ts";
import type { SeenMessage } from "./messages.ts";

export interface Explanation {
  readonly messageId: string;
  readonly sentAt: string;
  readonly receiveCount: number;
  readonly instanceId?: string;
  readonly group?: string;
  /** What the consumer is asked to do by it. */
  readonly asks: string;
  /** Dead letters: why it was given up. */
  readonly why?: string;
  /** Dead letters: what to do. */
  readonly advice?: string;
}

/** @param isDead it lies in the dead-letter queue */
export function explain(message: SeenMessage, ours: Ownership, isDead: boolean): Explanation {
  const request = readMessage(message.body, ours);
  const common = { messageId: message.id, sentAt: message.sentAt, receiveCount: message.receiveCount };
  const named = "instanceId" in request ? { instanceId: request.instanceId, group: request.groupName } : {};
  const dead = isDead ? { why: whyDead(message), advice: adviceFor(request.kind) } : {};
  return { ...common, ...named, asks: asksFor(request), ...dead };
}

function asksFor(request: ReturnType<typeof readMessage>): string {
  switch (request.kind) {
    case "departed":
      return `remove node and client of ${request.instanceId}${request.nodeName === undefined ? "" : `, known as ${request.nodeName}`}`;
    case "terminating":
      return `let ${request.instanceId} go on from its hook ${request.hookName}`;
    case "ignored":
      return `nothing: ${request.reason}`;
    case "malformed":
      return `nothing that can be understood: ${request.reason}`;
  }
}

/** SQS moves a message by itself after its last receive, and writes no reason. */
const whyDead = ({ reason }: SeenMessage) =>
  reason ?? "SQS moved it: the consumer failed at every receive; its log tells why, by message or instance id";

function adviceFor(kind: ReturnType<typeof readMessage>["kind"]): string {
  if (kind === "malformed" || kind === "ignored")
    return "redriving it changes nothing: find out who sends it, and discard it (notices discard --message-id …)";
  return "mend the cause, then send it back (notices redrive)";
}
