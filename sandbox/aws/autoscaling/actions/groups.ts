/** Creating, changing, deleting and describing groups, and their capacity. */
import type { GroupSettings } from "../../../../scaling/types/commands.ts";
import type { GroupView } from "../../../../scaling/types/views.ts";
import { ApiError } from "../protocol/errors.ts";
import { page } from "../protocol/paging.ts";
import { defined, type Input } from "./api.ts";
import { refuseMembers, toDate, type ActionContext, type Actions } from "./context.ts";
import { hookFrom } from "./hooks.ts";
import { launchConfigFrom, mixedTo, templateTo, type TemplateNames } from "./launch-config.ts";
import { tagFrom, tagTo } from "./tags.ts";
import { requireTargetGroups, targetGroupArns } from "./traffic.ts";
import { instanceTo, warmPoolTo } from "./views.ts";

type Shared = Input<"UpdateAutoScalingGroup">;

const unsupported: Readonly<Record<string, string>> = {
  LaunchConfigurationName: "launch configurations are not supported; use a LaunchTemplate",
  InstanceId: "a group made from an instance needs a launch configuration; use a LaunchTemplate",
  LoadBalancerNames: "Classic Load Balancers are not supported; use TargetGroupARNs",
  SkipZonalShiftValidation: "load balancers are not validated for zonal shift, so there is nothing to skip",
  CapacityReservationSpecification: "capacity reservations of a group are not supported; give them in the launch template",
  AvailabilityZoneIds: "zone ids are not supported; use AvailabilityZones or VPCZoneIdentifier",
  Operator: "groups that another service manages are not supported",
};

const capacityUnits = "units";

/** `subnet-a, subnet-b` as a list. */
const subnetList = (identifier: string) =>
  identifier
    .split(",")
    .map((id) => id.trim())
    .filter((id) => id !== "");

async function settingsFrom(action: string, input: Shared, context: ActionContext): Promise<GroupSettings> {
  refuseMembers(action, input, unsupported);
  if (input.DesiredCapacityType !== undefined && input.DesiredCapacityType !== capacityUnits) {
    throw new ApiError("ValidationError", `DesiredCapacityType is '${input.DesiredCapacityType}'; only ${capacityUnits} is supported`);
  }
  const launch = launchConfigFrom(input);
  await context.known.readTemplates(launch);
  const maintenance = input.InstanceMaintenancePolicy;
  return {
    ...launch,
    ...(await placeFrom(input, context)),
    ...defined({
      minSize: input.MinSize,
      maxSize: input.MaxSize,
      desiredCapacity: input.DesiredCapacity,
      defaultCooldownSeconds: input.DefaultCooldown,
      healthCheckType: input.HealthCheckType,
      healthCheckGracePeriodSeconds: input.HealthCheckGracePeriod,
      placementGroup: input.PlacementGroup,
      terminationPolicies: input.TerminationPolicies,
      newInstancesProtectedFromScaleIn: input.NewInstancesProtectedFromScaleIn,
      capacityRebalance: input.CapacityRebalance,
      serviceLinkedRoleArn: input.ServiceLinkedRoleARN,
      maxInstanceLifetimeSeconds: input.MaxInstanceLifetime,
      defaultInstanceWarmupSeconds: input.DefaultInstanceWarmup,
      capacityDistributionStrategy: capacityStrategy(input.AvailabilityZoneDistribution?.CapacityDistributionStrategy),
      terminateHookAbandon: input.InstanceLifecyclePolicy?.RetentionTriggers?.TerminateHookAbandon,
      deletionProtection: input.DeletionProtection,
      impairmentPolicy: impairmentFrom(input.AvailabilityZoneImpairmentPolicy),
      context: input.Context,
    }),
    ...(maintenance && {
      instanceMaintenancePolicy: {
        minHealthyPercentage: maintenance.MinHealthyPercentage ?? -1,
        maxHealthyPercentage: maintenance.MaxHealthyPercentage ?? -1,
      },
    }),
  };
}

const impairmentFrom = (given: Shared["AvailabilityZoneImpairmentPolicy"]): GroupSettings["impairmentPolicy"] | undefined =>
  given && defined({ zonalShiftEnabled: given.ZonalShiftEnabled, impairedZoneHealthCheckBehavior: given.ImpairedZoneHealthCheckBehavior });

function capacityStrategy(strategy: string | undefined): GroupSettings["capacityDistributionStrategy"] | undefined {
  if (strategy === undefined || strategy === "balanced-best-effort" || strategy === "balanced-only") return strategy;
  throw new ApiError(
    "ValidationError",
    `CapacityDistributionStrategy is '${strategy}'; balanced-best-effort and balanced-only are supported`,
  );
}

/** Subnets as given, or the default subnets of the zones. */
async function placeFrom(input: Shared, { known }: ActionContext): Promise<Pick<GroupSettings, "subnetIds" | "availabilityZones">> {
  const zones = input.AvailabilityZones;
  if (input.VPCZoneIdentifier === undefined && zones === undefined) return {};
  const subnetIds = input.VPCZoneIdentifier === undefined ? await known.defaultSubnets(zones ?? []) : subnetList(input.VPCZoneIdentifier);
  await known.readSubnets(subnetIds);
  return { subnetIds, ...(zones && { availabilityZones: zones }) };
}

function groupTo(group: GroupView, includeInstances: boolean, names: TemplateNames) {
  const maintenance = group.instanceMaintenancePolicy;
  return {
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: group.arn,
    LaunchTemplate: group.launchTemplate && templateTo(names.complete(group.launchTemplate)),
    MixedInstancesPolicy: mixedTo(group.mixedInstancesPolicy, names),
    MinSize: group.minSize,
    MaxSize: group.maxSize,
    DesiredCapacity: group.desiredCapacity,
    DefaultCooldown: group.defaultCooldownSeconds,
    AvailabilityZones: [...group.availabilityZones],
    LoadBalancerNames: [],
    TargetGroupARNs: [...group.targetGroupArns],
    HealthCheckType: group.healthCheckType,
    HealthCheckGracePeriod: group.healthCheckGracePeriodSeconds,
    Instances: includeInstances ? group.instances.map(instanceTo) : [],
    CreatedTime: toDate(group.createdAtMs),
    SuspendedProcesses: group.suspendedProcesses.map(({ name, reason }) => ({ ProcessName: name, SuspensionReason: reason })),
    PlacementGroup: group.placementGroup,
    VPCZoneIdentifier: group.subnetIds.join(","),
    EnabledMetrics: group.enabledMetrics.map((Metric) => ({ Metric, Granularity: "1Minute" })),
    Status: group.status,
    Tags: group.tags.map((tag) => tagTo(group.name, tag)),
    TerminationPolicies: [...group.terminationPolicies],
    NewInstancesProtectedFromScaleIn: group.newInstancesProtectedFromScaleIn,
    ServiceLinkedRoleARN: group.serviceLinkedRoleArn,
    MaxInstanceLifetime: group.maxInstanceLifetimeSeconds,
    CapacityRebalance: group.capacityRebalance,
    WarmPoolConfiguration: warmPoolTo(group.warmPool),
    WarmPoolSize: group.warmPool && group.warmPoolInstances.length,
    Context: group.context,
    DefaultInstanceWarmup: group.defaultInstanceWarmupSeconds,
    TrafficSources: group.targetGroupArns.map((Identifier) => ({ Identifier, Type: "elbv2" })),
    InstanceMaintenancePolicy: maintenance && {
      MinHealthyPercentage: maintenance.minHealthyPercentage,
      MaxHealthyPercentage: maintenance.maxHealthyPercentage,
    },
    DeletionProtection: group.deletionProtection,
    AvailabilityZoneImpairmentPolicy: group.impairmentPolicy && {
      ZonalShiftEnabled: group.impairmentPolicy.zonalShiftEnabled,
      ImpairedZoneHealthCheckBehavior: group.impairmentPolicy.impairedZoneHealthCheckBehavior,
    },
    AvailabilityZoneDistribution: { CapacityDistributionStrategy: group.capacityDistributionStrategy },
    InstanceLifecyclePolicy:
      group.terminateHookAbandon === "retain" ? { RetentionTriggers: { TerminateHookAbandon: group.terminateHookAbandon } } : undefined,
  };
}

/** Filters of a list are all met; the values of one are alternatives. https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Filter.html */
function filterMatches(name: string, values: readonly string[]): (group: GroupView) => boolean {
  if (name === "tag-key") return ({ tags }) => tags.some(({ key }) => values.includes(key));
  if (name === "tag-value") return ({ tags }) => tags.some(({ value }) => values.includes(value));
  if (name.startsWith("tag:")) return ({ tags }) => tags.some(({ key, value }) => key === name.slice(4) && values.includes(value));
  throw new ApiError("ValidationError", `The filter name ${name} is not valid; it must be tag-key, tag-value or tag:<key>`);
}

type Names =
  "CreateAutoScalingGroup" | "UpdateAutoScalingGroup" | "DeleteAutoScalingGroup" | "DescribeAutoScalingGroups" | "SetDesiredCapacity";

export const groupActions: Actions<Names> = {
  CreateAutoScalingGroup: async (input, context) => {
    const settings = await settingsFrom("CreateAutoScalingGroup", input, context);
    const targetGroups = targetGroupArns(input.TargetGroupARNs, input.TrafficSources);
    await requireTargetGroups(context, targetGroups);
    const hooks = input.LifecycleHookSpecificationList?.map(hookFrom);
    context.host.run("createGroup", {
      ...settings,
      name: input.AutoScalingGroupName,
      minSize: input.MinSize,
      maxSize: input.MaxSize,
      ...(targetGroups.length > 0 && { targetGroupArns: targetGroups }),
      ...(input.Tags && { tags: input.Tags.map(tagFrom) }),
      ...(hooks && { initialHooks: hooks }),
    });
    return {};
  },
  UpdateAutoScalingGroup: async (input, context) => {
    const settings = await settingsFrom("UpdateAutoScalingGroup", input, context);
    context.host.run("updateGroup", { ...settings, name: input.AutoScalingGroupName });
    return {};
  },
  DeleteAutoScalingGroup: ({ AutoScalingGroupName, ForceDelete }, { host }) => {
    host.run("deleteGroup", { name: AutoScalingGroupName, force: ForceDelete ?? false });
    return {};
  },
  DescribeAutoScalingGroups: (input, { host, known }) => {
    const wanted = input.AutoScalingGroupNames ?? [];
    const matches = (input.Filters ?? []).map(({ Name, Values }) => filterMatches(Name ?? "", Values ?? []));
    const names = wanted.length > 0 ? [...new Set(wanted)] : host.model.groupNames();
    const chosen = matches.length === 0 ? names : names.filter((name) => matchesAll(host.model.group(name), matches));
    const { items, NextToken } = page("groups", [...chosen].sort(), (name) => name, input, { usual: 50, most: 100 });
    const groups = items.flatMap((name) => host.model.group(name) ?? []);
    return { AutoScalingGroups: groups.map((group) => groupTo(group, input.IncludeInstances ?? true, known)), NextToken };
  },
  SetDesiredCapacity: ({ AutoScalingGroupName, DesiredCapacity, HonorCooldown }, { host }) => {
    host.run("setDesiredCapacity", {
      group: AutoScalingGroupName,
      desiredCapacity: DesiredCapacity,
      honorCooldown: HonorCooldown ?? false,
    });
    return {};
  },
};

const matchesAll = (group: GroupView | undefined, matches: readonly ((group: GroupView) => boolean)[]) =>
  group !== undefined && matches.every((match) => match(group));
