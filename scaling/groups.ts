/** Creating, changing and deleting groups. */
import { keepPastActivities } from "./activities.ts";
import { changeDesiredCapacity } from "./capacity.ts";
import { checkGroupArguments } from "./checks/group.ts";
import type { Fault } from "./checks/fault.ts";
import { checkInitialHooks } from "./checks/hooks.ts";
import { checkMaintenancePolicy } from "./checks/replacement.ts";
import { checkSizes } from "./checks/sizes.ts";
import { inCooldown } from "./cooldown.ts";
import type { Core } from "./core.ts";
import { AutoScalingError, validationError } from "./error.ts";
import { requireTags, requireTargetGroupQuota } from "./group-commands.ts";
import { putHook } from "./hook-commands.ts";
import { beginTermination } from "./lifecycle.ts";
import { isTerminating } from "./membership.ts";
import { newGroup } from "./new-group.ts";
import type { GroupState } from "./state.ts";
import { checkConfig, launchConfigOf } from "./templates.ts";
import { at } from "./activities.ts";
import type { CreateGroup, DeleteGroup, GroupSettings, SetDesiredCapacity, UpdateGroup } from "./types/commands.ts";
import type { LaunchConfig } from "./types/common.ts";

/** All faults in one refusal; nothing has changed then. */
export function refuseFaults(faults: readonly Fault[]): void {
  if (faults.length > 0) throw validationError(faults.map((one) => one.message).join("; "));
}

/** Quota "Auto Scaling groups per Region": https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html */
const maxGroups = 500;

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html */
export function createGroup(core: Core, input: CreateGroup): void {
  // printable ASCII but the colon, per the API reference; a space is let through, as Auto Scaling itself does
  if (!/^[\x20-\x39\x3b-\x7e]{1,255}$/.test(input.name)) {
    throw validationError(`AutoScalingGroupName is "${input.name}"; it must be 1 to 255 printable ASCII characters without a colon`);
  }
  if (core.state.groups.has(input.name)) {
    throw new AutoScalingError(
      "AlreadyExists",
      `AutoScalingGroup by this name already exists - A group with the name ${input.name} already exists`,
    );
  }
  if (core.state.groups.size >= maxGroups) throw new AutoScalingError("LimitExceeded", `You have reached the limit of ${maxGroups} groups`);
  refuseFaults([...checkSizes(input), ...checkGroupArguments(input)]);
  if (input.instanceMaintenancePolicy !== undefined) refuseFaults(checkMaintenancePolicy(input.instanceMaintenancePolicy));
  const config = configOf(input);
  checkConfig(core, config);
  refuseFaults(checkInitialHooks(input.initialHooks ?? []));
  requireTags(input.name, input.tags ?? []);
  requireTargetGroupQuota(new Set(input.targetGroupArns).size);
  const zones = zonesOf(core, input.subnetIds, input.availabilityZones);
  const group = newGroup(core, input, config, zones);
  applySettings(group, input);
  for (const hook of input.initialHooks ?? []) putHook(core, group, { ...hook, group: group.name });
  core.state.groups.set(group.name, group);
  changeDesiredCapacity(core, group, input.desiredCapacity ?? input.minSize, "a user request created an AutoScalingGroup");
}

function configOf({ launchTemplate, mixedInstancesPolicy }: LaunchConfig): LaunchConfig {
  return {
    ...(launchTemplate === undefined ? {} : { launchTemplate }),
    ...(mixedInstancesPolicy === undefined ? {} : { mixedInstancesPolicy }),
  };
}

/** Zones in the order of the subnets; given zones must be those of the subnets. */
function zonesOf(
  core: Core,
  subnetIds: readonly string[] | undefined,
  zones: readonly string[] | undefined,
): { subnetIds: string[]; zones: string[] } {
  if (subnetIds === undefined || subnetIds.length === 0) {
    throw validationError("At least one Availability Zone or VPC Subnet is required.");
  }
  const unknown = subnetIds.filter((subnetId) => !core.state.subnets.has(subnetId));
  if (unknown.length > 0) throw validationError(`The subnet ID '${unknown.join("', '")}' does not exist`);
  const found = [...new Set(subnetIds.map((subnetId) => core.state.subnets.get(subnetId) ?? ""))];
  const without = (zones ?? []).filter((zone) => !found.includes(zone));
  if (without.length > 0) {
    throw validationError(
      `The availability zones of the specified subnets and the Auto Scaling group do not match: no subnet is in ${without.join(", ")}`,
    );
  }
  return { subnetIds: [...subnetIds], zones: found };
}

/** What is given; the rest stays as it is. */
function applySettings(group: GroupState, input: GroupSettings): void {
  group.defaultCooldownSeconds = input.defaultCooldownSeconds ?? group.defaultCooldownSeconds;
  group.healthCheckType = input.healthCheckType ?? group.healthCheckType;
  group.gracePeriodSeconds = input.healthCheckGracePeriodSeconds ?? group.gracePeriodSeconds;
  group.placementGroup = input.placementGroup ?? group.placementGroup;
  if (input.terminationPolicies !== undefined) {
    group.terminationPolicies = input.terminationPolicies.length === 0 ? ["Default"] : [...input.terminationPolicies];
  }
  group.protectNewInstances = input.newInstancesProtectedFromScaleIn ?? group.protectNewInstances;
  group.capacityRebalance = input.capacityRebalance ?? group.capacityRebalance;
  group.serviceLinkedRoleArn = input.serviceLinkedRoleArn ?? group.serviceLinkedRoleArn;
  group.maxInstanceLifetimeSeconds = input.maxInstanceLifetimeSeconds ?? group.maxInstanceLifetimeSeconds;
  const warmup = input.defaultInstanceWarmupSeconds;
  if (warmup !== undefined) group.defaultWarmupSeconds = warmup === -1 ? undefined : warmup;
  const maintenance = input.instanceMaintenancePolicy;
  if (maintenance !== undefined) group.maintenancePolicy = maintenance.minHealthyPercentage === -1 ? undefined : maintenance;
  group.distributionStrategy = input.capacityDistributionStrategy ?? group.distributionStrategy;
  group.terminateHookAbandon = input.terminateHookAbandon ?? group.terminateHookAbandon;
  group.deletionProtection = input.deletionProtection ?? group.deletionProtection;
  group.impairmentPolicy = input.impairmentPolicy ?? group.impairmentPolicy;
  group.context = input.context ?? group.context;
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html */
export function updateGroup(core: Core, input: UpdateGroup): void {
  const group = core.group(input.name);
  refuseWhileDeleting(group);
  const sizes = {
    minSize: input.minSize ?? group.minSize,
    maxSize: input.maxSize ?? group.maxSize,
    desiredCapacity: input.desiredCapacity,
  };
  refuseFaults([...checkSizes(sizes), ...checkGroupArguments(input)]);
  if (input.instanceMaintenancePolicy !== undefined) refuseFaults(checkMaintenancePolicy(input.instanceMaintenancePolicy));
  const config = configOf(input);
  const newConfig = config.launchTemplate !== undefined || config.mixedInstancesPolicy !== undefined;
  if (newConfig) {
    checkConfig(core, config);
    refuseMixedWithWarmPool(group, config);
    refuseDuringRefresh(group);
  }
  if (input.subnetIds !== undefined || input.availabilityZones !== undefined) {
    const { subnetIds, zones } = zonesOf(core, input.subnetIds ?? group.subnetIds, input.availabilityZones);
    group.subnetIds = subnetIds;
    group.zones = zones;
  }
  if (newConfig) group.config = config;
  if (input.healthCheckType !== undefined) core.schedule(core.nowMs, "grace", group.name);
  const lifetimeBefore = group.maxInstanceLifetimeSeconds;
  applySettings(group, input);
  if (group.maxInstanceLifetimeSeconds !== lifetimeBefore) core.schedule(core.nowMs, "lifetime", group.name);
  group.minSize = sizes.minSize;
  group.maxSize = sizes.maxSize;
  const desired = sizes.desiredCapacity ?? group.desiredCapacity;
  const limits = `constraints to min: ${group.minSize}, max: ${group.maxSize}, desired: ${Math.min(Math.max(desired, group.minSize), group.maxSize)}`;
  changeDesiredCapacity(core, group, desired, `a user request update of AutoScalingGroup ${limits}`);
}

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html, Limitations */
export function refuseMixedWithWarmPool(group: GroupState, config: LaunchConfig): void {
  if (config.mixedInstancesPolicy === undefined || group.warmPool === undefined) return;
  throw validationError("You can't use a mixed instances policy with an Auto Scaling group that has a warm pool.");
}

function refuseDuringRefresh(group: GroupState): void {
  const refresh = group.refreshes.at(-1);
  if (refresh?.desiredConfiguration === undefined || launchConfigOf(group).refreshId === undefined) return;
  throw validationError(
    "An active instance refresh with a desired configuration exists. All configuration options derived from the desired configuration are not available for update while the instance refresh is active.",
  );
}

export function refuseWhileDeleting(group: GroupState): void {
  if (group.deleting) throw new AutoScalingError("ScalingActivityInProgress", `AutoScalingGroup ${group.name} is pending delete`);
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SetDesiredCapacity.html */
export function setDesiredCapacity(core: Core, { group: name, desiredCapacity, honorCooldown = false }: SetDesiredCapacity): void {
  const group = core.group(name);
  refuseWhileDeleting(group);
  if (!Number.isInteger(desiredCapacity) || desiredCapacity < 0)
    throw validationError(`DesiredCapacity is ${desiredCapacity}; it must be a whole number, 0 or more`);
  if (desiredCapacity > group.maxSize) {
    throw validationError(`New SetDesiredCapacity value ${desiredCapacity} is above max value ${group.maxSize} for the AutoScalingGroup.`);
  }
  if (desiredCapacity < group.minSize) {
    throw validationError(`New SetDesiredCapacity value ${desiredCapacity} is below min value ${group.minSize} for the AutoScalingGroup.`);
  }
  if (honorCooldown && inCooldown(core, group)) {
    throw new AutoScalingError(
      "ScalingActivityInProgress",
      `A scaling activity is in progress for group ${name}, or its cooldown has not ended`,
    );
  }
  changeDesiredCapacity(core, group, desiredCapacity, "a user request explicitly set group desired capacity");
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteAutoScalingGroup.html */
export function deleteGroup(core: Core, { name, force = false }: DeleteGroup): void {
  const group = core.group(name);
  if (group.deletionProtection === "prevent-all-deletion" || (force && group.deletionProtection === "prevent-force-deletion")) {
    throw validationError(`AutoScalingGroup ${name} cannot be deleted: its deletion protection is ${group.deletionProtection}`);
  }
  if (!force) refuseDeletion(group);
  group.deleting = true;
  group.desiredCapacity = 0;
  core.touch(group);
}

/** Everything goes, hooks and draining left out; also what EC2 launches only now. The group itself goes last. */
export function continueDeletion(core: Core, group: GroupState): void {
  for (const instance of group.instances.values()) {
    if (instance.state === "Terminating:Proceed" || instance.state === "Warmed:Terminating:Proceed") continue;
    const cause = `${at(core)}instance ${instance.id} was taken out of service in response to a user request.`;
    beginTermination(core, group, instance, { cause, forced: true });
  }
  finishDeletion(core, group);
}

function refuseDeletion(group: GroupState): void {
  const waiting = [...group.instances.values()].some(isTerminating) || group.launching.size > 0;
  if (group.active > 0 || group.warm > 0 || [...group.instances.values()].some((instance) => !isTerminating(instance))) {
    throw new AutoScalingError(
      "ResourceInUse",
      "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.",
    );
  }
  if (waiting) {
    throw new AutoScalingError(
      "ScalingActivityInProgress",
      "You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group.",
    );
  }
}

/** The group goes when its last instance has gone, with everything that belongs to it. */
function finishDeletion(core: Core, group: GroupState): void {
  if (group.instances.size > 0 || group.launching.size > 0) return;
  for (const policy of group.policies.values()) for (const alarmName of policy.alarmNames) core.emit({ kind: "deleteAlarm", alarmName });
  keepPastActivities(core, group);
  core.state.groups.delete(group.name);
}
