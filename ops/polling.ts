/** Asks AWS again and again for something it has begun; bad answers in between do not end the wait, expired credentials do. */
import { classify, errorName } from "./aws-calls.ts";
import { exitCodes, OpsError } from "./exit-codes.ts";
import { pauses, type Waiting } from "./waiting.ts";

export interface Polling {
  readonly waiting: Waiting;
  /** Milliseconds since 1970. */
  readonly deadline: number;
  /** One line of progress. */
  readonly say: (line: string) => void;
}

/** What a user whose wait has ended does to wait on. */
const again = "run the same command again: it waits on";

/**
 * Calls `look` until it gives something else than `undefined`.
 * @param whatGoesOn for errors, for example `instance refresh … goes on`
 * @param atDeadline makes the error when time is up; it knows what was missing
 * @param next for errors: how to wait on; absent = by the same command
 */
export async function poll<T>(
  polling: Polling,
  whatGoesOn: string,
  look: () => Promise<T | undefined>,
  atDeadline: () => Promise<OpsError>,
  next = again,
): Promise<T> {
  let lastTrouble = "";
  for (const pause of pauses()) {
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      if (error instanceof OpsError) throw error;
      lastTrouble = tolerated(polling, error, { whatGoesOn, next }, lastTrouble);
    }
    const left = polling.deadline - polling.waiting.now();
    if (left <= 0) throw await atDeadline();
    await polling.waiting.sleep(Math.min(pause, left));
  }
  throw new Error("unreachable: pauses never end");
}

/** Passes over what waiting may mend, once per kind aloud; throws for the rest. */
function tolerated(
  polling: Polling,
  error: unknown,
  { whatGoesOn, next }: { readonly whatGoesOn: string; readonly next: string },
  lastTrouble: string,
): string {
  const kind = classify(error);
  const name = errorName(error);
  if (kind === "transient") {
    if (name !== lastTrouble) polling.say(`AWS does not answer (${name}); the wait goes on`);
    return name;
  }
  const message = error instanceof Error ? error.message : String(error);
  if (kind === "expired") {
    throw new OpsError(
      exitCodes.waitEnded,
      `The credentials expired during the wait (${name}: ${message}); ${whatGoesOn}. Get new ones and ${next}.`,
      { cause: error },
    );
  }
  throw new OpsError(
    kind === "denied" ? exitCodes.denied : exitCodes.aws,
    `The wait ended because AWS answered ${name}: ${message}; ${whatGoesOn}. Correct that and ${next}.`,
    { cause: error },
  );
}
