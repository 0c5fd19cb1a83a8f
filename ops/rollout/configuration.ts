/** What a group launches, in one form for the request, the group, its refreshes and its instances, so that they can be compared. */
import type { AutoScalingGroup, DesiredConfiguration, Instance, MixedInstancesPolicy } from "@aws-sdk/client-auto-scaling";
import type { RolloutRequest } from "../../contract/state-commands.ts";

export interface Configuration {
  readonly templateId: string;
  readonly version: string;
  readonly mixed?: NonNullable<RolloutRequest["mixedInstances"]>;
}

export function requestedConfiguration(request: RolloutRequest): Configuration {
  const { launchTemplateId: templateId, launchTemplateVersion: version, mixedInstances: mixed } = request;
  return mixed === undefined ? { templateId, version } : { templateId, version, mixed };
}

function mixedConfiguration(policy: MixedInstancesPolicy): Configuration {
  const template = policy.LaunchTemplate?.LaunchTemplateSpecification;
  const distribution = policy.InstancesDistribution;
  return {
    templateId: template?.LaunchTemplateId ?? "",
    version: template?.Version ?? "",
    mixed: {
      types: (policy.LaunchTemplate?.Overrides ?? []).flatMap((override) => override.InstanceType ?? []),
      // The API's own defaults: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html
      onDemandBaseCapacity: distribution?.OnDemandBaseCapacity ?? 0,
      onDemandPercentageAboveBase: distribution?.OnDemandPercentageAboveBaseCapacity ?? 100,
      spotAllocationStrategy: distribution?.SpotAllocationStrategy ?? "lowest-price",
    },
  };
}

/** Of a group or of a refresh's desired configuration; `undefined` when it names no launch template. */
export function configurationOf(holder: AutoScalingGroup | DesiredConfiguration | undefined): Configuration | undefined {
  if (holder?.MixedInstancesPolicy) return mixedConfiguration(holder.MixedInstancesPolicy);
  const template = holder?.LaunchTemplate;
  return template ? { templateId: template.LaunchTemplateId ?? "", version: template.Version ?? "" } : undefined;
}

export function sameConfiguration(one: Configuration | undefined, other: Configuration): boolean {
  return (
    one?.templateId === other.templateId &&
    one.version === other.version &&
    JSON.stringify(mixedKey(one.mixed)) === JSON.stringify(mixedKey(other.mixed))
  );
}

const mixedKey = (mixed: Configuration["mixed"]) =>
  mixed && [mixed.types, mixed.onDemandBaseCapacity, mixed.onDemandPercentageAboveBase, mixed.spotAllocationStrategy];

/** Whether `instance` was launched as `wanted` says. */
export function runs(instance: Instance, wanted: Configuration): boolean {
  const template = instance.LaunchTemplate;
  if (template?.LaunchTemplateId !== wanted.templateId || template.Version !== wanted.version) return false;
  return wanted.mixed === undefined || wanted.mixed.types.length === 0 || wanted.mixed.types.includes(instance.InstanceType ?? "");
}

/** The form that StartInstanceRefresh takes. */
export function desiredConfiguration({ templateId, version, mixed }: Configuration): DesiredConfiguration {
  const specification = { LaunchTemplateId: templateId, Version: version };
  if (mixed === undefined) return { LaunchTemplate: specification };
  return {
    MixedInstancesPolicy: {
      LaunchTemplate: { LaunchTemplateSpecification: specification, Overrides: mixed.types.map((type) => ({ InstanceType: type })) },
      InstancesDistribution: {
        OnDemandBaseCapacity: mixed.onDemandBaseCapacity,
        OnDemandPercentageAboveBaseCapacity: mixed.onDemandPercentageAboveBase,
        SpotAllocationStrategy: mixed.spotAllocationStrategy,
      },
    },
  };
}

export const describeConfiguration = ({ templateId, version, mixed }: Configuration): string =>
  `version ${version} of ${templateId}${mixed ? ` (${mixed.types.join(", ")})` : ""}`;
