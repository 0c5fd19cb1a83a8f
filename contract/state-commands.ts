/**
 * Commands that Pulumi keeps in a stack's state and runs later, perhaps from a newer checkout: their lines never change,
 * name no secret and no absolute path, and every version ever released stays understood. The data is in the environment.
 */

import type { InstanceAttributes } from "./mixed-instances.ts";

/** Starts an instance refresh to a launch template version, awaits it, fails when it failed. */
export const rolloutCommand = "node ops/state-command.js rollout --v1";

/** Environment variable that holds a `RolloutRequest` as JSON. */
export const rolloutVariable = "FLEET_ROLLOUT";

export interface RolloutRequest {
  /** Name of the Auto Scaling group. */
  readonly group: string;
  readonly launchTemplateId: string;
  /** Numeric version; a roll-back needs one. */
  readonly launchTemplateVersion: string;
  /** Types beside the template's own; absent = the template's alone. */
  readonly mixedInstances?: RolloutMixedInstances;
  readonly preferences: {
    readonly minHealthyPercent: number;
    readonly maxHealthyPercent: number;
    readonly warmupSeconds: number;
    /** CloudWatch alarms that end the refresh and send it back. */
    readonly alarms: readonly string[];
    /** Percentages at which it stops for a while, ascending; absent = none. */
    readonly checkpoints?: { readonly percentages: readonly number[]; readonly delaySeconds: number };
    /** Seconds that the new instances serve before it counts as done; absent = none. */
    readonly bakeSeconds?: number;
  };
  /** Instances that must be in service before the command succeeds. */
  readonly minSize: number;
  readonly region: string;
  /** The command refuses to act in another account. */
  readonly accountId: string;
  /** Role to take on; absent = the caller's own credentials. */
  readonly roleArn?: string;
  /** `false` = start and return. */
  readonly wait: boolean;
  /** Seconds after which waiting ends with an error; the refresh goes on. */
  readonly timeoutSeconds: number;
}

export interface RolloutMixedInstances {
  readonly types: readonly string[];
  readonly onDemandBaseCapacity: number;
  readonly onDemandPercentageAboveBase: number;
  readonly spotAllocationStrategy: string;
  readonly onDemandAllocationStrategy?: string;
  readonly spotMaxPrice?: string;
  readonly weights?: Readonly<Record<string, number>>;
  readonly attributes?: InstanceAttributes;
}

/** Sets on a group what the provider has no argument for: deletion protection and zonal shift. */
export const guardCommand = "node ops/state-command.js guard --v1";

/** Takes both off again, so that a group whose deletion was decided can go; the request is the same. */
export const unguardCommand = "node ops/state-command.js unguard --v1";

/** Environment variable that holds a `GuardRequest` as JSON. */
export const guardVariable = "FLEET_GUARD";

export interface GuardRequest extends GroupGuard {
  /** Name of the Auto Scaling group. */
  readonly group: string;
  readonly region: string;
  /** The command refuses to act in another account. */
  readonly accountId: string;
  /** Role to take on; absent = the caller's own credentials. */
  readonly roleArn?: string;
}

/** Absent = off. */
export interface GroupGuard {
  /** Who may not delete the group. https://docs.aws.amazon.com/autoscaling/ec2/userguide/resource-deletion-protection.html */
  readonly deletionProtection?: "prevent-force-deletion" | "prevent-all-deletion" | undefined;
  /**
   * Lets a zonal shift move the group out of an impaired zone, and says what becomes of instances there that look unhealthy.
   * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-zonal-shift.html
   */
  readonly zonalShift?: "IgnoreUnhealthy" | "ReplaceUnhealthy" | undefined;
}

/** Waits until the stack's notices are worked off; runs when the consumer is about to be deleted or its queue replaced. */
export const drainCommand = "node ops/state-command.js drain --v1";

/** Environment variable that holds a `DrainRequest` as JSON. */
export const drainVariable = "FLEET_DRAIN_GATE";

export interface DrainRequest {
  /**
   * Name of the consumer function, which is asked what is left: it has the network, the key and the role. Absent = a
   * worker consumes, and only the queues are asked.
   */
  readonly functionName?: string;
  /** What the names of the stack's groups begin with: while one stands, its nodes are no leftovers. Absent = they always are. */
  readonly namePrefix?: string;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly deadLetterQueueArn: string;
  readonly region: string;
  /** The command refuses to act in another account. */
  readonly accountId: string;
  /** Role to take on; absent = the caller's own credentials. */
  readonly roleArn?: string;
  /** Seconds for which nothing may be left before the gate opens: the counts of SQS lag behind. */
  readonly settleSeconds: number;
  /** Seconds after which the gate fails. */
  readonly timeoutSeconds: number;
}
