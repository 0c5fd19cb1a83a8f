import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { stackPrefix } from "../contract/naming.ts";
import { drainCommand, drainVariable } from "../contract/state-commands.ts";
import type { DrainRequest } from "../contract/state-commands.ts";
import type { NodeCleanupArgs } from "./node-cleanup.ts";

export interface DrainGateArgs extends Pick<
  NodeCleanupArgs,
  "naming" | "account" | "notices" | "settleSeconds" | "drainTimeoutSeconds" | "roleArn"
> {
  /** The consumer that is asked what is left; absent = a worker consumes, and only the queues are asked. */
  readonly functionName: pulumi.Output<string> | undefined;
}

/** So much longer than the gate's own deadline, which says what to do, is Pulumi's, which does not. */
const marginSeconds = 120;

/**
 * Stands between consumer and groups: deleted after the last group, before anything that works its notices off. Its
 * deletion waits; creating it does nothing. A replaced queue replaces it, so that the old queue is drained first.
 */
export function createGate(name: string, args: DrainGateArgs, after: readonly pulumi.Resource[], parent: pulumi.Resource): pulumi.Resource {
  const environment = { [drainVariable]: drainRequest(args).apply((request) => JSON.stringify(request)) };
  return new command.local.Command(
    `${name}-drain-gate`,
    { create: "true", update: "true", delete: drainCommand, triggers: [args.notices.queueUrl], environment },
    { parent, dependsOn: [...after], customTimeouts: { delete: `${args.drainTimeoutSeconds + marginSeconds}s` } },
  );
}

function drainRequest({ naming, notices, account, roleArn, functionName, ...args }: DrainGateArgs): pulumi.Output<DrainRequest> {
  return pulumi
    .all([functionName, notices.queueUrl, notices.deadLetterQueueUrl, notices.deadLetterQueueArn, account.accountId])
    .apply(([consumer, queueUrl, deadLetterQueueUrl, deadLetterQueueArn, accountId]) => ({
      ...(consumer === undefined ? {} : { functionName: consumer }),
      namePrefix: stackPrefix(naming),
      queueUrl,
      deadLetterQueueUrl,
      deadLetterQueueArn,
      region: account.region,
      accountId,
      ...(roleArn === undefined ? {} : { roleArn }),
      settleSeconds: args.settleSeconds,
      timeoutSeconds: args.drainTimeoutSeconds,
    }));
}
