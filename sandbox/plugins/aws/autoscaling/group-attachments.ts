/** Parts of a group that have calls of their own. */
import type { Context } from "../context.ts";
import type { Update } from "../definition.ts";
import { equal } from "../../protocol/values.ts";
import type { Properties, Value } from "../../protocol/values.ts";
import { trafficSource, warmPool } from "./group-parameters.ts";

/** AWS takes ten load balancers at a time. */
const batch = 10;

const listOf = (properties: Properties, key: string): Value[] => (Array.isArray(properties[key]) ? properties[key] : []);
const minus = (some: readonly Value[], others: readonly Value[]) => some.filter((one) => !others.some((other) => equal(one, other)));
const batches = <T>(items: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / batch) }, (_, index) => items.slice(index * batch, (index + 1) * batch));

interface GroupTag {
  readonly key: string;
  readonly value: string;
  readonly propagateAtLaunch: boolean;
}

export const groupTags = (name: string, tags: readonly Value[]) =>
  (tags as unknown as readonly GroupTag[]).map(({ key, value, propagateAtLaunch }) => ({
    ResourceId: name,
    ResourceType: "auto-scaling-group",
    Key: key,
    Value: value,
    PropagateAtLaunch: propagateAtLaunch,
  }));

async function updateTags(name: string, olds: Properties, news: Properties, context: Context): Promise<void> {
  const [before, after] = [listOf(olds, "tags"), listOf(news, "tags")];
  const keys = new Set((after as unknown as GroupTag[]).map((tag) => tag.key));
  const removed = (before as unknown as GroupTag[]).filter((tag) => !keys.has(tag.key));
  const set = minus(after, before);
  if (removed.length > 0) {
    const Tags = removed.map(({ key }) => ({ ResourceId: name, ResourceType: "auto-scaling-group", Key: key }));
    await context.aws("autoscaling", "DeleteTags", { Tags });
  }
  if (set.length > 0) await context.aws("autoscaling", "CreateOrUpdateTags", { Tags: groupTags(name, set) });
}

async function updateTargetGroups(name: string, olds: Properties, news: Properties, context: Context): Promise<void> {
  const [before, after] = [listOf(olds, "targetGroupArns"), listOf(news, "targetGroupArns")];
  for (const TargetGroupARNs of batches(minus(before, after)))
    await context.aws("autoscaling", "DetachLoadBalancerTargetGroups", { AutoScalingGroupName: name, TargetGroupARNs });
  for (const TargetGroupARNs of batches(minus(after, before)))
    await context.aws("autoscaling", "AttachLoadBalancerTargetGroups", { AutoScalingGroupName: name, TargetGroupARNs });
  await context.waitFor("the target groups are attached and detached", async () => {
    const found = await context.aws("autoscaling", "DescribeLoadBalancerTargetGroups", { AutoScalingGroupName: name });
    const changing = (found.LoadBalancerTargetGroups ?? []).some((one) => one.State === "Adding" || one.State === "Removing");
    return changing ? undefined : true;
  });
}

async function updateTrafficSources(name: string, olds: Properties, news: Properties, context: Context): Promise<void> {
  const [before, after] = [listOf(olds, "trafficSources"), listOf(news, "trafficSources")];
  for (const some of batches(minus(before, after))) {
    const TrafficSources = some.map((one) => trafficSource.encode(one));
    await context.aws("autoscaling", "DetachTrafficSources", { AutoScalingGroupName: name, TrafficSources });
  }
  for (const some of batches(minus(after, before))) {
    const TrafficSources = some.map((one) => trafficSource.encode(one));
    await context.aws("autoscaling", "AttachTrafficSources", { AutoScalingGroupName: name, TrafficSources });
  }
}

async function updateMetrics(name: string, olds: Properties, news: Properties, context: Context): Promise<void> {
  const [before, after] = [listOf(olds, "enabledMetrics"), listOf(news, "enabledMetrics")];
  const [off, on] = [minus(before, after), minus(after, before)];
  if (off.length > 0) await context.aws("autoscaling", "DisableMetricsCollection", { AutoScalingGroupName: name, Metrics: off });
  if (on.length === 0) return;
  const Granularity = news["metricsGranularity"];
  await context.aws("autoscaling", "EnableMetricsCollection", { AutoScalingGroupName: name, Granularity, Metrics: on });
}

async function updateProcesses(name: string, olds: Properties, news: Properties, context: Context): Promise<void> {
  const [before, after] = [listOf(olds, "suspendedProcesses"), listOf(news, "suspendedProcesses")];
  const [resumed, suspended] = [minus(before, after), minus(after, before)];
  if (resumed.length > 0) await context.aws("autoscaling", "ResumeProcesses", { AutoScalingGroupName: name, ScalingProcesses: resumed });
  if (suspended.length > 0)
    await context.aws("autoscaling", "SuspendProcesses", { AutoScalingGroupName: name, ScalingProcesses: suspended });
}

/** For messages: `i-1 InService, i-2 Terminating:Retained`. */
export const statesOf = (instances: readonly { InstanceId?: string | undefined; LifecycleState?: string | undefined }[]): string =>
  instances.map(({ InstanceId = "", LifecycleState = "" }) => `${InstanceId} ${LifecycleState}`).join(", ");

export async function deleteWarmPool(name: string, force: boolean, context: Context): Promise<void> {
  if (!force) {
    await context.aws("autoscaling", "PutWarmPool", { AutoScalingGroupName: name, MaxGroupPreparedCapacity: 0, MinSize: 0 });
    let left = "";
    await context.waitFor(
      `the warm pool of ${name} is empty`,
      async () => {
        const { Instances = [] } = await context.aws("autoscaling", "DescribeWarmPool", { AutoScalingGroupName: name });
        left = statesOf(Instances);
        return Instances.length === 0 ? true : undefined;
      },
      () => left,
    );
  }
  await context.aws("autoscaling", "DeleteWarmPool", { AutoScalingGroupName: name, ForceDelete: force });
  await context.waitFor("the warm pool is gone", async () => {
    const pool = await context.aws("autoscaling", "DescribeWarmPool", { AutoScalingGroupName: name });
    return pool.WarmPoolConfiguration === undefined ? true : undefined;
  });
}

async function updateWarmPool(name: string, olds: Properties, news: Properties, context: Context): Promise<void> {
  const pool = news["warmPool"];
  if (pool !== undefined) await context.aws("autoscaling", "PutWarmPool", { AutoScalingGroupName: name, ...warmPool.encode(pool) });
  else if (olds["warmPool"] !== undefined)
    await deleteWarmPool(name, news["forceDelete"] === true || news["forceDeleteWarmPool"] === true, context);
}

const parts = {
  tags: updateTags,
  targetGroupArns: updateTargetGroups,
  trafficSources: updateTrafficSources,
  enabledMetrics: updateMetrics,
  suspendedProcesses: updateProcesses,
  warmPool: updateWarmPool,
} as const;

/** What a create call cannot carry: metrics, suspended processes, the warm pool. */
export async function attachAfterCreate(name: string, inputs: Properties, context: Context): Promise<void> {
  for (const key of ["suspendedProcesses", "enabledMetrics", "warmPool"] as const) await parts[key](name, {}, inputs, context);
}

export async function updateAttachments({ id, olds, news, changed }: Update, context: Context): Promise<void> {
  for (const [key, update] of Object.entries(parts)) if (changed.has(key)) await update(id, olds, news, context);
}
