/** Instance refreshes. */
import type { RefreshPreferences as SdkPreferences } from "@aws-sdk/client-auto-scaling";
import type { LaunchConfig, RefreshPreferences } from "../../../../scaling/types/common.ts";
import type { RefreshProgress, RefreshView } from "../../../../scaling/types/views.ts";
import { page } from "../protocol/paging.ts";
import { defined, type Checked } from "./api.ts";
import { groupNamed, toDate, type Actions } from "./context.ts";
import { launchConfigFrom, mixedTo, templateTo, type TemplateNames } from "./launch-config.ts";

const preferencesFrom = (preferences: Checked<SdkPreferences>): RefreshPreferences =>
  defined({
    minHealthyPercentage: preferences.MinHealthyPercentage,
    maxHealthyPercentage: preferences.MaxHealthyPercentage,
    instanceWarmupSeconds: preferences.InstanceWarmup,
    checkpointPercentages: preferences.CheckpointPercentages,
    checkpointDelaySeconds: preferences.CheckpointDelay,
    skipMatching: preferences.SkipMatching,
    autoRollback: preferences.AutoRollback,
    scaleInProtectedInstances: preferences.ScaleInProtectedInstances,
    standbyInstances: preferences.StandbyInstances,
    alarms: preferences.AlarmSpecification?.Alarms,
    bakeTimeSeconds: preferences.BakeTime,
  });

const preferencesTo = (preferences: RefreshPreferences): SdkPreferences => ({
  MinHealthyPercentage: preferences.minHealthyPercentage,
  MaxHealthyPercentage: preferences.maxHealthyPercentage,
  InstanceWarmup: preferences.instanceWarmupSeconds,
  CheckpointPercentages: preferences.checkpointPercentages && [...preferences.checkpointPercentages],
  CheckpointDelay: preferences.checkpointDelaySeconds,
  SkipMatching: preferences.skipMatching,
  AutoRollback: preferences.autoRollback,
  ScaleInProtectedInstances: preferences.scaleInProtectedInstances,
  StandbyInstances: preferences.standbyInstances,
  AlarmSpecification: preferences.alarms && { Alarms: [...preferences.alarms] },
  BakeTime: preferences.bakeTimeSeconds,
});

const configurationTo = (config: LaunchConfig | undefined, names: TemplateNames) =>
  config && {
    LaunchTemplate: config.launchTemplate && templateTo(names.complete(config.launchTemplate)),
    MixedInstancesPolicy: mixedTo(config.mixedInstancesPolicy, names),
  };

const progressTo = (progress: RefreshProgress) => ({
  PercentageComplete: progress.percentageComplete,
  InstancesToUpdate: progress.instancesToUpdate,
});

const refreshTo = (refresh: RefreshView, names: TemplateNames) => ({
  InstanceRefreshId: refresh.instanceRefreshId,
  AutoScalingGroupName: refresh.group,
  Status: refresh.status,
  StatusReason: refresh.statusReason,
  StartTime: refresh.startAtMs === undefined ? undefined : toDate(refresh.startAtMs),
  EndTime: refresh.endAtMs === undefined ? undefined : toDate(refresh.endAtMs),
  PercentageComplete: refresh.percentageComplete,
  InstancesToUpdate: refresh.instancesToUpdate,
  ProgressDetails:
    refresh.livePoolProgress || refresh.warmPoolProgress
      ? {
          LivePoolProgress: refresh.livePoolProgress && progressTo(refresh.livePoolProgress),
          WarmPoolProgress: refresh.warmPoolProgress && progressTo(refresh.warmPoolProgress),
        }
      : undefined,
  Preferences: preferencesTo(refresh.preferences),
  DesiredConfiguration: configurationTo(refresh.desiredConfiguration, names),
  RollbackDetails: refresh.rollback && {
    RollbackReason: refresh.rollback.reason,
    RollbackStartTime: toDate(refresh.rollback.startAtMs),
    PercentageCompleteOnRollback: refresh.rollback.percentageComplete,
    InstancesToUpdateOnRollback: refresh.rollback.instancesToUpdate,
  },
  Strategy: "Rolling" as const,
});

type Names = "StartInstanceRefresh" | "CancelInstanceRefresh" | "RollbackInstanceRefresh" | "DescribeInstanceRefreshes";

export const refreshActions: Actions<Names> = {
  StartInstanceRefresh: async (input, context) => {
    const group = groupNamed(context, input.AutoScalingGroupName);
    const desired = input.DesiredConfiguration && launchConfigFrom(input.DesiredConfiguration);
    await context.known.readTemplates(desired ?? group);
    await context.alarms.read(input.Preferences?.AlarmSpecification?.Alarms ?? []);
    const id = context.host.run("startInstanceRefresh", {
      group: input.AutoScalingGroupName,
      ...(input.Strategy !== undefined && { strategy: input.Strategy }),
      ...(desired && { desiredConfiguration: desired }),
      ...(input.Preferences && { preferences: preferencesFrom(input.Preferences) }),
    });
    context.alarms.start();
    return { InstanceRefreshId: id };
  },
  CancelInstanceRefresh: ({ AutoScalingGroupName, WaitForTransitioningInstances }, { host }) => ({
    InstanceRefreshId: host.run("cancelInstanceRefresh", {
      group: AutoScalingGroupName,
      waitForTransitioningInstances: WaitForTransitioningInstances ?? true,
    }),
  }),
  RollbackInstanceRefresh: ({ AutoScalingGroupName }, { host }) => ({
    InstanceRefreshId: host.run("rollbackInstanceRefresh", { group: AutoScalingGroupName }),
  }),
  DescribeInstanceRefreshes: (input, context) => {
    groupNamed(context, input.AutoScalingGroupName);
    const wanted = input.InstanceRefreshIds ?? [];
    const refreshes = context.host.model
      .refreshes(input.AutoScalingGroupName)
      .filter(({ instanceRefreshId }) => wanted.length === 0 || wanted.includes(instanceRefreshId));
    const idOf = ({ instanceRefreshId }: RefreshView) => instanceRefreshId;
    const { items, NextToken } = page("refreshes", refreshes, idOf, input, { usual: 50, most: 100 }, "newest first");
    return { InstanceRefreshes: items.map((refresh) => refreshTo(refresh, context.known)), NextToken };
  },
};
