/** A run of the deployed reconciler: it has the network, the key and the role. */
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { ReconcileReport } from "../../consumer/reconcile/run.ts";
import type { ReconcileQuestion } from "../../contract/node-cleanup.ts";
import type { AwsSession } from "../account.ts";
import { calling } from "../aws-calls.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";

/** The longest that Lambda runs a function, 15 minutes, and the way there and back. */
const requestTimeoutMs = 15 * 60_000 + 30_000;

/** @throws OpsError `failed` with what the function says */
export async function invokeReconciler(
  { clientArguments }: AwsSession,
  functionName: string,
  question: ReconcileQuestion,
): Promise<ReconcileReport> {
  const requestHandler = { ...clientArguments.requestHandler, requestTimeout: requestTimeoutMs };
  // Once: a second try would run beside the first.
  const client = new LambdaClient({ ...clientArguments, requestHandler, maxAttempts: 1 });
  const answer = await calling(`Invoke of ${functionName}`, () =>
    client.send(new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(question)) })),
  );
  const text = Buffer.from(answer.Payload ?? []).toString();
  if (answer.FunctionError === undefined) return JSON.parse(text) as ReconcileReport;
  const { errorMessage = text.slice(0, 500) } = JSON.parse(text) as { readonly errorMessage?: string };
  throw new OpsError(exitCodes.failed, `${functionName} failed: ${errorMessage}. Mend that and run the same command again.`);
}
