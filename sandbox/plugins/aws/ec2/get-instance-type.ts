import type { InstanceTypeInfo } from "@aws-sdk/client-ec2";
import { unlessCode } from "../clients.ts";
import type { DataSource } from "../data-source.ts";
import type { Found } from "../definition.ts";

function network(info: InstanceTypeInfo["NetworkInfo"]): Found {
  return {
    bandwidthWeightings: info?.BandwidthWeightings ?? [],
    defaultNetworkCardIndex: info?.DefaultNetworkCardIndex ?? 0,
    efaMaximumInterfaces: info?.EfaInfo?.MaximumEfaInterfaces ?? 0,
    efaSupported: info?.EfaSupported ?? false,
    enaSrdSupported: info?.EnaSrdSupported ?? false,
    enaSupport: info?.EnaSupport ?? "",
    encryptionInTransitSupported: info?.EncryptionInTransitSupported ?? false,
    ipv6Supported: info?.Ipv6Supported ?? false,
    maximumIpv4AddressesPerInterface: info?.Ipv4AddressesPerInterface ?? 0,
    maximumIpv6AddressesPerInterface: info?.Ipv6AddressesPerInterface ?? 0,
    maximumNetworkCards: info?.MaximumNetworkCards ?? 0,
    maximumNetworkInterfaces: info?.MaximumNetworkInterfaces ?? 0,
    networkCards: (info?.NetworkCards ?? []).map((card) => ({
      baselineBandwidth: card.BaselineBandwidthInGbps ?? 0,
      index: card.NetworkCardIndex ?? 0,
      maximumInterfaces: card.MaximumNetworkInterfaces ?? 0,
      peakBandwidth: card.PeakBandwidthInGbps ?? 0,
      performance: card.NetworkPerformance ?? "",
    })),
    networkPerformance: info?.NetworkPerformance ?? "",
  };
}

function storage({ EbsInfo: ebs, InstanceStorageInfo: disks, InstanceStorageSupported: supported }: InstanceTypeInfo): Found {
  const speed = ebs?.EbsOptimizedInfo;
  return {
    ebsEncryptionSupport: ebs?.EncryptionSupport ?? "",
    ebsNvmeSupport: ebs?.NvmeSupport ?? "",
    ebsOptimizedSupport: ebs?.EbsOptimizedSupport ?? "",
    ebsPerformanceBaselineBandwidth: speed?.BaselineBandwidthInMbps ?? 0,
    ebsPerformanceBaselineIops: speed?.BaselineIops ?? 0,
    ebsPerformanceBaselineThroughput: speed?.BaselineThroughputInMBps ?? 0,
    ebsPerformanceMaximumBandwidth: speed?.MaximumBandwidthInMbps ?? 0,
    ebsPerformanceMaximumIops: speed?.MaximumIops ?? 0,
    ebsPerformanceMaximumThroughput: speed?.MaximumThroughputInMBps ?? 0,
    instanceDisks: (disks?.Disks ?? []).map((disk) => ({ count: disk.Count ?? 0, size: disk.SizeInGB ?? 0, type: disk.Type ?? "" })),
    instanceStorageSupported: supported ?? false,
    totalInstanceStorage: disks?.TotalSizeInGB ?? 0,
  };
}

interface Accelerator {
  readonly Count?: number | undefined;
  readonly Manufacturer?: string | undefined;
  readonly Name?: string | undefined;
  readonly MemoryInfo?: { readonly SizeInMiB?: number | undefined } | undefined;
}

const accelerator = (one: Accelerator) => ({
  count: one.Count ?? 0,
  manufacturer: one.Manufacturer ?? "",
  memorySize: one.MemoryInfo?.SizeInMiB ?? 0,
  name: one.Name ?? "",
});

function accelerators(info: InstanceTypeInfo): Found {
  return {
    fpgas: (info.FpgaInfo?.Fpgas ?? []).map(accelerator),
    gpuses: (info.GpuInfo?.Gpus ?? []).map(accelerator),
    inferenceAccelerators: (info.InferenceAcceleratorInfo?.Accelerators ?? []).map(accelerator),
    mediaAccelerators: (info.MediaAcceleratorInfo?.Accelerators ?? []).map(accelerator),
    neuronDevices: (info.NeuronInfo?.NeuronDevices ?? []).map((one) => ({
      coreCount: one.CoreInfo?.Count ?? 0,
      coreVersion: one.CoreInfo?.Version ?? 0,
      count: one.Count ?? 0,
      memorySize: one.MemoryInfo?.SizeInMiB ?? 0,
      name: one.Name ?? "",
    })),
    totalFpgaMemory: info.FpgaInfo?.TotalFpgaMemoryInMiB ?? 0,
    totalGpuMemory: info.GpuInfo?.TotalGpuMemoryInMiB ?? 0,
    totalInferenceMemory: info.InferenceAcceleratorInfo?.TotalInferenceMemoryInMiB ?? 0,
    totalMediaMemory: info.MediaAcceleratorInfo?.TotalMediaMemoryInMiB ?? 0,
    totalNeuronDeviceMemory: info.NeuronInfo?.TotalNeuronDeviceMemoryInMiB ?? 0,
  };
}

function processor({ ProcessorInfo: cpu, VCpuInfo: vcpu }: InstanceTypeInfo): Found {
  return {
    defaultCores: vcpu?.DefaultCores ?? 0,
    defaultThreadsPerCore: vcpu?.DefaultThreadsPerCore ?? 0,
    defaultVcpus: vcpu?.DefaultVCpus ?? 0,
    supportedArchitectures: cpu?.SupportedArchitectures ?? [],
    supportedCpuFeatures: cpu?.SupportedFeatures ?? [],
    sustainedClockSpeed: cpu?.SustainedClockSpeedInGhz ?? 0,
    validCores: vcpu?.ValidCores ?? [],
    validThreadsPerCores: vcpu?.ValidThreadsPerCore ?? [],
  };
}

export const dataSource: DataSource = {
  token: "aws:ec2/getInstanceType:getInstanceType",
  async read(args, context) {
    const InstanceTypes = [args["instanceType"]];
    const answer = await unlessCode(context.aws("ec2", "DescribeInstanceTypes", { InstanceTypes }), "InvalidInstanceType");
    const info = answer?.InstanceTypes?.[0];
    if (info === undefined) throw new Error(`there is no EC2 instance type ${JSON.stringify(args["instanceType"])} in ${context.region}`);
    return {
      ...network(info.NetworkInfo),
      ...storage(info),
      ...accelerators(info),
      ...processor(info),
      id: info.InstanceType,
      instanceType: info.InstanceType,
      autoRecoverySupported: info.AutoRecoverySupported ?? false,
      bareMetal: info.BareMetal ?? false,
      bootModes: info.SupportedBootModes ?? [],
      burstablePerformanceSupported: info.BurstablePerformanceSupported ?? false,
      currentGeneration: info.CurrentGeneration ?? false,
      dedicatedHostsSupported: info.DedicatedHostsSupported ?? false,
      freeTierEligible: info.FreeTierEligible ?? false,
      hibernationSupported: info.HibernationSupported ?? false,
      hypervisor: info.Hypervisor ?? "",
      memorySize: info.MemoryInfo?.SizeInMiB ?? 0,
      nitroEnclavesSupport: info.NitroEnclavesSupport ?? "",
      nitroTpmSupport: info.NitroTpmSupport ?? "",
      nitroTpmSupportedVersions: info.NitroTpmInfo?.SupportedVersions ?? [],
      phcSupport: info.PhcSupport ?? "",
      supportedPlacementStrategies: info.PlacementGroupInfo?.SupportedStrategies ?? [],
      supportedRootDeviceTypes: info.SupportedRootDeviceTypes ?? [],
      supportedUsagesClasses: info.SupportedUsageClasses ?? [],
      supportedVirtualizationTypes: info.SupportedVirtualizationTypes ?? [],
    };
  },
};
