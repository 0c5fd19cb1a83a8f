/** The edge of every command: messages, exit status, signals. */
import process from "node:process";
import { exitCodes, OpsError } from "./exit-codes.ts";
import { realWaiting, type Waiting } from "./waiting.ts";

export interface CommandContext {
  /** One line of progress, on stderr. */
  readonly say: (line: string) => void;
  readonly waiting: Waiting;
}

/** Runs `work`; a told failure prints its sentence and sets its exit status, a signal ends the wait and leaves AWS to go on. */
export async function guarded(work: (context: CommandContext) => Promise<void>): Promise<void> {
  const interrupted = new AbortController();
  const stop = (signal: NodeJS.Signals) =>
    interrupted.abort(
      new OpsError(exitCodes.waitEnded, `The wait was ended by ${signal}; what AWS has begun goes on. The same command waits on.`),
    );
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    await work({ say: (line) => console.error(line), waiting: realWaiting(interrupted.signal) });
  } catch (error) {
    if (error instanceof OpsError) {
      console.error(error.message);
      process.exitCode = error.exitCode;
    } else {
      console.error(`This is a fault of the command itself, please report it:\n${error instanceof Error ? error.stack : String(error)}`);
      process.exitCode = exitCodes.unexpected;
    }
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}
