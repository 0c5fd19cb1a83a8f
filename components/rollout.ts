import type * as pulumi from "@pulumi/pulumi";

export interface RolloutArgs {
  readonly groupName: pulumi.Input<string>;
  readonly launchTemplateId: pulumi.Input<string>;
  /** Numeric version. */
  readonly launchTemplateVersion: pulumi.Input<string>;
  readonly region: string;
  /** The command refuses to act in any other account. */
  readonly accountId: pulumi.Input<string>;
  /** Role that the command takes on; absent = the caller's own. */
  readonly roleArn?: string | undefined;
  readonly minHealthyPercent: number;
  readonly maxHealthyPercent: number;
  /** Seconds that a new instance needs before it counts, 0 or more. */
  readonly warmupSeconds: number;
  /** Instances that must be in service before `up` succeeds. */
  readonly minSize: number;
  /** Alarms that stop the roll-out and send it back; never the scaling alarms. At most 10. */
  readonly healthAlarms: readonly string[];
  /** `false` = start it and go on. */
  readonly wait: boolean;
  /** Seconds after which waiting ends with an error, 60 or more. */
  readonly timeoutSeconds: number;
}
