import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { WarmPool } from "../contract/fleets-output.ts";
import { hookNames, hookTransitions } from "../contract/hooks.ts";
import { hasSpot } from "../contract/mixed-instances.ts";
import type { MixedInstances } from "../contract/mixed-instances.ts";
import { groupName } from "../contract/naming.ts";
import type { FleetArgs } from "./fleet-args.ts";
import { mixedInstancesPolicy } from "./mixed-instances.ts";
import { fleetTags } from "./tags.ts";

/** Every group metric; they cost nothing. https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html */
const groupMetrics: aws.autoscaling.Metric[] = [
  "GroupMinSize",
  "GroupMaxSize",
  "GroupDesiredCapacity",
  "GroupInServiceInstances",
  "GroupPendingInstances",
  "GroupStandbyInstances",
  "GroupTerminatingInstances",
  "GroupTotalInstances",
];

/** What the provider may take to drain and delete a group beside hooks and connections: its own default is 10 min for all of it. */
const deleteMarginSeconds = 900;

export interface GroupParts {
  readonly template: aws.ec2.LaunchTemplate;
  readonly targetGroupArns: pulumi.Input<string>[];
}

/** Our defaults, then the caller's: what the checks look at and `groupArgs` builds on. */
export function callerGroup({ bootSeconds, group }: FleetArgs): Partial<aws.autoscaling.GroupArgs> {
  return {
    healthCheckGracePeriod: bootSeconds,
    defaultInstanceWarmup: bootSeconds,
    enabledMetrics: groupMetrics,
    metricsGranularity: "1Minute",
    // What runs an outdated version goes first; among the rest AWS's own order.
    terminationPolicies: ["OldestLaunchTemplate", "Default"],
    ...group,
  };
}

/** The caller's group with what safety insists on. */
export function groupArgs(name: string, args: FleetArgs, { template, targetGroupArns }: GroupParts): aws.autoscaling.GroupArgs {
  const { minHealthyPercent, maxHealthyPercent } = args.maintenance;
  const version = template.latestVersion.apply(String);
  return {
    ...callerGroup(args),
    minSize: args.size.min,
    maxSize: args.size.max,
    healthCheckType: healthChecks(args),
    instanceMaintenancePolicy: { minHealthyPercentage: minHealthyPercent, maxHealthyPercentage: maxHealthyPercent },
    vpcZoneIdentifiers: [...args.network.subnetIds],
    serviceLinkedRoleArn: args.serviceLinkedRoleArn,
    targetGroupArns,
    ...(args.mixedInstances === undefined ? { launchTemplate: { id: template.id, version } } : mixedGroup(args.mixedInstances, template)),
    ...(args.warmPool === undefined ? {} : { warmPool: warmPool(args.warmPool) }),
    ...(args.terminateHook?.onAbandon === "retain"
      ? { instanceLifecyclePolicy: { retentionTriggers: { terminateHookAbandon: "retain" } } }
      : {}),
    ...(args.launchHook === undefined ? {} : { initialLifecycleHooks: [launchHook(args.launchHook.heartbeatSeconds)] }),
    tags: Object.entries({ ...fleetTags(args.identity), Name: name }).map(([key, value]) => ({ key, value, propagateAtLaunch: true })),
    forceDelete: false, // a forced deletion skips terminating hooks, and nodes would stay behind
    waitForCapacityTimeout: "0", // the roll-out waits, with better sentences, and on updates too
  };
}

/** What goes with purchase options: sizes in units, and spot instances that are replaced before they are taken. */
function mixedGroup(mixed: MixedInstances, template: aws.ec2.LaunchTemplate): Partial<aws.autoscaling.GroupArgs> {
  const { capacityRebalance = hasSpot(mixed), capacityUnits } = mixed;
  return {
    mixedInstancesPolicy: mixedInstancesPolicy(mixed, template.id, template.latestVersion.apply(String)),
    ...(capacityRebalance ? { capacityRebalance } : {}),
    ...(capacityUnits === undefined ? {} : { desiredCapacityType: capacityUnits }),
  };
}

function warmPool({ state, min, maxPrepared, reuse }: WarmPool): aws.types.input.autoscaling.GroupWarmPool {
  return {
    poolState: state,
    ...(min === undefined ? {} : { minSize: min }),
    ...(maxPrepared === undefined ? {} : { maxGroupPreparedCapacity: maxPrepared }),
    ...(reuse === true ? { instanceReusePolicy: { reuseOnScaleIn: true } } : {}),
  };
}

/** EC2's own check is always on, and is only named when it is alone. */
const healthChecks = ({ healthCheckType, moreHealthChecks = [] }: FleetArgs): string =>
  [healthCheckType, ...moreHealthChecks].filter((type) => type !== "EC2" || moreHealthChecks.length === 0).join(",");

/** Without target and role: what they name would have to outlive the group. A node that never reports is given up and replaced. */
function launchHook(heartbeatTimeout: number): aws.types.input.autoscaling.GroupInitialLifecycleHook {
  return { name: hookNames.launch, lifecycleTransition: hookTransitions.launch, heartbeatTimeout, defaultResult: "ABANDON" };
}

export function createGroup(
  name: string,
  args: FleetArgs,
  merged: aws.autoscaling.GroupArgs,
  dependsOn: pulumi.Resource[],
  parent: pulumi.Resource,
): aws.autoscaling.Group {
  return new aws.autoscaling.Group(groupName(name), merged, {
    parent,
    dependsOn,
    // Template and mixed policy: an instance refresh brings them to the group, so that a failed one can go back; whole,
    // because a replaced template has a new id and begins with version 1. Initial hooks: any change would replace the group.
    ignoreChanges: ["launchTemplate", "mixedInstancesPolicy", "initialLifecycleHooks"],
    customTimeouts: { delete: `${deleteSeconds(args)}s` },
  });
}

/** A departing instance first drains its connections, then waits in its hook. */
function deleteSeconds({ terminateHook, loadBalancing }: FleetArgs): number {
  const drainSeconds = loadBalancing !== undefined && "drainSeconds" in loadBalancing ? loadBalancing.drainSeconds : 0;
  return deleteMarginSeconds + drainSeconds + (terminateHook?.heartbeatSeconds ?? 0);
}
