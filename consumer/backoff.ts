/**
 * When a message that failed returns. Overload and network faults pass by themselves: 5 s, 10 s, 20 s … up to 15 min.
 * What an operator must mend (a key, a permission, an organization) is asked every 10 to 15 min, so that it goes on by
 * itself soon after it was mended.
 */
const firstDelaySeconds = 5;
const longestDelaySeconds = 900;

/**
 * Receives after which SQS moves a message to the dead-letter queue (redrive `maxReceiveCount`, at most 1,000).
 * 1,000 receives take 10 days at the longest delay and 5 days at the shortest that jitter gives: longer than any outage
 * of four days, shorter than the queue's retention of 14 days.
 */
export const maxReceiveCount = 1_000;

/** @param receiveCount how often the message was received, this time included; @param random 0 to 1. */
export function retryDelaySeconds(cause: "passing" | "operator", receiveCount: number, random: number, askedSeconds = 0): number {
  const exponent = Math.min(Math.max(receiveCount, 1) - 1, 20);
  const ceiling = cause === "operator" ? longestDelaySeconds : Math.min(longestDelaySeconds, firstDelaySeconds * 2 ** exponent);
  // Between half and all of it: spreads a crowd, and still has a floor to count on.
  const floor = cause === "operator" ? (ceiling * 2) / 3 : ceiling / 2;
  return Math.min(longestDelaySeconds, Math.max(askedSeconds, Math.round(floor + random * (ceiling - floor))));
}
