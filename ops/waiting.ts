/** Waiting with a limit, as a port, so that tests need no real time. */
export interface Waiting {
  /** Milliseconds since 1970. */
  now(): number;
  /** Rejects with the signal's reason when it is aborted meanwhile. */
  sleep(milliseconds: number): Promise<void>;
}

export function realWaiting(signal?: AbortSignal): Waiting {
  return {
    now: () => Date.now(),
    sleep: (milliseconds) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const abort = () => {
          clearTimeout(timer);
          reject(signal?.reason as Error);
        };
        const timer = setTimeout(() => {
          signal?.removeEventListener("abort", abort);
          resolve();
        }, milliseconds);
        signal?.addEventListener("abort", abort, { once: true });
      }),
  };
}

/**
 * Pauses between polls: 1 s at first, so that what is quick is seen quickly, growing to 3 s: what ends is seen at most that
 * late, and twenty calls a minute stay far from the API's rate limits.
 */
export function* pauses(): Generator<number, never> {
  for (let milliseconds = 1_000; ; milliseconds = Math.min(3_000, milliseconds * 1.3)) yield Math.round(milliseconds);
}

export const seconds = (milliseconds: number): string => `${Math.round(milliseconds / 1000)} s`;
