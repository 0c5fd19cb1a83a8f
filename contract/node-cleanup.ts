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

/** Payload of an Invoke that asks the reconciler for a run; a scheduled event is another. What is absent is as the settings have it. */
export interface ReconcileQuestion {
  readonly fleet: "reconcile";
  /** `false` deletes. */
  readonly dryRun: boolean;
  readonly minAgeSeconds?: number;
  readonly maxDeletions?: number;
  /** Whether clients go that are named like an instance and have no node; for an organization of this account and region alone. */
  readonly clientsWithoutNode?: boolean;
}
