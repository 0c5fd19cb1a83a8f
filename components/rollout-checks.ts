import { checkWhole } from "../scaling/checks/fault.ts";
import type { Fault } from "../scaling/checks/fault.ts";
import { renamed } from "../scaling/checks/policies.ts";
import { checkRefreshPreferences } from "../scaling/checks/replacement.ts";

export interface RolloutNumbers {
  readonly minHealthyPercent: number;
  readonly maxHealthyPercent: number;
  readonly warmupSeconds: number;
  readonly healthAlarms: readonly string[];
  readonly timeoutSeconds: number;
}

/** An instance refresh polls; a shorter limit would end before the first answer that means anything. */
const shortestTimeoutSeconds = 60;

export function rolloutFaults(args: RolloutNumbers): Fault[] {
  const preferences = {
    minHealthyPercentage: args.minHealthyPercent,
    maxHealthyPercentage: args.maxHealthyPercent,
    instanceWarmupSeconds: args.warmupSeconds,
    alarms: args.healthAlarms,
    autoRollback: true,
  };
  return [
    ...renamed(checkRefreshPreferences(preferences, true), {
      minHealthyPercentage: "minHealthyPercent",
      maxHealthyPercentage: "maxHealthyPercent",
      instanceWarmupSeconds: "warmupSeconds",
      alarms: "healthAlarms",
    }),
    ...checkWhole("timeoutSeconds", args.timeoutSeconds, shortestTimeoutSeconds),
  ];
}
