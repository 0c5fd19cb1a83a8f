/**
 * The explicit request that a launch template version stands for. The emulator's own resolution of templates loses fields, so every field
 * is passed by itself. Pure. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html
 */
import type { BlockDeviceMapping, ResponseLaunchTemplateData, RunInstancesCommandInput, TagSpecification } from "@aws-sdk/client-ec2";
import type { LaunchEffect } from "../../../../scaling/types/effects.ts";

export interface LaunchSource {
  readonly effect: LaunchEffect;
  readonly template: ResponseLaunchTemplateData;
  /** After the override and after a parameter reference was resolved. */
  readonly imageId: string;
  readonly rootDeviceName: string | undefined;
  /** The image's own mappings: those of devices that the template does not name are kept. */
  readonly imageMappings: readonly BlockDeviceMapping[];
}

/** Name-to-value tags of the instances; those of the group win over the template's. */
function instanceTags({ effect, template }: LaunchSource): TagSpecification {
  const ofTemplate = template.TagSpecifications?.find(({ ResourceType }) => ResourceType === "instance")?.Tags ?? [];
  const tags = new Map(ofTemplate.map(({ Key, Value }) => [Key ?? "", Value ?? ""]));
  tags.set("aws:ec2launchtemplate:id", effect.template.launchTemplateId);
  tags.set("aws:ec2launchtemplate:version", String(effect.template.version));
  for (const { key, value } of effect.tags) tags.set(key, value);
  return { ResourceType: "instance", Tags: [...tags].map(([Key, Value]) => ({ Key, Value })) };
}

/**
 * The template's devices and those that only the image has; what the template leaves out of a device that the image has
 * too, the snapshot and the size above all, is the image's
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-device-mapping-concepts.html). A root volume goes with its instance unless the template says otherwise; what
 * the emulator's images say of it is no choice of anybody's.
 */
function blockDevices({ template, imageMappings, rootDeviceName }: LaunchSource): BlockDeviceMapping[] | undefined {
  const own = template.BlockDeviceMappings ?? [];
  const named = new Set(own.map(({ DeviceName }) => DeviceName));
  const ofImage = new Map(imageMappings.map(({ DeviceName, Ebs }) => [DeviceName, Ebs]));
  const withRoot = (mapping: BlockDeviceMapping, kept: boolean | undefined): BlockDeviceMapping =>
    mapping.DeviceName === rootDeviceName && mapping.Ebs
      ? { ...mapping, Ebs: { ...mapping.Ebs, DeleteOnTermination: kept ?? true } }
      : mapping;
  const merged = [
    ...imageMappings.filter(({ DeviceName, Ebs }) => Ebs && !named.has(DeviceName)).map((mapping) => withRoot(mapping, undefined)),
    ...own.map((mapping) => {
      const completed = mapping.Ebs ? { ...mapping, Ebs: { ...ofImage.get(mapping.DeviceName), ...mapping.Ebs } } : mapping;
      return withRoot(completed, mapping.Ebs?.DeleteOnTermination);
    }),
  ];
  return merged.length === 0 ? undefined : merged;
}

/** Subnet and security groups belong to the first interface when the template has interfaces, and to the instance otherwise. */
function network({ effect, template }: LaunchSource): Partial<RunInstancesCommandInput> {
  const interfaces = template.NetworkInterfaces ?? [];
  if (interfaces.length === 0) {
    return { SubnetId: effect.subnetId, SecurityGroupIds: template.SecurityGroupIds, SecurityGroups: template.SecurityGroups };
  }
  const placed = interfaces.map((one) => ({ ...one, SubnetId: effect.subnetId }));
  return { NetworkInterfaces: placed };
}

function market({ effect, template }: LaunchSource): RunInstancesCommandInput["InstanceMarketOptions"] {
  if (template.InstanceMarketOptions) return template.InstanceMarketOptions;
  if (effect.market !== "spot") return undefined;
  return { MarketType: "spot", ...(effect.spotMaxPrice !== undefined && { SpotOptions: { MaxPrice: effect.spotMaxPrice } }) };
}

/** Members that RunInstances has under the same name and in the same form. */
function plainMembers(template: ResponseLaunchTemplateData): Partial<RunInstancesCommandInput> {
  return {
    KernelId: template.KernelId,
    RamdiskId: template.RamDiskId,
    EbsOptimized: template.EbsOptimized,
    IamInstanceProfile: template.IamInstanceProfile,
    KeyName: template.KeyName,
    DisableApiTermination: template.DisableApiTermination,
    DisableApiStop: template.DisableApiStop,
    InstanceInitiatedShutdownBehavior: template.InstanceInitiatedShutdownBehavior,
    UserData: template.UserData,
    CreditSpecification: template.CreditSpecification as RunInstancesCommandInput["CreditSpecification"],
    CpuOptions: template.CpuOptions,
    CapacityReservationSpecification: template.CapacityReservationSpecification,
    LicenseSpecifications: template.LicenseSpecifications,
    HibernationOptions: template.HibernationOptions,
    EnclaveOptions: template.EnclaveOptions,
    PrivateDnsNameOptions: template.PrivateDnsNameOptions,
    MaintenanceOptions: template.MaintenanceOptions,
  };
}

/** One request for `count` instances; `clientToken` marks them, so that a later process recognises them. */
export function runInstancesInput(source: LaunchSource, count: number, clientToken: string): RunInstancesCommandInput {
  const { effect, template } = source;
  const { HttpEndpoint, HttpProtocolIpv6, HttpPutResponseHopLimit, HttpTokens, InstanceMetadataTags } = template.MetadataOptions ?? {};
  const otherTags = template.TagSpecifications?.filter(({ ResourceType }) => ResourceType !== "instance") ?? [];
  const placement = { ...template.Placement, AvailabilityZone: effect.zone };
  return {
    ...plainMembers(template),
    ...network(source),
    ImageId: source.imageId,
    InstanceType: (effect.instanceType ?? template.InstanceType) as RunInstancesCommandInput["InstanceType"],
    MinCount: count,
    MaxCount: count,
    ClientToken: clientToken,
    Placement: effect.placementGroup === undefined ? placement : { ...placement, GroupName: effect.placementGroup },
    Monitoring: { Enabled: template.Monitoring?.Enabled ?? false },
    MetadataOptions: template.MetadataOptions && {
      HttpEndpoint,
      HttpProtocolIpv6,
      HttpPutResponseHopLimit,
      HttpTokens,
      InstanceMetadataTags,
    },
    BlockDeviceMappings: blockDevices(source),
    InstanceMarketOptions: market(source),
    TagSpecifications: [instanceTags(source), ...(otherTags as TagSpecification[])],
  };
}
