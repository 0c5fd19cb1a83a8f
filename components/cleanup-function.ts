import { existsSync } from "node:fs";
import { join } from "node:path";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { fitName } from "../contract/naming.ts";
import { functionTrust, logStatement, networkStatement } from "./node-cleanup-policies.ts";
import { policyDocument } from "./policy-document.ts";
import type { PolicyStatement } from "./policy-document.ts";
import type { Tags } from "./tags.ts";

/** Where a function runs when the Chef server cannot be reached from outside. */
export interface FunctionNetwork {
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
}

export interface CleanupFunctionArgs {
  readonly description: string;
  /** Folder of the bundle, with `handler.mjs` in it. */
  readonly bundle: string;
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  /** What it may do beside writing its log. */
  readonly statements: pulumi.Input<PolicyStatement[]>;
  /** Absent = Lambda's own network. */
  readonly network: FunctionNetwork | undefined;
  readonly logRetentionDays: number;
  /** Who hears of its errors. */
  readonly alertTopicArn: pulumi.Input<string>;
  readonly tags: Tags;
}

export interface CleanupFunction {
  readonly function: aws.lambda.Function;
  /** What it needs to run: its permissions, and its log group among them. */
  readonly policy: aws.iam.RolePolicy;
}

/** Errors are rare and each is worth a look; five minutes gather those of one cause. */
const alarmPeriodSeconds = 300;

/** A function with its role, its log group and an alarm on its errors. */
export function createCleanupFunction(name: string, args: CleanupFunctionArgs, parent: pulumi.Resource): CleanupFunction {
  refuseWithoutBundle(name, args.bundle, parent);
  const { tags } = args;
  const role = new aws.iam.Role(
    fitName(name, "role"),
    { assumeRolePolicy: functionTrust, description: args.description, tags },
    { parent },
  );
  const lambda = createFunction(name, args, role, parent);
  // Made before anything calls the function: one that Lambda made itself would keep everything for ever.
  const logs = new aws.cloudwatch.LogGroup(
    `${name}-logs`,
    { name: pulumi.interpolate`/aws/lambda/${lambda.name}`, retentionInDays: args.logRetentionDays, tags },
    { parent },
  );
  const policy = pulumi
    .all([logs.arn, args.statements])
    .apply(([logGroupArn, statements]) => policyDocument([logStatement(logGroupArn), ...statements]));
  createErrorAlarm(name, args, lambda, parent);
  // Replaced, never changed in place: when the queue is replaced, the function keeps its rights on the old one until it is drained.
  const options = { parent, replaceOnChanges: ["policy"] };
  return { function: lambda, policy: new aws.iam.RolePolicy(fitName(name, "role"), { role: role.name, policy }, options) };
}

function refuseWithoutBundle(name: string, bundle: string, parent: pulumi.Resource): void {
  if (existsSync(join(bundle, "handler.mjs"))) return;
  throw new pulumi.ResourceError(`${name} has no code: ${bundle}/handler.mjs is missing; run "npm run bundle"`, parent, true);
}

function createFunction(name: string, args: CleanupFunctionArgs, role: aws.iam.Role, parent: pulumi.Resource): aws.lambda.Function {
  const { network, tags } = args;
  const placed = network && { subnetIds: [...network.subnetIds], securityGroupIds: [...network.securityGroupIds] };
  // Lambda looks for these permissions when it makes the function.
  const allowed = network && [
    new aws.iam.RolePolicy(fitName(`${name}-network`, "role"), { role: role.name, policy: policyDocument([networkStatement]) }, { parent }),
  ];
  return new aws.lambda.Function(
    fitName(name, "lambdaFunction"),
    {
      description: args.description,
      runtime: "nodejs24.x",
      architectures: ["arm64"], // a fifth cheaper; the bundle has no native code
      handler: "handler.handler",
      code: new pulumi.asset.FileArchive(args.bundle),
      role: role.arn,
      timeout: args.timeoutSeconds,
      memorySize: args.memoryMiB,
      environment: { variables: args.environment },
      loggingConfig: { logFormat: "JSON", applicationLogLevel: "INFO", systemLogLevel: "INFO" }, // its own lines are JSON, so Lambda's should be
      ...(placed === undefined ? {} : { vpcConfig: placed }),
      tags,
    },
    { parent, ...(allowed === undefined ? {} : { dependsOn: allowed }) },
  );
}

function createErrorAlarm(
  name: string,
  { description, alertTopicArn, tags }: CleanupFunctionArgs,
  lambda: aws.lambda.Function,
  parent: pulumi.Resource,
): void {
  new aws.cloudwatch.MetricAlarm(
    fitName(`${name}-errors-alarm`, "alarm"),
    {
      alarmDescription: `Invocations failed: ${description}; the function's log tells why`,
      namespace: "AWS/Lambda",
      metricName: "Errors",
      dimensions: { FunctionName: lambda.name },
      statistic: "Sum",
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
      period: alarmPeriodSeconds,
      evaluationPeriods: 1,
      treatMissingData: "notBreaching", // a function that nobody calls reports nothing
      alarmActions: [alertTopicArn],
      okActions: [alertTopicArn],
      tags,
    },
    { parent },
  );
}
