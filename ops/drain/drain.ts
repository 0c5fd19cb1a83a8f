/** The drain gate: waits until nothing of the stack is left in the queue or in Chef. */
import type { RemainingAnswer } from "../../contract/node-cleanup.ts";
import type { DrainRequest } from "../../contract/state-commands.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { pauses, seconds, type Waiting } from "../waiting.ts";

/** `FLEET_DRAIN=skip` opens the gate at once: the way out when the Chef server is gone for good. */
export const skipVariable = "FLEET_DRAIN";

export interface DrainPorts {
  /** Asks what is left; rejects when there is no answer. */
  readonly remaining: () => Promise<RemainingAnswer>;
  readonly waiting: Waiting;
  readonly say: (line: string) => void;
  readonly skip: boolean;
}

/**
 * Passes when messages and nodes were zero for the settle time without a break.
 * @throws OpsError `failed` for dead letters, `waitEnded` at the deadline; each says what to do, and nothing is lost.
 */
export async function drain(request: DrainRequest, { remaining, waiting, say, skip }: DrainPorts): Promise<void> {
  if (skip) {
    say(
      `${skipVariable}=skip: the gate opens without a look; nodes of instances that just went may stay in Chef (npm run ops -- reconcile finds them)`,
    );
    return;
  }
  const startedMs = waiting.now();
  let emptySinceMs: number | undefined;
  let last = "nothing was heard yet";
  for (const pauseMs of pauses()) {
    const answer = await remaining().catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
    if (!(answer instanceof Error) && answer.deadLetters > 0) throw deadLetters(request, answer.deadLetters);
    const busy = answer instanceof Error ? `the consumer does not answer: ${answer.message}` : leftOver(answer);
    if (busy === undefined) emptySinceMs ??= waiting.now();
    else emptySinceMs = undefined;
    if (busy !== last && busy !== undefined) say(busy);
    last = busy ?? last;
    if (emptySinceMs !== undefined && waiting.now() - emptySinceMs >= request.settleSeconds * 1000) {
      say(`nothing is left in ${placeOf(request)}, for ${request.settleSeconds} s`);
      return;
    }
    if (waiting.now() - startedMs >= request.timeoutSeconds * 1000) throw timedOut(request, last);
    await waiting.sleep(Math.min(pauseMs, request.settleSeconds * 1000));
  }
}

/** A worker's gate sees only the queue. */
const placeOf = ({ functionName }: DrainRequest) => (functionName === undefined ? "the queue" : "the queue or in Chef");

function leftOver({ visible, inFlight, delayed, nodes }: RemainingAnswer): string | undefined {
  const messages = visible + inFlight + delayed;
  if (messages === 0 && nodes.length === 0) return undefined;
  const named = nodes.length === 0 ? "" : ` (${nodes.slice(0, 3).join(", ")}${nodes.length > 3 ? " …" : ""})`;
  return `${messages} messages in the queue, ${nodes.length} nodes in Chef${named}`;
}

function deadLetters({ queueUrl, deadLetterQueueUrl, deadLetterQueueArn, region }: DrainRequest, count: number): OpsError {
  const queueArn = deadLetterQueueArn.replace(/[^:]+$/, queueUrl.split("/").at(-1) ?? "");
  return new OpsError(
    exitCodes.failed,
    `${count} dead letters wait in ${deadLetterQueueUrl}: their nodes are still in Chef. Look at them ("npm run ops -- notices explain"), mend the cause, ` +
      `send them back ("npm run ops -- notices redrive", or "aws sqs start-message-move-task --region ${region} --source-arn ${deadLetterQueueArn} ` +
      `--destination-arn ${queueArn}"), and run the same Pulumi command again. Nothing is lost, and nothing of the clean-up was deleted yet.`,
  );
}

function timedOut({ timeoutSeconds, queueUrl }: DrainRequest, last: string): OpsError {
  return new OpsError(
    exitCodes.waitEnded,
    `The stack did not drain within ${seconds(timeoutSeconds * 1000)}: ${last}. The messages stay in ${queueUrl} and the consumer goes on. ` +
      `Mend what stops it (its log and the alarm on age tell), then run the same Pulumi command again; ` +
      `or, if the Chef server is gone for good, run it with ${skipVariable}=skip.`,
  );
}
