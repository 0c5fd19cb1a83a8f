/** Group metrics, once a minute. https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html */
import type { Core } from "./core.ts";
import { nextMinute } from "./group-commands.ts";
import { countIn } from "./membership.ts";
import type { GroupState } from "./state.ts";
import type { GroupMetricName } from "./types/common.ts";
import { warmPoolTarget } from "./warm-pool.ts";

export function putGroupMetrics(core: Core, group: GroupState): void {
  if (group.metrics.size === 0 || group.metricsDueMs > core.nowMs) return;
  const values: Record<string, number> = {};
  const all = groupMetrics(group);
  for (const name of group.metrics) values[name] = all[name];
  core.emit({ kind: "putGroupMetrics", group: group.name, values, atMs: core.nowMs });
  group.metricsDueMs = nextMinute(core.nowMs);
  core.schedule(group.metricsDueMs, "metrics", group.name);
}

/** Without weights the capacity metrics equal the counts of instances. */
export function groupMetrics(group: GroupState): Record<GroupMetricName, number> {
  const inService = countIn(group, "InService");
  const pending = countIn(group, "Pending", "Pending:Wait", "Pending:Proceed");
  const standby = countIn(group, "Standby", "EnteringStandby");
  const terminating = countIn(group, "Terminating", "Terminating:Wait", "Terminating:Proceed");
  const total = inService + pending + standby + terminating;
  const warmed = countIn(group, "Warmed:Running", "Warmed:Stopped", "Warmed:Hibernated");
  const warmPending = countIn(group, "Warmed:Pending", "Warmed:Pending:Wait", "Warmed:Pending:Proceed");
  const warmTerminating = countIn(group, "Warmed:Terminating", "Warmed:Terminating:Wait", "Warmed:Terminating:Proceed");
  const warmTotal = warmed + warmPending + warmTerminating;
  const warmDesired = warmPoolTarget(group);
  return {
    GroupMinSize: group.minSize,
    GroupMaxSize: group.maxSize,
    GroupDesiredCapacity: group.desiredCapacity,
    GroupInServiceInstances: inService,
    GroupPendingInstances: pending,
    GroupStandbyInstances: standby,
    GroupTerminatingInstances: terminating,
    GroupTotalInstances: total,
    GroupInServiceCapacity: inService,
    GroupPendingCapacity: pending,
    GroupStandbyCapacity: standby,
    GroupTerminatingCapacity: terminating,
    GroupTotalCapacity: total,
    WarmPoolDesiredCapacity: warmDesired,
    WarmPoolWarmedCapacity: warmed,
    WarmPoolPendingCapacity: warmPending,
    WarmPoolTerminatingCapacity: warmTerminating,
    WarmPoolTotalCapacity: warmTotal,
    GroupAndWarmPoolDesiredCapacity: group.desiredCapacity + warmDesired,
    GroupAndWarmPoolTotalCapacity: total + warmTotal,
  };
}
