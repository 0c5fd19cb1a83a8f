/** Starting instances: one activity each, one effect per place. */
import { at, endActivity, sentences, startActivity } from "./activities.ts";
import type { Core } from "./core.ts";
import { addLaunch, removeLaunch } from "./membership.ts";
import { nextMarket, poolsOf, spreadOver } from "./mixed.ts";
import { announce } from "./notices.ts";
import type { GroupState, LaunchState } from "./state.ts";
import { launchConfigOf } from "./templates.ts";
import type { LaunchEffect } from "./types/effects.ts";
import type { LaunchFailed } from "./types/facts.ts";
import { backOff, leavingByMarket, nextPlace } from "./zones.ts";
import type { Place } from "./zones.ts";

export interface LaunchOrder {
  readonly count: number;
  /** For the warm pool. */
  readonly warm: boolean;
  /** The cause of the n-th launch, n from 0. */
  readonly cause: (index: number) => string;
  readonly alarmArn?: string | undefined;
}

/** After so long without one success launching is suspended: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-suspend-resume-processes.html */
const administrativeSuspensionMs = 24 * 3_600_000;

/** @returns how many launches were started; fewer than ordered when pools are backing off or a template is gone. */
export function launchInstances(core: Core, group: GroupState, order: LaunchOrder): number {
  const { config, refreshId } = launchConfigOf(group);
  const inZone = new Map(order.warm ? group.warmByZone : group.activeByZone);
  const effects = new Map<string, LaunchEffect & { readonly activityIds: string[] }>();
  const marketPools = { "on-demand": poolsOf(core, config, "on-demand"), spot: poolsOf(core, config, "spot") };
  const leaving = group.rebalanceSurplus > 0 && !order.warm ? leavingByMarket(core, group) : undefined;
  let started = 0;
  for (; started < order.count; started++) {
    const market = nextMarket(group, config, group.active + 1, leaving);
    const pools = marketPools[market];
    if (pools.length === 0) {
      templateGone(core, group, order.cause(started));
      break;
    }
    const turn = core.state.idCount; // any number that moves on
    const place = nextPlace(core, group, pools, inZone, spreadOver(config, market, pools), turn);
    if (place === undefined) break;
    const launch = startLaunch(core, group, place, order, started, refreshId);
    inZone.set(place.zone, (inZone.get(place.zone) ?? 0) + 1);
    addLaunch(group, launch);
    collect(group, effects, launch, place, config.mixedInstancesPolicy?.instancesDistribution?.spotMaxPrice);
  }
  for (const effect of effects.values()) core.emit(effect);
  return started;
}

function startLaunch(
  core: Core,
  group: GroupState,
  place: Place,
  order: LaunchOrder,
  index: number,
  refreshId: string | undefined,
): LaunchState {
  const { zone, subnetId, pool } = place;
  const kind = order.warm ? "warm-launch" : "launch";
  const activity = startActivity(core, group, { kind, cause: order.cause(index), zone, subnetId, alarmArn: order.alarmArn });
  if (pool.market === "spot") activity.status = "PendingSpotBidPlacement";
  const { template, instanceType, imageId, market } = pool;
  return { activityId: activity.id, zone, subnetId, template, instanceType, imageId, market, warm: order.warm, refreshId };
}

function collect(
  group: GroupState,
  effects: Map<string, LaunchEffect & { readonly activityIds: string[] }>,
  launch: LaunchState,
  { zone, subnetId, pool }: Place,
  spotMaxPrice: string | undefined,
): void {
  const key = `${subnetId} ${pool.instanceType} ${pool.market} ${pool.template.launchTemplateId} ${pool.template.version}`;
  const effect = effects.get(key);
  if (effect !== undefined) {
    effect.activityIds.push(launch.activityId);
    return;
  }
  effects.set(key, {
    kind: "launch",
    group: group.name,
    activityIds: [launch.activityId],
    zone,
    subnetId,
    template: pool.template,
    ...(pool.typeFromOverride ? { instanceType: pool.instanceType } : {}),
    ...(pool.imageFromOverride && pool.imageId !== undefined ? { imageId: pool.imageId } : {}),
    market: pool.market,
    ...(pool.market === "spot" && spotMaxPrice !== undefined && spotMaxPrice !== "" ? { spotMaxPrice } : {}),
    ...(group.placementGroup === undefined ? {} : { placementGroup: group.placementGroup }),
    tags: launchTags(group),
  });
}

function launchTags(group: GroupState) {
  const own = { key: "aws:autoscaling:groupName", value: group.name, propagateAtLaunch: true };
  return [own, ...[...group.tags.values()].filter((tag) => tag.propagateAtLaunch)];
}

/** The group's template was deleted: one failed activity, and another try later. */
function templateGone(core: Core, group: GroupState, cause: string): void {
  const key = "template";
  if ((group.backoff.get(key)?.untilMs ?? 0) > core.nowMs) return;
  const zone = group.zones[0] ?? "";
  const activity = startActivity(core, group, { kind: "launch", cause, zone, subnetId: group.subnetIds[0] ?? "" });
  endActivity(core, activity, "Failed", "The specified launch template does not exist. Launching EC2 instance failed.");
  announce(core, group, activity, "launchError");
  backOff(core, group, key, { instanceType: "", market: "on-demand" });
}

/** EC2 refused a launch. The pool rests, others take over, and the activity says why. */
export function launchRefused(core: Core, group: GroupState, launch: LaunchState, { code, message }: LaunchFailed): void {
  removeLaunch(group, launch);
  const activity = core.activities.get(launch.activityId);
  if (activity === undefined) throw new Error(`activity ${launch.activityId} of a launch is not known`);
  const reason = message === "" ? code : message;
  endActivity(core, activity, "Failed", `${reason.replace(/\.?$/, ".")} Launching EC2 instance failed.`);
  announce(core, group, activity, "launchError");
  backOff(core, group, launch.zone, launch);
  if (launch.refreshId !== undefined) group.newInstanceFailed = true;
  if (group.failingSinceMs === 0) {
    group.failingSinceMs = core.nowMs;
    core.schedule(core.nowMs + administrativeSuspensionMs, "administrative-suspension", group.name, String(core.nowMs));
  }
  core.touch(group);
}

/** `At … an instance was started in response to a difference …` */
export function differenceCause(core: Core, group: GroupState, from: number, to: number): string {
  const started = `${at(core)}an instance was started in response to a difference between desired and actual capacity, increasing the capacity from ${from} to ${to}.`;
  return sentences(group.changeCause, started);
}
