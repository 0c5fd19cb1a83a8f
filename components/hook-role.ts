import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { fitName } from "../contract/naming.ts";
import type { FleetArgs } from "./fleet-args.ts";
import { policyDocument } from "./policy-document.ts";
import { fleetTags } from "./tags.ts";

const hookTrust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Sid: "Hook", Effect: "Allow", Principal: { Service: "autoscaling.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

export interface HookRole {
  readonly role: aws.iam.Role;
  /** Stands before the group, whose last instances still need it. */
  readonly policy: aws.iam.RolePolicy;
}

/**
 * The role under which Auto Scaling tells of departing instances, when the hook tells anybody.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/prepare-for-lifecycle-notifications.html
 */
export function createHookRole(name: string, args: FleetArgs, parent: pulumi.Resource): HookRole | undefined {
  if (args.terminateHook?.notifies !== true) return undefined;
  const role = new aws.iam.Role(
    fitName(`${name}-hook`, "role"),
    { assumeRolePolicy: hookTrust, description: `Terminate hook of ${name}`, tags: fleetTags(args.identity) },
    { parent },
  );
  const { accountId, partition, region } = args.account;
  const policy = pulumi.all([args.notices.topicArn, accountId, partition]).apply(([topicArn, account, part]) =>
    policyDocument([
      { Sid: "Publish", Effect: "Allow", Action: "sns:Publish", Resource: topicArn },
      // The topic is encrypted, and its publisher uses the key, through SNS alone.
      {
        Sid: "TopicKey",
        Effect: "Allow",
        Action: ["kms:GenerateDataKey*", "kms:Decrypt"],
        Resource: `arn:${part}:kms:${region}:${account}:key/*`,
        Condition: { StringEquals: { "kms:ViaService": `sns.${region}.amazonaws.com` } },
      },
    ]),
  );
  return { role, policy: new aws.iam.RolePolicy(fitName(`${name}-hook`, "role"), { role: role.name, policy }, { parent }) };
}
