import { hidden, unproved, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { usesMath } from "../facts/metric.ts";
import { actionsOf } from "../facts/scaling.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Resource } from "../model/resource.ts";

/** Namespaces whose metrics without the dimension are those of all instances of the account. */
const perGroup = new Set(["AWS/EC2", "AWS/AutoScaling"]);

function* judge(deployment: Deployment, alarm: Resource<"alarm">, policy: Resource<"policy">): Checking {
  const [namespace, dimension] = [alarm.at("namespace"), alarm.at("dimensions").at("AutoScalingGroupName")];
  if (dimension.missing) {
    if (namespace.hidden) yield hidden(namespace, alarm);
    else if (perGroup.has(namespace.text() ?? ""))
      yield violation(
        `dimensions has no AutoScalingGroupName, so that ${alarm.label} watches every instance of the account; name the group of ${policy.label}`,
        alarm,
      );
    return;
  }
  const watched = deployment.targets(alarm, dimension, "group");
  const own = deployment.targets(policy, policy.at("autoscalingGroupName"), "group");
  const open = watched.unproved ?? own.unproved;
  const names = ({ found, external }: typeof own) => [...found.map((group) => group.urn), ...external];
  const [seen, sized] = [names(watched)[0], names(own)[0]];
  if (seen !== undefined && seen === sized) return;
  if (open !== undefined) yield unproved(open, alarm);
  else {
    const label = watched.found[0]?.label ?? `group ${watched.external[0] ?? "none"}`;
    const target = own.found[0]?.label ?? `group ${own.external[0] ?? "none"}`;
    yield violation(`${alarm.label} watches ${label}, but ${policy.label} scales ${target}; name the same group in both`, alarm);
  }
}

export const alarmWatchesItsGroup = defineRule({
  id: "alarm-watches-its-group",
  title: "An alarm that scales a group watches that group.",
  why: "A copied alarm that still names the other group scales this one by a stranger's load.",
  severity: "high",
  level: "mandatory",
  controls: [],
  remediation: "Set the dimension AutoScalingGroupName to the name of the policy's group.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html",
  needs: "alarm",
  *stack(deployment) {
    for (const { alarm, policies, unproved: why } of deployment.once(actionsOf)) {
      if (why !== undefined && policies.length === 0) yield unproved(why, alarm);
      if (usesMath(alarm)) continue; // each query has dimensions of its own
      for (const policy of policies) yield* judge(deployment, alarm, policy);
    }
  },
});
