import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { stackPrefix } from "../contract/naming.ts";
import { typeTokens } from "../contract/type-tokens.ts";
import { createCleanupFunction } from "./cleanup-function.ts";
import type { CleanupFunction, FunctionNetwork } from "./cleanup-function.ts";
import { createGate } from "./drain-gate.ts";
import type { DrainedQueues, DrainGateArgs } from "./drain-gate.ts";
import { consumerStatements, reconcilerStatement, secretStatements } from "./node-cleanup-policies.ts";
import { stackTags } from "./tags.ts";

/** How the Chef server is reached; the key itself stands nowhere in the stack. */
export interface ChefAccess {
  /** `https://chef.example.com/organizations/NAME` */
  readonly serverUrl: string;
  /** Chef user or client that may delete nodes and clients. */
  readonly user: string;
  /** `ssm:NAME` of a SecureString parameter, or `secretsmanager:NAME-OR-ARN`. */
  readonly key: string;
  readonly signing: "1.3" | "1.0";
  /** The server's own certificate authority, likewise; absent = the public ones. */
  readonly certificateAuthority?: string | undefined;
  /** KMS key that encrypts them; absent = the account's default one. */
  readonly kmsKeyArn?: string | undefined;
  /** Whether `http:` is accepted; for a server on this machine only. */
  readonly allowHttp: boolean;
}

/** The sweep for what no notice told of. */
export interface ReconcileArgs {
  /** `rate(…)` or `cron(…)`. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html */
  readonly schedule: string;
  /** `true` = only report. */
  readonly dryRun: boolean;
  /** Age below which an object is left alone, seconds. */
  readonly minAgeSeconds: number;
  /** Objects that one sweep deletes at most. */
  readonly maxDeletions: number;
}

/** The queue that is worked off, and what belongs to it. */
export interface CleanupNotices extends DrainedQueues {
  readonly queueArn: pulumi.Input<string>;
  readonly alertTopicArn: pulumi.Input<string>;
  /** What lets notices into the queue; the gate outlives none of it. */
  readonly before: readonly pulumi.Resource[];
}

export interface NodeCleanupArgs extends Omit<DrainGateArgs, "functionName"> {
  readonly notices: CleanupNotices;
  /** The functions that do the work; absent = a worker outside of the stack does it, and only the gate is here. */
  readonly functions?: CleanupFunctionsArgs | undefined;
}

export interface CleanupFunctionsArgs {
  readonly chef: ChefAccess;
  /** How the node of an instance is found. */
  readonly nodeNaming: "instance-id" | "tag" | "search";
  /** What is stopped on an instance in a terminating hook. */
  readonly drain: "none" | "chef-client";
  /** Batches at a time, 2 to 1000. */
  readonly maxConcurrency: number;
  readonly logRetentionDays: number;
  readonly network?: FunctionNetwork | undefined;
  readonly reconcile: ReconcileArgs;
  /** Folder with the bundles `consumer` and `reconciler`; default `dist`. */
  readonly bundles?: string;
}

/** A sixth of the queue's visibility time-out by default, as AWS recommends; a batch of ten takes seconds. */
export const consumerTimeoutSeconds = 60;
/** Messages that one invocation gets, the most without a batching window: a node should not wait for company. */
const batchSize = 10;
/** Lambda gives processor time by memory: below this, a cold start takes seconds. */
const consumerMemoryMiB = 512;
/** The longest that Lambda allows: an organization of 10,000 nodes is listed in pages. */
const reconcilerTimeoutSeconds = 900;
const reconcilerMemoryMiB = 512;

/**
 * Removes departed nodes and clients from Chef: the consumer of the notices, the scheduled reconciler, and the gate that
 * holds a destroy until nothing is left. One per stack; stands before every group.
 */
export class NodeCleanup extends pulumi.ComponentResource {
  /** Absent without functions. */
  readonly functionName: pulumi.Output<string> | undefined;
  readonly reconcilerName: pulumi.Output<string> | undefined;
  /** What has to stand before a group and outlive it, so that its last nodes are removed: the gate. */
  readonly before: readonly pulumi.Resource[];

  constructor(name: string, args: NodeCleanupArgs, opts?: pulumi.ComponentResourceOptions) {
    super(typeTokens.nodeCleanup, name, args, opts);
    const made = args.functions && createFunctions(name, { ...args, ...args.functions }, this);
    this.functionName = made?.consumer.function.name;
    this.reconcilerName = made?.reconciler.name;
    const gate = createGate(name, { ...args, functionName: this.functionName }, [...(made?.needed ?? []), ...args.notices.before], this);
    this.before = [gate];
    this.registerOutputs({ functionName: this.functionName, reconcilerName: this.reconcilerName });
  }
}

type FunctionsArgs = Omit<NodeCleanupArgs, "functions"> & CleanupFunctionsArgs;

interface Functions {
  readonly consumer: CleanupFunction;
  readonly reconciler: aws.lambda.Function;
  /** What works notices off: all of it outlives the gate. */
  readonly needed: readonly pulumi.Resource[];
}

function createFunctions(name: string, args: FunctionsArgs, parent: NodeCleanup): Functions {
  const consumer = createConsumer(`${name}-consumer`, args, parent);
  const mapping = mapQueue(name, args, consumer, parent);
  const reconciler = createReconciler(`${name}-reconciler`, args, parent);
  return { consumer, reconciler, needed: [mapping, consumer.policy] };
}

function chefEnvironment({ chef, account }: FunctionsArgs): Record<string, pulumi.Input<string>> {
  return {
    FLEET_CHEF_SERVER_URL: chef.serverUrl,
    FLEET_CHEF_USER: chef.user,
    FLEET_CHEF_KEY: chef.key,
    FLEET_CHEF_SIGNING: chef.signing,
    FLEET_ACCOUNT_ID: account.accountId,
    ...(chef.certificateAuthority === undefined ? {} : { FLEET_CHEF_CA: chef.certificateAuthority }),
    ...(chef.allowHttp ? { FLEET_CHEF_ALLOW_HTTP: "true" } : {}),
  };
}

function secretsOf({ chef }: FunctionsArgs) {
  const references = [chef.key, ...(chef.certificateAuthority === undefined ? [] : [chef.certificateAuthority])];
  return { references, kmsKeyArn: chef.kmsKeyArn };
}

function createConsumer(name: string, args: FunctionsArgs, parent: NodeCleanup): CleanupFunction {
  const { account, notices, naming } = args;
  const prefix = stackPrefix(naming);
  const tags = stackTags(naming);
  const statements = pulumi
    .all([account.partition, account.accountId, notices.queueArn, notices.deadLetterQueueArn])
    .apply(([partition, accountId, queueArn, deadLetterQueueArn]) => {
      const place = { partition, accountId, region: account.region };
      const { nodeNaming } = args;
      const drains = args.drain === "chef-client";
      return [
        ...consumerStatements({ ...place, queueArn, deadLetterQueueArn, stackPrefix: prefix, stackTags: tags, nodeNaming, drains }),
        ...secretStatements(place, secretsOf(args)),
      ];
    });
  return createCleanupFunction(
    name,
    {
      description: `Removes departed nodes of ${prefix} from Chef`,
      bundle: `${args.bundles ?? "dist"}/consumer`,
      environment: {
        ...chefEnvironment(args),
        FLEET_NAME_PREFIX: prefix,
        FLEET_QUEUE_URL: notices.queueUrl,
        FLEET_DEAD_LETTER_QUEUE_URL: notices.deadLetterQueueUrl,
        FLEET_NODE_NAMING: args.nodeNaming,
        FLEET_DRAIN: args.drain,
      },
      timeoutSeconds: consumerTimeoutSeconds,
      memoryMiB: consumerMemoryMiB,
      statements,
      network: args.network,
      logRetentionDays: args.logRetentionDays,
      alertTopicArn: notices.alertTopicArn,
      tags,
    },
    parent,
  );
}

/** Lambda refuses a mapping whose role may not read the queue. */
function mapQueue(name: string, args: FunctionsArgs, consumer: CleanupFunction, parent: NodeCleanup): aws.lambda.EventSourceMapping {
  return new aws.lambda.EventSourceMapping(
    `${name}-mapping`,
    {
      eventSourceArn: args.notices.queueArn,
      functionName: consumer.function.arn,
      batchSize,
      functionResponseTypes: ["ReportBatchItemFailures"],
      scalingConfig: { maximumConcurrency: args.maxConcurrency },
      tags: stackTags(args.naming),
    },
    { parent, dependsOn: [consumer.policy] },
  );
}

function createReconciler(name: string, args: FunctionsArgs, parent: NodeCleanup): aws.lambda.Function {
  const { account, naming, notices, reconcile } = args;
  const tags = stackTags(naming);
  const statements = pulumi
    .all([account.partition, account.accountId])
    .apply(([partition, accountId]) => [
      reconcilerStatement,
      ...secretStatements({ partition, accountId, region: account.region }, secretsOf(args)),
    ]);
  const { function: lambda, policy } = createCleanupFunction(
    name,
    {
      description: `Looks for nodes in Chef whose instances are gone, for ${stackPrefix(naming)}`,
      bundle: `${args.bundles ?? "dist"}/reconciler`,
      environment: {
        ...chefEnvironment(args),
        FLEET_DRY_RUN: String(reconcile.dryRun),
        FLEET_RECONCILE_MIN_AGE_SECONDS: String(reconcile.minAgeSeconds),
        FLEET_RECONCILE_MAX_DELETIONS: String(reconcile.maxDeletions),
      },
      timeoutSeconds: reconcilerTimeoutSeconds,
      memoryMiB: reconcilerMemoryMiB,
      statements,
      network: args.network,
      logRetentionDays: args.logRetentionDays,
      alertTopicArn: notices.alertTopicArn,
      tags,
    },
    parent,
  );
  const rule = new aws.cloudwatch.EventRule(
    `${name}-schedule`,
    { description: `When ${name} runs`, scheduleExpression: reconcile.schedule, tags },
    { parent },
  );
  const permission = new aws.lambda.Permission(
    `${name}-permission`,
    { action: "lambda:InvokeFunction", function: lambda.name, principal: "events.amazonaws.com", sourceArn: rule.arn },
    { parent },
  );
  new aws.cloudwatch.EventTarget(`${name}-target`, { rule: rule.name, arn: lambda.arn }, { parent, dependsOn: [permission, policy] });
  return lambda;
}
