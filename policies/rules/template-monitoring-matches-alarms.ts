import { hidden, unproved, violation, type Finding } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { launchesOf, type Launcher } from "../facts/launch.ts";
import type { Resource } from "../model/resource.ts";
import type { Value } from "../model/value.ts";

/** Metrics of EC2 arrive every 5 minutes with basic monitoring, every minute with detailed monitoring. */
const basicPeriodSeconds = 300;

/** Detailed monitoring: off by default in a template, on by default in a launch configuration. */
function detailed(launcher: Launcher): { readonly value: Value; readonly on: boolean } {
  const template = launcher.as("launchTemplate");
  if (template) {
    const value = template.at("monitoring").at("enabled");
    return { value, on: value.flag() === true };
  }
  const value = (launcher as Resource<"launchConfiguration">).at("enableMonitoring");
  return { value, on: value.flag() !== false };
}

function* judge(launcher: Launcher, period: number, place: { readonly urn: string }): Iterable<Finding> {
  const { value, on } = detailed(launcher);
  if (value.hidden) yield hidden(value, place);
  else if (!on)
    yield violation(
      `period is ${period}, but ${value.describe()} in ${launcher.label}: metrics arrive only every ${basicPeriodSeconds} s; enable detailed monitoring, or use periods of ${basicPeriodSeconds} s`,
      place,
    );
}

export const templateMonitoringMatchesAlarms = defineRule({
  id: "template-monitoring-matches-alarms",
  title: "Alarms with periods under five minutes watch instances with detailed monitoring.",
  why: "With basic monitoring four of five one-minute periods have no data; the alarm flaps or stays silent.",
  severity: "medium",
  level: "mandatory",
  controls: ["cdk-nag:EC28", "awsguard:ec2-instance-detailed-monitoring-enabled"],
  remediation: "Set monitoring.enabled in the launch template, or use periods of 300 s.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/enable-as-instance-metrics.html",
  needs: "alarm",
  *stack(deployment) {
    const launches = deployment.once(launchesOf);
    for (const alarm of deployment.all("alarm")) {
      const period = alarm.at("period");
      const dimension = alarm.at("dimensions").at("AutoScalingGroupName");
      const namespace = alarm.at("namespace");
      if (namespace.hidden) yield hidden(namespace, alarm);
      if (namespace.text() !== "AWS/EC2" || dimension.missing || (period.number() ?? 0) >= basicPeriodSeconds) continue;
      if (period.hidden) yield hidden(period, alarm);
      const { found, unproved: why } = deployment.targets(alarm, dimension, "group");
      if (why !== undefined) yield unproved(why, alarm);
      for (const group of found) {
        const { launchers = [], unproved: open = [] } = launches.get(group) ?? {};
        yield* open.map((one) => ({ ...one, urn: alarm.urn }));
        for (const launcher of launchers) if (period.known) yield* judge(launcher, period.number() ?? 0, alarm);
      }
    }
  },
  repairs: {
    launchTemplate: (template) => {
      const enabled = template.at("monitoring").at("enabled");
      return enabled.hidden || enabled.flag() === true ? [] : [{ path: ["monitoring", "enabled"], value: true }];
    },
  },
});
