/**
 * Which messages of a batch may be deleted after a function has seen them.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */

export interface BatchOutcome {
  /** Messages that were processed. */
  readonly done: readonly string[];
  /** Why messages stay in the queue; undefined when all were processed. */
  readonly problem: string | undefined;
}

/**
 * @param messageIds of the batch. @param reportsFailures `ReportBatchItemFailures` is set. @param failed the function ended with an error.
 * An answer that cannot be understood, or that names a message outside the batch, fails the whole batch.
 */
export function batchOutcome(messageIds: readonly string[], reportsFailures: boolean, failed: boolean, payload: string): BatchOutcome {
  if (failed) return { done: [], problem: "PROBLEM: Function call failed" };
  if (!reportsFailures) return { done: messageIds, problem: undefined };
  const failures = failedIds(payload);
  const isWhole = failures === undefined || failures.some((id) => typeof id !== "string" || !messageIds.includes(id));
  if (isWhole) return { done: [], problem: "PROBLEM: The function's answer is not a list of batch item failures" };
  if (failures.length === 0) return { done: messageIds, problem: undefined };
  return {
    done: messageIds.filter((id) => !failures.includes(id)),
    problem: `OK: ${failures.length} of ${messageIds.length} messages failed`,
  };
}

/** Undefined for an answer that is not understood; nothing, null and an empty object are a success. */
function failedIds(payload: string): unknown[] | undefined {
  let answer: unknown;
  try {
    answer = payload === "" ? null : JSON.parse(payload);
  } catch {
    return undefined;
  }
  if (answer === null || answer === undefined) return [];
  if (typeof answer !== "object") return undefined;
  const { batchItemFailures: failures } = answer as { readonly batchItemFailures?: unknown };
  if (failures === undefined || failures === null) return [];
  if (!Array.isArray(failures)) return undefined;
  return failures.map((failure: unknown) =>
    typeof failure === "object" && failure !== null ? (failure as { readonly itemIdentifier?: unknown }).itemIdentifier : undefined,
  );
}
