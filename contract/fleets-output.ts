import type { MixedInstances } from "./mixed-instances.ts";
import type { PredictiveScaling, ScalingDirection, ScheduledScaling, StepScaling, TargetTracking } from "./scaling-policies.ts";

/**
 * The stack output `fleets`: all that operators and the operations command line know of a stack.
 * Fields are only ever added; a field that changes its meaning gets a new name.
 */
export type FleetsOutput = Readonly<Record<string, FleetOutput>>;

/** Processor architectures, as EC2 spells them. */
export type Architecture = "x86_64" | "arm64";

/** How a node gets its configuration; `none`: the image is complete. */
export type Provisioning = "none" | "chef-server" | "chef-solo" | "managed-node";

export interface FleetOutput {
  /** Prefix of the fleet's names, `storefront-staging-web-v3-app`. */
  readonly prefix: string;
  /** Value of the tag `fleet:name`: the key in `fleets`, or the name that a renamed fleet was made with. */
  readonly name: string;
  readonly product: string;
  readonly environment: string;
  readonly platform: string;
  readonly majorVersion: number;
  /** What the nodes do; deploys find their hosts by it. */
  readonly role: string;
  readonly region: string;
  readonly accountId: string;
  readonly group: { readonly name: string; readonly arn: string };
  readonly launchTemplate: { readonly id: string; readonly name: string; readonly version: string };
  readonly image: {
    readonly id: string;
    /** Instance type that the image was built on. */
    readonly bakeType: string;
    readonly architecture: Architecture;
    /** ISO 8601, UTC. */
    readonly bakedAt: string;
  };
  readonly instanceType: string;
  readonly provisioning: Provisioning;
  readonly size: { readonly min: number; readonly max: number };
  /** Seconds from launch to serving: health check grace and default warm-up. */
  readonly bootSeconds: number;
  /** Holds new instances until they have booted; absent = none. */
  readonly launchHook?: { readonly heartbeatSeconds: number };
  /** Holds departing instances; with `retain` one whose hook was abandoned stays until somebody terminates it. Absent = none. */
  readonly terminateHook?: { readonly heartbeatSeconds: number; readonly onAbandon?: "terminate" | "retain" };
  /** Instances that are prepared ahead; absent = none. */
  readonly warmPool?: WarmPool;
  /** Other types beside `instanceType`, and purchase options; absent = none. */
  readonly mixedInstances?: MixedInstances;
  /** Options of the group that say what goes when, where they are not the project's own. */
  readonly groupOptions?: GroupOptionsOutput;
  readonly scaling: ScalingOutput;
  readonly notices: NoticesOutput;
  /** What removes departed nodes from Chef; absent = nothing. Without a function a worker does it, outside of the stack. */
  readonly cleanup?: { readonly functionName?: string; readonly reconcilerName?: string };
  readonly rollout: {
    readonly minHealthyPercent: number;
    readonly maxHealthyPercent: number;
    /** CloudWatch alarms that stop a roll-out. */
    readonly healthAlarms: readonly string[];
    /** Percentages at which a roll-out stops for a while. */
    readonly checkpoints?: { readonly percentages: readonly number[]; readonly delaySeconds: number };
    /** Seconds that the new instances serve before a roll-out counts as done. */
    readonly bakeSeconds?: number;
    readonly wait: boolean;
    readonly timeoutSeconds: number;
  };
}

/** Instances that have booted and wait, for fleets that boot slowly. */
export interface WarmPool {
  /** `Hibernated` also prepares the launch template for it. */
  readonly state: "Stopped" | "Running" | "Hibernated";
  /** Fewest instances in the pool; absent = 0. */
  readonly min?: number | undefined;
  /** Most instances in pool and group together; absent = the group's maximum. */
  readonly maxPrepared?: number | undefined;
  /** Whether an instance that the group no longer needs goes back to the pool; absent = no. */
  readonly reuse?: boolean | undefined;
}

export interface GroupOptionsOutput {
  readonly maxInstanceLifetimeSeconds?: number;
  readonly protectFromScaleIn?: boolean;
  readonly terminationPolicies?: readonly string[];
}

/** A step policy and its alarm, as they run. */
export interface StepPolicyOutput extends StepScaling {
  readonly kind: "step";
  readonly direction: ScalingDirection;
  /** Name of the further metric that it scales on; absent for the fleet's first one. */
  readonly of?: string;
  readonly policyArn: string;
  readonly alarmName: string;
}

export interface TargetPolicyOutput extends TargetTracking {
  readonly kind: "target";
  readonly policyArn: string;
}

export interface ScalingOutput {
  readonly policies: readonly (StepPolicyOutput | TargetPolicyOutput)[];
  readonly predictive?: PredictiveScaling;
  readonly schedules?: readonly ScheduledScaling[];
  /** Composite alarms: name within the fleet to the alarm's name. */
  readonly composites?: Readonly<Record<string, string>>;
}

export interface NoticesOutput {
  readonly topicArn: string;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly deadLetterQueueUrl: string;
}
