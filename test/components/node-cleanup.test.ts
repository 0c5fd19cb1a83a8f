import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { NodeCleanup } from "../../components/node-cleanup.ts";
import type { CleanupFunctionsArgs, NodeCleanupArgs } from "../../components/node-cleanup.ts";
import { account, naming } from "./helpers/args.ts";
import { accountId, region, settled, startMocks, urn, valueOf } from "./helpers/mocks.ts";
import type { Recorder } from "./helpers/mocks.ts";

const stack = "storefront-staging-web-v3";
const name = `${stack}-cleanup`;
const arn = (service: string, rest: string) => `arn:aws:${service}:${region}:${accountId}:${rest}`;
const tags = { "fleet:product": "storefront", "fleet:environment": "staging", "fleet:platform": "web", "fleet:major-version": "3" };
const queueUrl = `https://sqs.${region}.amazonaws.com/${accountId}/queue`;
const deadLetterQueueUrl = `https://sqs.${region}.amazonaws.com/${accountId}/dead`;
const types = {
  function: "aws:lambda/function:Function",
  policy: "aws:iam/rolePolicy:RolePolicy",
  alarm: "aws:cloudwatch/metricAlarm:MetricAlarm",
};

describe("components/node-cleanup", () => {
  let bundles: string;

  before(() => {
    bundles = mkdtempSync(join(tmpdir(), "fleet-bundles-"));
    for (const one of ["consumer", "reconciler"]) {
      mkdirSync(join(bundles, one));
      writeFileSync(join(bundles, one, "handler.mjs"), "export const handler = () => undefined;\n");
    }
  });

  after(() => rmSync(bundles, { recursive: true }));

  const functions = (changes: Partial<CleanupFunctionsArgs> = {}): CleanupFunctionsArgs => ({
    chef: {
      serverUrl: "https://chef.example.com/organizations/storefront",
      user: "fleet-cleanup",
      key: "ssm:/storefront/chef/key",
      signing: "1.3",
      allowHttp: false,
    },
    nodeNaming: "instance-id",
    drain: "none",
    maxConcurrency: 5,
    logRetentionDays: 30,
    reconcile: { schedule: "rate(1 day)", dryRun: true, minAgeSeconds: 3600, maxDeletions: 50 },
    bundles,
    ...changes,
  });
  const given = (changes: Partial<CleanupFunctionsArgs> = {}): NodeCleanupArgs => ({
    naming,
    account,
    functions: functions(changes),
    settleSeconds: 75,
    drainTimeoutSeconds: 1800,
    notices: {
      queueUrl,
      queueArn: arn("sqs", "queue"),
      deadLetterQueueUrl,
      deadLetterQueueArn: arn("sqs", "dead"),
      alertTopicArn: arn("sns", "operators"),
      before: [],
    },
  });

  async function built(changes: Partial<CleanupFunctionsArgs> = {}): Promise<{ recorder: Recorder; cleanup: NodeCleanup }> {
    const recorder = await startMocks();
    const cleanup = new NodeCleanup(name, given(changes));
    await settled();
    return { recorder, cleanup };
  }

  const statements = (recorder: Recorder, end: string) =>
    (JSON.parse(String(recorder.one(types.policy, end).inputs["policy"])) as { Statement: unknown[] }).Statement;
  const logs = (end: string) => ({
    Sid: "OwnLogs",
    Effect: "Allow",
    Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
    Resource: `${arn("logs", `log-group:/aws/lambda/${name}-${end}-0a1b2c3`)}:*`,
  });
  const reading = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"];
  const notices = { Sid: "Notices", Effect: "Allow", Action: reading, Resource: arn("sqs", "queue") };
  const deadLetters = {
    Sid: "DeadLetters",
    Effect: "Allow",
    Action: ["sqs:SendMessage", "sqs:GetQueueAttributes"],
    Resource: arn("sqs", "dead"),
  };
  const lifecycle = {
    Sid: "LifecycleActions",
    Effect: "Allow",
    Action: ["autoscaling:CompleteLifecycleAction"],
    Resource: arn("autoscaling", `autoScalingGroup:*:autoScalingGroupName/${stack}-*`),
  };
  const parameter = {
    Sid: "Parameters",
    Effect: "Allow",
    Action: "ssm:GetParameter",
    Resource: [arn("ssm", "parameter/storefront/chef/key")],
  };

  it("runs the bundle, told everything in its environment", async () => {
    const { recorder } = await built();
    const { code, ...inputs } = recorder.one(types.function, "-consumer").inputs;
    assert.ok(code !== undefined);
    assert.deepEqual(inputs, {
      description: `Removes departed nodes of ${stack} from Chef`,
      runtime: "nodejs24.x",
      loggingConfig: { logFormat: "JSON", applicationLogLevel: "INFO", systemLogLevel: "INFO" },
      architectures: ["arm64"],
      handler: "handler.handler",
      role: `arn:aws:iam::${accountId}:role/${name}-consumer-0a1b2c3`,
      timeout: 60,
      memorySize: 512,
      environment: {
        variables: {
          FLEET_CHEF_SERVER_URL: "https://chef.example.com/organizations/storefront",
          FLEET_CHEF_USER: "fleet-cleanup",
          FLEET_CHEF_KEY: "ssm:/storefront/chef/key",
          FLEET_CHEF_SIGNING: "1.3",
          FLEET_ACCOUNT_ID: accountId,
          FLEET_NAME_PREFIX: stack,
          FLEET_QUEUE_URL: queueUrl,
          FLEET_DEAD_LETTER_QUEUE_URL: deadLetterQueueUrl,
          FLEET_NODE_NAMING: "instance-id",
          FLEET_DRAIN: "none",
        },
      },
      tags,
    });
  });

  it("may do what it does by default, and nothing else", async () => {
    const { recorder } = await built();
    assert.deepEqual(statements(recorder, "-consumer"), [logs("consumer"), notices, deadLetters, lifecycle, parameter]);
    assert.deepEqual(statements(recorder, "-reconciler"), [
      logs("reconciler"),
      { Sid: "Instances", Effect: "Allow", Action: "ec2:DescribeInstances", Resource: "*" },
      parameter,
    ]);
    assert.deepEqual(JSON.parse(String(recorder.one("aws:iam/role:Role", "-consumer").inputs["assumeRolePolicy"])), {
      Version: "2012-10-17",
      Statement: [{ Sid: "Functions", Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
    });
  });

  it("may do more exactly where its settings ask for more", async () => {
    const key = arn("kms", "key/1");
    const { recorder } = await built({
      nodeNaming: "tag",
      drain: "chef-client",
      chef: { ...functions().chef, key: "secretsmanager:chef-key", certificateAuthority: "ssm:ca", kmsKeyArn: key },
    });
    const condition = Object.fromEntries(Object.entries(tags).map(([tag, value]) => [`ssm:resourceTag/${tag}`, value]));
    assert.deepEqual(statements(recorder, "-consumer"), [
      logs("consumer"),
      { ...notices, Action: [...reading, "sqs:SendMessage"] },
      deadLetters,
      { ...lifecycle, Action: [...lifecycle.Action, "autoscaling:RecordLifecycleActionHeartbeat"] },
      { Sid: "NodeNames", Effect: "Allow", Action: "ec2:DescribeTags", Resource: "*" },
      {
        Sid: "DrainDocument",
        Effect: "Allow",
        Action: "ssm:SendCommand",
        Resource: `arn:aws:ssm:${region}::document/AWS-RunShellScript`,
      },
      {
        Sid: "DrainInstances",
        Effect: "Allow",
        Action: "ssm:SendCommand",
        Resource: arn("ec2", "instance/*"),
        Condition: { StringEquals: condition },
      },
      { Sid: "DrainResults", Effect: "Allow", Action: "ssm:GetCommandInvocation", Resource: "*" },
      { Sid: "Parameters", Effect: "Allow", Action: "ssm:GetParameter", Resource: [arn("ssm", "parameter/ca")] },
      {
        Sid: "Secrets",
        Effect: "Allow",
        Action: "secretsmanager:GetSecretValue",
        Resource: [arn("secretsmanager", "secret:chef-key-??????")],
      },
      { Sid: "DecryptThem", Effect: "Allow", Action: "kms:Decrypt", Resource: [key] },
    ]);
  });

  it("takes batches from the queue, bounded, and hands back what failed, once its role allows it", async () => {
    const { recorder } = await built();
    const { inputs, dependencies } = recorder.one("aws:lambda/eventSourceMapping:EventSourceMapping");
    assert.deepEqual(inputs, {
      eventSourceArn: arn("sqs", "queue"),
      functionName: arn("lambda", `function:${name}-consumer-0a1b2c3`),
      batchSize: 10,
      functionResponseTypes: ["ReportBatchItemFailures"],
      scalingConfig: { maximumConcurrency: 5 },
      tags,
    });
    assert.ok(dependencies.includes(urn(`fleet:components:NodeCleanup$${types.policy}`, `${name}-consumer`)));
  });

  it("keeps the logs of both for the days that are set, and tells operators of errors", async () => {
    const { recorder } = await built();
    for (const end of ["consumer", "reconciler"]) {
      assert.deepEqual(recorder.one("aws:cloudwatch/logGroup:LogGroup", `-${end}-logs`).inputs, {
        name: `/aws/lambda/${name}-${end}-0a1b2c3`,
        retentionInDays: 30,
        tags,
      });
      const { alarmDescription, ...alarm } = recorder.one(types.alarm, `-${end}-errors-alarm`).inputs;
      assert.match(String(alarmDescription), /^Invocations failed: /);
      assert.deepEqual(alarm, {
        namespace: "AWS/Lambda",
        metricName: "Errors",
        dimensions: { FunctionName: `${name}-${end}-0a1b2c3` },
        statistic: "Sum",
        comparisonOperator: "GreaterThanThreshold",
        threshold: 0,
        period: 300,
        evaluationPeriods: 1,
        treatMissingData: "notBreaching",
        alarmActions: [arn("sns", "operators")],
        okActions: [arn("sns", "operators")],
        tags,
      });
    }
  });

  it("runs the reconciler on its schedule, only reporting by default", async () => {
    const { recorder } = await built();
    const lambda = recorder.one(types.function, "-reconciler").inputs;
    assert.equal(lambda["timeout"], 900);
    assert.deepEqual((lambda["environment"] as { variables: unknown }).variables, {
      FLEET_CHEF_SERVER_URL: "https://chef.example.com/organizations/storefront",
      FLEET_CHEF_USER: "fleet-cleanup",
      FLEET_CHEF_KEY: "ssm:/storefront/chef/key",
      FLEET_CHEF_SIGNING: "1.3",
      FLEET_ACCOUNT_ID: accountId,
      FLEET_DRY_RUN: "true",
      FLEET_RECONCILE_MIN_AGE_SECONDS: "3600",
      FLEET_RECONCILE_MAX_DELETIONS: "50",
    });
    const rule = `${name}-reconciler-schedule-0a1b2c3`;
    assert.equal(recorder.one("aws:cloudwatch/eventRule:EventRule").inputs["scheduleExpression"], "rate(1 day)");
    assert.deepEqual(recorder.one("aws:cloudwatch/eventTarget:EventTarget").inputs, {
      rule,
      arn: arn("lambda", `function:${name}-reconciler-0a1b2c3`),
    });
    assert.deepEqual(recorder.one("aws:lambda/permission:Permission").inputs, {
      action: "lambda:InvokeFunction",
      function: `${name}-reconciler-0a1b2c3`,
      principal: "events.amazonaws.com",
      sourceArn: arn("events", `rule/${rule}`),
    });
  });

  it("runs in a VPC with what that needs, and only then", async () => {
    const network = { subnetIds: ["subnet-0123456789abcdef0"], securityGroupIds: ["sg-0123456789abcdef0"] };
    const { recorder } = await built({ network });
    const lambda = recorder.one(types.function, "-consumer");
    assert.deepEqual(lambda.inputs["vpcConfig"], network);
    assert.ok(lambda.dependencies.includes(urn(`fleet:components:NodeCleanup$${types.policy}`, `${name}-consumer-network`)));
    const [statement] = statements(recorder, "-consumer-network") as { Action: string[] }[];
    assert.ok(statement?.Action.every((action) => action.startsWith("ec2:")));
    assert.equal((await built()).recorder.one(types.function, "-consumer").inputs["vpcConfig"], undefined);
  });

  it("holds a destroy with one constant line, behind everything that works notices off", async () => {
    const { recorder, cleanup } = await built();
    const gate = recorder.one("command:local:Command");
    const { environment, ...inputs } = gate.inputs;
    assert.deepEqual(inputs, { create: "true", update: "true", delete: "node ops/state-command.js drain --v1", triggers: [queueUrl] });
    assert.deepEqual(JSON.parse((environment as Record<string, string>)["FLEET_DRAIN_GATE"]!), {
      functionName: `${name}-consumer-0a1b2c3`,
      namePrefix: stack,
      queueUrl,
      deadLetterQueueUrl,
      deadLetterQueueArn: arn("sqs", "dead"),
      region,
      accountId,
      settleSeconds: 75,
      timeoutSeconds: 1800,
    });
    const needs = [`aws:lambda/eventSourceMapping:EventSourceMapping::${name}-mapping`, `${types.policy}::${name}-consumer`];
    for (const end of needs)
      assert.ok(
        gate.dependencies.some((one) => one.endsWith(end)),
        `${end} in ${gate.dependencies.join("\n")}`,
      );
    assert.equal(gate.customTimeouts?.delete, "1920s");
    assert.deepEqual(await Promise.all(cleanup.before.map((one) => valueOf(one.urn))), [
      urn("fleet:components:NodeCleanup$command:local:Command", `${name}-drain-gate`),
    ]);
  });

  it("is only the gate, which asks the queues, when a worker outside of the stack consumes", async () => {
    const recorder = await startMocks();
    const cleanup = new NodeCleanup(name, { ...given(), functions: undefined });
    await settled();
    assert.deepEqual([cleanup.functionName, cleanup.reconcilerName], [undefined, undefined]);
    assert.deepEqual(recorder.ofType(types.function), []);
    const { environment } = recorder.one("command:local:Command").inputs;
    const request = JSON.parse((environment as Record<string, string>)["FLEET_DRAIN_GATE"]!) as Record<string, unknown>;
    assert.deepEqual([request["functionName"], request["queueUrl"]], [undefined, queueUrl]);
  });

  it("says how to make the code when there is none", async () => {
    await startMocks();
    assert.throws(
      () => new NodeCleanup(name, given({ bundles: "/nowhere" })),
      (error) => {
        assert.ok(pulumi.ResourceError.isInstance(error));
        assert.equal(error.message, `${name}-consumer has no code: /nowhere/consumer/handler.mjs is missing; run "npm run bundle"`);
        return true;
      },
    );
    await settled();
  });
});
