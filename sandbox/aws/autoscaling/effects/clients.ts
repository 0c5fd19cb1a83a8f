/** SDK clients that reach the parties behind the endpoint, and what their failures mean. */
import { PartyAway } from "./performer.ts";

/** A launch of a hundred instances takes the emulator half a second; a minute means that it hangs. */
const requestTimeoutMs = 60_000;
const connectionTimeoutMs = 2000;

/** Options of every client. Nothing is repeated by the client itself: a repeated RunInstances would launch twice. */
export const clientOptions = {
  maxAttempts: 1,
  requestHandler: { requestTimeout: requestTimeoutMs, connectionTimeout: connectionTimeoutMs },
};

/** The service's own error code, or undefined when there was no answer from it. */
export function errorCode(error: unknown): string | undefined {
  const status = (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode;
  return error instanceof Error && status !== undefined && status < 500 ? error.name : undefined;
}

export const messageOf = (error: unknown) => (error instanceof Error ? error.message || error.name : String(error));

/** Turns the lack of an answer into PartyAway; a refusal stays what it is. */
export async function orAway<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    if (errorCode(error) !== undefined) throw error;
    throw new PartyAway(messageOf(error), { cause: error });
  }
}

export function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}
