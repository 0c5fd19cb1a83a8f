/** Dead letters back into their queue, or away. */
import { exitCodes, OpsError } from "../exit-codes.ts";
import type { QueueLook, SeenMessage } from "./messages.ts";

/** More than anybody looks through by hand; a redrive of more is done again. */
export const takeAtMost = 1_000;

/** The dead letters that are asked for, by id; all when none is named. @throws OpsError `notExactlyOne` for an id that is not there. */
export function chosen(found: readonly SeenMessage[], ids: readonly string[]): readonly SeenMessage[] {
  const missing = ids.filter((id) => !found.some((one) => one.id === id));
  if (missing.length > 0) {
    const there = found.length === 0 ? "none" : found.map(({ id }) => id).join(", ");
    throw new OpsError(exitCodes.notExactlyOne, `--message-id ${missing.join(", ")} is no visible dead letter; there are: ${there}.`);
  }
  return ids.length === 0 ? found : found.filter(({ id }) => ids.includes(id));
}

/**
 * The copy is in the queue before the dead letter goes: what ends this in between makes a duplicate, which does no
 * harm, and never a loss. (SQS's own StartMessageMoveTask knows no origin of messages that a consumer put there itself.)
 */
export async function redrive(
  messages: readonly SeenMessage[],
  from: Pick<QueueLook, "delete">,
  to: Pick<QueueLook, "send">,
): Promise<void> {
  for (const message of messages) {
    await to.send(message.body);
    await from.delete(message);
  }
}
