/** Properties of a group and AWS's parameters, both ways. */
import { list, numberText, object, same } from "../codec.ts";
import type { Codec } from "../codec.ts";
import { instanceRequirements } from "../ec2/launch-template-data.ts";
import type { Value } from "../../protocol/values.ts";

const asIs: Codec = { encode: (value) => value, decode: (wire) => wire as Value };
const strings = list(asIs);

const templateOfPolicy = object({ launchTemplateId: true, launchTemplateName: true, version: true });

export const launchTemplate = object({ id: "LaunchTemplateId", name: "LaunchTemplateName", version: true });

export const mixedInstancesPolicy = object({
  instancesDistribution: object({
    ...same("onDemandAllocationStrategy", "onDemandBaseCapacity", "onDemandPercentageAboveBaseCapacity"),
    ...same("spotAllocationStrategy", "spotInstancePools", "spotMaxPrice"),
  }),
  launchTemplate: object({
    launchTemplateSpecification: templateOfPolicy,
    overrides: list(
      object({ instanceRequirements, instanceType: true, launchTemplateSpecification: templateOfPolicy, weightedCapacity: true }),
    ),
  }),
});

/** Subnets are one text there, separated by commas. */
const subnets: Codec = {
  encode: (value) => (value as string[]).join(","),
  decode: (wire) => (wire === "" ? undefined : (wire as string).split(",")),
};

export const trafficSource = object({ identifier: true, type: true });

export const groupParameters = object({
  availabilityZoneDistribution: object(same("capacityDistributionStrategy")),
  availabilityZones: strings,
  ...same("capacityRebalance", "context", "defaultCooldown", "defaultInstanceWarmup", "desiredCapacity", "desiredCapacityType"),
  ...same("healthCheckGracePeriod", "healthCheckType", "maxInstanceLifetime", "maxSize", "minSize", "placementGroup"),
  capacityReservationSpecification: object({
    capacityReservationPreference: true,
    capacityReservationTarget: object({
      capacityReservationIds: strings,
      capacityReservationResourceGroupArns: strings,
    }),
  }),
  instanceLifecyclePolicy: object({ retentionTriggers: object(same("terminateHookAbandon")) }),
  instanceMaintenancePolicy: object(same("maxHealthyPercentage", "minHealthyPercentage")),
  launchConfiguration: "LaunchConfigurationName",
  launchTemplate,
  mixedInstancesPolicy,
  name: "AutoScalingGroupName",
  protectFromScaleIn: "NewInstancesProtectedFromScaleIn",
  serviceLinkedRoleArn: "ServiceLinkedRoleARN",
  targetGroupArns: ["TargetGroupARNs", strings],
  terminationPolicies: strings,
  trafficSources: list(trafficSource),
  vpcZoneIdentifiers: ["VPCZoneIdentifier", subnets],
});

/** What UpdateAutoScalingGroup takes; the rest of the table has calls of its own. */
const notUpdated = ["name", "targetGroupArns", "trafficSources"];
export const updatable = new Set(Object.keys(groupParameters.fields).filter((key) => !notUpdated.includes(key)));

/** What to send for a property that is taken away: AWS keeps what an update does not name. */
export const cleared: Readonly<Record<string, unknown>> = {
  CapacityRebalance: false,
  Context: "",
  DefaultInstanceWarmup: -1,
  DesiredCapacityType: "units",
  InstanceMaintenancePolicy: { MinHealthyPercentage: -1, MaxHealthyPercentage: -1 },
  MaxInstanceLifetime: 0,
  NewInstancesProtectedFromScaleIn: false,
  PlacementGroup: "",
  TerminationPolicies: ["Default"],
};

export const initialHook = object({
  ...same("defaultResult", "heartbeatTimeout", "lifecycleTransition", "notificationMetadata"),
  name: "LifecycleHookName",
  notificationTargetArn: "NotificationTargetARN",
  roleArn: "RoleARN",
});

export const warmPool = object({
  instanceReusePolicy: object(same("reuseOnScaleIn")),
  ...same("maxGroupPreparedCapacity", "minSize", "poolState"),
});

export const refreshPreferences = object({
  alarmSpecification: object({ alarms: strings }),
  autoRollback: true,
  checkpointDelay: numberText,
  checkpointPercentages: list(asIs),
  instanceWarmup: numberText,
  ...same("maxHealthyPercentage", "minHealthyPercentage", "scaleInProtectedInstances", "skipMatching", "standbyInstances"),
});
