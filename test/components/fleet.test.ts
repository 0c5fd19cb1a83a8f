import assert from "node:assert/strict";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { Fleet } from "../../components/fleet.ts";
import type { FleetArgs } from "../../components/fleet-args.ts";
import { typeTokens } from "../../contract/type-tokens.ts";
import { fleetArgs, prefix } from "./helpers/args.ts";
import { accountId, region, settled, startMocks, urn, valueOf } from "./helpers/mocks.ts";
import type { Recorder } from "./helpers/mocks.ts";

const token = typeTokens.fleet;
const group = "aws:autoscaling/group:Group";
const template = "aws:ec2/launchTemplate:LaunchTemplate";
const tags = {
  "fleet:product": "storefront",
  "fleet:environment": "staging",
  "fleet:platform": "web",
  "fleet:major-version": "3",
  "fleet:name": "app",
  "fleet:role": "frontend",
};
const groupUrn = urn(`${token}$${group}`, `${prefix}-group`);

/** What a fleet registers, with the fleet itself. */
async function built(
  changes: Partial<FleetArgs> = {},
  options: pulumi.ComponentResourceOptions = {},
): Promise<{ recorder: Recorder; fleet: Fleet }> {
  const recorder = await startMocks();
  const fleet = new Fleet(prefix, { ...fleetArgs, ...changes }, { before: [], ...options });
  await settled();
  return { recorder, fleet };
}

describe("components/fleet", () => {
  it("registers one group with what belongs to it, each under its own name", async () => {
    const { recorder } = await built();
    assert.deepEqual(recorder.names(), [
      `aws:autoscaling/group:Group ${prefix}-group`,
      `aws:autoscaling/notification:Notification ${prefix}-notification`,
      `aws:ec2/launchTemplate:LaunchTemplate ${prefix}-template`,
      `aws:ec2/securityGroup:SecurityGroup ${prefix}-nodes`,
      `aws:iam/instanceProfile:InstanceProfile ${prefix}-node`,
      `aws:iam/role:Role ${prefix}-node`,
      `aws:iam/rolePolicy:RolePolicy ${prefix}-node`,
      `fleet:components:Fleet ${prefix}`,
    ]);
    assert.deepEqual(new Set(recorder.all.filter((one) => one.type !== token).map((one) => one.parent)), new Set([urn(token, prefix)]));
  });

  it("shows its arguments to policies, plain, at preview", async () => {
    const recorder = await startMocks(undefined, true);
    new Fleet(prefix, fleetArgs, { before: [] });
    await settled();
    const { inputs } = recorder.one(token);
    assert.deepEqual(inputs["identity"], fleetArgs.identity);
    assert.equal(inputs["instanceType"], "t3.small");
    assert.deepEqual((inputs["image"] as FleetArgs["image"]).bakeType, "t3.small");
    assert.deepEqual(inputs["size"], { min: 2, max: 6 });
  });

  it("builds the launch template", async () => {
    const { recorder } = await built();
    const { userData, ...inputs } = recorder.one(template).inputs;
    assert.equal(
      Buffer.from(String(userData), "base64").toString("utf8"),
      `#cloud-config\n{"write_files":[{"path":"/etc/fleet/fleet.json","owner":"root:root","permissions":"0644","content":"{\\"product\\":\\"storefront\\",\\"environment\\":\\"staging\\",\\"platform\\":\\"web\\",\\"majorVersion\\":3,\\"fleet\\":\\"app\\",\\"role\\":\\"frontend\\"}\\n"}]}\n`,
    );
    const tagged = { ...tags, Name: prefix };
    assert.deepEqual(inputs, {
      description: `Nodes of ${prefix}`,
      imageId: "ami-0123456789abcdef0",
      instanceType: "t3.small",
      instanceInitiatedShutdownBehavior: "terminate",
      monitoring: { enabled: true },
      updateDefaultVersion: true,
      iamInstanceProfile: { arn: `arn:aws:iam::${accountId}:instance-profile/${prefix}-node-0a1b2c3` },
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1, instanceMetadataTags: "enabled" },
      blockDeviceMappings: [
        { deviceName: "/dev/xvda", ebs: { volumeType: "gp3", encrypted: "true", deleteOnTermination: "true", volumeSize: 8 } },
      ],
      networkInterfaces: [
        { deviceIndex: 0, associatePublicIpAddress: "false", deleteOnTermination: "true", securityGroups: [`${prefix}-nodes-id`] },
      ],
      tagSpecifications: [
        { resourceType: "instance", tags: tagged },
        { resourceType: "volume", tags: tagged },
        { resourceType: "network-interface", tags: tagged },
      ],
      tags: {
        ...tags,
        "fleet:bake-type": "t3.small",
        "fleet:baked-at": "2026-11-20T10:00:00Z",
        "fleet:architecture": "x86_64",
        "fleet:source-image": "ami-0fedcba9876543210",
      },
    });
  });

  it("builds the group", async () => {
    const { recorder } = await built();
    const { enabledMetrics, ...inputs } = recorder.one(group).inputs;
    assert.equal((enabledMetrics as string[]).length, 8);
    assert.deepEqual(inputs, {
      minSize: 2,
      maxSize: 6,
      healthCheckType: "EC2",
      healthCheckGracePeriod: 120,
      defaultInstanceWarmup: 120,
      metricsGranularity: "1Minute",
      terminationPolicies: ["OldestLaunchTemplate", "Default"],
      instanceMaintenancePolicy: { minHealthyPercentage: 100, maxHealthyPercentage: 110 },
      vpcZoneIdentifiers: ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
      serviceLinkedRoleArn: fleetArgs.serviceLinkedRoleArn,
      targetGroupArns: [],
      launchTemplate: { id: `${prefix}-template-id`, version: "7" },
      tags: Object.entries({ ...tags, Name: prefix }).map(([key, value]) => ({ key, value, propagateAtLaunch: true })),
      forceDelete: false,
      waitForCapacityTimeout: "0",
    });
  });

  it("leaves template, mixed policy and launch hook of a living group alone, and gives its end time", async () => {
    const { recorder } = await built();
    const { ignoreChanges, customTimeouts } = recorder.one(group);
    assert.deepEqual(ignoreChanges, ["launchTemplate", "mixedInstancesPolicy", "initialLifecycleHooks"]);
    assert.equal(customTimeouts?.delete, "900s");
  });

  it("stands on what must be before it, and on what its nodes may do", async () => {
    const recorder = await startMocks();
    const queue = new aws.sqs.Queue("before");
    new Fleet(prefix, fleetArgs, { before: [queue] });
    await settled();
    const { dependencies } = recorder.one(group);
    assert.ok(dependencies.some((one) => one.endsWith(`rolePolicy:RolePolicy::${prefix}-node`)));
    assert.ok(dependencies.some((one) => one === urn("aws:sqs/queue:Queue", "before")));
  });

  it("notifies of launches, terminations and their errors, and lets the notification go with the group", async () => {
    const { recorder } = await built();
    const { inputs, deletedWith } = recorder.one("aws:autoscaling/notification:Notification");
    assert.deepEqual(inputs, {
      groupNames: [`${prefix}-group-0a1b2c3`],
      notifications: [
        "autoscaling:EC2_INSTANCE_LAUNCH",
        "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
        "autoscaling:EC2_INSTANCE_TERMINATE",
        "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
      ],
      topicArn: fleetArgs.notices.topicArn,
    });
    assert.equal(deletedWith, groupUrn);
  });

  it("opens its own security group as told", async () => {
    const { recorder } = await built();
    assert.deepEqual(recorder.one("aws:ec2/securityGroup:SecurityGroup").inputs, {
      description: `Nodes of ${prefix}`,
      vpcId: "vpc-0123456789abcdef0",
      ingress: [{ description: "Application", protocol: "tcp", fromPort: 8080, toPort: 8080, cidrBlocks: ["10.0.0.0/16"] }],
      egress: [{ description: "Everything outbound", protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"] }],
      tags: { ...tags, Name: prefix },
    });
  });

  it("makes no security group where some are given", async () => {
    const { recorder, fleet } = await built({ network: { ...fleetArgs.network, securityGroupIds: ["sg-0123456789abcdef0"] } });
    assert.deepEqual(recorder.ofType("aws:ec2/securityGroup:SecurityGroup"), []);
    assert.deepEqual(await valueOf(fleet.securityGroupIds), ["sg-0123456789abcdef0"]);
  });

  it("gives nodes Session Manager, and with a launch hook the completion of their own group's actions", async () => {
    const statements = async (changes: Partial<FleetArgs>) => {
      const { recorder } = await built(changes);
      return (JSON.parse(String(recorder.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])) as { Statement: { Sid: string }[] })
        .Statement;
    };
    assert.deepEqual(
      (await statements({})).map((one) => one.Sid),
      ["SessionManager"],
    );
    const own = { Sid: "Parameters", Effect: "Allow", Action: "ssm:GetParameter", Resource: "arn:x" } as const;
    const [, hook, ...more] = await statements({ launchHook: { heartbeatSeconds: 300 }, instancePolicy: [own] });
    assert.deepEqual(hook, {
      Sid: "OwnLifecycleActions",
      Effect: "Allow",
      Action: ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"],
      Resource: `arn:aws:autoscaling:${region}:${accountId}:autoScalingGroup:*:autoScalingGroupName/${prefix}-group-*`,
    });
    assert.deepEqual(
      more.map(({ Sid }) => Sid),
      ["OwnTags", "OwnHealth", "BootLog", "BootMetric", "Parameters"],
    );
    assert.deepEqual(more.at(-1), own);
  });

  it("holds new instances in an initial hook, and departing ones in a hook that goes with the group", async () => {
    const { recorder } = await built({ launchHook: { heartbeatSeconds: 300 }, terminateHook: { heartbeatSeconds: 120 } });
    assert.deepEqual(recorder.one(group).inputs["initialLifecycleHooks"], [
      {
        name: "fleet-launch",
        lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
        heartbeatTimeout: 300,
        defaultResult: "ABANDON",
      },
    ]);
    const hook = recorder.one("aws:autoscaling/lifecycleHook:LifecycleHook");
    assert.equal(hook.deletedWith, groupUrn);
    assert.deepEqual(hook.inputs, {
      name: "fleet-terminate",
      autoscalingGroupName: `${prefix}-group-0a1b2c3`,
      lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
      heartbeatTimeout: 120,
      defaultResult: "CONTINUE",
    });
    assert.equal(recorder.one(group).customTimeouts?.delete, "1020s");
  });

  it("mixes types in the place of the single template", async () => {
    const { recorder } = await built({
      mixedInstances: {
        types: ["t3.small", "t3a.small"],
        onDemandBaseCapacity: 1,
        onDemandPercentageAboveBase: 50,
        spotAllocationStrategy: "price-capacity-optimized",
      },
    });
    const { inputs } = recorder.one(group);
    assert.equal(inputs["launchTemplate"], undefined);
    assert.deepEqual(inputs["mixedInstancesPolicy"], {
      launchTemplate: {
        launchTemplateSpecification: { launchTemplateId: `${prefix}-template-id`, version: "7" },
        overrides: [{ instanceType: "t3.small" }, { instanceType: "t3a.small" }],
      },
      instancesDistribution: {
        onDemandBaseCapacity: 1,
        onDemandPercentageAboveBaseCapacity: 50,
        spotAllocationStrategy: "price-capacity-optimized",
      },
    });
  });

  describe("with a load balancer", () => {
    const listener = {
      listenerArn: `arn:aws:elasticloadbalancing:${region}:${accountId}:listener/app/web/1/2`,
      priority: 100,
      hosts: ["shop.example.com"],
      paths: ["/*"],
      port: 8080,
      protocol: "HTTP",
      healthPath: "/health",
      healthMatcher: "200",
      drainSeconds: 60,
    } as const;

    it("joins target groups that exist", async () => {
      const { recorder } = await built({ loadBalancing: { targetGroupArns: ["arn:x"] }, healthCheckType: "ELB" });
      assert.deepEqual(recorder.one(group).inputs["targetGroupArns"], ["arn:x"]);
      assert.equal(recorder.one(group).inputs["healthCheckType"], "ELB");
      assert.deepEqual(recorder.ofType("aws:lb/targetGroup:TargetGroup"), []);
    });

    it("makes a target group and a rule on a listener, both before the group", async () => {
      const { recorder, fleet } = await built({ loadBalancing: listener, healthCheckType: "ELB" });
      const { tags: targetTags, ...target } = recorder.one("aws:lb/targetGroup:TargetGroup").inputs;
      assert.deepEqual(targetTags, tags);
      assert.deepEqual(target, {
        port: 8080,
        protocol: "HTTP",
        targetType: "instance",
        vpcId: "vpc-0123456789abcdef0",
        deregistrationDelay: 60,
        healthCheck: { path: "/health", matcher: "200", protocol: "HTTP" },
      });
      assert.ok(recorder.one("aws:lb/targetGroup:TargetGroup").name.length <= 24);
      const rule = recorder.one("aws:lb/listenerRule:ListenerRule");
      const [arn] = await valueOf(fleet.targetGroupArns);
      assert.deepEqual(rule.inputs["actions"], [{ type: "forward", targetGroupArn: arn }]);
      assert.deepEqual(rule.inputs["conditions"], [{ hostHeader: { values: ["shop.example.com"] } }, { pathPattern: { values: ["/*"] } }]);
      assert.ok(recorder.one(group).dependencies.some((one) => one.includes("listenerRule:ListenerRule")));
      assert.deepEqual(recorder.one(group).inputs["targetGroupArns"], [arn]);
      assert.equal(recorder.one(group).customTimeouts?.delete, "960s");
    });

    it("makes a target group behind an HTTPS listener of its own, both before the group", async () => {
      const { port, protocol, healthPath, healthMatcher, drainSeconds } = listener;
      const own = {
        loadBalancerArn: `arn:aws:elasticloadbalancing:${region}:${accountId}:loadbalancer/app/web/1`,
        certificateArn: `arn:aws:acm:${region}:${accountId}:certificate/1`,
        port: 443,
        tlsPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
      };
      const loadBalancing = { listener: own, port, protocol, healthPath, healthMatcher, drainSeconds };
      const { recorder, fleet } = await built({ loadBalancing, healthCheckType: "ELB" });
      const [arn] = await valueOf(fleet.targetGroupArns);
      assert.deepEqual(recorder.one("aws:lb/listener:Listener").inputs, {
        loadBalancerArn: own.loadBalancerArn,
        port: 443,
        protocol: "HTTPS",
        certificateArn: own.certificateArn,
        sslPolicy: own.tlsPolicy,
        defaultActions: [{ type: "forward", targetGroupArn: arn }],
        tags,
      });
      assert.deepEqual(recorder.ofType("aws:lb/listenerRule:ListenerRule"), []);
      assert.ok(recorder.one(group).dependencies.some((one) => one.includes("lb/listener:Listener")));
      assert.deepEqual(recorder.one(group).inputs["targetGroupArns"], [arn]);
    });
  });

  describe("passes through", () => {
    it("what the caller adds, over our defaults", async () => {
      const { recorder } = await built({
        launchTemplate: { monitoring: { enabled: false }, cpuOptions: { coreCount: 2 } },
        group: { healthCheckGracePeriod: 60, maxInstanceLifetime: 604_800 },
      });
      assert.deepEqual(recorder.one(template).inputs["monitoring"], { enabled: false });
      assert.deepEqual(recorder.one(template).inputs["cpuOptions"], { coreCount: 2 });
      assert.equal(recorder.one(group).inputs["healthCheckGracePeriod"], 60);
      assert.equal(recorder.one(group).inputs["maxInstanceLifetime"], 604_800);
    });

    it("metadata options, but never the old metadata service", async () => {
      const { recorder } = await built({
        launchTemplate: { metadataOptions: { httpTokens: "optional", httpPutResponseHopLimit: 2, httpEndpoint: "disabled" } },
      });
      assert.deepEqual(recorder.one(template).inputs["metadataOptions"], {
        httpEndpoint: "enabled",
        httpTokens: "required",
        httpPutResponseHopLimit: 2,
        instanceMetadataTags: "enabled",
      });
    });
  });

  it("encrypts every volume, the root volume under the image's own device name", async () => {
    const kmsKeyArn = `arn:aws:kms:${region}:${accountId}:key/1`;
    const { recorder } = await built({
      rootVolume: { sizeGiB: 20, iops: 4000, throughputMiBps: 250 },
      volumes: [{ deviceName: "/dev/sdf", snapshotId: "snap-0123456789abcdef0", kmsKeyArn }],
    });
    const always = { volumeType: "gp3", encrypted: "true", deleteOnTermination: "true" };
    assert.deepEqual(recorder.one(template).inputs["blockDeviceMappings"], [
      { deviceName: "/dev/xvda", ebs: { ...always, volumeSize: 20, iops: 4000, throughput: 250 } },
      { deviceName: "/dev/sdf", ebs: { ...always, snapshotId: "snap-0123456789abcdef0", kmsKeyId: kmsKeyArn } },
    ]);
  });

  it("protects all of its children with itself", async () => {
    const { recorder } = await built({}, { protect: true });
    assert.ok(recorder.all.every((one) => one.protect));
  });

  it("gives out what others need", async () => {
    const { fleet } = await built();
    assert.equal(await valueOf(fleet.groupName), `${prefix}-group-0a1b2c3`);
    assert.equal(await valueOf(fleet.launchTemplateId), `${prefix}-template-id`);
    assert.equal(await valueOf(fleet.launchTemplateVersion), "7");
    assert.equal(await valueOf(fleet.nodeRoleArn), `arn:aws:iam::${accountId}:role/${prefix}-node-0a1b2c3`);
  });

  it("cuts the names of a long prefix to each service's limit", async () => {
    const recorder = await startMocks();
    new Fleet("p".repeat(90), fleetArgs, { before: [] });
    await settled();
    assert.equal(recorder.one("aws:iam/role:Role").name.length, 56);
    assert.match(recorder.one("aws:iam/role:Role").name, /^p+-[0-9a-f]{6}$/);
    assert.equal(recorder.one(group).name, `${"p".repeat(90)}-group`);
  });

  describe("refuses before anything is made", () => {
    const cases: readonly { readonly what: string; readonly changes: Partial<FleetArgs>; readonly faults: readonly string[] }[] = [
      {
        what: "sizes, percentages, type, hook and health that cannot be, all at once",
        changes: {
          size: { min: 7, max: 6 },
          instanceType: "large",
          maintenance: { minHealthyPercent: 50, maxHealthyPercent: 160 },
          healthCheckType: "ELB",
          launchHook: { heartbeatSeconds: 10 },
        },
        faults: [
          "size.min is 7; allowed: a whole number from 0 to size.max (6)",
          'instanceType is "large"; allowed: an instance type such as m7i.large',
          "maintenance.maxHealthyPercent is 160; allowed: at most 100 more than maintenance.minHealthyPercent (50)",
          'healthCheckType is "ELB"; allowed: EC2, or ELB together with loadBalancing',
          "launchHook.heartbeatSeconds is 10; allowed: a whole number from 30 to 7200",
        ],
      },
      {
        what: "a type of another architecture, also among the mixed ones",
        changes: {
          instanceType: "t4g.small",
          mixedInstances: {
            types: ["t4g.small", "m7g.large", "t3.small"],
            onDemandBaseCapacity: 0,
            onDemandPercentageAboveBase: 100,
            spotAllocationStrategy: "lowest-price",
          },
        },
        faults: [
          `instanceType is "t4g.small"; allowed: a type for x86_64 (that is what image ami-0123456789abcdef0 was built for)`,
          `instanceType is "m7g.large"; allowed: a type for x86_64 (that is what image ami-0123456789abcdef0 was built for)`,
        ],
      },
      {
        what: "more target groups than a group takes",
        changes: {
          loadBalancing: { targetGroupArns: Array.from({ length: 51 }, (_, index) => `arn:${index}`) },
          group: { trafficSources: Array.from({ length: 6 }, (_, index) => ({ identifier: `arn:${index}`, type: "vpc-lattice" })) },
        },
        faults: [
          'loadBalancing.targetGroupArns is "51 target groups"; allowed: at most 50 (a quota that cannot be raised)',
          'group.trafficSources is "6 target groups of VPC Lattice"; allowed: at most 5 (a quota that cannot be raised)',
        ],
      },
      {
        what: "volumes that cannot be",
        changes: {
          rootVolume: { sizeGiB: 4 },
          volumes: [{ deviceName: "/dev/xvda", sizeGiB: 1 }, { deviceName: "/dev/sdf" }, { deviceName: "/dev/sdf", sizeGiB: 1 }],
        },
        faults: [
          "rootVolume.sizeGiB is 4; allowed: 8 or more, the size of the image's root snapshot",
          `volumes[0].deviceName is "/dev/xvda"; allowed: any device but the image's root device`,
          "volumes[1].sizeGiB is absent; allowed: a size, or a snapshotId whose size is taken",
          `volumes[2].deviceName is "/dev/sdf"; allowed: each device once`,
        ],
      },
      {
        what: "user data over the limit, counted in bytes",
        changes: { userData: "ü".repeat(8193) },
        faults: ["userData is 16386; allowed: at most 16384 bytes (compress it, move what is long into the image, or fetch it at boot)"],
      },
      {
        what: "what the caller passed through",
        changes: { group: { maxInstanceLifetime: 60, terminationPolicies: ["Default", "OldestInstance"] } },
        faults: [
          "group.maxInstanceLifetime is 60; allowed: 0 (none), or 86400 (a day) to 31536000 (a year)",
          `group.terminationPolicies[0] is "Default"; allowed: Default last: it always finds an instance`,
        ],
      },
    ];
    for (const { what, changes, faults } of cases) {
      it(what, async () => {
        const recorder = await startMocks();
        const message = `Fleet ${prefix} cannot be built:\n${faults.map((one) => `- ${one}`).join("\n")}`;
        assert.throws(
          () => new Fleet(prefix, { ...fleetArgs, ...changes }, { before: [] }),
          (error) => pulumi.ResourceError.isInstance(error) && error.hideStack === true && error.message === message,
        );
        await settled();
        assert.deepEqual(recorder.names(), [`${token} ${prefix}`]);
      });
    }

    it("takes user data of exactly the limit, and says what it is when it is only known later", async () => {
      const { recorder } = await built({ userData: pulumi.output("x".repeat(16_384)) });
      assert.equal(String(recorder.one(template).inputs["userData"]).length, 21_848);
    });
  });
});
