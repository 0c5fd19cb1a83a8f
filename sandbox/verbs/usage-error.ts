/** What a caller of the sandbox's commands got wrong, told in a sentence; exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
