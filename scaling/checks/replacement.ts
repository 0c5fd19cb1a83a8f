/** Percentages that govern the replacing of instances, in maintenance policies and instance refreshes. */
import type { MaintenancePolicy, RefreshPreferences } from "../types/common.ts";
import { checkOneOf, checkWhole, fault } from "./fault.ts";
import type { Fault } from "./fault.ts";

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-maintenance-policy-overview-and-considerations.html */
export function checkMaintenancePolicy({ minHealthyPercentage: min, maxHealthyPercentage: max }: MaintenancePolicy): Fault[] {
  if (min === -1 && max === -1) return []; // clears the policy
  return [
    ...checkWhole("minHealthyPercentage", min, 0, 100),
    ...checkWhole("maxHealthyPercentage", max, 100, 200),
    ...checkDistance(min, max),
  ];
}

function checkDistance(min: number, max: number): Fault[] {
  if (!(max - min > 100)) return [];
  return [fault("maxHealthyPercentage", max, `at most 100 more than minHealthyPercentage (${min})`)];
}

/** Two days: CheckpointDelay and BakeTime in https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html */
const longestDelaySeconds = 172_800;
const maxRefreshAlarms = 10;

/** @param hasDesiredConfiguration whether the refresh names what it goes to; without it there is nothing to roll back from. */
export function checkRefreshPreferences(preferences: RefreshPreferences, hasDesiredConfiguration: boolean): Fault[] {
  const { minHealthyPercentage: min, maxHealthyPercentage: max, alarms } = preferences;
  return [
    ...checkWhole("minHealthyPercentage", min, 0, 100),
    ...checkWhole("maxHealthyPercentage", max, 100, 200),
    ...(max !== undefined && min === undefined
      ? [fault("minHealthyPercentage", min, "0 to 100, since maxHealthyPercentage is given")]
      : []),
    ...(max !== undefined && min !== undefined ? checkDistance(min, max) : []),
    ...checkWhole("instanceWarmupSeconds", preferences.instanceWarmupSeconds, 0),
    ...checkCheckpoints(preferences),
    ...checkOneOf("scaleInProtectedInstances", preferences.scaleInProtectedInstances, ["Refresh", "Ignore", "Wait"]),
    ...checkOneOf("standbyInstances", preferences.standbyInstances, ["Terminate", "Ignore", "Wait"]),
    ...(alarms !== undefined && alarms.length > maxRefreshAlarms ? [fault("alarms", alarms, `at most ${maxRefreshAlarms} names`)] : []),
    ...checkWhole("bakeTimeSeconds", preferences.bakeTimeSeconds, 0, longestDelaySeconds),
    ...(preferences.autoRollback === true && !hasDesiredConfiguration
      ? [fault("autoRollback", true, "false, or a desired configuration to roll back from")]
      : []),
  ];
}

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-adding-checkpoints-instance-refresh.html */
function checkCheckpoints({ checkpointPercentages: percentages, checkpointDelaySeconds: delay }: RefreshPreferences): Fault[] {
  if (percentages === undefined) {
    return delay === undefined ? [] : [fault("checkpointDelaySeconds", delay, "absent, or checkpointPercentages given too")];
  }
  const ascending = percentages.every((value, index) => index === 0 || value > (percentages[index - 1] ?? 0));
  return [
    ...(percentages.length === 0 ? [fault("checkpointPercentages", percentages, "one percentage or more")] : []),
    ...percentages.flatMap((value, index) => checkWhole(`checkpointPercentages[${index}]`, value, 1, 100)),
    ...(ascending ? [] : [fault("checkpointPercentages", percentages, "unique percentages in ascending order")]),
    ...checkWhole("checkpointDelaySeconds", delay, 0, longestDelaySeconds),
  ];
}
