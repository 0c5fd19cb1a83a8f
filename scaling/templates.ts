/** Launch templates: what a specification means now. https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-templates.html */
import { groupQuotas } from "./checks/quotas.ts";
import type { Core } from "./core.ts";
import { validationError } from "./error.ts";
import type { GroupState } from "./state.ts";
import type { LaunchConfig, LaunchTemplateOverride, LaunchTemplateSpecification, ResolvedTemplate } from "./types/common.ts";
import type { LaunchTemplateFact, TemplateVersionFact } from "./types/facts.ts";

export interface TemplateVersion {
  readonly template: ResolvedTemplate;
  readonly facts: TemplateVersionFact;
}

function findTemplate(core: Core, { launchTemplateId, launchTemplateName }: LaunchTemplateSpecification): LaunchTemplateFact | undefined {
  if (launchTemplateId !== undefined) return core.state.templates.get(launchTemplateId);
  for (const template of core.state.templates.values()) if (template.launchTemplateName === launchTemplateName) return template;
  return undefined;
}

/** Absent when the template or the version does not exist (any more). */
export function resolveTemplate(core: Core, specification: LaunchTemplateSpecification): TemplateVersion | undefined {
  const template = findTemplate(core, specification);
  if (template === undefined) return undefined;
  const wanted = specification.version ?? "$Default";
  const version = wanted === "$Latest" ? template.latestVersion : wanted === "$Default" ? template.defaultVersion : Number(wanted);
  const facts = template.versions[version];
  if (facts === undefined) return undefined;
  const { launchTemplateId, launchTemplateName } = template;
  return { template: { launchTemplateId, launchTemplateName, version }, facts };
}

/** The specification of the group itself, of a mixed instances policy the common one. */
export function mainSpecification(config: LaunchConfig): LaunchTemplateSpecification {
  const specification = config.mixedInstancesPolicy?.launchTemplate.launchTemplateSpecification ?? config.launchTemplate;
  if (specification === undefined) throw new Error("a launch configuration names neither a template nor a mixed instances policy");
  return specification;
}

/** Overrides of a mixed instances policy; a plain group launches the template's own type. */
export function overridesOf(config: LaunchConfig): readonly LaunchTemplateOverride[] {
  return config.mixedInstancesPolicy?.launchTemplate.overrides ?? [];
}

/** Every specification that a configuration names. */
function specificationsOf(config: LaunchConfig): LaunchTemplateSpecification[] {
  return [mainSpecification(config), ...overridesOf(config).flatMap((override) => override.launchTemplateSpecification ?? [])];
}

/** @throws AutoScalingError when a template or version is not known, or a name and an id are given at once. */
export function checkConfig(core: Core, config: LaunchConfig): void {
  if ((config.launchTemplate === undefined) === (config.mixedInstancesPolicy === undefined)) {
    throw validationError(
      "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.",
    );
  }
  for (const specification of specificationsOf(config)) checkSpecification(core, specification);
  checkOverrides(config);
}

function checkSpecification(core: Core, specification: LaunchTemplateSpecification): void {
  const { launchTemplateId: id, launchTemplateName: name, version = "$Default" } = specification;
  if ((id === undefined) === (name === undefined)) {
    throw validationError("Valid requests must contain either launchTemplateId or LaunchTemplateName");
  }
  const shown = id === undefined ? `template name ${name ?? ""}` : `template ID ${id}`;
  if (findTemplate(core, specification) === undefined) {
    throw validationError(
      `You must use a valid fully-formed launch template. The specified launch template, with ${shown}, does not exist.`,
    );
  }
  if (!/^(\$Latest|\$Default|[1-9]\d*)$/.test(version)) {
    throw validationError(`Invalid launch template version: "${version}"; it must be $Latest, $Default or a version number`);
  }
  if (resolveTemplate(core, specification) === undefined) {
    throw validationError(
      `You must use a valid fully-formed launch template. Could not find the specified version ${version} for the launch template with ${shown}.`,
    );
  }
}

function checkOverrides(config: LaunchConfig): void {
  const types = overridesOf(config).map((override) => override.instanceType);
  const twice = types.find((type, index) => types.indexOf(type) !== index);
  if (twice !== undefined) throw validationError(`Overrides in the mixed instances policy name the instance type ${twice} twice`);
  if (types.length > groupQuotas.instanceTypes)
    throw validationError(`A mixed instances policy takes at most ${groupQuotas.instanceTypes} instance types; ${types.length} were given`);
  const distribution = config.mixedInstancesPolicy?.instancesDistribution;
  const percentage = distribution?.onDemandPercentageAboveBaseCapacity;
  if (percentage !== undefined && !(Number.isInteger(percentage) && percentage >= 0 && percentage <= 100)) {
    throw validationError(`OnDemandPercentageAboveBaseCapacity is ${percentage}; it must be a whole number from 0 to 100`);
  }
  const base = distribution?.onDemandBaseCapacity;
  if (base !== undefined && !(Number.isInteger(base) && base >= 0)) {
    throw validationError(`OnDemandBaseCapacity is ${base}; it must be a whole number, 0 or more`);
  }
  const pools = distribution?.spotInstancePools;
  if (pools !== undefined && !(Number.isInteger(pools) && pools >= 1 && pools <= 20)) {
    throw validationError(`SpotInstancePools is ${pools}; it must be a whole number from 1 to 20`);
  }
}

/**
 * What the group launches now: during a refresh its desired configuration, also for instances that a scale-out adds.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html
 */
export function launchConfigOf(group: GroupState): { readonly config: LaunchConfig; readonly refreshId: string | undefined } {
  const refresh = group.refreshes.at(-1);
  if (refresh === undefined) return { config: group.config, refreshId: undefined };
  if (!launchesForRefresh.has(refresh.status)) return { config: group.config, refreshId: undefined };
  if (refresh.rollback !== undefined) return { config: group.config, refreshId: `${refresh.id} back` };
  return { config: refresh.desiredConfiguration ?? group.config, refreshId: refresh.id };
}

const launchesForRefresh: ReadonlySet<string> = new Set(["InProgress", "Baking", "Cancelling", "RollbackInProgress"]);
