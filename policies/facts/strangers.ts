/** Callers that must not be let in, and what their requests carry. */
import type { RequestContext } from "../iam/condition.ts";
import type { Caller } from "../iam/evaluate.ts";

const strangerAccount = "999999999999";

/** A user of some other account, who may do everything as far as that account is concerned. */
export const stranger: Caller = { arn: `arn:aws:iam::${strangerAccount}:user/stranger`, allowedByOwnPolicies: true };

/** What a request of that user carries, over TLS and from the internet. */
export const strangerContext: RequestContext = {
  "aws:SecureTransport": "true",
  "aws:PrincipalType": "User",
  "aws:PrincipalAccount": strangerAccount,
  "aws:PrincipalArn": `arn:aws:iam::${strangerAccount}:user/stranger`,
  "aws:PrincipalOrgID": "o-stranger",
  "aws:PrincipalOrgPaths": "o-stranger/r-stranger/",
  "aws:PrincipalIsAWSService": "false",
  "aws:SourceIp": "203.0.113.1",
  "aws:SourceOwner": strangerAccount,
  "aws:SourceAccount": null,
  "aws:SourceArn": null,
  "aws:SourceOrgID": null,
  "aws:SourceVpc": null,
  "aws:SourceVpce": null,
  "aws:ViaAWSService": "false",
  "aws:CalledVia": null,
  "aws:MultiFactorAuthPresent": null,
  "kms:CallerAccount": strangerAccount,
  "kms:ViaService": null,
  "kms:GrantIsForAWSResource": null,
  "sns:Endpoint": "https://stranger.example.com/",
  "sns:Protocol": "https",
};

/** What a service's request carries when it acts for a resource. */
export function serviceContext(service: string, sourceArn: string, account = sourceArn.split(":")[4] ?? ""): RequestContext {
  return {
    "aws:SecureTransport": "true",
    "aws:SourceArn": sourceArn,
    "aws:SourceAccount": account,
    "aws:SourceOwner": account,
    "aws:PrincipalIsAWSService": "true",
    "aws:PrincipalServiceName": service,
    "aws:PrincipalAccount": null,
    "aws:PrincipalArn": null,
    "aws:PrincipalOrgID": null,
    "aws:PrincipalType": null,
    "aws:SourceVpc": null,
    "aws:SourceVpce": null,
    "aws:CalledVia": null,
    "aws:ViaAWSService": "false",
  };
}

/** An ARN like the given one, of the same service and region, in another account. */
export const inOtherAccount = (arn: string) => arn.replace(/^((?:[^:]*:){4})[^:]*:.*$/, `$1${strangerAccount}:stranger`);
/** An ARN like the given one in the same account. */
export const inSameAccount = (arn: string) => arn.replace(/^((?:[^:]*:){5}).*$/, "$1another-of-the-same-account");
