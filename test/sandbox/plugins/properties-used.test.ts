/** No property is accepted and then forgotten: each is read by the create or the delete, and a change of it reaches AWS. */
import assert from "node:assert/strict";
import type { Context } from "../../../sandbox/plugins/aws/context.ts";
import type { Definition } from "../../../sandbox/plugins/aws/definition.ts";
import { resourceFiles } from "../../../sandbox/plugins/aws/registry.ts";
import { replaceSetOf, resourceSchema } from "../../../sandbox/plugins/aws/schema.ts";
import type { Shape } from "../../../sandbox/plugins/aws/schema.ts";
import type { Properties, Value } from "../../../sandbox/plugins/protocol/values.ts";
import { code } from "./samples.ts";

/** Settings of the provider itself: how it creates, waits and deletes. A change of them changes nothing in AWS. */
const ofTheProvider: Readonly<Record<string, readonly string[]>> = {
  "aws:autoscaling/group:Group": [
    "forceDelete",
    "forceDeleteWarmPool",
    "ignoreFailedScalingActivities",
    "instanceRefresh",
    "metricsGranularity", // goes with enabledMetrics
    "minElbCapacity",
    "waitForCapacityTimeout",
    "waitForElbCapacity",
  ],
  "aws:cloudwatch/eventRule:EventRule": ["forceDestroy"],
  "aws:cloudwatch/logGroup:LogGroup": ["skipDestroy"],
  "aws:ec2/securityGroup:SecurityGroup": ["revokeRulesOnDelete"],
  "aws:iam/role:Role": ["forceDetachPolicies"],
  "aws:kms/key:Key": ["bypassPolicyLockoutSafetyCheck", "deletionWindowInDays"],
  "aws:lambda/function:Function": ["skipDestroy"],
  "aws:sns/topicSubscription:TopicSubscription": ["confirmationTimeoutInMinutes", "endpointAutoConfirms"],
  "aws:ssm/association:Association": ["waitForSuccessTimeoutSeconds"],
  "aws:ssm/parameter:Parameter": ["overwrite"],
};
/** What neither create nor delete reads, with the reason. */
const unread: Readonly<Record<string, readonly string[]>> = {
  // Only a change starts a refresh, and only a change moves the default version.
  "aws:autoscaling/group:Group": ["instanceRefresh"],
  "aws:ec2/launchTemplate:LaunchTemplate": ["defaultVersion", "updateDefaultVersion"],
  // It says when the code is another one; Lambda computes its own.
  "aws:lambda/function:Function": ["sourceCodeHash"],
  // The resource of a web hook that has to confirm: SNS asks the endpoint, the plugin does not wait for it.
  "aws:sns/topicSubscription:TopicSubscription": ["confirmationTimeoutInMinutes", "endpointAutoConfirms"],
};

/** Inputs that decide what the others mean; a property must count in one of the variants. */
const variants: Readonly<Record<string, readonly Properties[]>> = {
  "aws:autoscaling/group:Group": [
    { waitForCapacityTimeout: "1s" },
    { waitForCapacityTimeout: "1s", forceDelete: false, waitForElbCapacity: 0 },
  ],
  "aws:ec2/launchTemplate:LaunchTemplate": [{ updateDefaultVersion: false }],
  "aws:lambda/function:Function": [{ publish: false }],
  "aws:lb/loadBalancer:LoadBalancer": [{ loadBalancerType: "application" }, { loadBalancerType: "network" }],
  "aws:lb/targetGroup:TargetGroup": [{ protocol: "HTTP" }, { protocol: "TCP" }, { targetType: "lambda" }],
  "aws:ssm/document:Document": [{ permissions: { type: "Share", account_ids: "1" } }],
  "aws:ssm/parameter:Parameter": [{ type: "SecureString" }, { type: "String", value: "" }],
};

function sample(shape: Shape): Value {
  if (typeof shape !== "string") {
    if ("list" in shape) return [sample(shape.list)];
    if ("map" in shape) return { key: sample(shape.map) };
    return Object.fromEntries(Object.entries(shape.object).map(([key, member]) => [key, sample(member.type)]));
  }
  return { string: "1", number: 1, boolean: true, any: code("one") as Value }[shape];
}

function changed(value: Value): Value {
  if (typeof value === "string") return `${value}0`;
  if (typeof value === "number") return value + 1;
  if (typeof value === "boolean") return !value;
  if (Array.isArray(value)) return value.map(changed);
  return Object.fromEntries(Object.entries(value as Properties).map(([key, item]) => [key, changed(item)]));
}

/** An AWS that takes everything and answers with the ids that a create needs. */
class Recorder {
  readonly calls: string[] = [];
  readonly context: Context;
  constructor() {
    const serving = { InstanceId: "i", HealthStatus: "Healthy", LifecycleState: "InService" };
    const answer = {
      QueueUrl: "u",
      TopicArn: "a",
      SubscriptionArn: "a",
      GroupId: "sg",
      UUID: "u",
      Role: { Arn: "a" },
      KeyMetadata: { KeyId: "k" },
      LaunchTemplate: { LaunchTemplateId: "lt" },
      SecurityGroupRules: [{ SecurityGroupRuleId: "sgr" }],
      TargetGroups: [{ TargetGroupArn: "a" }],
      LoadBalancers: [{ LoadBalancerArn: "a" }],
      Listeners: [{ ListenerArn: "a" }],
      Rules: [{ RuleArn: "a" }],
      AssociationDescription: { AssociationId: "i" },
      AutoScalingGroups: [{ AutoScalingGroupName: "1", WarmPoolConfiguration: {}, Instances: [serving], TargetGroupARNs: [] }],
    };
    this.context = {
      region: "eu-west-1",
      partition: "aws",
      configuration: { region: "eu-west-1", defaultTags: {} },
      aws: (_service: string, operation: string, input: object) => {
        if (!/^(?:Describe|Get|List)/.test(operation)) this.calls.push(`${operation} ${JSON.stringify(input)}`);
        return Promise.resolve(answer);
      },
      accountId: () => Promise.resolve("1"),
      arn: () => Promise.resolve("arn"),
      waitFor: async (_what: string, probe: () => Promise<unknown>) => (await probe().catch(() => undefined)) ?? true,
      log: () => undefined,
      allTags: (inputs: Properties) => (inputs["tags"] ?? {}) as Record<string, string>,
    } as unknown as Context;
  }
}

function inputsOf(definition: Definition, variant: Properties): Properties {
  const inputs: Properties = {};
  for (const [key, property] of Object.entries(resourceSchema(definition.token)))
    if (
      property.input !== undefined &&
      key !== "region" &&
      key !== "tagsAll" &&
      !key.endsWith("Prefix") &&
      !definition.unsupported?.includes(key)
    )
      inputs[key] = definition.json?.includes(key) ? '{"a":1}' : sample(property.type);
  const chosen = { ...inputs, ...variant };
  return Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== ""));
}

describe("properties of the AWS plugin", () => {
  for (const [token, file] of Object.entries(resourceFiles)) {
    it(`${token}: the create or the delete reads each input`, async () => {
      const { definition } = await file();
      const read = new Set<string>(unread[token]);
      for (const variant of variants[token] ?? [{}]) {
        const inputs = new Proxy(inputsOf(definition, variant), {
          get: (target, key) => {
            read.add(String(key));
            return Reflect.get(target, key) as unknown;
          },
        });
        const { context } = new Recorder();
        await definition.create(inputs, context);
        await definition.finish?.("1", inputs, context);
        await definition.delete("1", inputs, context);
      }
      const forgotten = Object.keys(inputsOf(definition, {})).filter((key) => !read.has(key));
      assert.deepEqual(forgotten, []);
    });

    it(`${token}: a change of each input that does not replace reaches AWS`, async () => {
      const { definition } = await file();
      const silent = new Set(Object.keys(inputsOf(definition, {})));
      for (const variant of variants[token] ?? [{}]) {
        const inputs = inputsOf(definition, variant);
        for (const [key, value] of Object.entries(inputs)) {
          const recorder = new Recorder();
          const news = { ...inputs, [key]: definition.json?.includes(key) ? '{"a":2}' : changed(value) };
          const keys = new Set(key === "tags" && "tagsAll" in resourceSchema(token) ? ["tags", "tagsAll"] : [key]);
          const olds = { ...inputs, tagsAll: inputs["tags"] ?? {}, latestVersion: 5, arn: "a" };
          await definition.update?.({ id: "id", olds, news, changed: keys }, recorder.context);
          if (recorder.calls.length > 0) silent.delete(key);
        }
      }
      const allowed = [...replaceSetOf(token), ...(ofTheProvider[token] ?? [])];
      assert.deepEqual(
        [...silent].filter((key) => !allowed.includes(key)),
        [],
      );
    });
  }
});
