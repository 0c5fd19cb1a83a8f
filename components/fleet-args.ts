import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { Provisioning, WarmPool } from "../contract/fleets-output.ts";
import type { MixedInstances } from "../contract/mixed-instances.ts";
import type { NamingInputs } from "../contract/naming.ts";
import type { GroupGuard } from "../contract/state-commands.ts";
import type { Account } from "./account.ts";
import type { BootArgs, ChefArgs, ManagedNodeArgs } from "./boot/args.ts";
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

/** The target group that a fleet gets. */
export interface TargetArgs {
  /** Port of the application on the instances. */
  readonly port: number;
  readonly protocol: "HTTP" | "HTTPS";
  readonly healthPath: string;
  /** Status codes that count as healthy, for example `200` or `200-299`. */
  readonly healthMatcher: string;
  /** Seconds that open connections get when an instance leaves, 0 to 3600. */
  readonly drainSeconds: number;
}

/** A rule on a listener that exists. */
export interface RuleTarget extends TargetArgs {
  readonly listenerArn: string;
  /** Priority of the listener's rule, 1 to 50000, unique within the listener. */
  readonly priority: number;
  /** What the rule matches; at least one host or path. */
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
}

/** An HTTPS listener of the fleet's own on an Application Load Balancer that exists; all that reaches it goes to the fleet. */
export interface OwnListenerTarget extends TargetArgs {
  readonly listener: {
    readonly loadBalancerArn: string;
    readonly certificateArn: string;
    /** Unique on the load balancer. */
    readonly port: number;
    /** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html */
    readonly tlsPolicy: string;
  };
}

/** Where the fleet's traffic comes from: target groups that exist, or one of its own behind a rule or a listener. */
export type LoadBalancing = { readonly targetGroupArns: readonly string[] } | RuleTarget | OwnListenerTarget;

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

/** A hook for departing instances, and what becomes of one whose hook was abandoned. */
export interface TerminateHookArgs extends HookArgs {
  /**
   * `retain` keeps an instance whose hook timed out or was abandoned, for a look at it; it no longer belongs to the
   * group's size. Default: terminate. https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-lifecycle-policy.html
   */
  readonly onAbandon?: "terminate" | "retain" | undefined;
  /**
   * Whether the topic of the notice path hears of it, so that the consumer drains the instance and completes the hook.
   * Absent = nobody does, and the instance has the whole time.
   */
  readonly notifies?: boolean | undefined;
}

/** A volume beside the root volume, deleted with the instance; encrypted like every volume here. */
export interface DataVolume {
  /** `/dev/sdf` to `/dev/sdp`. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html */
  readonly deviceName: string;
  /** `boot`: made at boot of the newest snapshot with `snapshotTags`. Default: `launch`. */
  readonly attach?: "launch" | "boot" | undefined;
  /** With `boot`. */
  readonly snapshotTags?: Readonly<Record<string, string>> | undefined;
  /** Where boot mounts it; absent = boot leaves it alone. */
  readonly mountPoint?: string | undefined;
  /** Label of its file system, by which it is found when nothing else shows its device. */
  readonly label?: string | undefined;
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
  | "capacityRebalance"
  | "desiredCapacity"
  | "desiredCapacityType"
  | "forceDelete"
  | "healthCheckType"
  | "initialLifecycleHooks"
  | "instanceLifecyclePolicy"
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
  | "warmPool"
>;

/**
 * Arguments of `Fleet`. Policies read them, typed, before anything is created: everything that a rule decides on is a
 * plain value here.
 */
export interface FleetArgs extends GroupGuard {
  readonly identity: FleetIdentity;
  readonly account: Account;
  /** Facts of the verified image, from `BakedImage`. */
  readonly image: ImageFacts;
  /** Instance type of the group; the rule says that it is the one that the image was baked on. */
  readonly instanceType: string;
  /** Absent = `instanceType` alone. */
  readonly mixedInstances?: MixedInstances | undefined;
  readonly provisioning: Provisioning;
  /** With `chef-server` and `chef-solo`. */
  readonly chef?: ChefArgs | undefined;
  /** With `managed-node`. */
  readonly managedNode?: ManagedNodeArgs | undefined;
  /** Absent = an hour at most, failures kept for 30 days, compressed only when it must be. */
  readonly boot?: BootArgs | undefined;
  /** Topic that hears of boots that keep failing; absent = nobody. */
  readonly alertTopicArn?: pulumi.Input<string> | undefined;
  readonly size: { readonly min: number; readonly max: number };
  /** Seconds from launch to serving; the default of health check grace and default warm-up. */
  readonly bootSeconds: number;
  readonly network: FleetNetwork;
  /** Absent = no load balancer. */
  readonly loadBalancing?: LoadBalancing | undefined;
  /** `ELB` adds the target group's health to EC2's own, and needs `loadBalancing`. */
  readonly healthCheckType: "EC2" | "ELB";
  /**
   * Health checks beside it. `EBS`: volumes that answer; `VPC_LATTICE` needs a traffic source of that type in `group`.
   * https://docs.aws.amazon.com/autoscaling/ec2/userguide/health-checks-overview.html
   */
  readonly moreHealthChecks?: readonly ("EBS" | "VPC_LATTICE")[] | undefined;
  /** Share of the desired capacity that stays healthy, and may exist, while instances are replaced. */
  readonly maintenance: { readonly minHealthyPercent: number; readonly maxHealthyPercent: number };
  /** Topic of the stack's notice path, for launch, terminate and their errors. */
  readonly notices: { readonly topicArn: pulumi.Input<string> };
  /** Role under which Auto Scaling acts; key policies name it. */
  readonly serviceLinkedRoleArn: pulumi.Input<string>;
  readonly rootVolume: RootVolume;
  readonly volumes: readonly DataVolume[];
  /**
   * Plain text, at most 16,384 bytes as the instance gets it; encoded here. Absent = what the provisioning needs, and for
   * `none` without hook and mounted volumes cloud-config that writes the fleet's facts to `/etc/fleet/fleet.json`.
   */
  readonly userData?: pulumi.Input<string> | undefined;
  /** Statements that the nodes need beside Session Manager and their launch hook. */
  readonly instancePolicy: pulumi.Input<pulumi.Input<PolicyStatement>[]>;
  /** Holds new instances until they report; absent = in service as soon as EC2 runs them. */
  readonly launchHook?: HookArgs | undefined;
  /** Gives departing instances time; absent = none. */
  readonly terminateHook?: TerminateHookArgs | undefined;
  /** Absent = none. */
  readonly warmPool?: WarmPool | undefined;
  /** Role under which deletion protection and zonal shift are set; absent = the caller's own. */
  readonly roleArn?: string | undefined;
  readonly exemptions: readonly Exemption[];
  /** Passed through to the launch template: after our defaults, before what safety insists on. */
  readonly launchTemplate?: LaunchTemplatePassThrough | undefined;
  /** Passed through to the group, likewise. */
  readonly group?: GroupPassThrough | undefined;
}
