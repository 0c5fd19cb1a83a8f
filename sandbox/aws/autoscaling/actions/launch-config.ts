/** Launch templates and mixed instances policies between the API's members and the model's. */
import type { MixedInstancesPolicy as SdkPolicy } from "@aws-sdk/client-auto-scaling";
import type {
  LaunchConfig,
  LaunchTemplateOverride,
  LaunchTemplateSpecification,
  MixedInstancesPolicy,
} from "../../../../scaling/types/common.ts";
import type { ResolvedTemplate } from "../../../../scaling/types/common.ts";
import { ApiError } from "../protocol/errors.ts";
import { defined, type Checked } from "./api.ts";
import { refuseMembers } from "./context.ts";

interface TemplateMembers {
  readonly LaunchTemplateId?: string | undefined;
  readonly LaunchTemplateName?: string | undefined;
  readonly Version?: string | undefined;
}

type PolicyMembers = Checked<SdkPolicy>;
type OverrideMembers = NonNullable<NonNullable<PolicyMembers["LaunchTemplate"]>["Overrides"]>[number];

export const templateFrom = ({ LaunchTemplateId, LaunchTemplateName, Version }: TemplateMembers): LaunchTemplateSpecification =>
  defined({ launchTemplateId: LaunchTemplateId, launchTemplateName: LaunchTemplateName, version: Version });

export const templateTo = ({ launchTemplateId, launchTemplateName, version }: LaunchTemplateSpecification) => ({
  LaunchTemplateId: launchTemplateId,
  LaunchTemplateName: launchTemplateName,
  Version: version,
});

export const resolvedTemplateTo = (template: ResolvedTemplate | undefined) =>
  template && templateTo({ ...template, version: String(template.version) });

function overrideFrom(override: OverrideMembers): LaunchTemplateOverride {
  refuseMembers("Overrides", override, {
    WeightedCapacity: "weights are not supported",
    InstanceRequirements: "attribute-based instance type selection is not supported",
  });
  const { InstanceType, LaunchTemplateSpecification: template, ImageId } = override;
  if (InstanceType === undefined) throw new ApiError("ValidationError", "Each of Overrides must name an InstanceType");
  return {
    instanceType: InstanceType,
    ...(template && { launchTemplateSpecification: templateFrom(template) }),
    ...(ImageId !== undefined && { imageId: ImageId }),
  };
}

export function mixedFrom(policy: PolicyMembers): MixedInstancesPolicy {
  const template = policy.LaunchTemplate?.LaunchTemplateSpecification;
  if (template === undefined) {
    throw new ApiError("ValidationError", "MixedInstancesPolicy must have a LaunchTemplate with a LaunchTemplateSpecification");
  }
  const distribution = policy.InstancesDistribution;
  if (distribution) refuseMembers("InstancesDistribution", distribution, { DistributionSegments: "segments are not supported" });
  const overrides = policy.LaunchTemplate?.Overrides?.map(overrideFrom);
  return {
    launchTemplate: { launchTemplateSpecification: templateFrom(template), ...(overrides && { overrides }) },
    ...(distribution && {
      instancesDistribution: defined({
        onDemandAllocationStrategy: distribution.OnDemandAllocationStrategy as "prioritized" | undefined,
        onDemandBaseCapacity: distribution.OnDemandBaseCapacity,
        onDemandPercentageAboveBaseCapacity: distribution.OnDemandPercentageAboveBaseCapacity,
        spotAllocationStrategy: distribution.SpotAllocationStrategy as "lowest-price" | undefined,
        spotInstancePools: distribution.SpotInstancePools,
        spotMaxPrice: distribution.SpotMaxPrice,
      }),
    }),
  };
}

/** Fills in what the caller left out of a specification. */
export interface TemplateNames {
  complete(specification: LaunchTemplateSpecification): LaunchTemplateSpecification;
}

export function mixedTo(policy: MixedInstancesPolicy | undefined, names: TemplateNames) {
  if (policy === undefined) return undefined;
  const { launchTemplateSpecification, overrides } = policy.launchTemplate;
  const distribution = policy.instancesDistribution;
  return {
    LaunchTemplate: {
      LaunchTemplateSpecification: templateTo(names.complete(launchTemplateSpecification)),
      Overrides: overrides?.map((override) => ({
        InstanceType: override.instanceType,
        ImageId: override.imageId,
        LaunchTemplateSpecification:
          override.launchTemplateSpecification && templateTo(names.complete(override.launchTemplateSpecification)),
      })),
    },
    InstancesDistribution: {
      OnDemandAllocationStrategy: distribution?.onDemandAllocationStrategy ?? "prioritized",
      OnDemandBaseCapacity: distribution?.onDemandBaseCapacity ?? 0,
      OnDemandPercentageAboveBaseCapacity: distribution?.onDemandPercentageAboveBaseCapacity ?? 100,
      SpotAllocationStrategy: distribution?.spotAllocationStrategy ?? "lowest-price",
      SpotInstancePools: distribution?.spotInstancePools,
      SpotMaxPrice: distribution?.spotMaxPrice,
    },
  };
}

export const launchConfigFrom = (input: {
  readonly LaunchTemplate?: TemplateMembers | undefined;
  readonly MixedInstancesPolicy?: PolicyMembers | undefined;
}): LaunchConfig => ({
  ...(input.LaunchTemplate && { launchTemplate: templateFrom(input.LaunchTemplate) }),
  ...(input.MixedInstancesPolicy && { mixedInstancesPolicy: mixedFrom(input.MixedInstancesPolicy) }),
});
