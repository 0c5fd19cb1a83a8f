/** Every call to AWS ends: 3 s to connect, 10 s for the answer, five tries with the SDK's back-off. */
export const clientOptions = {
  maxAttempts: 5,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000 },
} as const;

/** Receiving waits up to 20 s for messages (long polling), so its answer may take longer. */
export const longPollOptions = {
  maxAttempts: 5,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 30_000 },
} as const;
