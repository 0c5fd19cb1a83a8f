import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { stackPrefix } from "../contract/naming.ts";
import type { NamingInputs } from "../contract/naming.ts";
import { drainCommand, drainVariable } from "../contract/state-commands.ts";
import type { DrainRequest } from "../contract/state-commands.ts";
import type { Account } from "./account.ts";

export interface DrainGateArgs {
  readonly naming: NamingInputs;
  readonly account: Account;
  readonly notices: DrainedQueues;
  /** Seconds for which nothing may be left before the gate opens. */
  readonly settleSeconds: number;
  /** Seconds after which the gate fails. */
  readonly drainTimeoutSeconds: number;
  /** Role that the gate takes on; absent = the caller's own. */
  readonly roleArn?: string | undefined;
  /** The consumer that is asked what is left; absent = a worker consumes, and only the queues are asked. */
  readonly functionName: pulumi.Output<string> | undefined;
}

/** What must be empty before the gate opens. */
export interface DrainedQueues {
  readonly queueUrl: pulumi.Input<string>;
  readonly deadLetterQueueUrl: pulumi.Input<string>;
  readonly deadLetterQueueArn: pulumi.Input<string>;
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
