import { autonamedPattern } from "../contract/naming.ts";
import { policyDocument } from "./policy-document.ts";
import type { PolicyStatement } from "./policy-document.ts";

/** Lets EC2 hand the role to its instances. */
export const instanceTrust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Sid: "Instances", Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

export interface InstancePolicyFacts {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  /** Given name of the group, which real names begin with. */
  readonly groupName: string;
  /** Whether the nodes complete a launch hook. */
  readonly completesHook: boolean;
  /** What the provisioning needs beside. */
  readonly statements: readonly PolicyStatement[];
}

/**
 * What a node may do: be reached by Session Manager, complete the lifecycle actions of its own group, and what its
 * provisioning asks for. The Session Manager actions know no resources.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
 */
export function instancePolicy(facts: InstancePolicyFacts): string {
  const session: PolicyStatement = {
    Sid: "SessionManager",
    Effect: "Allow",
    Action: [
      "ssm:UpdateInstanceInformation",
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ],
    Resource: "*",
  };
  return policyDocument([session, ...(facts.completesHook ? [hookStatement(facts)] : []), ...facts.statements]);
}

function hookStatement({ partition, region, accountId, groupName }: InstancePolicyFacts): PolicyStatement {
  return {
    Sid: "OwnLifecycleActions",
    Effect: "Allow",
    Action: ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"],
    Resource: `arn:${partition}:autoscaling:${region}:${accountId}:autoScalingGroup:*:autoScalingGroupName/${autonamedPattern(groupName)}`,
  };
}
