import { setTimeout as sleep } from "node:timers/promises";

/** A step's time. */
export class Deadline {
  readonly limitSeconds: number;
  /** For single requests: fires when nobody hears the answer any more, or the limit has passed. */
  readonly signal: AbortSignal;
  /** For waits: fires also when the engine cancels. */
  readonly patience: AbortSignal;
  constructor(limitSeconds: number, { signal, lost }: { readonly signal: AbortSignal; readonly lost: AbortSignal }) {
    this.limitSeconds = limitSeconds;
    this.signal = AbortSignal.any([lost, AbortSignal.timeout(limitSeconds * 1000)]);
    this.patience = AbortSignal.any([signal, this.signal]);
  }

  /** Throws what ended the step, when it has ended. `what` was under way then. */
  throwIfOver(what: string): void {
    if (!this.signal.aborted) return;
    const reason: unknown = this.signal.reason;
    if (!(reason instanceof DOMException) || reason.name !== "TimeoutError") throw reason;
    throw new Error(`${what} had no answer when the step's limit of ${this.limitSeconds} s had passed; customTimeouts sets another limit`);
  }
}

/** First pause between two looks; a local AWS is done in a moment. */
const firstPauseMilliseconds = 200;
/** Longest pause: what a change may be seen late by. */
const lastPauseMilliseconds = 2_000;

export class WaitTimeout extends Error {}

/**
 * Looks until `probe` gives something, with pauses that grow by half from 0.2 to 2 seconds. `what` and the last `progress`
 * stand in the error when the limit passes.
 */
export async function waitFor<T>(
  what: string,
  deadline: Deadline,
  probe: () => Promise<T | undefined>,
  progress?: () => string,
  limitSeconds: number = deadline.limitSeconds,
): Promise<T> {
  const ends = performance.now() + limitSeconds * 1000;
  for (let pause = firstPauseMilliseconds; ; pause = Math.min(pause * 1.5, lastPauseMilliseconds)) {
    let found: T | undefined;
    try {
      found = await probe();
      if (found !== undefined) return found;
      if (performance.now() + pause > ends) throw timedOut(what, limitSeconds, progress);
      await sleep(pause, undefined, { signal: deadline.patience });
    } catch (error) {
      const { aborted, reason } = deadline.patience as { aborted: boolean; reason?: { name?: string; message?: string } };
      if (!aborted) throw error;
      if (reason?.name === "TimeoutError") throw timedOut(what, deadline.limitSeconds, progress);
      throw new Error(`gave up waiting until ${what}: ${reason?.message ?? "cancelled"}`, { cause: error });
    }
  }
}

function timedOut(what: string, seconds: number, progress: (() => string) | undefined): WaitTimeout {
  const last = progress?.();
  return new WaitTimeout(`waited ${seconds} s until ${what}, in vain${last ? `; last seen: ${last}` : ""}`);
}

/** Seconds of a Go duration such as `10m`, `90s`, `1h30m` or `0`; undefined when it is none. */
export function durationSeconds(text: string): number | undefined {
  if (text === "0") return 0;
  const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ""] ?? 0),
    0,
  );
}
