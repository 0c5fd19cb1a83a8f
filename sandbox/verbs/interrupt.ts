/**
 * Ctrl-C: the first ends the run after the steps under way, whose waits end early; the second at once. The state stays readable either way. A third,
 * or a while after the second, ends the process itself: what it started ends with it.
 */
import process from "node:process";

/** What is left to do after the second signal, even on a slow machine. */
const endMilliseconds = 20_000;
/** What a shell shows after Ctrl-C. */
export const interruptedStatus = 130;

export interface Interrupt extends Disposable {
  readonly signal: AbortSignal;
  readonly killSignal: AbortSignal;
  /** Whether a signal came. */
  readonly interrupted: () => boolean;
}

export function onInterrupt(say: (line: string) => void): Interrupt {
  const soft = new AbortController();
  const hard = new AbortController();
  const handle = (name: NodeJS.Signals) => {
    if (hard.signal.aborted) process.exit(interruptedStatus);
    if (soft.signal.aborted) {
      say(`${name} again: ending at once; the next run takes up what was under way`);
      hard.abort();
      setTimeout(() => process.exit(interruptedStatus), endMilliseconds).unref();
    } else {
      say(`${name}: no further step is started, those under way are brought to an end (once more ends at once)`);
      soft.abort();
    }
  };
  process.on("SIGINT", handle).on("SIGTERM", handle);
  return {
    signal: soft.signal,
    killSignal: hard.signal,
    interrupted: () => soft.signal.aborted,
    [Symbol.dispose]: () => {
      process.off("SIGINT", handle).off("SIGTERM", handle);
    },
  };
}
