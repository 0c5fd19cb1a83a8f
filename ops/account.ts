/** Whose account is acted in: checked before the first call that matters. */
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { FleetOutput } from "../contract/fleets-output.ts";
import { calling, clientArguments } from "./aws-calls.ts";
import { exitCodes, OpsError } from "./exit-codes.ts";

export interface AwsSession {
  /** For the constructor of any SDK client. */
  readonly clientArguments: ReturnType<typeof clientArguments> & { readonly credentials?: () => Promise<SessionCredentials> };
  /** Twelve digits. */
  readonly accountId: string;
}

export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

export interface AccountExpectation {
  readonly region: string;
  /** Twelve digits; absent = any, or one of `allowedAccountIds`. */
  readonly accountId?: string;
  readonly allowedAccountIds?: readonly string[];
  /** Role to take on; absent = the caller's own credentials. */
  readonly roleArn?: string;
}

/**
 * A session in the expected account.
 * @throws OpsError `denied` when the credentials belong to another account.
 */
export async function openSession(expected: AccountExpectation): Promise<AwsSession> {
  const own = clientArguments(expected.region);
  const { roleArn } = expected;
  const args = roleArn === undefined ? own : { ...own, credentials: () => assume(roleArn, expected.region) };
  const identity = await calling(`GetCallerIdentity in ${expected.region}`, () =>
    new STSClient(args).send(new GetCallerIdentityCommand({})),
  );
  const accountId = identity.Account ?? "";
  const allowed = expected.accountId === undefined ? expected.allowedAccountIds : [expected.accountId];
  if (allowed !== undefined && !allowed.includes(accountId)) {
    throw new OpsError(
      exitCodes.denied,
      `These credentials (${identity.Arn ?? "unknown"}) belong to account ${accountId}, the stack to ${allowed.join(", ")}: ` +
        `choose the right AWS_PROFILE or role and run the same command again. Nothing was changed.`,
    );
  }
  return { clientArguments: args, accountId };
}

/** A session in a fleet's own account; the local AWS of a sandbox has another one. */
export const openFleetSession = (
  { region, accountId }: Pick<FleetOutput, "region" | "accountId">,
  { sandbox }: { readonly sandbox?: boolean },
): Promise<AwsSession> => openSession({ region, ...(sandbox === true ? {} : { accountId }) });

/** The SDK calls this again by itself shortly before `expiration`. */
async function assume(roleArn: string, region: string): Promise<SessionCredentials> {
  const sts = new STSClient(clientArguments(region));
  const { Credentials: given } = await sts.send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: "fleet-ops" }));
  if (given?.AccessKeyId === undefined || given.SecretAccessKey === undefined || given.SessionToken === undefined) {
    throw new OpsError(exitCodes.aws, `AssumeRole of ${roleArn} answered without credentials; run the same command again.`);
  }
  return {
    accessKeyId: given.AccessKeyId,
    secretAccessKey: given.SecretAccessKey,
    sessionToken: given.SessionToken,
    expiration: given.Expiration ?? new Date(),
  };
}
