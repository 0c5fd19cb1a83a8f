/** What the drain gate asks the deployed consumer function, and its answer. */

/** Payload of an Invoke that asks what is left; anything else is a batch of SQS messages. */
export interface RemainingQuestion {
  readonly fleet: "remaining";
  /** The queues that are asked about: when a queue is replaced, the old one, while the function works on the new one already. Absent = the function's own. */
  readonly queueUrl?: string;
  readonly deadLetterQueueUrl?: string;
}

export interface RemainingAnswer {
  /** Messages in the queue: visible, in flight and delayed. SQS counts approximately. */
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  /** Messages in the dead-letter queue. */
  readonly deadLetters: number;
  /** Names of Chef nodes of the stack that are still there, 20 at most. */
  readonly nodes: readonly string[];
}

/** Chef attribute that boot gives a node: the prefix of its fleet, `normal.fleet.prefix`. */
export const nodePrefixAttribute = "fleet_prefix";
