import { unproved, violation } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { actionsOf, typeOf } from "../facts/scaling.ts";

/** An action that should be a policy of this stack when it is one at all. */
const isScalingPolicy = (arn: string) => /^arn:[^:]+:autoscaling:.*:scalingPolicy:/.test(arn);

export const alarmReachesPolicy = defineRule({
  id: "alarm-reaches-policy",
  title: "Every alarm does something, and every step or simple policy is triggered by an alarm.",
  why: "An alarm without an action and a policy without an alarm look complete in the program and do nothing.",
  severity: "high",
  level: "mandatory",
  controls: ["control-tower:CT.CLOUDWATCH.PR.1", "cdk-nag:CloudWatchAlarmAction", "config:cloudwatch-alarm-action-check"],
  remediation: "Add the policy's arn or a topic's arn to alarmActions, or remove what is not used.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html",
  *stack(deployment) {
    const actions = deployment.once(actionsOf);
    for (const { alarm, policies, topics, external, unproved: why } of actions) {
      const strangers = external.filter(isScalingPolicy);
      for (const arn of strangers) yield violation(`${alarm.label} triggers ${arn}, which is no policy of this stack`, alarm);
      if (policies.length + topics.length + external.length > 0) continue;
      yield why === undefined
        ? violation(`${alarm.label} has no action; add a policy or a topic to alarmActions`, alarm)
        : unproved(why, alarm);
    }
    const triggered = new Set(actions.flatMap(({ policies }) => policies.map((policy) => policy.urn)));
    const open = actions.flatMap(({ unproved: why }) => why ?? [])[0];
    for (const policy of deployment.all("policy")) {
      const type = typeOf(policy);
      const needsAlarm = type === undefined || type === "StepScaling" || type === "SimpleScaling";
      if (!needsAlarm || triggered.has(policy.urn)) continue;
      if (type === undefined) yield unproved(`policyType of ${policy.label} is known only after the deployment`, policy);
      else if (open !== undefined) yield unproved(open, policy);
      else yield violation(`${policy.label} is the action of no alarm; add its arn to alarmActions of one`, policy);
    }
  },
});
