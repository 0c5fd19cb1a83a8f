import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { Provisioning } from "../contract/fleets-output.ts";
import type { NamingInputs } from "../contract/naming.ts";
import type { Account } from "./account.ts";
import type { ImageFacts } from "./image-facts.ts";
import type { PolicyStatement } from "./policy-document.ts";

/** Who and where a fleet is; names and tags come from it. */
export interface FleetIdentity extends NamingInputs {
  /** Name of the fleet within the stack, the value of its tag `fleet:name`. */
  readonly fleet: string;
  /** What the nodes do, the value of their tag `fleet:role`. */
  readonly role: string;
}

/** A rule that a fleet is exempt from, for a reason and until a day. */
export interface Exemption {
  /** Id of the policy, for example `group-single-type`. */
  readonly rule: string;
  readonly reason: string;
  /** Last day on which it holds, `YYYY-MM-DD`, UTC. */
  readonly expires: string;
}

/** Other types beside `instanceType`, and how purchase options are mixed. */
export interface MixedInstances {
  /** Instance types in order of preference, the fleet's own among them. */
  readonly types: readonly string[];
  /** Instances that are always on demand. */
  readonly onDemandBaseCapacity: number;
  /** Share of on-demand instances above the base, 0 to 100. */
  readonly onDemandPercentageAboveBase: number;
  readonly spotAllocationStrategy: "price-capacity-optimized" | "capacity-optimized" | "lowest-price";
}

/** One inbound or outbound rule of the fleet's own security group. */
export interface TrafficRule {
  readonly description: string;
  /** `tcp`, `udp`, `icmp` or `-1` for everything. */
  readonly protocol: string;
  /** First and last port, 0 to 65535; both 0 when the protocol is `-1`. */
  readonly fromPort: number;
  readonly toPort: number;
  readonly cidrBlocks?: readonly string[] | undefined;
  readonly securityGroupIds?: readonly string[] | undefined;
}

export interface FleetNetwork {
  readonly vpcId: string;
  /** One per zone that the group may use. */
  readonly subnetIds: readonly string[];
  /** Given groups; when absent the fleet gets one of its own with `ingress` and `egress`. */
  readonly securityGroupIds?: readonly string[] | undefined;
  readonly ingress: readonly TrafficRule[];
  readonly egress: readonly TrafficRule[];
}

/** A listener that exists, and the rule and target group that the fleet gets on it. */
export interface ListenerTarget {
  readonly listenerArn: string;
  /** Priority of the listener's rule, 1 to 50000, unique within the listener. */
  readonly priority: number;
  /** What the rule matches; at least one host or path. */
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  /** Port of the application on the instances. */
  readonly port: number;
  readonly protocol: "HTTP" | "HTTPS";
  readonly healthPath: string;
  /** Status codes that count as healthy, for example `200` or `200-299`. */
  readonly healthMatcher: string;
  /** Seconds that open connections get when an instance leaves, 0 to 3600. */
  readonly drainSeconds: number;
}

/** Where the fleet's traffic comes from: target groups that exist, or a target group of its own on a listener. */
export type LoadBalancing = { readonly targetGroupArns: readonly string[] } | ListenerTarget;

export interface RootVolume {
  /** GiB; absent = the size of the image's root snapshot. */
  readonly sizeGiB?: number | undefined;
  /** 3000 to 80000; absent = 3000, what gp3 includes. https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html */
  readonly iops?: number | undefined;
  /** MiB/s, 125 to 2000; absent = 125, what gp3 includes. */
  readonly throughputMiBps?: number | undefined;
  /** ARN of a KMS key; absent = the account's default key for EBS. */
  readonly kmsKeyArn?: string | undefined;
}

/** A hook that holds a new or a departing instance until it is completed or times out. */
export interface HookArgs {
  /** 30 to 7200 s. https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html */
  readonly heartbeatSeconds: number;
}

/** A volume that is attached at launch and deleted with the instance; encrypted like every volume here. */
export interface DataVolume {
  /** `/dev/sdf` to `/dev/sdp`. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html */
  readonly deviceName: string;
  /** GiB; absent only with a snapshot, whose size it then has. */
  readonly sizeGiB?: number | undefined;
  /** `snap-…`; absent = an empty volume. */
  readonly snapshotId?: string | undefined;
  readonly iops?: number | undefined;
  readonly throughputMiBps?: number | undefined;
  readonly kmsKeyArn?: string | undefined;
}

/** What a caller may add to the launch template; what has an argument of its own, or what safety insists on, is left out. */
export type LaunchTemplatePassThrough = Omit<
  Partial<aws.ec2.LaunchTemplateArgs>,
  | "blockDeviceMappings"
  | "defaultVersion"
  | "iamInstanceProfile"
  | "imageId"
  | "instanceType"
  | "name"
  | "namePrefix"
  | "networkInterfaces"
  | "securityGroupNames"
  | "tagSpecifications"
  | "tags"
  | "updateDefaultVersion"
  | "userData"
  | "vpcSecurityGroupIds"
>;

/** What a caller may add to the group, likewise. Desired capacity belongs to the scaling policies alone. */
export type GroupPassThrough = Omit<
  Partial<aws.autoscaling.GroupArgs>,
  | "availabilityZones"
  | "desiredCapacity"
  | "forceDelete"
  | "healthCheckType"
  | "initialLifecycleHooks"
  | "instanceMaintenancePolicy"
  | "instanceRefresh"
  | "launchConfiguration"
  | "launchTemplate"
  | "maxSize"
  | "minSize"
  | "mixedInstancesPolicy"
  | "name"
  | "namePrefix"
  | "serviceLinkedRoleArn"
  | "tags"
  | "targetGroupArns"
  | "vpcZoneIdentifiers"
  | "waitForCapacityTimeout"
>;

/**
 * Arguments of `Fleet`. Policies read them, typed, before anything is created: everything that a rule decides on is a
 * plain value here.
 */
export interface FleetArgs {
  readonly identity: FleetIdentity;
  readonly account: Account;
  /** Facts of the verified image, from `BakedImage`. */
  readonly image: ImageFacts;
  /** Instance type of the group; the rule says that it is the one that the image was baked on. */
  readonly instanceType: string;
  /** Absent = `instanceType` alone. */
  readonly mixedInstances?: MixedInstances | undefined;
  readonly provisioning: Provisioning;
  readonly size: { readonly min: number; readonly max: number };
  /** Seconds from launch to serving; the default of health check grace and default warm-up. */
  readonly bootSeconds: number;
  readonly network: FleetNetwork;
  /** Absent = no load balancer. */
  readonly loadBalancing?: LoadBalancing | undefined;
  /** `ELB` adds the target group's health to EC2's own, and needs `loadBalancing`. */
  readonly healthCheckType: "EC2" | "ELB";
  /** Share of the desired capacity that stays healthy, and may exist, while instances are replaced. */
  readonly maintenance: { readonly minHealthyPercent: number; readonly maxHealthyPercent: number };
  /** Topic of the stack's notice path, for launch, terminate and their errors. */
  readonly notices: { readonly topicArn: pulumi.Input<string> };
  /** Role under which Auto Scaling acts; key policies name it. */
  readonly serviceLinkedRoleArn: pulumi.Input<string>;
  readonly rootVolume: RootVolume;
  readonly volumes: readonly DataVolume[];
  /** Plain text, at most 16,384 bytes; encoded here. Absent = cloud-config that writes the fleet's facts to `/etc/fleet/fleet.json`. */
  readonly userData?: pulumi.Input<string> | undefined;
  /** Statements that the nodes need beside Session Manager and their launch hook. */
  readonly instancePolicy: pulumi.Input<pulumi.Input<PolicyStatement>[]>;
  /** Holds new instances until they report; absent = in service as soon as EC2 runs them. */
  readonly launchHook?: HookArgs | undefined;
  /** Gives departing instances time; absent = none. */
  readonly terminateHook?: HookArgs | undefined;
  readonly exemptions: readonly Exemption[];
  /** Passed through to the launch template: after our defaults, before what safety insists on. */
  readonly launchTemplate?: LaunchTemplatePassThrough | undefined;
  /** Passed through to the group, likewise. */
  readonly group?: GroupPassThrough | undefined;
}
