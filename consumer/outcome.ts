/** What became of one message. The shells turn it into a deletion, a later return, or a dead letter. */
export type Outcome =
  /** The instance's node or client was there and is gone now. */
  | { readonly kind: "removed"; readonly instanceId: string; readonly nodeName: string; readonly node: boolean; readonly client: boolean }
  /**
   * The node's name was looked up and nothing is deleted yet: `replacement` takes the message's place and carries the
   * name, because once the node is gone nothing could find its client again.
   */
  | { readonly kind: "resolved"; readonly instanceId: string; readonly nodeName: string; readonly replacement: string }
  /** Neither was there any more. */
  | { readonly kind: "gone"; readonly instanceId: string; readonly nodeName: string | undefined }
  /** A terminating hook's action was completed, or needs completing no more. */
  | { readonly kind: "released"; readonly instanceId: string }
  | { readonly kind: "ignored"; readonly reason: string }
  | Retry
  /** Cannot succeed: goes to the dead-letter queue with its reason. */
  | { readonly kind: "give-up"; readonly instanceId: string | undefined; readonly reason: string };

export interface Retry {
  readonly kind: "retry";
  readonly instanceId: string;
  readonly reason: string;
  /** `passing` heals by itself; `operator` waits for a person. */
  readonly cause: "passing" | "operator";
  /** When the message should return. */
  readonly delaySeconds: number;
}

/** Outcomes after which the message is deleted. */
export function isDone(outcome: Outcome): boolean {
  return outcome.kind !== "retry" && outcome.kind !== "give-up";
}
