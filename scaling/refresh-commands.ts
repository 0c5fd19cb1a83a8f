/** Starting, cancelling and rolling back. https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html */
import { checkRefreshPreferences } from "./checks/replacement.ts";
import type { Core } from "./core.ts";
import { AutoScalingError, validationError } from "./error.ts";
import { refuseFaults, refuseMixedWithWarmPool, refuseWhileDeleting } from "./groups.ts";
import { activeRefresh, endRefresh, startRollback } from "./refresh-end.ts";
import type { RefreshState } from "./refresh-state.ts";
import type { GroupState } from "./state.ts";
import { checkConfig, mainSpecification, overridesOf, resolveTemplate } from "./templates.ts";
import type { CancelInstanceRefresh, StartInstanceRefresh } from "./types/commands.ts";
import type { LaunchConfig, RefreshPreferences } from "./types/common.ts";

/** A refresh is Pending "while it is initializing" and then quickly InProgress; a second here. */
const initializingMs = 1000;

export function startInstanceRefresh(core: Core, input: StartInstanceRefresh): string {
  const group = core.group(input.group);
  refuseWhileDeleting(group);
  const { strategy = "Rolling", preferences = {}, desiredConfiguration } = input;
  if (strategy !== "Rolling") throw validationError(`Strategy is ${strategy}; only Rolling is supported here`);
  if (activeRefresh(group) !== undefined) {
    throw new AutoScalingError(
      "InstanceRefreshInProgress",
      "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.",
    );
  }
  refuseFaults(checkRefreshPreferences(preferences, desiredConfiguration !== undefined));
  if (desiredConfiguration !== undefined) {
    checkConfig(core, desiredConfiguration);
    refuseMixedWithWarmPool(group, desiredConfiguration);
  }
  if (preferences.autoRollback === true) refuseIrreversible(core, group.config, desiredConfiguration, validationError);
  const refresh = newRefresh(core, group, preferences, desiredConfiguration);
  group.refreshes.push(refresh);
  core.schedule(core.nowMs + initializingMs, "refresh", group.name, refresh.id);
  return refresh.id;
}

/** Defaults: https://docs.aws.amazon.com/autoscaling/ec2/userguide/understand-instance-refresh-default-values.html */
function newRefresh(core: Core, group: GroupState, given: RefreshPreferences, desired: LaunchConfig | undefined): RefreshState {
  const policy = group.maintenancePolicy;
  const max = given.maxHealthyPercentage ?? policy?.maxHealthyPercentage;
  return {
    id: core.newId(),
    status: "Pending",
    statusReason: undefined,
    startAtMs: core.nowMs,
    endAtMs: undefined,
    preferences: {
      ...given,
      minHealthyPercentage: given.minHealthyPercentage ?? policy?.minHealthyPercentage ?? 90,
      ...(max === undefined ? {} : { maxHealthyPercentage: max }),
      instanceWarmupSeconds: given.instanceWarmupSeconds ?? group.defaultWarmupSeconds ?? group.gracePeriodSeconds,
      ...(given.checkpointPercentages === undefined ? {} : { checkpointDelaySeconds: given.checkpointDelaySeconds ?? 3600 }),
      skipMatching: given.skipMatching ?? false,
      autoRollback: given.autoRollback ?? false,
      scaleInProtectedInstances: given.scaleInProtectedInstances ?? "Wait",
      standbyInstances: given.standbyInstances ?? "Wait",
    },
    maxIsExplicit: max !== undefined,
    desiredConfiguration: desired,
    replaced: 0,
    warmReplaced: 0,
    live: undefined,
    warm: undefined,
    percentageComplete: 0,
    instancesToUpdate: group.active,
    checkpoint: 0,
    checkpointUntilMs: 0,
    blockedSinceMs: 0,
    failingSinceMs: 0,
    bakingUntilMs: 0,
    wakeAtMs: 0,
    rollback: undefined,
  };
}

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html, Considerations */
function refuseIrreversible(
  core: Core,
  before: LaunchConfig,
  desired: LaunchConfig | undefined,
  refusal: (message: string) => AutoScalingError,
): void {
  if (desired === undefined) throw refusal("A rollback needs an instance refresh with a desired configuration");
  const specifications = [mainSpecification(before), ...overridesOf(before).flatMap((one) => one.launchTemplateSpecification ?? [])];
  for (const specification of specifications) {
    const version = specification.version ?? "$Default";
    if (version.startsWith("$")) throw refusal(`A rollback is not possible: the group uses the launch template version ${version}`);
    const imageId = resolveTemplate(core, specification)?.facts.imageId;
    if (imageId?.startsWith("resolve:ssm:") === true) {
      throw refusal("A rollback is not possible: the group's launch template takes its image from a Systems Manager parameter");
    }
  }
}

function needActive(core: Core, groupName: string): { readonly group: GroupState; readonly refresh: RefreshState } {
  const group = core.group(groupName);
  const refresh = activeRefresh(group);
  if (refresh === undefined) {
    throw new AutoScalingError(
      "ActiveInstanceRefreshNotFound",
      `No in progress or pending Instance Refresh found for Auto Scaling group ${groupName}`,
    );
  }
  return { group, refresh };
}

/** Replacements that were made stay; a roll-back can be cancelled too. */
export function cancelInstanceRefresh(core: Core, { group: name, waitForTransitioningInstances = true }: CancelInstanceRefresh): string {
  const { group, refresh } = needActive(core, name);
  if (refresh.status === "Pending" || !waitForTransitioningInstances) {
    endRefresh(core, group, refresh, "Cancelled", "Cancelled by a user request.");
  } else {
    refresh.status = "Cancelling";
    refresh.statusReason = "Cancelled by a user request.";
    core.touch(group);
  }
  return refresh.id;
}

export function rollbackInstanceRefresh(core: Core, { group: name }: { readonly group: string }): string {
  const { group, refresh } = needActive(core, name);
  const irreversible = (message: string) => new AutoScalingError("IrreversibleInstanceRefresh", message);
  if (refresh.status !== "InProgress" && refresh.status !== "Baking" && refresh.status !== "Pending") {
    throw irreversible(`The instance refresh ${refresh.id} is ${refresh.status} and cannot be rolled back`);
  }
  refuseIrreversible(core, group.config, refresh.desiredConfiguration, irreversible);
  startRollback(core, group, refresh, "A user request rolled back the instance refresh.");
  return refresh.id;
}
