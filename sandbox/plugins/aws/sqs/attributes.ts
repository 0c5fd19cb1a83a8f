import { unlessCode } from "../clients.ts";
import type { Context } from "../context.ts";

const gone = ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"];

export async function queueAttributes(url: string, context: Context): Promise<Record<string, string> | undefined> {
  const answer = await unlessCode(context.aws("sqs", "GetQueueAttributes", { QueueUrl: url, AttributeNames: ["All"] }), ...gone);
  return answer && { ...answer.Attributes };
}

export async function setQueueAttributes(url: string, attributes: Readonly<Record<string, unknown>>, context: Context): Promise<void> {
  if (Object.keys(attributes).length > 0) await context.aws("sqs", "SetQueueAttributes", { QueueUrl: url, Attributes: attributes });
}

/** For deletions: a queue that is gone has nothing left to take away. */
export async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  return unlessCode(answer, ...gone);
}
