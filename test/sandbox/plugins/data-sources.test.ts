/** Every data source against the local AWS. */
import assert from "node:assert/strict";
import { CreateSnapshotCommand, CreateVolumeCommand, EC2Client, RegisterImageCommand } from "@aws-sdk/client-ec2";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { functionFiles } from "../../../sandbox/plugins/aws/registry.ts";
import { functionSchema } from "../../../sandbox/plugins/aws/schema.ts";
import type { Shape } from "../../../sandbox/plugins/aws/schema.ts";
import { isObject, secret, unknown } from "../../../sandbox/plugins/protocol/values.ts";
import type { Properties, Value } from "../../../sandbox/plugins/protocol/values.ts";
import { startTestAws } from "../aws/local-aws.ts";
import type { TestAws } from "../aws/local-aws.ts";
import { PluginProcess, urnOf } from "./client.ts";

/** Where `value` is not what @pulumi/aws declares. */
function misfits(value: Value | undefined, shape: Shape, path: string): string[] {
  if (typeof shape === "string")
    return shape === "any" || typeof value === shape ? [] : [`${path} is ${JSON.stringify(value)}, not a ${shape}`];
  if ("list" in shape)
    return Array.isArray(value) ? value.flatMap((item, index) => misfits(item, shape.list, `${path}[${index}]`)) : [`${path} is no list`];
  if (!isObject(value)) return [`${path} is no object`];
  if ("map" in shape) return Object.entries(value).flatMap(([key, item]) => misfits(item, shape.map, `${path}.${key}`));
  return Object.entries(shape.object).flatMap(([key, member]) =>
    value[key] === undefined ? [] : misfits(value[key], member.type, `${path}.${key}`),
  );
}

describe("data sources of the AWS plugin", function () {
  let aws: TestAws;
  let plugin: PluginProcess;
  let ec2: EC2Client;
  const seen = new Set<string>();

  /** The result, checked for all properties that @pulumi/aws declares. */
  const get = async (token: string, args: Record<string, unknown> = {}): Promise<Properties> => {
    const { result, failures } = await plugin.invoke(token, args);
    assert.deepEqual(failures, []);
    const declared = functionSchema(token).result;
    const missing = Object.entries(declared).filter(([key, member]) => member.optional !== true && result[key] === undefined);
    assert.deepEqual(
      missing.map(([key]) => key),
      [],
      `properties that ${token} lacks`,
    );
    const wrong = Object.entries(declared).flatMap(([key, member]) =>
      result[key] === undefined || token.includes("getParameter") ? [] : misfits(result[key], member.type, key),
    );
    assert.deepEqual(wrong, [], token);
    seen.add(token);
    return result;
  };
  const make = async (type: string, name: string, inputs: Record<string, unknown>) => {
    const checked = await plugin.check(urnOf(type, name), inputs);
    assert.deepEqual(checked.failures, []);
    return plugin.create(urnOf(type, name), checked.inputs);
  };
  const refusal = async (token: string, args: Record<string, unknown>): Promise<string> => {
    try {
      await plugin.invoke(token, args);
    } catch (error) {
      return (error as { details: string }).details;
    }
    return assert.fail(`${token} was not refused`);
  };

  before(async () => {
    aws = await startTestAws({ speed: 60 });
    ec2 = new EC2Client(aws.client);
    plugin = await PluginProcess.start("aws", "", { AWS_ENDPOINT_URL: aws.endpoint });
    await plugin.configure({ region: aws.region });
  });
  after(async () => {
    ec2.destroy();
    await plugin.stop();
    await aws.stop();
  });

  it("who and where: account, region, partition, zones, service principals", async () => {
    const identity = await get("aws:index/getCallerIdentity:getCallerIdentity");
    assert.deepEqual([identity["accountId"], identity["id"]], [aws.accountId, aws.accountId]);
    assert.deepEqual(await get("aws:index/getRegion:getRegion"), {
      id: "eu-west-1",
      name: "eu-west-1",
      region: "eu-west-1",
      description: "Europe (Ireland)",
      endpoint: "ec2.eu-west-1.amazonaws.com",
    });
    assert.deepEqual(await get("aws:index/getPartition:getPartition"), {
      id: "aws",
      partition: "aws",
      dnsSuffix: "amazonaws.com",
      reverseDnsPrefix: "com.amazonaws",
    });
    const zones = await get("aws:index/getAvailabilityZones:getAvailabilityZones", { state: "available", excludeNames: ["eu-west-1b"] });
    assert.deepEqual(zones["names"], ["eu-west-1a", "eu-west-1c"]);
    const principal = await get("aws:index/getServicePrincipal:getServicePrincipal", { serviceName: "sns" });
    assert.deepEqual([principal["name"], principal["id"]], ["sns.amazonaws.com", "sns.eu-west-1.amazonaws.com"]);
  });

  it("VPC and subnets, exactly one where one is asked for", async () => {
    const vpc = await get("aws:ec2/getVpc:getVpc", { default: true });
    assert.equal(vpc["default"], true);
    assert.equal(vpc["arn"], `arn:aws:ec2:eu-west-1:${aws.accountId}:vpc/${vpc["id"] as string}`);
    const subnets = await get("aws:ec2/getSubnets:getSubnets", { filters: [{ name: "vpc-id", values: [vpc["id"]] }] });
    const ids = subnets["ids"] as string[];
    assert.equal(ids.length, 3);
    const subnet = await get("aws:ec2/getSubnet:getSubnet", { id: ids[0] });
    assert.equal(subnet["vpcId"], vpc["id"]);
    assert.equal(
      await refusal("aws:ec2/getSubnet:getSubnet", { vpcId: vpc["id"] }),
      "3 EC2 Subnets matched; use additional constraints to reduce matches to a single EC2 Subnet",
    );
    assert.equal(await refusal("aws:ec2/getVpc:getVpc", { tags: { Name: "none" } }), "no matching EC2 VPC found");
  });

  it("images: exactly one, the newest when asked, never one that anybody could have put there", async () => {
    const register = async (name: string, device = "/dev/xvda") => {
      const image = await ec2.send(
        new RegisterImageCommand({
          Name: name,
          Architecture: "x86_64",
          RootDeviceName: device,
          BlockDeviceMappings: [{ DeviceName: device, Ebs: { VolumeSize: 8, VolumeType: "gp3", DeleteOnTermination: true } }],
          TagSpecifications: [{ ResourceType: "image", Tags: [{ Key: "role", Value: "app" }] }],
        }),
      );
      return image.ImageId!;
    };
    const older = await register("app-1");
    await new Promise((resolve) => setTimeout(resolve, 1100)); // images carry whole seconds
    const newer = await register("app-2");
    const filters = [{ name: "tag:role", values: ["app"] }];
    const image = await get("aws:ec2/getAmi:getAmi", { owners: ["self"], filters, mostRecent: true });
    assert.equal(image["id"], newer);
    assert.deepEqual(image["tags"], { role: "app" });
    const [mapping] = image["blockDeviceMappings"] as { ebs: Record<string, string> }[];
    assert.equal(mapping?.ebs["volume_size"], "8");
    assert.equal((await get("aws:ec2/getAmi:getAmi", { owners: ["self"], nameRegex: "^app-1$" }))["id"], older);
    assert.match(
      await refusal("aws:ec2/getAmi:getAmi", { owners: ["self"], filters }),
      /^2 images match \(ami-\w+, ami-\w+\); use more specific search criteria, or set mostRecent to true$/,
    );
    assert.match(
      await refusal("aws:ec2/getAmi:getAmi", { owners: ["self"], nameRegex: "^nothing$" }),
      /^no image matches; change the search criteria/,
    );
    assert.match(await refusal("aws:ec2/getAmi:getAmi", { filters, mostRecent: true }), /^most recent image not filtered: .*add owners/);
    assert.match(
      await refusal("aws:ec2/getAmi:getAmi", { owners: ["self"], tags: { role: "app" } }),
      /use filters: \[\{ name: "tag:<key>"/,
    );
    const allowed = await get("aws:ec2/getAmi:getAmi", { filters, mostRecent: true, allowUnsafeFilter: true });
    assert.equal(allowed["id"], newer);
  });

  it("instance types", async () => {
    const type = await get("aws:ec2/getInstanceType:getInstanceType", { instanceType: "t3.micro" });
    assert.deepEqual([type["supportedArchitectures"], type["defaultVcpus"], type["memorySize"]], [["x86_64"], 2, 1024]);
    assert.equal(
      await refusal("aws:ec2/getInstanceType:getInstanceType", { instanceType: "t3.giant" }),
      'there is no EC2 instance type "t3.giant" in eu-west-1',
    );
  });

  it("snapshots", async () => {
    const volume = await ec2.send(new CreateVolumeCommand({ AvailabilityZone: "eu-west-1a", Size: 3 }));
    const snapshot = async () =>
      (
        await ec2.send(
          new CreateSnapshotCommand({
            VolumeId: volume.VolumeId,
            TagSpecifications: [{ ResourceType: "snapshot", Tags: [{ Key: "volume", Value: "cookbooks" }] }],
          }),
        )
      ).SnapshotId!;
    const older = await snapshot();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const newer = await snapshot();
    const query = { owners: ["self"], filters: [{ name: "tag:volume", values: ["cookbooks"] }] };
    const found = await get("aws:ebs/getSnapshot:getSnapshot", { ...query, mostRecent: true });
    assert.deepEqual([found["id"], found["volumeSize"], found["tags"]], [newer, 3, { volume: "cookbooks" }]);
    assert.deepEqual((await get("aws:ebs/getSnapshotIds:getSnapshotIds", query))["ids"], [newer, older]);
    assert.match(await refusal("aws:ebs/getSnapshot:getSnapshot", query), /^2 snapshots match/);
    assert.match(
      await refusal("aws:ebs/getSnapshot:getSnapshot", { filters: [{ name: "tag:volume", values: ["none"] }] }),
      /^no snapshot matches/,
    );
  });

  it("launch templates, roles, keys and aliases", async () => {
    const template = await make("aws:ec2/launchTemplate:LaunchTemplate", "template", {
      instanceType: "t3.micro",
      monitoring: { enabled: true },
      metadataOptions: { httpTokens: "required" },
    });
    const found = await get("aws:ec2/getLaunchTemplate:getLaunchTemplate", { id: template.id });
    assert.deepEqual(
      [found["name"], found["instanceType"], found["monitorings"]],
      [template.outputs["name"], "t3.micro", [{ enabled: true }]],
    );
    const role = await make("aws:iam/role:Role", "role", { assumeRolePolicy: { Version: "2012-10-17", Statement: [] } });
    assert.equal((await get("aws:iam/getRole:getRole", { name: role.id }))["arn"], role.outputs["arn"]);
    assert.deepEqual((await get("aws:iam/getRoles:getRoles", { nameRegex: "^role-" }))["names"], [role.id]);
    const key = await make("aws:kms/key:Key", "key", { description: "one" });
    const alias = await make("aws:kms/alias:Alias", "key", { targetKeyId: key.id });
    assert.equal((await get("aws:kms/getKey:getKey", { keyId: key.id }))["description"], "one");
    assert.equal((await get("aws:kms/getAlias:getAlias", { name: alias.id }))["targetKeyId"], key.id);
    assert.equal(await refusal("aws:kms/getAlias:getAlias", { name: "alias/none" }), 'there is no KMS alias "alias/none" in eu-west-1');
  });

  it("load balancers, target groups and listeners", async () => {
    const vpc = await get("aws:ec2/getVpc:getVpc", { default: true });
    const { ids } = await get("aws:ec2/getSubnets:getSubnets", { filters: [{ name: "vpc-id", values: [vpc["id"]] }] });
    const group = await make("aws:lb/targetGroup:TargetGroup", "group", {
      port: 80,
      protocol: "HTTP",
      vpcId: vpc["id"],
      tags: { role: "app" },
    });
    const balancer = await make("aws:lb/loadBalancer:LoadBalancer", "balancer", { internal: true, subnets: ids });
    const listener = await make("aws:lb/listener:Listener", "listener", {
      loadBalancerArn: balancer.id,
      port: 80,
      protocol: "HTTP",
      defaultActions: [{ type: "forward", targetGroupArn: group.id }],
    });
    assert.equal((await get("aws:lb/getTargetGroup:getTargetGroup", { tags: { role: "app" } }))["arn"], group.id);
    assert.equal((await get("aws:lb/getLoadBalancer:getLoadBalancer", { name: balancer.outputs["name"] }))["arn"], balancer.id);
    const found = await get("aws:lb/getListener:getListener", { loadBalancerArn: balancer.id, port: 80 });
    assert.equal(found["arn"], listener.id);
    assert.equal((found["defaultActions"] as Properties[])[0]?.["targetGroupArn"], group.id);
    assert.equal(await refusal("aws:lb/getListener:getListener", { port: 80 }), "getListener needs arn, or loadBalancerArn and port");
  });

  it("parameters, whose value is a secret", async () => {
    const ssm = new SSMClient(aws.client);
    await ssm.send(new PutParameterCommand({ Name: "/app/image", Type: "String", Value: "ami-1" }));
    await ssm.send(new PutParameterCommand({ Name: "/app/key", Type: "SecureString", Value: "hush" }));
    ssm.destroy();
    const plain = await get("aws:ssm/getParameter:getParameter", { name: "/app/image" });
    assert.deepEqual([plain["value"], plain["insecureValue"], plain["version"]], [secret("ami-1"), "ami-1", 1]);
    const secure = await get("aws:ssm/getParameter:getParameter", { name: "/app/key" });
    assert.deepEqual([secure["value"], secure["insecureValue"]], [secret("hush"), ""]);
    assert.equal(await refusal("aws:ssm/getParameter:getParameter", { name: "/none" }), 'there is no SSM parameter "/none" in eu-west-1');
  });

  it("policy documents, as the real provider writes them", async () => {
    const base = JSON.stringify({ Version: "2012-10-17", Statement: [{ Sid: "a", Effect: "Deny", Action: "sns:Publish", Resource: "*" }] });
    const found = await get("aws:iam/getPolicyDocument:getPolicyDocument", {
      sourcePolicyDocuments: [base],
      statements: [
        {
          sid: "b",
          actions: ["sqs:SendMessage", "sqs:ReceiveMessage"],
          resources: ["arn:aws:sqs:*:*:&{aws:username}"],
          principals: [{ type: "Service", identifiers: ["sns.amazonaws.com"] }],
          conditions: [{ test: "ArnEquals", variable: "aws:SourceArn", values: ["arn:1"] }],
        },
      ],
      overridePolicyDocuments: [base.replace("Deny", "Allow")],
    });
    assert.deepEqual(JSON.parse(found["json"] as string), {
      Version: "2012-10-17",
      Statement: [
        { Sid: "a", Effect: "Allow", Action: "sns:Publish", Resource: "*" },
        {
          Sid: "b",
          Effect: "Allow",
          Action: ["sqs:SendMessage", "sqs:ReceiveMessage"],
          Resource: "arn:aws:sqs:*:*:${aws:username}",
          Principal: { Service: "sns.amazonaws.com" },
          Condition: { ArnEquals: { "aws:SourceArn": "arn:1" } },
        },
      ],
    });
    assert.equal(found["minifiedJson"], JSON.stringify(JSON.parse(found["json"] as string)));
    assert.equal(
      await refusal("aws:iam/getPolicyDocument:getPolicyDocument", { statements: [{ sid: "a" }, { sid: "a" }] }),
      'duplicate Sid "a" in statements; remove the Sid or make it unique',
    );
    assert.match(
      await refusal("aws:iam/getPolicyDocument:getPolicyDocument", { sourcePolicyDocuments: ["{"] }),
      /^sourcePolicyDocuments\[0\] is not JSON/,
    );
  });

  it("unknown arguments give an unknown result; wrong ones are reported together", async () => {
    const { result } = await plugin.invoke("aws:ec2/getVpc:getVpc", { id: unknown });
    assert.deepEqual([result["cidrBlock"], result["id"]], [unknown, unknown]);
    const { failures } = await plugin.invoke("aws:ec2/getInstanceType:getInstanceType", { type: "t3.micro", region: 3 });
    assert.deepEqual(failures, [
      "type: type is not an argument of aws:ec2/getInstanceType:getInstanceType; it takes instanceType, region",
      "instanceType: instanceType is missing; it must be a string",
    ]);
  });

  it("every data source was asked", () => {
    assert.deepEqual([...seen].sort(), Object.keys(functionFiles).sort());
  });
});
