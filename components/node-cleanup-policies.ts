import { autonamedPattern } from "../contract/naming.ts";
import { tagKeys } from "../contract/tags.ts";
import type { PolicyStatement } from "./policy-document.ts";
import type { Tags } from "./tags.ts";

/** Lets Lambda run a function under the role. */
export const functionTrust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Sid: "Functions", Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

/** Where ARNs are. */
export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
}

/** What a function reads at its start. */
export interface SecretFacts {
  /** `ssm:NAME` or `secretsmanager:NAME-OR-ARN`, each. */
  readonly references: readonly string[];
  /** Key of the account's own that encrypts them; absent = the default key, which needs no permission. */
  readonly kmsKeyArn: string | undefined;
}

export function logStatement(logGroupArn: string): PolicyStatement {
  return { Sid: "OwnLogs", Effect: "Allow", Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: `${logGroupArn}:*` };
}

/** Reading the key of the Chef client, and the certificate authority where there is one. */
export function secretStatements({ partition, region, accountId }: Place, { references, kmsKeyArn }: SecretFacts): PolicyStatement[] {
  const named = (store: string) => references.filter((one) => one.startsWith(`${store}:`)).map((one) => one.slice(store.length + 1));
  const parameters = named("ssm").map((name) => `arn:${partition}:ssm:${region}:${accountId}:parameter/${name.replace(/^\//, "")}`);
  // Secrets Manager puts a hyphen and six characters behind the name that a secret was given.
  // https://docs.aws.amazon.com/secretsmanager/latest/userguide/getting-started.html
  const secrets = named("secretsmanager").map((name) =>
    name.startsWith("arn:") ? name : `arn:${partition}:secretsmanager:${region}:${accountId}:secret:${name}-??????`,
  );
  const allow = (Sid: string, Action: string, Resource: string[]): PolicyStatement[] =>
    Resource.length === 0 ? [] : [{ Sid, Effect: "Allow", Action, Resource }];
  return [
    ...allow("Parameters", "ssm:GetParameter", parameters),
    ...allow("Secrets", "secretsmanager:GetSecretValue", secrets),
    ...allow("DecryptThem", "kms:Decrypt", kmsKeyArn === undefined ? [] : [kmsKeyArn]),
  ];
}

export interface ConsumerFacts extends Place {
  readonly queueArn: string;
  readonly deadLetterQueueArn: string;
  /** Prefix of everything in the stack; the groups behind it are not there yet. */
  readonly stackPrefix: string;
  readonly stackTags: Tags;
  /** How node names are found; one that was looked up is kept in a message of its own, one from a tag is read with EC2. */
  readonly nodeNaming: "instance-id" | "tag" | "search";
  /** Whether the Chef client of an instance is stopped through Systems Manager. */
  readonly drains: boolean;
}

/** What the consumer does, in the order in which it does it. */
export function consumerStatements(facts: ConsumerFacts): PolicyStatement[] {
  const { partition, region, accountId, stackPrefix } = facts;
  return [
    {
      Sid: "Notices",
      Effect: "Allow",
      Action: [
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ChangeMessageVisibility",
        ...(facts.nodeNaming === "instance-id" ? [] : ["sqs:SendMessage"]),
      ],
      Resource: facts.queueArn,
    },
    { Sid: "DeadLetters", Effect: "Allow", Action: ["sqs:SendMessage", "sqs:GetQueueAttributes"], Resource: facts.deadLetterQueueArn },
    {
      Sid: "LifecycleActions",
      Effect: "Allow",
      Action: ["autoscaling:CompleteLifecycleAction", ...(facts.drains ? ["autoscaling:RecordLifecycleActionHeartbeat"] : [])],
      Resource: `arn:${partition}:autoscaling:${region}:${accountId}:autoScalingGroup:*:autoScalingGroupName/${autonamedPattern(stackPrefix)}`,
    },
    // EC2 knows no resources for it.
    ...(facts.nodeNaming === "tag" ? [{ Sid: "NodeNames", Effect: "Allow", Action: "ec2:DescribeTags", Resource: "*" } as const] : []),
    ...(facts.drains ? drainStatements(facts) : []),
  ];
}

/**
 * Stopping the Chef client, on the stack's own instances only.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command-setting-up.html
 */
function drainStatements({ partition, region, accountId, stackTags }: ConsumerFacts): PolicyStatement[] {
  const condition = Object.fromEntries(
    [tagKeys.product, tagKeys.environment, tagKeys.platform, tagKeys.majorVersion].map((key) => [
      `ssm:resourceTag/${key}`,
      stackTags[key] ?? "",
    ]),
  );
  return [
    {
      Sid: "DrainDocument",
      Effect: "Allow",
      Action: "ssm:SendCommand",
      Resource: `arn:${partition}:ssm:${region}::document/AWS-RunShellScript`,
    },
    {
      Sid: "DrainInstances",
      Effect: "Allow",
      Action: "ssm:SendCommand",
      Resource: `arn:${partition}:ec2:${region}:${accountId}:instance/*`,
      Condition: { StringEquals: condition },
    },
    { Sid: "DrainResults", Effect: "Allow", Action: "ssm:GetCommandInvocation", Resource: "*" },
  ];
}

/** What the reconciler asks beside Chef: which instances there are. EC2 knows no resources for it. */
export const reconcilerStatement: PolicyStatement = {
  Sid: "Instances",
  Effect: "Allow",
  Action: "ec2:DescribeInstances",
  Resource: "*",
};

/** A function in a VPC: Lambda makes its network interfaces with the function's role. https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html */
export const networkStatement: PolicyStatement = {
  Sid: "NetworkInterfaces",
  Effect: "Allow",
  Action: [
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
  ],
  Resource: "*",
};
