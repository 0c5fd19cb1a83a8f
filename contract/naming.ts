import { createHash } from "node:crypto";

/** The four inputs that name and tag everything. */
export interface NamingInputs {
  /** Product, for example `storefront`. Lower-case letters, digits and hyphens. */
  readonly product: string;
  /** Environment = stack, for example `staging`. */
  readonly environment: string;
  /** Platform, for example `web`. */
  readonly platform: string;
  /** Major version of the product, 0 or more. */
  readonly majorVersion: number;
}

/** Random characters that Pulumi's autonaming puts behind a name, the hyphen included. */
export const autonameLength = 8;

/**
 * How long a *given* name may be so that the name with Pulumi's random suffix still fits the service's limit.
 * Each limit stands on the service's own quota or API page.
 */
export const nameLimits = {
  // https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html
  autoScalingGroup: 255 - autonameLength,
  scalingPolicy: 255 - autonameLength,
  // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html
  launchTemplate: 128 - autonameLength,
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
  alarm: 255 - autonameLength,
  // https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
  topic: 256 - autonameLength,
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
  queue: 80 - autonameLength,
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
  role: 64 - autonameLength,
  instanceProfile: 128 - autonameLength,
  // https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
  lambdaFunction: 64 - autonameLength,
  // https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
  targetGroup: 32 - autonameLength,
  // https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html
  lifecycleHook: 255 - autonameLength,
  // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
  securityGroup: 255 - autonameLength,
  // https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
  eventRule: 64 - autonameLength,
  // Not autonamed: 64 for a role, less `AWSServiceRoleForAutoScaling_`, which IAM puts in front.
  // https://docs.aws.amazon.com/autoscaling/ec2/userguide/autoscaling-service-linked-role.html
  serviceLinkedRoleSuffix: 64 - 29,
} as const;

export type NamedService = keyof typeof nameLimits;

const hashLength = 6;

/**
 * `name`, or its beginning with a hash of the whole when it is longer than the service takes; two long names that
 * differ only at the end stay different, and the same name always gives the same result.
 */
export function fitName(name: string, service: NamedService): string {
  const limit = nameLimits[service];
  if (name.length <= limit) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, hashLength);
  return `${name.slice(0, limit - hashLength - 1).replace(/-+$/, "")}-${hash}`;
}

/** Prefix of everything in a stack: `storefront-staging-web-v3`. */
export function stackPrefix(inputs: NamingInputs): string {
  return `${inputs.product}-${inputs.environment}-${inputs.platform}-v${inputs.majorVersion}`;
}

/** Prefix of everything that belongs to one fleet: `storefront-staging-web-v3-app`. */
export function fleetPrefix(inputs: NamingInputs, fleet: string): string {
  return `${stackPrefix(inputs)}-${fleet}`;
}

/** Given name of a fleet's group; its real name is this with `-` and seven hexadecimal digits. */
export function groupName(fleetPrefixValue: string): string {
  return fitName(`${fleetPrefixValue}-group`, "autoScalingGroup");
}

/** Whether `actual` is a group that was autonamed from `given`; what stands before the group knows it only so. */
export function isAutonamedFrom(given: string, actual: string): boolean {
  return actual.length === given.length + autonameLength && actual.startsWith(`${given}-`) && /^[0-9a-f]{7}$/.test(actual.slice(-7));
}

/** The wildcard that IAM policies use for an autonamed resource. */
export function autonamedPattern(given: string): string {
  return `${given}-*`;
}

/**
 * Whether the wildcard of one fleet's group also matches the group of the other (in either direction): a role that may
 * touch the one could then touch the other.
 */
export function groupsCollide(onePrefix: string, otherPrefix: string): boolean {
  const [one, other] = [groupName(onePrefix), groupName(otherPrefix)];
  return one === other || one.startsWith(`${other}-`) || other.startsWith(`${one}-`);
}
