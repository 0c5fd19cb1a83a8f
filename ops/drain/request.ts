/** What a drain request may hold. */
import { drainVariable, type DrainRequest } from "../../contract/state-commands.ts";
import { parseRequest, text, whole, type RequestShape } from "../request.ts";

const queueUrl = text(/^https?:\/\/[^/\s]+\/\d{12}\/[A-Za-z0-9_-]{1,80}$/, "the address of an SQS queue");

const required: RequestShape["required"] = {
  queueUrl,
  deadLetterQueueUrl: queueUrl,
  deadLetterQueueArn: text(/^arn:[a-z-]+:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,80}$/, "the ARN of an SQS queue"),
  region: text(/^[a-z]{2}(-[a-z]+)+-\d$/, "an AWS region"),
  accountId: text(/^\d{12}$/, "an account id of twelve digits"),
  settleSeconds: whole(0, 3_600),
  timeoutSeconds: whole(1, 86_400),
};

const optional: RequestShape["optional"] = {
  functionName: text(/^[A-Za-z0-9_-]{1,64}$/, "the name of a function"),
  namePrefix: text(/^[a-z0-9][a-z0-9-]*$/, "the beginning of the groups' names"),
  roleArn: text(/^arn:[a-z-]+:iam::\d{12}:role\/.+$/, "the ARN of a role"),
};

/** @throws OpsError `usage` that lists every fault */
export function parseDrainRequest(json: string | undefined): DrainRequest {
  return parseRequest(json, { variable: drainVariable, asksFor: "a drain", required, optional }) as DrainRequest;
}
