/** What the exit status of every verb means; `docs/ops.md` has the same table, held equal by a test. */
export const exitCodes = {
  done: 0,
  /** A bug of ours, or a failure that fits none of the others. */
  unexpected: 1,
  /** An argument, a settings file or a stack's output is missing or wrong; nothing was changed. */
  usage: 2,
  /** Account, region or permissions are not the expected ones; nothing was changed. */
  denied: 3,
  /** What was asked for was begun and failed. */
  failed: 4,
  /** Not begun, because something stands against it: it failed before, or another one is running. */
  refused: 5,
  /** The wait ended (deadline, expired credentials), what was begun goes on; the same command waits on. */
  waitEnded: 6,
  /** AWS did not answer, or answered with an error that trying again did not mend. */
  aws: 7,
  /** Nothing, or more than one thing, fits where exactly one must. */
  notExactlyOne: 8,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A failure told to the user in a sentence: what was wrong, what is allowed, what to do next. */
export class OpsError extends Error {
  override readonly name = "OpsError";
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
