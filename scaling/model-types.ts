/**
 * The interface of the model of EC2 Auto Scaling: what a host gives it, calls on it and takes from it.
 *
 * The model is a value with rules: no clock, no network, no randomness. A host
 * 1. moves time: `advance(nowMs)` before every command or fact, and again at `nextDueAt()`, when something falls due;
 * 2. reports facts about the world (templates and subnets before a group names them, then what happened to instances);
 * 3. sends commands, which mirror the API's actions and throw an `AutoScalingError` with the API's code when refused;
 * 4. after each of these takes the effects with `takeEffects()`, carries them out, and reports the outcome as facts.
 *
 * The same calls at the same times with the same `makeId` give the same effects, in the same order.
 * Commands: types/commands.ts. Facts: types/facts.ts. Effects: types/effects.ts. Reads: types/views.ts.
 */
import type * as commands from "./types/commands.ts";
import type * as facts from "./types/facts.ts";
import type * as views from "./types/views.ts";
import type { Effect } from "./types/effects.ts";
import type { GroupMetricName, GroupTag, LifecycleState } from "./types/common.ts";

export interface ModelOptions {
  /** For ARNs. Default: `aws`. */
  readonly partition?: string;
  readonly region: string;
  /** Twelve digits. */
  readonly accountId: string;
  /** Milliseconds since 1970, UTC. */
  readonly startMs: number;
  /**
   * Makes the UUID for the n-th thing that needs one (n = 0, 1, 2 …); the count is part of the snapshot, so that a restored
   * model goes on with the same ids. Default: a UUID that is a function of n alone.
   */
  readonly makeId?: (sequence: number) => string;
  /**
   * How long activities are remembered; longer than any launch or termination takes. Default: six weeks, as far as descriptions go back
   * (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeScalingActivities.html).
   */
  readonly activitiesKeptMs?: number;
  /** Whether events of launches and terminations say only which instance, from where and to where: for a host that counts. Default: no. */
  readonly briefEvents?: boolean;
}

/** Opaque, plain JSON; its form may change with `version`, and only the same version is taken back. */
export interface ModelSnapshot {
  readonly version: number;
  readonly nowMs: number;
  readonly state: unknown;
}

export interface ScalingModelCommands {
  createGroup(input: commands.CreateGroup): void;
  updateGroup(input: commands.UpdateGroup): void;
  deleteGroup(input: commands.DeleteGroup): void;
  setDesiredCapacity(input: commands.SetDesiredCapacity): void;
  terminateInstance(input: commands.TerminateInstance): views.ActivityView;
  attachInstances(input: commands.AttachInstances): void;
  detachInstances(input: commands.DetachInstances): readonly views.ActivityView[];
  enterStandby(input: commands.EnterStandby): readonly views.ActivityView[];
  exitStandby(input: commands.ExitStandby): readonly views.ActivityView[];
  setInstanceHealth(input: commands.SetInstanceHealth): void;
  setInstanceProtection(input: commands.SetInstanceProtection): void;
  suspendProcesses(input: commands.ScalingProcesses): void;
  resumeProcesses(input: commands.ScalingProcesses): void;
  putScalingPolicy(input: commands.PutScalingPolicy): views.PolicyView;
  deletePolicy(input: commands.PolicyReference): void;
  executePolicy(input: commands.ExecutePolicy): void;
  putScheduledAction(input: commands.PutScheduledAction): void;
  deleteScheduledAction(input: commands.NamedOfGroup): void;
  putNotificationConfiguration(input: commands.PutNotificationConfiguration): void;
  deleteNotificationConfiguration(input: commands.DeleteNotificationConfiguration): void;
  putLifecycleHook(input: commands.PutLifecycleHook): void;
  deleteLifecycleHook(input: commands.NamedOfGroup): void;
  completeLifecycleAction(input: commands.CompleteLifecycleAction): void;
  recordLifecycleActionHeartbeat(input: commands.LifecycleActionReference): void;
  /** @returns the refresh's id. */
  startInstanceRefresh(input: commands.StartInstanceRefresh): string;
  cancelInstanceRefresh(input: commands.CancelInstanceRefresh): string;
  rollbackInstanceRefresh(input: { readonly group: string }): string;
  putWarmPool(input: commands.PutWarmPool): void;
  deleteWarmPool(input: commands.DeleteWarmPool): void;
  enableMetricsCollection(input: commands.MetricsCollection): void;
  disableMetricsCollection(input: commands.MetricsCollection): void;
  createOrUpdateTags(input: commands.TagCommand): void;
  deleteTags(input: commands.DeleteTags): void;
  attachTargetGroups(input: commands.TargetGroupsOfGroup): void;
  detachTargetGroups(input: commands.TargetGroupsOfGroup): void;
}

export interface ScalingModelFacts {
  setLaunchTemplate(fact: facts.LaunchTemplateFact): void;
  removeLaunchTemplate(launchTemplateId: string): void;
  setSubnet(fact: facts.SubnetFact): void;
  removeSubnet(subnetId: string): void;
  instanceLaunched(fact: facts.InstanceLaunched): void;
  launchFailed(fact: facts.LaunchFailed): void;
  instanceStateChanged(fact: facts.InstanceStateChanged): void;
  instanceStatusChanged(fact: facts.InstanceStatusChanged): void;
  terminateFailed(fact: facts.TerminateFailed): void;
  targetHealthChanged(fact: facts.TargetHealthChanged): void;
  spotNotice(fact: facts.SpotNotice): void;
  alarmAction(fact: facts.AlarmAction): void;
  alarmStateChanged(fact: facts.AlarmStateChanged): void;
}

/** Reads; each returns what is now, oldest first except activities and refreshes (newest first). Unknown names give nothing. */
export interface ScalingModelViews {
  groupNames(): readonly string[];
  group(name: string): views.GroupView | undefined;
  instance(instanceId: string): views.InstanceView | undefined;
  /** Of all groups, warm pools included. */
  instances(): readonly views.InstanceView[];
  activities(filter: views.ActivityFilter): readonly views.ActivityView[];
  policies(group?: string): readonly views.PolicyView[];
  scheduledActions(group?: string): readonly views.ScheduledActionView[];
  hooks(group: string): readonly views.HookView[];
  /** Hooks that instances wait for now. */
  lifecycleActions(group: string): readonly views.LifecycleActionView[];
  notificationConfigurations(group?: string): readonly views.NotificationConfigurationView[];
  refreshes(group: string): readonly views.RefreshView[];
  targetGroups(group: string): readonly views.TargetGroupView[];
  /** What `group` also has, without its instances: as cheap for a thousand as for one. */
  sizes(group: string): views.SizesView | undefined;
  /** Instances in any of these states; 0 for an unknown group. As cheap. */
  count(group: string, ...states: readonly LifecycleState[]): number;
  /** What the group would publish now, whether collection is enabled or not. */
  groupMetrics(group: string): Readonly<Record<GroupMetricName, number>> | undefined;
  /** Tags of all groups. */
  tags(): readonly (GroupTag & { readonly group: string })[];
}

export interface ScalingModelApi extends ScalingModelCommands, ScalingModelFacts, ScalingModelViews {
  /** Never goes back: an earlier time is ignored; fractions of a millisecond are cut off. Runs all that falls due on the way, each at its own time. */
  advance(nowMs: number): void;
  now(): number;
  /** Time of the next thing that waits; absent when nothing does. */
  nextDueAt(): number | undefined;
  /** Hands over all effects since the last call. */
  takeEffects(): readonly Effect[];
  snapshot(): ModelSnapshot;
}
