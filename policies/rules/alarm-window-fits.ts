import { checkAlarm } from "../../scaling/checks/alarms.ts";
import { hidden, unproved, violation, type Checking, type Finding } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { comparisonOf, usesMath, windowSeconds } from "../facts/metric.ts";
import { actionsOf, groupOf, typeOf } from "../facts/scaling.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Resource } from "../model/resource.ts";

/** AWS's own metrics have no more than one value a minute. */
const leastPeriodSeconds = 60;

function* byItself(alarm: Resource<"alarm">): Checking {
  if (usesMath(alarm)) return; // the periods stand in the queries
  const [period, periods, datapoints, namespace] = [
    alarm.at("period"),
    alarm.at("evaluationPeriods"),
    alarm.at("datapointsToAlarm"),
    alarm.at("namespace"),
  ];
  for (const one of [period, periods, datapoints]) if (one.hidden) yield hidden(one);
  const seconds = period.number();
  for (const { message } of checkAlarm({
    periodSeconds: seconds ?? leastPeriodSeconds,
    evaluationPeriods: periods.number() ?? 1,
    datapointsToAlarm: periods.hidden ? undefined : datapoints.number(),
    threshold: 0,
  }))
    yield violation(message.replace("periodSeconds", "period"));
  if (seconds === undefined || seconds >= leastPeriodSeconds) return;
  if (namespace.hidden) yield hidden(namespace);
  else if (namespace.text()?.startsWith("AWS/") === true)
    yield violation(
      `${period.describe()}, but metrics of ${namespace.text() ?? ""} have one value a minute; set it to a multiple of ${leastPeriodSeconds}`,
    );
}

interface Window {
  readonly alarm: Resource<"alarm">;
  readonly group: Resource<"group"> | undefined;
  readonly side: "above" | "below";
  readonly seconds: number;
}

function* cooldowns(alarm: Resource<"alarm">, policy: Resource<"policy">, seconds: number): Checking {
  const cooldown = policy.at("cooldown");
  if (typeOf(policy) !== "SimpleScaling" || cooldown.missing) return;
  if (cooldown.hidden) yield hidden(cooldown, alarm);
  else if (seconds > (cooldown.number() ?? Infinity))
    yield violation(
      `${alarm.label} looks at ${seconds} s, longer than the cooldown of ${policy.label} (${cooldown.number() ?? 0} s), and acts again on what it saw before; shorten the window or raise the cooldown`,
      alarm,
    );
}

/** Windows of the alarms that scale, with what cannot be told. */
function windows(deployment: Deployment): { windows: Window[]; findings: Finding[] } {
  const found: Window[] = [];
  const findings: Finding[] = [];
  for (const { alarm, policies, unproved: why } of deployment.once(actionsOf)) {
    if (why !== undefined && policies.length === 0) findings.push(unproved(why, alarm));
    if (policies.length === 0 || usesMath(alarm)) continue;
    const open = [alarm.at("period"), alarm.at("evaluationPeriods"), alarm.at("comparisonOperator")].find((one) => one.hidden);
    if (open) findings.push(hidden(open, alarm));
    const [seconds, side] = [windowSeconds(alarm), comparisonOf(alarm)?.side];
    if (seconds === undefined) continue;
    for (const policy of policies) {
      findings.push(...cooldowns(alarm, policy, seconds));
      if (side !== undefined) found.push({ alarm, group: groupOf(deployment, policy), side, seconds });
    }
  }
  return { windows: found, findings };
}

export const alarmWindowFits = defineRule({
  id: "alarm-window-fits",
  title: "Alarms look at periods that exist, and at least as long before removing instances as before adding them.",
  why: "A group that shrinks faster than it grows drops capacity in each dip and pays for it in the next minute.",
  severity: "low",
  level: "advisory",
  controls: ["config:cloudwatch-alarm-settings-check"],
  remediation: "Use periods of whole minutes, datapointsToAlarm up to evaluationPeriods, and a longer window for removing.",
  url: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html",
  resources: { alarm: byItself },
  needs: "alarm",
  *stack(deployment) {
    const { windows: all, findings } = windows(deployment);
    yield* findings;
    const adding = Map.groupBy(
      all.filter(({ side }) => side === "above"),
      ({ group }) => group,
    );
    for (const low of all.filter(({ side, group }) => side === "below" && group !== undefined)) {
      for (const high of adding.get(low.group) ?? []) {
        if (low.seconds < high.seconds)
          yield violation(
            `${low.alarm.label} removes instances after ${low.seconds} s, ${high.alarm.label} adds them only after ${high.seconds} s; look at least as long before removing`,
            low.alarm,
          );
      }
    }
  },
});
