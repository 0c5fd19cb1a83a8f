/** `drain --v1`: what a destroy runs before the consumer goes; the request is in the environment, what happens goes to stderr. */
import process from "node:process";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { remainingQuestion, type RemainingAnswer } from "../../contract/node-cleanup.ts";
import { drainVariable, type DrainRequest } from "../../contract/state-commands.ts";
import { openSession } from "../account.ts";
import { calling } from "../aws-calls.ts";
import { drain, skipVariable } from "../drain/drain.ts";
import { parseDrainRequest } from "../drain/request.ts";
import { guarded } from "../process.ts";

/** Asks the deployed function. A function that fails answers with its error in the payload. */
async function ask(client: LambdaClient, { functionName }: DrainRequest): Promise<RemainingAnswer> {
  const answer = await calling(`Invoke of ${functionName}`, () =>
    client.send(new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(remainingQuestion)) })),
  );
  const text = Buffer.from(answer.Payload ?? []).toString();
  if (answer.FunctionError !== undefined) throw new Error(`${functionName} failed: ${text.slice(0, 500)}`);
  return JSON.parse(text) as RemainingAnswer;
}

export const run = () =>
  guarded(async ({ say, waiting }) => {
    const request = parseDrainRequest(process.env[drainVariable]);
    const skip = process.env[skipVariable] === "skip";
    const session = skip ? undefined : await openSession(request);
    const client = new LambdaClient(session?.clientArguments ?? { region: request.region });
    await drain(request, { remaining: () => ask(client, request), waiting, say, skip });
  });
