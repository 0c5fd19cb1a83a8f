import { checkWhole } from "../scaling/checks/fault.ts";
import type { Fault } from "../scaling/checks/fault.ts";
import { renamed } from "../scaling/checks/policies.ts";
import { checkRefreshPreferences } from "../scaling/checks/replacement.ts";

/** Where a roll-out stops for a look. */
export interface Checkpoints {
  /** Percentages of the instances, ascending, each 1 to 100. */
  readonly percentages: readonly number[];
  /** 0 to 172,800 (two days). */
  readonly delaySeconds: number;
}

export interface RolloutNumbers {
  readonly minHealthyPercent: number;
  readonly maxHealthyPercent: number;
  readonly warmupSeconds: number;
  readonly healthAlarms: readonly unknown[];
  readonly checkpoints?: Checkpoints | undefined;
  readonly bakeSeconds?: number | undefined;
  readonly timeoutSeconds: number;
}

/** An instance refresh polls; a shorter limit would end before the first answer that means anything. */
const shortestTimeoutSeconds = 60;

export function rolloutFaults(args: RolloutNumbers): Fault[] {
  const preferences = {
    minHealthyPercentage: args.minHealthyPercent,
    maxHealthyPercentage: args.maxHealthyPercent,
    instanceWarmupSeconds: args.warmupSeconds,
    alarms: args.healthAlarms.map(String),
    autoRollback: true,
    ...(args.checkpoints === undefined
      ? {}
      : { checkpointPercentages: args.checkpoints.percentages, checkpointDelaySeconds: args.checkpoints.delaySeconds }),
    ...(args.bakeSeconds === undefined ? {} : { bakeTimeSeconds: args.bakeSeconds }),
  };
  return [
    ...renamed(checkRefreshPreferences(preferences, true), {
      minHealthyPercentage: "minHealthyPercent",
      maxHealthyPercentage: "maxHealthyPercent",
      instanceWarmupSeconds: "warmupSeconds",
      alarms: "healthAlarms",
      checkpointPercentages: "checkpoints.percentages",
      checkpointDelaySeconds: "checkpoints.delaySeconds",
      bakeTimeSeconds: "bakeSeconds",
    }),
    ...checkWhole("timeoutSeconds", args.timeoutSeconds, shortestTimeoutSeconds),
  ];
}
