/** The provider's configuration, and what happens when AWS does not answer, or not as it should. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import pb from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb.js";
import { functionFiles, resourceFiles } from "../../../sandbox/plugins/aws/registry.ts";
import { fromStruct, secret, toStruct, unknown } from "../../../sandbox/plugins/protocol/values.ts";
import { EngineDouble, PluginProcess, urnOf } from "./client.ts";
import { QueryDouble } from "./query-double.ts";

const identity = (account: string) => `<Account>${account}</Account><Arn>arn:aws:iam::${account}:user/a</Arn><UserId>AIDA</UserId>`;
const role = urnOf("aws:iam/role:Role", "app");
const roleInputs = { assumeRolePolicy: "{}" };

describe("pulumi-resource-aws: configuration and faults", () => {
  const aws = new QueryDouble();
  const engine = new EngineDouble();
  const started: PluginProcess[] = [];
  const start = async (environment: NodeJS.ProcessEnv = { AWS_ENDPOINT_URL: aws.endpoint }) => {
    const plugin = await PluginProcess.start("aws", engine.address, environment);
    started.push(plugin);
    return plugin;
  };
  let plugin: PluginProcess;

  before(async () => {
    await aws.start();
    await engine.start();
    plugin = await start();
  });
  beforeEach(() => aws.reset());
  after(async () => {
    await Promise.all(started.map((one) => one.stop()));
    engine.stop();
    await aws.stop();
  });

  const checkConfig = async (args: Record<string, unknown>) => {
    const response = await plugin.call<InstanceType<typeof pb.CheckResponse>>("checkConfig", new pb.CheckRequest().setNews(toStruct(args)));
    return { inputs: fromStruct(response.getInputs()), failures: response.getFailuresList().map((one) => one.getReason()) };
  };

  it("says its name, its version and its types", async () => {
    assert.equal((await plugin.call<PluginInfo>("getPluginInfo", new empty.Empty())).getVersion(), "7.48.0");
    const schema = await plugin.call<InstanceType<typeof pb.GetSchemaResponse>>("getSchema", new pb.GetSchemaRequest());
    const parsed = JSON.parse(schema.getSchema()) as { name: string; resources: object; functions: object };
    assert.equal(parsed.name, "aws");
    assert.deepEqual(Object.keys(parsed.resources).sort(), Object.keys(resourceFiles).sort());
    assert.deepEqual(Object.keys(parsed.functions).sort(), Object.keys(functionFiles).sort());
  });

  it("takes the real provider's settings, lists and objects as JSON text", async () => {
    const args = {
      region: "eu-west-1",
      version: "7.48.0",
      allowedAccountIds: '["111111111111"]',
      defaultTags: '{"tags":{"team":"fleet"}}',
      endpoints: `[{"sqs":"http://127.0.0.1:1"}]`,
      maxRetries: "3",
      skipCredentialsValidation: "true",
      skipMetadataApiCheck: "false",
      skipRegionValidation: "true",
      skipRequestingAccountId: "true",
    };
    assert.deepEqual(await checkConfig(args), { inputs: args, failures: [] });
    assert.deepEqual((await checkConfig({ region: unknown, defaultTags: unknown })).failures, []);
  });

  it("names every unknown setting, wrong value and foreign endpoint at once", async () => {
    const { failures } = await checkConfig({
      regoin: "eu-west-1",
      profile: "default",
      allowedAccountIds: "111111111111",
      defaultTags: '{"tags":{"a":1}}',
      endpoints: '[{"sqs":"https://sqs.eu-west-1.amazonaws.com"},{"s4":"http://127.0.0.1:1"}]',
      skipRegionValidation: "maybe",
    });
    const known =
      "accessKey, allowedAccountIds, defaultTags, endpoints, forbiddenAccountIds, maxRetries, region, secretKey, skipCredentialsValidation, skipMetadataApiCheck, skipRegionValidation, skipRequestingAccountId, token";
    assert.deepEqual(
      failures.sort(),
      [
        `aws:regoin is not a setting of the sandbox's AWS provider; it knows ${known}`,
        `aws:profile is not a setting of the sandbox's AWS provider; it knows ${known}`,
        'aws:allowedAccountIds is "111111111111", but must be a list of strings',
        'aws:defaultTags is "{\\"tags\\":{\\"a\\":1}}", but must be an object such as {"tags": {"key": "value"}}',
        'the endpoint of sqs is "https://sqs.eu-west-1.amazonaws.com"; the sandbox\'s AWS provider talks only to http://127.0.0.1:PORT, never to AWS itself',
        "endpoints names s4; known services are autoscaling, cloudwatch, cloudwatchevents, cloudwatchlogs, ec2, elb, elbv2, eventbridge, events, iam, kms, lambda, logs, sns, sqs, ssm, sts",
        'aws:skipRegionValidation is "maybe", but must be true or false',
      ].sort(),
    );
  });

  for (const url of [
    "",
    "https://127.0.0.1:4566",
    "http://localhost:4566",
    "http://10.0.0.1:80",
    "http://127.0.0.1:80/x",
    "http://127.0.0.1",
  ]) {
    it(`refuses the endpoint ${JSON.stringify(url)}`, async () => {
      const own = await start({ AWS_ENDPOINT_URL: url });
      await assert.rejects(own.configure({ region: "eu-west-1" }), {
        details: `AWS_ENDPOINT_URL is ${JSON.stringify(url)}; the sandbox's AWS provider talks only to http://127.0.0.1:PORT, never to AWS itself`,
      });
      await own.stop();
    });
  }

  it("needs a region, from the settings or the environment", async () => {
    await assert.rejects(plugin.configure({}), /aws:region is missing; set it with `pulumi config set aws:region <region>` or AWS_REGION/);
    const own = await start({ AWS_ENDPOINT_URL: aws.endpoint, AWS_REGION: "eu-west-3" });
    await own.configure({});
    assert.equal((await own.invoke("aws:index/getRegion:getRegion", {})).result["name"], "eu-west-3");
  });

  it("asks for the account only when the settings name accounts, and names both", async () => {
    aws.answers = { GetCallerIdentity: () => identity("222222222222") };
    const own = await start();
    await own.configure({ region: "eu-west-1" });
    assert.deepEqual(aws.calls, []);
    await own.configure({ region: "eu-west-1", allowedAccountIds: '["111111111111","222222222222"]' });
    await assert.rejects(own.configure({ region: "eu-west-1", allowedAccountIds: '["111111111111"]' }), {
      details: "the credentials belong to account 222222222222, but aws:allowedAccountIds allows only 111111111111",
    });
    await assert.rejects(own.configure({ region: "eu-west-1", forbiddenAccountIds: '["222222222222"]' }), {
      details: "the credentials belong to account 222222222222, which aws:forbiddenAccountIds forbids (222222222222)",
    });
  });

  it("lists what it knows when a type or function is none of it", async () => {
    await plugin.configure({ region: "eu-west-1" });
    const listed = (error: { details: string }) => {
      assert.match(error.details, /does not know the resource type aws:s3\/bucket:Bucket; it knows\n {2}aws:autoscaling\/group:Group\n/);
      assert.equal(error.details.split("\n").length, 1 + Object.keys(resourceFiles).length);
      return true;
    };
    await assert.rejects(plugin.check(urnOf("aws:s3/bucket:Bucket", "b"), {}), listed);
    await assert.rejects(
      plugin.invoke("aws:s3/getBucket:getBucket", {}),
      /does not know the function aws:s3\/getBucket:getBucket; it knows/,
    );
  });

  it("reports every fault of the inputs at once", async () => {
    const { failures } = await plugin.check(urnOf("aws:autoscaling/group:Group", "g"), {
      minSize: "two",
      tags: [{ key: "a", value: "b" }],
      loadBalancers: ["classic"],
      maxsize: 3,
      launchTemplate: { id: "lt-1", verison: "1" },
      vpcZoneIdentifiers: "subnet-1",
    });
    assert.deepEqual(
      failures.map((one) => one.replace(/; (?:known|its inputs) are .*/, "")).sort(),
      [
        'minSize: minSize is "two", but must be a number',
        "tags[0].propagateAtLaunch: tags[0].propagateAtLaunch is missing; it must be a boolean",
        "loadBalancers: loadBalancers of aws:autoscaling/group:Group is not supported by the sandbox's AWS provider",
        "maxsize: maxsize is not an input of aws:autoscaling/group:Group",
        "launchTemplate.verison: launchTemplate.verison is unknown",
        'vpcZoneIdentifiers: vpcZoneIdentifiers is "subnet-1", but must be a list',
        "maxSize: maxSize is missing; it must be a number",
      ].sort(),
    );
  });

  it("converts between numbers, booleans and texts as the real provider does, and fills in defaults", async () => {
    const { inputs, failures } = await plugin.check(urnOf("aws:ec2/launchTemplate:LaunchTemplate", "t"), {
      name: "fixed",
      ebsOptimized: true,
      disableApiStop: "false",
      blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { volumeSize: "8", encrypted: true } }],
    });
    assert.deepEqual(failures, []);
    assert.deepEqual(inputs, {
      name: "fixed",
      ebsOptimized: "true",
      disableApiStop: false,
      blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { volumeSize: 8, encrypted: "true" } }],
    });
    const queue = await plugin.check(urnOf("aws:sqs/queue:Queue", "q"), { name: "fixed", delaySeconds: 5 });
    assert.equal(queue.inputs["visibilityTimeoutSeconds"], 30);
    assert.deepEqual(queue.inputs["__defaults"], [
      "contentBasedDeduplication",
      "fifoQueue",
      "maxMessageSize",
      "messageRetentionSeconds",
      "receiveWaitTimeSeconds",
      "visibilityTimeoutSeconds",
    ]);
  });

  it("makes names from the resource's name and the seed, keeps them, and refuses what gets too long", async () => {
    const name = async (type: string, resource: string, inputs = {}, olds = {}, seed = "seed") =>
      (await plugin.check(urnOf(type, resource), inputs, olds, seed)).inputs["name"] as string;
    const made = await name("aws:sqs/queue:Queue", "jobs");
    assert.match(made, /^jobs-[0-9a-f]{7}$/);
    assert.equal(await name("aws:sqs/queue:Queue", "jobs"), made, "the same seed");
    assert.notEqual(await name("aws:sqs/queue:Queue", "jobs", {}, {}, "other"), made);
    assert.equal(await name("aws:sqs/queue:Queue", "jobs", {}, { name: made, __defaults: ["name"] }, "other"), made, "kept");
    assert.notEqual(
      await name("aws:sqs/queue:Queue", "jobs", {}, { name: "fixed" }, "other"),
      "fixed",
      "a name that was given is not kept",
    );
    assert.match(await name("aws:sqs/queue:Queue", "jobs", { fifoQueue: true }), /^jobs-[0-9a-f]{7}\.fifo$/);
    assert.match(await name("aws:sqs/queue:Queue", "jobs", { namePrefix: "pre-" }), /^pre-[0-9a-f]{7}$/);
    assert.match(await name("aws:kms/alias:Alias", "key", { targetKeyId: "k" }), /^alias\/key-[0-9a-f]{7}$/);
    const long = "t".repeat(25);
    const { failures } = await plugin.check(urnOf("aws:lb/targetGroup:TargetGroup", long), { port: 80, protocol: "HTTP", vpcId: "vpc-1" });
    assert.deepEqual(failures, [
      `name: the name "${long}-" with Pulumi's random suffix has 33 characters, 32 are allowed; shorten the resource's name or set its name property`,
    ]);
    assert.equal(
      (await plugin.check(urnOf("aws:lb/targetGroup:TargetGroup", "t".repeat(24)), { targetType: "lambda" })).failures.length,
      0,
    );
  });

  it("an endpoint that is down fails the step with its address and what to look at", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const own = await start({ AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` });
    await own.configure({ region: "eu-west-1", maxRetries: "1" });
    await assert.rejects(own.create(role, { ...roleInputs, name: "app" }), (error: { details: string }) => {
      assert.match(
        error.details,
        new RegExp(
          `^creating aws:iam/role:Role app: iam CreateRole: the AWS endpoint http://127.0.0.1:${port} does not answer \\(ECONNREFUSED: .*\\); is the sandbox's AWS running\\?$`,
        ),
      );
      return true;
    });
  });

  it("throttled calls are tried again", async () => {
    const iamRole =
      "<Role><RoleName>app</RoleName><Arn>arn</Arn><RoleId>AROA</RoleId><Path>/</Path><AssumeRolePolicyDocument>{}</AssumeRolePolicyDocument></Role>";
    aws.answers = {
      CreateRole: (_parameters, count) => (count < 3 ? { status: 400, code: "Throttling", message: "Rate exceeded" } : iamRole),
      GetRole: () => iamRole,
    };
    const own = await start();
    await own.configure({ region: "eu-west-1" });
    assert.equal((await own.create(role, { ...roleInputs, name: "app" })).id, "app");
    assert.equal(aws.calls.filter((call) => call.action === "CreateRole").length, 3);
  });

  it("an error of AWS is passed on with its code, and not tried again", async () => {
    aws.answers = { CreateRole: () => ({ status: 409, code: "EntityAlreadyExists", message: "Role app exists." }) };
    await plugin.configure({ region: "eu-west-1" });
    await assert.rejects(plugin.create(role, { ...roleInputs, name: "app" }), {
      details: "creating aws:iam/role:Role app: iam CreateRole: EntityAlreadyExistsException: Role app exists.",
    });
    assert.equal(aws.calls.length, 1);
  });

  it("a call that hangs ends with the step's own limit, and cancel ends it at once", async () => {
    aws.answers = { CreateRole: () => undefined };
    const own = await start();
    await own.configure({ region: "eu-west-1" });
    await assert.rejects(own.create(role, { ...roleInputs, name: "app" }, false, 0.3), {
      details:
        "creating aws:iam/role:Role app: iam CreateRole had no answer when the step's limit of 0.3 s had passed; customTimeouts sets another limit",
    });
    const before = aws.calls.length;
    const hanging = assert.rejects(own.create(role, { ...roleInputs, name: "app" }), /the engine cancelled the operation/);
    while (aws.calls.length === before) await new Promise((resolve) => setTimeout(resolve, 10));
    await own.call("cancel", new empty.Empty());
    await hanging;
  });

  it("what was made before a fault is handed back with the error", async () => {
    const profile = (roles: string) =>
      `<InstanceProfile><InstanceProfileName>p</InstanceProfileName><Arn>arn</Arn><InstanceProfileId>AIPA</InstanceProfileId><Path>/</Path><Roles>${roles}</Roles></InstanceProfile>`;
    aws.answers = {
      GetInstanceProfile: () => profile(""),
      AddRoleToInstanceProfile: () => ({ status: 404, code: "NoSuchEntity", message: "no role x" }),
    };
    await plugin.configure({ region: "eu-west-1" });
    const urn = urnOf("aws:iam/instanceProfile:InstanceProfile", "p");
    await assert.rejects(
      plugin.create(urn, { name: "p", path: secret("/"), role: "x" }),
      (error: { partial?: { id: string; properties: object; inputs: object; reasons: string[] } }) => {
        assert.equal(error.partial?.id, "p");
        assert.deepEqual(error.partial.reasons, [
          "creating aws:iam/instanceProfile:InstanceProfile p: iam AddRoleToInstanceProfile: NoSuchEntityException: no role x",
        ]);
        const { arn, path } = error.partial.properties as { arn: unknown; path: unknown };
        assert.deepEqual([arn, path], ["arn", secret("/")]);
        assert.deepEqual(error.partial.inputs, { name: "p", path: secret("/") }, "the role is still to be given");
        return true;
      },
    );
  });

  it("a missing resource is gone, another error is not", async () => {
    aws.answers = { GetRole: () => ({ status: 404, code: "NoSuchEntity", message: "gone" }) };
    assert.equal((await plugin.read(role, "app", {}, roleInputs)).id, "");
    aws.answers = { GetRole: () => ({ status: 403, code: "AccessDenied", message: "no" }) };
    await assert.rejects(plugin.read(role, "app", {}, roleInputs), {
      details: "reading aws:iam/role:Role app: iam GetRole: AccessDenied: no",
    });
  });

  it("a resource that nobody can tell by its inputs says so", async () => {
    await assert.rejects(plugin.read(urnOf("aws:kms/key:Key", "k"), "", {}, { keyUsage: "ENCRYPT_DECRYPT" }), /KMS keys have no name/);
  });

  it("an import without inputs gives the inputs that would make the resource", async () => {
    aws.answers = {
      GetRole: () =>
        "<Role><RoleName>app</RoleName><Arn>arn</Arn><RoleId>AROA</RoleId><Path>/</Path><MaxSessionDuration>7200</MaxSessionDuration><AssumeRolePolicyDocument>%7B%7D</AssumeRolePolicyDocument></Role>",
    };
    const { inputs } = await plugin.read(role, "app");
    assert.deepEqual(inputs, {
      assumeRolePolicy: "{}",
      maxSessionDuration: 7200,
      name: "app",
      path: "/",
    });
  });
});
