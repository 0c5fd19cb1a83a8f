/** What a request of deletion protection and zonal shift may hold. */
import { guardVariable, type GuardRequest } from "../../contract/state-commands.ts";
import { parseRequest, text } from "../request.ts";

/** @throws OpsError `usage` that lists every fault */
export function parseGuardRequest(json: string | undefined): GuardRequest {
  return parseRequest(json, {
    variable: guardVariable,
    asksFor: "a group's deletion protection and zonal shift",
    required: {
      group: text(/^\S(.{0,253}\S)?$/, "the name of an Auto Scaling group"),
      region: text(/^[a-z]{2}(-[a-z]+)+-\d$/, "an AWS region"),
      accountId: text(/^\d{12}$/, "an account id of twelve digits"),
    },
    optional: {
      deletionProtection: text(/^prevent-(force|all)-deletion$/, "prevent-force-deletion or prevent-all-deletion"),
      zonalShift: text(/^(Ignore|Replace)Unhealthy$/, "IgnoreUnhealthy or ReplaceUnhealthy"),
      roleArn: text(/^arn:[a-z-]+:iam::\d{12}:role\/.+$/, "the ARN of a role"),
    },
  }) as GuardRequest;
}
