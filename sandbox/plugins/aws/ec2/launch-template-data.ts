/** The data of a launch template version, both ways. */
import { booleanText, instant, list, object, same, tagList } from "../codec.ts";
import type { Codec } from "../codec.ts";

const asIs: Codec = { encode: (value) => value, decode: (wire) => wire as string };
const strings = list(asIs);
const range = object(same("max", "min"));

const ebs = object({
  deleteOnTermination: booleanText,
  encrypted: booleanText,
  ...same("iops", "kmsKeyId", "snapshotId", "throughput", "volumeInitializationRate", "volumeSize", "volumeType"),
});

const addresses = (member: string): Codec => ({
  encode: (value) => (value as string[]).map((one) => ({ [member]: one })),
  decode: (wire) => {
    const found = (wire as Record<string, string>[]).map((one) => one[member] ?? "");
    return found.length > 0 ? found : undefined;
  },
});

const networkInterface = object({
  associateCarrierIpAddress: booleanText,
  associatePublicIpAddress: booleanText,
  connectionTrackingSpecification: object(same("tcpEstablishedTimeout", "udpStreamTimeout", "udpTimeout")),
  deleteOnTermination: booleanText,
  ...same("description", "deviceIndex", "enaQueueCount", "interfaceType", "ipv4PrefixCount", "ipv6AddressCount", "ipv6PrefixCount"),
  ...same("networkCardIndex", "networkInterfaceId", "privateIpAddress", "subnetId"),
  enaSrdSpecification: object({ enaSrdEnabled: true, enaSrdUdpSpecification: object(same("enaSrdUdpEnabled")) }),
  ipv4AddressCount: "SecondaryPrivateIpAddressCount",
  ipv4Addresses: ["PrivateIpAddresses", addresses("PrivateIpAddress")],
  ipv4Prefixes: addresses("Ipv4Prefix"),
  ipv6Addresses: addresses("Ipv6Address"),
  ipv6Prefixes: addresses("Ipv6Prefix"),
  primaryIpv6: booleanText,
  securityGroups: ["Groups", strings],
});

export const instanceRequirements = object({
  acceleratorCount: range,
  acceleratorManufacturers: strings,
  acceleratorNames: strings,
  acceleratorTotalMemoryMib: ["AcceleratorTotalMemoryMiB", range],
  acceleratorTypes: strings,
  allowedInstanceTypes: strings,
  baselineEbsBandwidthMbps: range,
  ...same("bareMetal", "burstablePerformance", "localStorage", "maxSpotPriceAsPercentageOfOptimalOnDemandPrice"),
  ...same("onDemandMaxPricePercentageOverLowestPrice", "requireHibernateSupport", "spotMaxPricePercentageOverLowestPrice"),
  cpuManufacturers: strings,
  excludedInstanceTypes: strings,
  instanceGenerations: strings,
  localStorageTypes: strings,
  memoryGibPerVcpu: ["MemoryGiBPerVCpu", range],
  memoryMib: ["MemoryMiB", range],
  networkBandwidthGbps: range,
  networkInterfaceCount: range,
  totalLocalStorageGb: ["TotalLocalStorageGB", range],
  vcpuCount: ["VCpuCount", range],
});

export const launchTemplateData = object({
  blockDeviceMappings: list(object({ deviceName: true, ebs, noDevice: true, virtualName: true })),
  capacityReservationSpecification: object({
    capacityReservationPreference: true,
    capacityReservationTarget: object(same("capacityReservationId", "capacityReservationResourceGroupArn")),
  }),
  cpuOptions: object(same("amdSevSnp", "coreCount", "nestedVirtualization", "threadsPerCore")),
  creditSpecification: object(same("cpuCredits")),
  ...same("disableApiStop", "disableApiTermination", "imageId", "instanceInitiatedShutdownBehavior", "instanceType", "kernelId", "keyName"),
  ebsOptimized: booleanText,
  enclaveOptions: object(same("enabled")),
  hibernationOptions: object(same("configured")),
  iamInstanceProfile: object(same("arn", "name")),
  instanceMarketOptions: object({
    marketType: true,
    spotOptions: object({
      ...same("blockDurationMinutes", "instanceInterruptionBehavior", "maxPrice", "spotInstanceType"),
      validUntil: instant,
    }),
  }),
  instanceRequirements,
  licenseSpecifications: list(object(same("licenseConfigurationArn"))),
  maintenanceOptions: object(same("autoRecovery")),
  metadataOptions: object(same("httpEndpoint", "httpProtocolIpv6", "httpPutResponseHopLimit", "httpTokens", "instanceMetadataTags")),
  monitoring: object(same("enabled")),
  networkInterfaces: list(networkInterface),
  networkPerformanceOptions: object(same("bandwidthWeighting")),
  placement: object({
    ...same("affinity", "availabilityZone", "groupId", "groupName", "hostId", "hostResourceGroupArn", "partitionNumber", "tenancy"),
    spreadDomain: true,
  }),
  privateDnsNameOptions: object({
    enableResourceNameDnsARecord: true,
    enableResourceNameDnsAaaaRecord: "EnableResourceNameDnsAAAARecord",
    hostnameType: true,
  }),
  ramDiskId: true,
  securityGroupNames: ["SecurityGroups", strings],
  tagSpecifications: list(object({ resourceType: true, tags: tagList })),
  userData: true,
  vpcSecurityGroupIds: ["SecurityGroupIds", strings],
});
