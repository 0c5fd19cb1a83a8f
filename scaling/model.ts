import type { ActivityView, InstanceView, PolicyView } from "./types/views.ts";
import { Core } from "./core.ts";
import * as facts from "./facts.ts";
import * as groupCommands from "./group-commands.ts";
import * as groups from "./groups.ts";
import { groupMetrics } from "./group-metrics.ts";
import * as hooks from "./hook-commands.ts";
import * as instances from "./instance-commands.ts";
import { countIn } from "./membership.ts";
import type { ModelOptions, ModelSnapshot, ScalingModelApi } from "./model-types.ts";
import * as policies from "./policies.ts";
import * as policyCommands from "./policy-commands.ts";
import * as refreshes from "./refresh-commands.ts";
import * as schedules from "./schedules.ts";
import { settle } from "./settle.ts";
import { decodeState, emptyState, encodeState } from "./snapshot.ts";
import { runTimer } from "./timers.ts";
import type { LifecycleState } from "./types/common.ts";
import type * as input from "./types/commands.ts";
import type { Effect } from "./types/effects.ts";
import type * as fact from "./types/facts.ts";
import * as view from "./views.ts";
import * as warmPools from "./warm-pool-commands.ts";

const snapshotVersion = 1;

/** @param snapshot where a model left off; what was not taken of its effects then is still to be taken. */
export function createModel(options: ModelOptions, snapshot?: ModelSnapshot): ScalingModelApi {
  return new ScalingModel(options, snapshot);
}

/** The model of EC2 Auto Scaling. How it is used, and what each method is for, stands in model-types.ts. */
export class ScalingModel implements ScalingModelApi {
  readonly #core: Core;

  constructor(options: ModelOptions, snapshot?: ModelSnapshot) {
    if (snapshot !== undefined && snapshot.version !== snapshotVersion) {
      throw new RangeError(`snapshot has version ${snapshot.version}; this model takes version ${snapshotVersion}`);
    }
    this.#core = new Core(options, snapshot === undefined ? emptyState(Math.floor(options.startMs)) : decodeState(snapshot.state));
  }

  snapshot(): ModelSnapshot {
    return { version: snapshotVersion, nowMs: this.#core.nowMs, state: encodeState(this.#core.completeState()) };
  }

  now = () => this.#core.nowMs;
  nextDueAt = () => this.#core.state.timers[0]?.atMs;
  takeEffects = (): readonly Effect[] => this.#core.takeEffects();

  advance(toMs: number): void {
    const core = this.#core;
    const nowMs = Math.floor(toMs);
    for (let timer = core.takeTimer(nowMs); timer !== undefined; timer = core.takeTimer(nowMs)) {
      core.state.nowMs = Math.max(core.state.nowMs, timer.atMs);
      runTimer(core, timer);
      settle(core);
    }
    core.state.nowMs = Math.max(core.state.nowMs, nowMs);
  }

  #run<Input, Result>(rule: (core: Core, given: Input) => Result, given: Input): Result {
    const result = rule(this.#core, given);
    settle(this.#core);
    return result;
  }

  createGroup = (given: input.CreateGroup) => this.#run(groups.createGroup, given);
  updateGroup = (given: input.UpdateGroup) => this.#run(groups.updateGroup, given);
  deleteGroup = (given: input.DeleteGroup) => this.#run(groups.deleteGroup, given);
  setDesiredCapacity = (given: input.SetDesiredCapacity) => this.#run(groups.setDesiredCapacity, given);
  terminateInstance = (given: input.TerminateInstance): ActivityView => this.#run(instances.terminateInstance, given);
  attachInstances = (given: input.AttachInstances) => this.#run(instances.attachInstances, given);
  detachInstances = (given: input.DetachInstances): ActivityView[] => this.#run(instances.detachInstances, given);
  enterStandby = (given: input.EnterStandby): ActivityView[] => this.#run(instances.enterStandby, given);
  exitStandby = (given: input.ExitStandby): ActivityView[] => this.#run(instances.exitStandby, given);
  setInstanceHealth = (given: input.SetInstanceHealth) => this.#run(instances.setInstanceHealth, given);
  setInstanceProtection = (given: input.SetInstanceProtection) => this.#run(instances.setInstanceProtection, given);
  suspendProcesses = (given: input.ScalingProcesses) => this.#run(groupCommands.suspendProcesses, given);
  resumeProcesses = (given: input.ScalingProcesses) => this.#run(groupCommands.resumeProcesses, given);
  putScalingPolicy = (given: input.PutScalingPolicy): PolicyView => this.#run(policyCommands.putScalingPolicy, given);
  deletePolicy = (given: input.PolicyReference) => this.#run(policyCommands.deletePolicy, given);
  executePolicy = (given: input.ExecutePolicy) => this.#run(policies.executePolicy, given);
  putScheduledAction = (given: input.PutScheduledAction) => this.#run(schedules.putScheduledAction, given);
  deleteScheduledAction = (given: input.NamedOfGroup) => this.#run(schedules.deleteScheduledAction, given);
  putNotificationConfiguration = (given: input.PutNotificationConfiguration) =>
    this.#run(groupCommands.putNotificationConfiguration, given);
  deleteNotificationConfiguration = (given: input.DeleteNotificationConfiguration) =>
    this.#run(groupCommands.deleteNotificationConfiguration, given);
  putLifecycleHook = (given: input.PutLifecycleHook) => this.#run(hooks.putLifecycleHook, given);
  deleteLifecycleHook = (given: input.NamedOfGroup) => this.#run(hooks.deleteLifecycleHook, given);
  completeLifecycleAction = (given: input.CompleteLifecycleAction) => this.#run(hooks.completeLifecycleAction, given);
  recordLifecycleActionHeartbeat = (given: input.LifecycleActionReference) => this.#run(hooks.recordLifecycleActionHeartbeat, given);
  startInstanceRefresh = (given: input.StartInstanceRefresh): string => this.#run(refreshes.startInstanceRefresh, given);
  cancelInstanceRefresh = (given: input.CancelInstanceRefresh): string => this.#run(refreshes.cancelInstanceRefresh, given);
  rollbackInstanceRefresh = (given: { readonly group: string }): string => this.#run(refreshes.rollbackInstanceRefresh, given);
  putWarmPool = (given: input.PutWarmPool) => this.#run(warmPools.putWarmPool, given);
  deleteWarmPool = (given: input.DeleteWarmPool) => this.#run(warmPools.deleteWarmPool, given);
  enableMetricsCollection = (given: input.MetricsCollection) => this.#run(groupCommands.enableMetricsCollection, given);
  disableMetricsCollection = (given: input.MetricsCollection) => this.#run(groupCommands.disableMetricsCollection, given);
  createOrUpdateTags = (given: input.TagCommand) => this.#run(groupCommands.createOrUpdateTags, given);
  deleteTags = (given: input.DeleteTags) => this.#run(groupCommands.deleteTags, given);
  attachTargetGroups = (given: input.TargetGroupsOfGroup) => this.#run(groupCommands.attachTargetGroups, given);
  detachTargetGroups = (given: input.TargetGroupsOfGroup) => this.#run(groupCommands.detachTargetGroups, given);

  setLaunchTemplate = (given: fact.LaunchTemplateFact) => void this.#core.state.templates.set(given.launchTemplateId, given);
  removeLaunchTemplate = (launchTemplateId: string) => void this.#core.state.templates.delete(launchTemplateId);
  setSubnet = (given: fact.SubnetFact) => this.#run(facts.onSubnet, given);
  removeSubnet = (subnetId: string) => void this.#core.state.subnets.delete(subnetId);
  instanceLaunched = (given: fact.InstanceLaunched) => this.#run(facts.onInstanceLaunched, given);
  launchFailed = (given: fact.LaunchFailed) => this.#run(facts.onLaunchFailed, given);
  instanceStateChanged = (given: fact.InstanceStateChanged) => this.#run(facts.onInstanceStateChanged, given);
  instanceStatusChanged = (given: fact.InstanceStatusChanged) => this.#run(facts.onInstanceStatusChanged, given);
  terminateFailed = (given: fact.TerminateFailed) => this.#run(facts.onTerminateFailed, given);
  targetHealthChanged = (given: fact.TargetHealthChanged) => this.#run(facts.onTargetHealthChanged, given);
  spotNotice = (given: fact.SpotNotice) => this.#run(facts.onSpotNotice, given);
  alarmAction = (given: fact.AlarmAction) => this.#run(facts.onAlarmAction, given);
  alarmStateChanged = (given: fact.AlarmStateChanged) => this.#run(facts.onAlarmStateChanged, given);

  groupNames = () => [...this.#core.state.groups.keys()];
  group = (name: string) => this.#of(name, view.viewGroup);
  sizes = (name: string) => this.#of(name, ({ minSize, maxSize, desiredCapacity }) => ({ minSize, maxSize, desiredCapacity }));
  count = (name: string, ...states: readonly LifecycleState[]) => this.#of(name, (group) => countIn(group, ...states)) ?? 0;
  groupMetrics = (name: string) => this.#of(name, groupMetrics);
  instance = (instanceId: string): InstanceView | undefined => {
    const instance = this.#core.instances.get(instanceId);
    return instance === undefined ? undefined : view.viewInstance(instance);
  };
  instances = () => [...this.#core.instances.values()].map(view.viewInstance);
  activities = (filter: Parameters<ScalingModelApi["activities"]>[0]) => view.viewActivities(this.#core, filter);
  policies = (name?: string) =>
    this.#all(name, (group) => [...group.policies.values()].map((one) => policyCommands.viewPolicy(this.#core, group, one)));
  scheduledActions = (name?: string) =>
    this.#all(name, (group) => [...group.schedules.values()].map((one) => view.viewSchedule(group, one)));
  hooks = (name: string) => this.#all(name, (group) => [...group.hooks.values()].map((one) => view.viewHook(group, one)));
  lifecycleActions = (name: string) => this.#all(name, view.viewLifecycleActions);
  notificationConfigurations = (name?: string) => this.#all(name, view.viewNotifications);
  refreshes = (name: string) => this.#all(name, (group) => group.refreshes.map((one) => view.viewRefresh(group, one)).reverse());
  targetGroups = (name: string) => this.#all(name, view.viewTargetGroups);
  tags = () => this.#all(undefined, (group) => [...group.tags.values()].map((tag) => ({ ...tag, group: group.name })));

  #of<Result>(name: string, look: (group: Parameters<typeof view.viewGroup>[0]) => Result): Result | undefined {
    const group = this.#core.state.groups.get(name);
    return group === undefined ? undefined : look(group);
  }

  /** Of one group, or of all. */
  #all<Result>(name: string | undefined, look: (group: Parameters<typeof view.viewGroup>[0]) => Result[]): Result[] {
    if (name !== undefined) return this.#of(name, look) ?? [];
    return [...this.#core.state.groups.values()].flatMap(look);
  }
}
