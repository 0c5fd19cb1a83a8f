import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { rolloutCommand, rolloutVariable } from "../contract/state-commands.ts";
import type { RolloutMixedInstances, RolloutRequest } from "../contract/state-commands.ts";
import { typeTokens } from "../contract/type-tokens.ts";
import type { MixedInstances } from "../contract/mixed-instances.ts";
import { rolloutFaults } from "./rollout-checks.ts";
import type { Checkpoints } from "./rollout-checks.ts";

export interface RolloutArgs {
  readonly groupName: pulumi.Input<string>;
  readonly launchTemplateId: pulumi.Input<string>;
  /** Numeric version. */
  readonly launchTemplateVersion: pulumi.Input<string>;
  readonly mixedInstances?: MixedInstances | undefined;
  readonly region: string;
  /** The command refuses to act in any other account. */
  readonly accountId: pulumi.Input<string>;
  /** Role that the command takes on; absent = the caller's own. */
  readonly roleArn?: string | undefined;
  /** Share of the desired capacity that serves throughout, 0 to 100; 100 = launch before terminate. */
  readonly minHealthyPercent: number;
  /** Share that may exist meanwhile, 100 to 200, at most 100 more than the minimum. */
  readonly maxHealthyPercent: number;
  /** Seconds that a new instance needs before it counts, 0 or more. */
  readonly warmupSeconds: number;
  /** Instances that must be in service before `up` succeeds. */
  readonly minSize: number;
  /** Alarms that stop the roll-out and send it back; never the scaling alarms. At most 10. */
  readonly healthAlarms: readonly pulumi.Input<string>[];
  /** Absent = none. */
  readonly checkpoints?: Checkpoints | undefined;
  /** Seconds that the new instances serve, watched by the health alarms, before it counts as done, 0 to 172,800; absent = none. */
  readonly bakeSeconds?: number | undefined;
  /** `false` = start it and go on. */
  readonly wait: boolean;
  /** Seconds after which waiting ends with an error, 60 or more. */
  readonly timeoutSeconds: number;
}

/**
 * Brings a new launch template version to the running instances, and makes `up` fail when that failed. Stands after the
 * group. The line that state keeps never changes; what it does is told in the environment.
 */
export class Rollout extends pulumi.ComponentResource {
  /** Version that the command last succeeded for. */
  readonly launchTemplateVersion: pulumi.Output<string>;

  constructor(name: string, args: RolloutArgs, opts?: pulumi.ComponentResourceOptions) {
    super(typeTokens.rollout, name, args, opts);
    refuseFaults(name, args, this);
    const environment = { [rolloutVariable]: rolloutRequest(args).apply((request) => JSON.stringify(request)) };
    const run = new command.local.Command(
      `${name}-command`,
      { create: rolloutCommand, update: rolloutCommand, environment },
      { parent: this },
    );
    this.launchTemplateVersion = pulumi.all([args.launchTemplateVersion, run.id]).apply(([version]) => version);
    this.registerOutputs({ launchTemplateVersion: this.launchTemplateVersion });
  }
}

function refuseFaults(name: string, args: RolloutArgs, parent: Rollout): void {
  const faults = rolloutFaults(args);
  if (faults.length === 0) return;
  throw new pulumi.ResourceError(`Roll-out ${name} cannot be built:\n${faults.map((one) => `- ${one.message}`).join("\n")}`, parent, true);
}

function rolloutRequest(args: RolloutArgs): pulumi.Output<RolloutRequest> {
  const { mixedInstances, roleArn, checkpoints, bakeSeconds } = args;
  return pulumi
    .all([args.groupName, args.launchTemplateId, args.launchTemplateVersion, args.accountId, pulumi.all([...args.healthAlarms])])
    .apply(([group, launchTemplateId, launchTemplateVersion, accountId, alarms]) => ({
      group,
      launchTemplateId,
      launchTemplateVersion,
      ...(mixedInstances === undefined ? {} : { mixedInstances: launched(mixedInstances) }),
      preferences: {
        minHealthyPercent: args.minHealthyPercent,
        maxHealthyPercent: args.maxHealthyPercent,
        warmupSeconds: args.warmupSeconds,
        alarms,
        ...(checkpoints === undefined ? {} : { checkpoints }),
        ...(bakeSeconds === undefined ? {} : { bakeSeconds }),
      },
      minSize: args.minSize,
      region: args.region,
      accountId,
      ...(roleArn === undefined ? {} : { roleArn }),
      wait: args.wait,
      timeoutSeconds: args.timeoutSeconds,
    }));
}

/** What a refresh brings to the group; the rest are the group's own properties. */
function launched(mixed: MixedInstances): RolloutMixedInstances {
  const { weights, attributes, onDemandAllocationStrategy, spotMaxPrice } = mixed;
  return {
    types: mixed.types,
    onDemandBaseCapacity: mixed.onDemandBaseCapacity,
    onDemandPercentageAboveBase: mixed.onDemandPercentageAboveBase,
    spotAllocationStrategy: mixed.spotAllocationStrategy,
    ...(onDemandAllocationStrategy === undefined ? {} : { onDemandAllocationStrategy }),
    ...(spotMaxPrice === undefined ? {} : { spotMaxPrice }),
    ...(weights === undefined ? {} : { weights }),
    ...(attributes === undefined ? {} : { attributes }),
  };
}
