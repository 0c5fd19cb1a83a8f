import { texts } from "../core/config.ts";
import { hidden, unproved, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { comparisonOf } from "../facts/metric.ts";
import { actionsOf, directionsOf, typeOf } from "../facts/scaling.ts";
import type { Resource } from "../model/resource.ts";

const verbs = { out: "adds instances", in: "removes instances" } as const;

function* judge(alarm: Resource<"alarm">, policy: Resource<"policy">, inverse: boolean): Checking {
  const operator = alarm.at("comparisonOperator");
  const directions = directionsOf(policy);
  if (operator.hidden) yield hidden(operator, alarm);
  else if (directions === undefined) yield unproved(`the adjustments of ${policy.label} are known only after the deployment`, alarm);
  const side = comparisonOf(alarm)?.side;
  if (side === undefined || directions?.size !== 1) return; // an exact capacity moves the group either way
  const wanted = (side === "above") !== inverse ? "out" : "in";
  const [direction = wanted] = directions;
  if (direction !== wanted)
    yield violation(
      `${operator.describe()}, but ${policy.label} ${verbs[direction]}; an alarm that goes on ${side} its threshold needs a policy that ${verbs[wanted]}`,
      alarm,
    );
}

export const alarmDirectionMatchesPolicy = defineRule({
  id: "alarm-direction-matches-policy",
  title: "An alarm on high load adds instances, an alarm on low load removes them.",
  why: "With the signs exchanged the group shrinks under load, and the load of the rest rises.",
  severity: "critical",
  level: "mandatory",
  controls: [],
  remediation: "Exchange the policies of the two alarms, or correct the sign of the adjustment.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html",
  options: {
    inverseMetrics: texts("Metrics of what is left over: for them a low value means high load.", [
      "CPUCreditBalance",
      "FreeableMemory",
      "HealthyHostCount",
      "mem_available",
      "mem_available_percent",
    ]),
  },
  needs: "alarm",
  *stack(deployment, { config }) {
    for (const { alarm, policies, unproved: why } of deployment.once(actionsOf)) {
      if (why !== undefined && policies.length === 0) yield unproved(why, alarm);
      for (const policy of policies) {
        const type = typeOf(policy);
        if (type === undefined) yield hidden(policy.at("policyType"), alarm);
        else if (type === "StepScaling" || type === "SimpleScaling") {
          const metric = alarm.at("metricName");
          if (metric.hidden) yield hidden(metric, alarm);
          else yield* judge(alarm, policy, config.inverseMetrics.includes(metric.text() ?? ""));
        }
      }
    }
  },
});
