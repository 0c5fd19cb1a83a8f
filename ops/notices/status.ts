/** What `ops status` tells of the notices: how many wait, how many were given up, and whether something works them off. */
import { LambdaClient, ListEventSourceMappingsCommand } from "@aws-sdk/client-lambda";
import { SQSClient } from "@aws-sdk/client-sqs";
import { SqsQueue } from "../../consumer/aws/queue.ts";
import type { FleetOutput } from "../../contract/fleets-output.ts";
import type { AwsSession } from "../account.ts";
import { calling } from "../aws-calls.ts";

export interface NoticesStatus {
  /** Messages; SQS counts approximately. */
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  readonly deadLetters: number;
  readonly consumer: "lambda" | "worker" | "none";
  /** State of the mapping that feeds the function: `Enabled` when it works. */
  readonly mapping?: string;
}

export async function noticesStatus(
  { notices, cleanup }: Pick<FleetOutput, "notices" | "cleanup">,
  { clientArguments }: AwsSession,
): Promise<NoticesStatus> {
  const { queueUrl, queueArn, deadLetterQueueUrl } = notices;
  const queue = new SqsQueue(new SQSClient(clientArguments), queueUrl, deadLetterQueueUrl);
  const depth = await calling(`GetQueueAttributes of ${queueUrl}`, () => queue.depth());
  const functionName = cleanup?.functionName;
  if (functionName === undefined) return { ...depth, consumer: cleanup === undefined ? "none" : "worker" };
  const input = { FunctionName: functionName, EventSourceArn: queueArn };
  const { EventSourceMappings: [mapping] = [] } = await calling(`ListEventSourceMappings of ${functionName}`, () =>
    new LambdaClient(clientArguments).send(new ListEventSourceMappingsCommand(input)),
  );
  return { ...depth, consumer: "lambda", mapping: mapping?.State ?? "missing" };
}

export function noticesLine({ visible, inFlight, delayed, deadLetters, consumer, mapping }: NoticesStatus): string {
  const letters = deadLetters === 0 ? "no dead letters" : `${deadLetters} DEAD LETTERS (ops notices explain)`;
  const who = { lambda: `a function, its mapping ${mapping ?? ""}`, worker: "a worker outside of the stack", none: "nobody" }[consumer];
  return `notices: ${visible} waiting, ${inFlight} in work, ${delayed} delayed, ${letters}; consumed by ${who}`;
}
