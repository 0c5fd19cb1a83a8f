import { choices } from "../core/config.ts";
import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SuspendProcesses.html */
const processes = [
  "Launch",
  "Terminate",
  "AddToLoadBalancer",
  "AlarmNotification",
  "AZRebalance",
  "HealthCheck",
  "InstanceRefresh",
  "ReplaceUnhealthy",
  "ScheduledActions",
] as const;

export const groupNoSuspendedProcesses = defineRule({
  id: "group-no-suspended-processes",
  title: "No process of a group is suspended by the program.",
  why: "A suspended process fails in silence: alarms fire and nothing scales, unhealthy instances stay.",
  severity: "medium",
  level: "mandatory",
  controls: ["steampipe:autoscaling_group_no_suspended_process"],
  remediation: "Remove the process from suspendedProcesses; suspend it by hand while you work on the group.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html",
  options: { processes: choices("Processes that must not be suspended.", processes, processes) },
  resources: {
    *group(group, { config }): Checking {
      const suspended = group.at("suspendedProcesses");
      const open = suspended.firstHidden();
      if (open) yield hidden(open);
      const found = suspended.texts().filter((one) => (config.processes as readonly string[]).includes(one));
      if (found.length > 0) yield violation(`suspendedProcesses holds ${found.join(", ")}; remove ${found.length === 1 ? "it" : "them"}`);
    },
  },
  repairs: {
    group: (group, { config }) => {
      const suspended = group.at("suspendedProcesses");
      const kept = suspended.texts().filter((one) => !(config.processes as readonly string[]).includes(one));
      return suspended.firstHidden() || kept.length === suspended.texts().length ? [] : [{ path: ["suspendedProcesses"], value: kept }];
    },
  },
});
