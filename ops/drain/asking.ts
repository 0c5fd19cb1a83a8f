/** What the gate asks: the deployed function where there is one, else the queues themselves. */
import { AutoScalingClient, paginateDescribeAutoScalingGroups } from "@aws-sdk/client-auto-scaling";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { SQSClient } from "@aws-sdk/client-sqs";
import { SqsQueue } from "../../consumer/aws/queue.ts";
import type { RemainingAnswer, RemainingQuestion } from "../../contract/node-cleanup.ts";
import type { DrainRequest } from "../../contract/state-commands.ts";
import type { AwsSession } from "../account.ts";
import { calling } from "../aws-calls.ts";

/** Where the question goes. */
export type RemainingPlace = Pick<DrainRequest, "functionName" | "namePrefix" | "queueUrl" | "deadLetterQueueUrl">;

/**
 * Asks once what is left. Nodes count only when the stack has no group any more: while one stands (a queue was replaced,
 * or the consumer is taken out of the settings), its nodes are where they belong.
 */
export function asking(request: RemainingPlace, { clientArguments }: AwsSession): () => Promise<RemainingAnswer> {
  const { functionName, queueUrl, deadLetterQueueUrl, namePrefix } = request;
  if (functionName === undefined) {
    const queue = new SqsQueue(new SQSClient(clientArguments), queueUrl, deadLetterQueueUrl);
    return async () => ({ ...(await calling(`GetQueueAttributes of ${queueUrl}`, () => queue.depth())), nodes: [] });
  }
  const lambda = new LambdaClient(clientArguments);
  const autoScaling = new AutoScalingClient(clientArguments);
  return async () => {
    const answer = await invoke(lambda, functionName, { fleet: "remaining", queueUrl, deadLetterQueueUrl });
    const isExpected = answer.nodes.length > 0 && namePrefix !== undefined && (await hasGroup(autoScaling, namePrefix));
    return isExpected ? { ...answer, nodes: [] } : answer;
  };
}

/** A function that fails answers with its error in the payload. */
async function invoke(client: LambdaClient, functionName: string, question: RemainingQuestion): Promise<RemainingAnswer> {
  const answer = await calling(`Invoke of ${functionName}`, () =>
    client.send(new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(question)) })),
  );
  const text = Buffer.from(answer.Payload ?? []).toString();
  if (answer.FunctionError !== undefined) throw new Error(`${functionName} failed: ${text.slice(0, 500)}`);
  return JSON.parse(text) as RemainingAnswer;
}

async function hasGroup(client: AutoScalingClient, namePrefix: string): Promise<boolean> {
  return calling("DescribeAutoScalingGroups", async () => {
    for await (const { AutoScalingGroups: groups = [] } of paginateDescribeAutoScalingGroups({ client }, {})) {
      // A group has a status only while it is being deleted.
      if (groups.some(({ AutoScalingGroupName: name, Status: status }) => name?.startsWith(`${namePrefix}-`) && status === undefined)) {
        return true;
      }
    }
    return false;
  });
}
