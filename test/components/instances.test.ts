/** What a group launches beside its own type, what it keeps ready, and when it gives instances up. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { fleetOutput, type FleetParts } from "../../components/fleet-output.ts";
import { Fleet } from "../../components/fleet.ts";
import type { FleetArgs } from "../../components/fleet-args.ts";
import type { MixedInstances } from "../../contract/mixed-instances.ts";
import { fleetArgs, prefix } from "./helpers/args.ts";
import { accountId, region, settled, startMocks, valueOf } from "./helpers/mocks.ts";

const group = "aws:autoscaling/group:Group";
const spot: MixedInstances = {
  types: ["t3.small", "t3.large"],
  onDemandBaseCapacity: 1,
  onDemandPercentageAboveBase: 50,
  spotAllocationStrategy: "price-capacity-optimized",
};

async function built(changes: Partial<FleetArgs>) {
  const recorder = await startMocks();
  new Fleet(prefix, { ...fleetArgs, ...changes }, { before: [] });
  await settled();
  return recorder;
}

const groupOf = async (changes: Partial<FleetArgs>) => (await built(changes)).one(group).inputs;

async function refused(changes: Partial<FleetArgs>): Promise<string[]> {
  await startMocks();
  let lines: string[] = [];
  assert.throws(
    () => new Fleet(prefix, { ...fleetArgs, ...changes }, { before: [] }),
    (error) => {
      assert.ok(pulumi.ResourceError.isInstance(error));
      lines = error.message.split("\n").slice(1);
      return true;
    },
  );
  await settled();
  return lines;
}

describe("components/fleet instances", () => {
  it("replaces spot instances at risk when there are any, unless told otherwise", async () => {
    assert.equal((await groupOf({ mixedInstances: spot }))["capacityRebalance"], true);
    assert.equal((await groupOf({ mixedInstances: { ...spot, capacityRebalance: false } }))["capacityRebalance"], undefined);
    assert.equal((await groupOf({ mixedInstances: { ...spot, onDemandPercentageAboveBase: 100 } }))["capacityRebalance"], undefined);
  });

  it("counts sizes in units when types have weights", async () => {
    const inputs = await groupOf({ mixedInstances: { ...spot, weights: { "t3.small": 1, "t3.large": 4 }, capacityUnits: "units" } });
    assert.equal(inputs["desiredCapacityType"], "units");
    const { launchTemplate } = inputs["mixedInstancesPolicy"] as { launchTemplate: { overrides: unknown } };
    assert.deepEqual(launchTemplate.overrides, [
      { instanceType: "t3.small", weightedCapacity: "1" },
      { instanceType: "t3.large", weightedCapacity: "4" },
    ]);
  });

  it("chooses types by attributes, in the place of names", async () => {
    const attributes = {
      vCpus: { min: 2, max: 4 },
      memoryMiB: { min: 4096 },
      allowedTypes: ["t3.*"],
      generations: ["current"],
      burstable: "included",
      localStorage: "excluded",
    } as const;
    const mixedInstances: MixedInstances = { ...spot, types: [], attributes, capacityUnits: "vcpu", spotMaxPrice: "0.05" };
    const inputs = await groupOf({ mixedInstances });
    assert.equal(inputs["desiredCapacityType"], "vcpu");
    assert.deepEqual(inputs["mixedInstancesPolicy"], {
      launchTemplate: {
        launchTemplateSpecification: { launchTemplateId: `${prefix}-template-id`, version: "7" },
        overrides: [
          {
            instanceRequirements: {
              vcpuCount: { min: 2, max: 4 },
              memoryMib: { min: 4096 },
              allowedInstanceTypes: ["t3.*"],
              instanceGenerations: ["current"],
              burstablePerformance: "included",
              localStorage: "excluded",
            },
          },
        ],
      },
      instancesDistribution: {
        onDemandBaseCapacity: 1,
        onDemandPercentageAboveBaseCapacity: 50,
        spotAllocationStrategy: "price-capacity-optimized",
        spotMaxPrice: "0.05",
      },
    });
  });

  it("keeps instances ready in a warm pool, and prepares the template for hibernation", async () => {
    const recorder = await built({ warmPool: { state: "Hibernated", min: 2, maxPrepared: 4, reuse: true } });
    assert.deepEqual(recorder.one(group).inputs["warmPool"], {
      poolState: "Hibernated",
      minSize: 2,
      maxGroupPreparedCapacity: 4,
      instanceReusePolicy: { reuseOnScaleIn: true },
    });
    assert.deepEqual(recorder.one("aws:ec2/launchTemplate:LaunchTemplate").inputs["hibernationOptions"], { configured: true });
    assert.deepEqual((await groupOf({ warmPool: { state: "Stopped" } }))["warmPool"], { poolState: "Stopped" });
  });

  it("retains an instance whose hook was abandoned", async () => {
    const recorder = await built({ terminateHook: { heartbeatSeconds: 120, onAbandon: "retain" } });
    assert.deepEqual(recorder.one(group).inputs["instanceLifecyclePolicy"], { retentionTriggers: { terminateHookAbandon: "retain" } });
    assert.equal(recorder.one("aws:autoscaling/lifecycleHook:LifecycleHook").inputs["defaultResult"], "ABANDON");
  });

  it("checks volumes, load balancer and lattice beside EC2", async () => {
    assert.equal((await groupOf({ moreHealthChecks: ["EBS"] }))["healthCheckType"], "EBS");
    const loadBalancing = { targetGroupArns: ["arn:x"] };
    assert.equal((await groupOf({ loadBalancing, healthCheckType: "ELB", moreHealthChecks: ["EBS"] }))["healthCheckType"], "ELB,EBS");
    const trafficSources = [{ identifier: "arn:lattice", type: "vpc-lattice" }];
    assert.equal((await groupOf({ moreHealthChecks: ["VPC_LATTICE"], group: { trafficSources } }))["healthCheckType"], "VPC_LATTICE");
  });

  it("passes on what has no argument of its own: zones, lifetime, protection, processes, reservations, placement, termination functions", async () => {
    const given = {
      availabilityZoneDistribution: { capacityDistributionStrategy: "balanced-only" },
      maxInstanceLifetime: 604_800,
      protectFromScaleIn: true,
      suspendedProcesses: ["AZRebalance"],
      capacityReservationSpecification: { capacityReservationPreference: "capacity-reservations-first" },
      terminationPolicies: ["arn:aws:lambda:eu-central-1:123456789012:function:choose", "Default"],
    };
    const inputs = await groupOf({ group: given });
    for (const [key, value] of Object.entries(given)) assert.deepEqual(inputs[key], value, key);
  });

  it("refuses mixtures that AWS would refuse, all at once", async () => {
    const lines = await refused({
      mixedInstances: {
        ...spot,
        types: ["t3.large", "t3.large"],
        weights: { "t3.large": 0, "m7i.large": 2 },
        onDemandPercentageAboveBase: 100,
        spotMaxPrice: "cheap",
        capacityRebalance: true,
      },
      warmPool: { state: "Stopped", min: 9, maxPrepared: 1 },
      moreHealthChecks: ["VPC_LATTICE"],
      terminateHook: { heartbeatSeconds: 10 },
      group: { terminationPolicies: ["Default", "OldestInstance"] },
    });
    const why = "(onDemandPercentageAboveBase is 100, so that there is no spot instance)";
    assert.deepEqual(lines, [
      '- mixedInstances.types is ["t3.large","t3.large"]; allowed: a list with t3.small, the fleet\'s instanceType, among them',
      '- mixedInstances.types is "t3.large"; allowed: each type once',
      "- mixedInstances.capacityUnits is absent; allowed: units, since weights are given (the group's sizes then count units, not instances)",
      '- mixedInstances.weights["t3.large"] is 0; allowed: a whole number from 1 to 999',
      '- mixedInstances.weights["m7i.large"] is 2; allowed: a weight of one of the types',
      '- mixedInstances.spotMaxPrice is "cheap"; allowed: a price in USD an hour, such as 0.05',
      `- mixedInstances.spotMaxPrice is "cheap"; allowed: absent ${why}`,
      `- mixedInstances.capacityRebalance is true; allowed: false or absent ${why}`,
      '- group.terminationPolicies[0] is "Default"; allowed: Default last: it always finds an instance',
      "- warmPool.min is 9; allowed: at most maxPrepared (1)",
      '- warmPool is "given"; allowed: absent (a group with mixed instances takes no warm pool)',
      "- warmPool.maxPrepared is 1; allowed: at least the group's min (2) (it counts the instances in service, and nothing would be left for the pool)",
      '- moreHealthChecks is ["VPC_LATTICE"]; allowed: EBS, or VPC_LATTICE together with a group.trafficSources of type vpc-lattice',
      "- terminateHook.heartbeatSeconds is 10; allowed: a whole number from 30 to 7200",
    ]);
  });

  it("refuses attributes beside types, ranges upside down, units that nothing has, and a pool larger than the maximum", async () => {
    const attributes = { vCpus: { min: 4, max: 2 }, memoryMiB: { min: 0 }, allowedTypes: ["t3.*"], excludedTypes: ["t3.nano"] };
    assert.deepEqual(
      (await refused({ mixedInstances: { ...spot, attributes, capacityUnits: "units" }, warmPool: { state: "Stopped", min: 7 } })).map(
        (line) => line.split("; allowed")[0],
      ),
      [
        '- mixedInstances.types is ["t3.small","t3.large"]',
        "- mixedInstances.weights is absent",
        "- mixedInstances.attributes.vCpus.max is 2",
        '- mixedInstances.attributes.excludedTypes is ["t3.nano"]',
        '- warmPool is "given"',
        "- warmPool.min is 7",
      ],
    );
    assert.deepEqual(await refused({ mixedInstances: { ...spot, capacityUnits: "vcpu" } }), [
      '- mixedInstances.capacityUnits is "vcpu"; allowed: absent, or units with weights (only attributes can be counted so)',
    ]);
  });

  it("tells the consumer of departing instances under a role of the hook's own that stands before the group", async () => {
    const recorder = await built({ terminateHook: { heartbeatSeconds: 120, notifies: true } });
    const { notificationTargetArn, roleArn } = recorder.one("aws:autoscaling/lifecycleHook:LifecycleHook").inputs;
    assert.deepEqual(
      [notificationTargetArn, roleArn],
      [fleetArgs.notices.topicArn, `arn:aws:iam::${accountId}:role/${prefix}-hook-0a1b2c3`],
    );
    const policy = recorder.all.find(({ type, name }) => type === "aws:iam/rolePolicy:RolePolicy" && name === `${prefix}-hook`);
    const { Statement } = JSON.parse(policy?.inputs["policy"] as string) as { Statement: { Action: unknown; Resource: unknown }[] };
    assert.deepEqual(
      Statement.map(({ Action, Resource }) => [Action, Resource]),
      [
        ["sns:Publish", fleetArgs.notices.topicArn],
        [["kms:GenerateDataKey*", "kms:Decrypt"], `arn:aws:kms:${region}:${accountId}:key/*`],
      ],
    );
    assert.ok(recorder.one(group).dependencies.some((urn) => urn.endsWith(`RolePolicy::${prefix}-hook`)));
    const silent = await built({ terminateHook: { heartbeatSeconds: 120 } });
    assert.equal(silent.one("aws:autoscaling/lifecycleHook:LifecycleHook").inputs["roleArn"], undefined);
  });

  it("sets deletion protection and zonal shift on the group once it stands, and takes them off before it goes", async () => {
    const recorder = await built({ deletionProtection: "prevent-all-deletion", zonalShift: "IgnoreUnhealthy", roleArn: "arn:role" });
    const { name, inputs, dependencies } = recorder.one("command:local:Command");
    const groupName = `${prefix}-group-0a1b2c3`;
    assert.equal(name, `${prefix}-guard`);
    assert.ok(dependencies.some((urn) => urn.endsWith(`${prefix}-group`)));
    const { environment, ...lines } = inputs;
    assert.deepEqual(lines, {
      create: "node ops/state-command.js guard --v1",
      update: "node ops/state-command.js guard --v1",
      delete: "node ops/state-command.js unguard --v1",
      triggers: [groupName],
    });
    assert.deepEqual(JSON.parse((environment as Record<string, string>)["FLEET_GUARD"]!), {
      group: groupName,
      deletionProtection: "prevent-all-deletion",
      zonalShift: "IgnoreUnhealthy",
      region,
      accountId,
      roleArn: "arn:role",
    });
    assert.ok(!(await built({})).names().some((one) => one.startsWith("command:")));
  });
});

describe("components/fleet-output", () => {
  it("tells operators of the hooks, which nothing else that they read does", async () => {
    await startMocks();
    const parts = {
      fleet: { groupName: "g", groupArn: "a", launchTemplateId: "lt", launchTemplateName: "n" },
      scaling: { scaling: pulumi.output({ policies: [] }), rolloutAlarms: [] },
      rollout: { launchTemplateVersion: "1" },
      notices: { topicArn: "t", queueUrl: "u", queueArn: "q", deadLetterQueueUrl: "d" },
    } as unknown as FleetParts;
    const rollout = { minHealthyPercent: 100, maxHealthyPercent: 110, healthAlarms: [], wait: true, timeoutSeconds: 3600 };
    const hooks = { launchHook: { heartbeatSeconds: 300 }, terminateHook: { heartbeatSeconds: 120, onAbandon: "retain" } } as const;
    const told = await valueOf(fleetOutput(prefix, { ...fleetArgs, ...hooks }, rollout, parts));
    assert.deepEqual([told.launchHook, told.terminateHook], [hooks.launchHook, hooks.terminateHook]);
    const none = await valueOf(fleetOutput(prefix, fleetArgs, rollout, parts));
    assert.deepEqual(["launchHook" in none, "terminateHook" in none], [false, false]);
    const capacity = { warmPool: { state: "Stopped", reuse: true } as const, mixedInstances: spot };
    const group = { maxInstanceLifetime: 86_400, protectFromScaleIn: true, terminationPolicies: ["OldestInstance"] };
    const simulated = await valueOf(fleetOutput(prefix, { ...fleetArgs, ...capacity, group }, rollout, parts));
    assert.deepEqual([simulated.warmPool, simulated.mixedInstances], [capacity.warmPool, spot]);
    assert.deepEqual(simulated.groupOptions, {
      maxInstanceLifetimeSeconds: 86_400,
      protectFromScaleIn: true,
      terminationPolicies: ["OldestInstance"],
    });
    assert.deepEqual(["warmPool" in none, "mixedInstances" in none, "groupOptions" in none], [false, false, false]);
  });
});
