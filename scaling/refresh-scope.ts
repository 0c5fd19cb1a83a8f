/** Which instances a refresh has to replace. */
import type { Core } from "./core.ts";
import { beginTermination } from "./lifecycle.ts";
import { isActive } from "./membership.ts";
import { at } from "./activities.ts";
import type { RefreshState } from "./refresh-state.ts";
import type { GroupState, InstanceState } from "./state.ts";
import { mainSpecification, overridesOf, resolveTemplate } from "./templates.ts";
import type { LaunchConfig } from "./types/common.ts";

/**
 * What is left to replace: every instance of the group that is not of this round, but for those that match already and
 * those that the preferences leave alone. Standby instances that are to go for good are terminated here. Going back it is
 * the instances of the refresh itself.
 */
export function remainingOf(core: Core, group: GroupState, refresh: RefreshState): InstanceState[] {
  const remaining: InstanceState[] = [];
  for (const instance of group.instances.values()) {
    if (!isLeft(core, group, refresh, instance)) continue;
    if (isStandby(instance) && refresh.preferences.standbyInstances === "Terminate") {
      beginTermination(core, group, instance, {
        cause: `${at(core)}an instance was taken out of service in response to an instance refresh.`,
      });
    } else {
      remaining.push(instance);
    }
  }
  return remaining;
}

const isStandby = (instance: InstanceState) => instance.state === "Standby" || instance.state === "EnteringStandby";

function isIgnored({ preferences }: RefreshState, instance: InstanceState): boolean {
  if (isStandby(instance)) return preferences.standbyInstances === "Ignore";
  return instance.protectedFromScaleIn && preferences.scaleInProtectedInstances === "Ignore";
}

function isLeft(core: Core, group: GroupState, refresh: RefreshState, instance: InstanceState): boolean {
  if (!isActive(instance) && !isStandby(instance)) return false;
  if (refresh.rollback !== undefined) return instance.refreshId === refresh.id;
  const config = refresh.desiredConfiguration ?? group.config;
  const { skipMatching } = refresh.preferences;
  const isReplaced = instance.refreshId === refresh.id && !(skipMatching && floats(config));
  return !isReplaced && !isIgnored(refresh, instance) && !(skipMatching && matches(core, config, instance));
}

/** With skip matching a version $Latest or $Default is looked up again for each instance, those replaced already included. */
function floats(config: LaunchConfig): boolean {
  const specifications = [mainSpecification(config), ...overridesOf(config).flatMap((one) => one.launchTemplateSpecification ?? [])];
  return specifications.some(({ version = "$Default" }) => version.startsWith("$"));
}

/**
 * Same template, same version, and a type that the configuration names.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh-skip-matching.html
 */
export function matches(core: Core, config: LaunchConfig, instance: InstanceState): boolean {
  const overrides = overridesOf(config);
  const override = overrides.find((one) => one.instanceType === instance.instanceType);
  if (overrides.length > 0 && override === undefined) return false;
  const wanted = resolveTemplate(core, override?.launchTemplateSpecification ?? mainSpecification(config));
  if (wanted === undefined || instance.template === undefined) return false;
  const sameTemplate =
    wanted.template.launchTemplateId === instance.template.launchTemplateId && wanted.template.version === instance.template.version;
  const type = wanted.facts.instanceType;
  return sameTemplate && (override !== undefined || type === undefined || type === instance.instanceType);
}
