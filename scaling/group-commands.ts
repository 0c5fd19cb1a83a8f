/** The smaller commands about a group: processes, notifications, tags, target groups, metrics. */
import { noticeEvents } from "../contract/notices.ts";
import { groupQuotas } from "./checks/quotas.ts";
import type { Core } from "./core.ts";
import { isoSeconds } from "./iso-time.ts";
import { AutoScalingError, validationError } from "./error.ts";
import { judge } from "./health.ts";
import { testMessage } from "./notices.ts";
import { deregisterTarget, registerTarget } from "./targets.ts";
import { groupMetricNames, processNames } from "./types/common.ts";
import type { GroupMetricName, GroupTag, ProcessName } from "./types/common.ts";
import type {
  DeleteNotificationConfiguration,
  DeleteTags,
  MetricsCollection,
  PutNotificationConfiguration,
  ScalingProcesses,
  TagCommand,
  TargetGroupsOfGroup,
} from "./types/commands.ts";

function processesOf(processes: readonly string[] | undefined): readonly ProcessName[] {
  if (processes === undefined || processes.length === 0) return processNames;
  const unknown = processes.filter((name) => !(processNames as readonly string[]).includes(name));
  if (unknown.length > 0) throw validationError(`Unknown scaling process: ${unknown.join(", ")}; allowed: ${processNames.join(", ")}`);
  return processes as readonly ProcessName[];
}

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html */
export function suspendProcesses(core: Core, { group: name, processes }: ScalingProcesses): void {
  const group = core.group(name);
  for (const process of processesOf(processes)) group.suspended.set(process, `User suspended at ${isoSeconds(core.nowMs)}`);
  core.touch(group);
}

/** What was put off is made up for: failed checks count, unhealthy instances are replaced, missing ones launched. */
export function resumeProcesses(core: Core, { group: name, processes }: ScalingProcesses): void {
  const group = core.group(name);
  const names = processesOf(processes);
  for (const process of names) group.suspended.delete(process);
  if (names.includes("HealthCheck")) for (const instance of group.instances.values()) judge(core, group, instance);
  if (names.includes("Launch")) group.failingSinceMs = 0;
  core.touch(group);
}

const configurable: readonly string[] = Object.values(noticeEvents);

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutNotificationConfiguration.html */
export function putNotificationConfiguration(core: Core, { group: name, topicArn, events }: PutNotificationConfiguration): void {
  const group = core.group(name);
  if (!/^arn:[^:]+:sns:/.test(topicArn)) throw validationError(`Invalid notification ARN: ${topicArn}; it must be that of an SNS topic`);
  const unknown = events.filter((event) => !configurable.includes(event));
  if (unknown.length > 0 || events.length === 0) {
    throw validationError(`"${unknown.join(", ")}" is not a valid notification type; allowed: ${configurable.join(", ")}`);
  }
  if (!group.notifications.has(topicArn) && group.notifications.size >= groupQuotas.topics) {
    throw new AutoScalingError("LimitExceeded", `You have reached the limit of ${groupQuotas.topics} topics in ${name}`);
  }
  group.notifications.set(topicArn, new Set(events));
  const subject = `Auto Scaling: test notification for group "${name}"`;
  const { serviceLinkedRoleArn } = group;
  core.emit({ kind: "publishNotice", group: name, serviceLinkedRoleArn, topicArn, subject, notice: testMessage(core, group) });
}

export function deleteNotificationConfiguration(core: Core, { group: name, topicArn }: DeleteNotificationConfiguration): void {
  core.group(name).notifications.delete(topicArn);
}

/** Refuses tags that a group cannot have beside those with the keys `before`. */
export function requireTags(group: string, tags: readonly GroupTag[], before: Iterable<string> = []): void {
  const reserved = tags.filter((tag) => tag.key.toLowerCase().startsWith("aws:")).map((tag) => tag.key);
  if (reserved.length > 0) throw validationError(`The aws: prefix is reserved: ${reserved.join(", ")}`);
  const keys = new Set([...before, ...tags.map((tag) => tag.key)]);
  if (keys.size > groupQuotas.tags)
    throw new AutoScalingError("LimitExceeded", `A group has at most ${groupQuotas.tags} tags; ${group} would have ${keys.size}`);
}

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html */
export function createOrUpdateTags(core: Core, { group: name, tags }: TagCommand): void {
  const group = core.group(name);
  requireTags(name, tags, group.tags.keys());
  for (const tag of tags) group.tags.set(tag.key, tag);
}

export function deleteTags(core: Core, { group: name, tags }: DeleteTags): void {
  const group = core.group(name);
  for (const { key, value } of tags) if (value === undefined || group.tags.get(key)?.value === value) group.tags.delete(key);
}

/** Refuses more target groups than a group can have. */
export function requireTargetGroupQuota(count: number): void {
  if (count <= groupQuotas.targetGroups) return;
  throw new AutoScalingError("LimitExceeded", `A group has at most ${groupQuotas.targetGroups} target groups; there would be ${count}`);
}

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/attach-load-balancer-asg.html */
export function attachTargetGroups(core: Core, { group: name, targetGroupArns }: TargetGroupsOfGroup): void {
  const group = core.group(name);
  const added = new Set(targetGroupArns.filter((arn) => !group.targetGroups.has(arn)));
  requireTargetGroupQuota(group.targetGroups.size + added.size);
  for (const arn of added) {
    group.targetGroups.set(arn, { arn, removing: false, hasServed: false });
    if (group.suspended.has("AddToLoadBalancer")) continue;
    for (const instance of group.instances.values()) if (instance.state === "InService") registerTarget(core, group, instance, arn);
  }
}

export function detachTargetGroups(core: Core, { group: name, targetGroupArns }: TargetGroupsOfGroup): void {
  const group = core.group(name);
  const unknown = targetGroupArns.filter((arn) => !group.targetGroups.has(arn));
  if (unknown.length > 0) throw validationError(`Trying to remove Target Groups that are not part of the group: ${unknown.join(", ")}`);
  for (const arn of targetGroupArns) {
    const target = group.targetGroups.get(arn);
    if (target === undefined) continue;
    target.removing = true;
    const members = [...group.instances.values()].filter((instance) => arn in instance.targets);
    for (const instance of members) if (instance.targets[arn] !== "draining") deregisterTarget(core, group, instance, arn);
    if (members.length === 0) group.targetGroups.delete(arn);
  }
}

function metricsOf(metrics: readonly string[] | undefined): readonly GroupMetricName[] {
  if (metrics === undefined || metrics.length === 0) return groupMetricNames;
  const unknown = metrics.filter((name) => !(groupMetricNames as readonly string[]).includes(name));
  if (unknown.length > 0) throw validationError(`Unknown group metric: ${unknown.join(", ")}; allowed: ${groupMetricNames.join(", ")}`);
  return metrics as readonly GroupMetricName[];
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_EnableMetricsCollection.html */
export function enableMetricsCollection(core: Core, { group: name, metrics }: MetricsCollection): void {
  const group = core.group(name);
  for (const metric of metricsOf(metrics)) group.metrics.add(metric);
  if (group.metricsDueMs > core.nowMs) return;
  group.metricsDueMs = nextMinute(core.nowMs);
  core.schedule(group.metricsDueMs, "metrics", name);
}

export const nextMinute = (nowMs: number) => (Math.floor(nowMs / 60_000) + 1) * 60_000;

export function disableMetricsCollection(core: Core, { group: name, metrics }: MetricsCollection): void {
  const group = core.group(name);
  for (const metric of metricsOf(metrics)) group.metrics.delete(metric);
}
