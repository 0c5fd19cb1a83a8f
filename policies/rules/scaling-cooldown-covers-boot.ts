import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule, remembered, type Edit } from "../core/rule.ts";
import { bootSeconds, fleetOf } from "../facts/boot.ts";
import { policiesOf, triggersOf, typeOf } from "../facts/scaling.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Resource } from "../model/resource.ts";
import type { Value } from "../model/value.ts";
import { groupWarmupCoversBoot } from "./group-warmup-covers-boot.ts";

/** What AWS uses when neither policy nor group says anything. */
const defaultCooldownSeconds = 300;

/** The seconds that a policy waits: its own, else the group's, else AWS's default. */
function waiting(policy: Resource<"policy">, group: Resource<"group">): { value: Value; seconds: number } {
  const simple = typeOf(policy) === "SimpleScaling";
  const own: Value = simple ? policy.at("cooldown") : policy.at("estimatedInstanceWarmup");
  const groupWarmup: Value = group.at("defaultInstanceWarmup");
  const groups: Value = simple || (!groupWarmup.hidden && (groupWarmup.number() ?? -1) < 0) ? group.at("defaultCooldown") : groupWarmup;
  const value = own.missing ? groups : own;
  return { value, seconds: value.number() ?? defaultCooldownSeconds };
}

function* judge(deployment: Deployment, group: Resource<"group">, policy: Resource<"policy">, boot: Value<number>): Checking {
  const type = typeOf(policy);
  if (type === undefined) return yield hidden(policy.at("policyType"), policy);
  if (type !== "SimpleScaling" && type !== "StepScaling") return;
  const periods: Value[] =
    type === "SimpleScaling" ? (deployment.once(triggersOf).get(policy) ?? []).map((alarm) => alarm.at("period")) : [];
  const { value, seconds } = waiting(policy, group);
  const open = [value, boot, ...periods].find((one) => one.hidden);
  if (open) return yield hidden(open, policy);
  const needed = (boot.number() ?? 0) + Math.max(0, ...periods.map((one) => one.number() ?? 0));
  if (seconds >= needed) return;
  const what = value.missing ? `${policy.label} waits ${seconds} s by default` : value.describe();
  const why = periods.length > 0 ? "an instance to serve and the alarm to see it" : "an instance to serve";
  yield violation(`${what}, but it takes ${needed} s for ${why}; wait at least as long`, policy);
}

export const scalingCooldownCoversBoot = defineRule({
  id: "scaling-cooldown-covers-boot",
  title: "A scaling policy waits until its new instances serve before it acts again.",
  why: "A policy that acts again while the instances of its first action still boot, adds what nobody needs and takes it away again.",
  severity: "medium",
  level: "mandatory",
  controls: ["cdk-nag:AS1"],
  remediation: "Set estimatedInstanceWarmup (simple policies: cooldown) or the group's default warm-up to the boot time or more.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scaling-cooldowns.html",
  resources: { fleet: remembered },
  needs: "policy",
  *stack(deployment, context) {
    const configured = context.configOf(groupWarmupCoversBoot).bootSeconds;
    for (const [group, { policies }] of deployment.once(policiesOf)) {
      const boot = bootSeconds(fleetOf(deployment.lineage(group), context)?.urn, context, configured);
      for (const policy of policies) yield* judge(deployment, group, policy, boot);
    }
  },
  repairs: {
    policy: (policy, context): readonly Edit[] => {
      const warmup = policy.at("estimatedInstanceWarmup").number();
      const needed = context.configOf(groupWarmupCoversBoot).bootSeconds;
      return warmup !== undefined && warmup < needed ? [{ path: ["estimatedInstanceWarmup"], value: needed }] : [];
    },
  },
});
