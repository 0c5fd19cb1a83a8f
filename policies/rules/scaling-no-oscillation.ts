import { number } from "../core/config.ts";
import { hidden, unproved, violation, type Checking } from "../core/finding.ts";
import { defineRule, remembered, type Context } from "../core/rule.ts";
import { bootSeconds, fleetOf } from "../facts/boot.ts";
import { comparisonOf, metricKey, metricProperties, usesMath } from "../facts/metric.ts";
import { actionsOf, groupOf, policiesOf, typeOf } from "../facts/scaling.ts";
import { stepPolicy } from "../facts/step-policy.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Resource } from "../model/resource.ts";
import { Value } from "../model/value.ts";
import { findOscillation, type CounterExample, type Scaling, type Trigger } from "../proofs/oscillation.ts";
import { groupWarmupCoversBoot } from "./group-warmup-covers-boot.ts";

interface Pair {
  readonly alarm: Resource<"alarm">;
  readonly policy: Resource<"policy">;
}

const round = (value: number) => Math.round(value * 100) / 100;

/** Thresholds are named whole, small ones to the hundredth. */
const tidy = (threshold: number) => (threshold >= 10 ? Math.floor(threshold) : Math.floor(threshold * 100) / 100);

/** The highest threshold of the alarm that removes instances, to a percent of the present one, at which all sizes are steady. */
function steadyThreshold(scaling: Scaling): number | undefined {
  for (let percent = 99; percent > 0; percent--) {
    const threshold = tidy((scaling.in.threshold * percent) / 100);
    if (threshold > 0 && !findOscillation({ ...scaling, in: { ...scaling.in, threshold } })) return threshold;
  }
  return undefined;
}

function sentence(
  { kind, size, metric, first, nextSize, nextMetric, second }: CounterExample,
  metricName: string,
  scaling: Scaling,
): string {
  const begin = `with ${size} ${size === 1 ? "instance" : "instances"} at ${metricName} ${round(metric)}, alarm "${first.alarm}" leads to ${nextSize}`;
  if (kind === "stuck at zero")
    return `${begin}, where no instance reports the metric, so that alarm "${second.alarm}" can never go on; keep minSize at 1 or more, or scale out on another metric`;
  const reached = second.side === "above" ? nextMetric >= second.threshold : nextMetric <= second.threshold;
  const effect = reached
    ? `sets off alarm "${second.alarm}" (threshold ${second.threshold})`
    : `is within ${scaling.margin * 100} percent of setting off alarm "${second.alarm}" (threshold ${second.threshold})`;
  const steady = steadyThreshold(scaling);
  const advice =
    steady === undefined
      ? "move the thresholds apart or make the steps smaller"
      : `with a threshold of ${steady} for alarm "${scaling.in.alarm}" all sizes would be steady; set that, or make the steps smaller`;
  return `${begin}, whose ${metricName} ${round(nextMetric)} ${effect}; ${advice}`;
}

/** What AWS uses when neither policy nor group says anything. */
const defaultCooldownSeconds = 300;

/** How often a policy acts before its instances serve. */
function repeats(policy: Resource<"policy">, group: Resource<"group">, boot: number, periodSeconds: number): number {
  const own =
    policy.at("estimatedInstanceWarmup").number() ?? group.at("defaultInstanceWarmup").number() ?? group.at("defaultCooldown").number();
  const cooldown = policy.at("cooldown").number() ?? group.at("defaultCooldown").number() ?? defaultCooldownSeconds;
  const stepWarmup = own === undefined || own < 0 ? defaultCooldownSeconds : own; // -1 takes a default warm-up back
  const warmup = typeOf(policy) === "SimpleScaling" ? cooldown : stepWarmup;
  return warmup >= boot ? 1 : 1 + Math.ceil((boot - warmup) / Math.max(warmup, periodSeconds, 1));
}

/** The trigger of a pair; or what cannot be read; or undefined when the alarm compares with a band. */
function trigger({ alarm, policy }: Pair, group: Resource<"group">, boot: number): Trigger | Value | undefined {
  const arithmetic = stepPolicy(policy);
  if (arithmetic instanceof Value) return arithmetic;
  const values: Value[] = [
    alarm.at("comparisonOperator"),
    alarm.at("threshold"),
    alarm.at("period"),
    policy.at("estimatedInstanceWarmup"),
    policy.at("cooldown"),
    ...metricProperties(alarm),
  ];
  const open = values.find((one) => one.hidden);
  if (open) return open;
  const comparison = comparisonOf(alarm);
  const threshold = alarm.at("threshold").number();
  if (!comparison || threshold === undefined) return undefined;
  // Removing instances does not wait for any to boot.
  const times = comparison.side === "above" ? repeats(policy, group, boot, alarm.at("period").number() ?? 0) : 1;
  return { alarm: alarm.name, ...comparison, threshold, policy: arithmetic, repeats: times };
}

/** Why nothing can be said of this metric. */
function notApplicable(alarm: Resource<"alarm">): string | undefined {
  if (usesMath(alarm)) return `${alarm.label} computes its metric; the proof is for plain metrics`;
  const statistic = alarm.at("statistic");
  if (statistic.text() !== "Average") return `${statistic.describe()} in ${alarm.label}; only an average is shared out among the instances`;
  if (alarm.at("dimensions").at("AutoScalingGroupName").missing)
    return `${alarm.label} watches a metric of something else than the group; its value does not follow the group's size`;
  return undefined;
}

function* judge(
  group: Resource<"group">,
  out: Pair,
  back: Pair,
  context: Context<{ marginPercent: number }>,
  boot: Value<number>,
): Checking {
  const reason = notApplicable(out.alarm) ?? notApplicable(back.alarm);
  const [outTrigger, inTrigger] = [trigger(out, group, boot.number() ?? 0), trigger(back, group, boot.number() ?? 0)];
  const sizes: Value[] = [group.at("minSize"), group.at("maxSize"), group.at("defaultInstanceWarmup"), group.at("defaultCooldown"), boot];
  const open = [outTrigger, inTrigger, ...sizes].find((one): one is Value => one instanceof Value && one.hidden);
  if (open) return yield hidden(open, group);
  if (reason !== undefined) return yield unproved(`not applicable: ${reason}`, group);
  if (metricKey(out.alarm) !== metricKey(back.alarm))
    return yield unproved(`not applicable: ${out.alarm.label} and ${back.alarm.label} watch different metrics`, group);
  if (!outTrigger || !inTrigger || outTrigger instanceof Value || inTrigger instanceof Value) return;
  const limits = { min: group.at("minSize").number() ?? 0, max: group.at("maxSize").number() ?? 0 };
  const scaling = { limits, out: outTrigger, in: inTrigger, margin: context.config.marginPercent / 100 };
  const found = findOscillation(scaling);
  if (found) yield violation(sentence(found, out.alarm.at("metricName").text() ?? "the metric", scaling), group);
}

function pairsOf(deployment: Deployment): ReadonlyMap<Resource<"group">, Pair[]> {
  const pairs = new Map<Resource<"group">, Pair[]>();
  for (const { alarm, policies } of deployment.once(actionsOf)) {
    for (const policy of policies) {
      const group = groupOf(deployment, policy);
      const type = typeOf(policy);
      if (group && (type === "StepScaling" || type === "SimpleScaling")) pairs.set(group, [...(pairs.get(group) ?? []), { alarm, policy }]);
    }
  }
  return pairs;
}

export const scalingNoOscillation = defineRule({
  id: "scaling-no-oscillation",
  title: "No size of a group lets its alarms send it to and fro.",
  why: "When removing an instance raises the average over the other threshold, the group launches and terminates for ever; each round costs money and unregisters nodes.",
  severity: "high",
  level: "mandatory",
  controls: [],
  remediation: "Move the thresholds apart: the lower one times n over n minus the step stays below the upper one for every size n.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html",
  options: {
    marginPercent: number("Percent of the opposite threshold that must be left after each action.", 5, { minimum: 0, maximum: 99 }),
  },
  resources: { fleet: remembered },
  needs: "policy",
  *stack(deployment, context) {
    const pairs = pairsOf(deployment);
    for (const [group, { policies, unproved: why }] of deployment.once(policiesOf)) {
      const own = pairs.get(group) ?? [];
      const boot = bootSeconds(
        fleetOf(deployment.lineage(group), context)?.urn,
        context,
        context.configOf(groupWarmupCoversBoot).bootSeconds,
      );
      if (why !== undefined && deployment.all("policy").length > policies.length) yield unproved(why, group);
      yield* unreadable(deployment, group, policies);
      const out = own.filter(({ alarm }) => comparisonOf(alarm)?.side !== "below");
      const back = own.filter(({ alarm }) => comparisonOf(alarm)?.side !== "above");
      for (const one of out) for (const other of back) if (one.alarm !== other.alarm) yield* judge(group, one, other, context, boot);
    }
  },
});

/** Alarms whose actions are not known yet. */
const openActions = (deployment: Deployment) => deployment.once(actionsOf).flatMap(({ unproved: why }) => why ?? []);

/** Policies whose type, and alarms whose actions, are not known yet. */
function* unreadable(deployment: Deployment, group: Resource<"group">, policies: readonly Resource<"policy">[]): Checking {
  for (const policy of policies) if (policy.at("policyType").hidden) yield hidden(policy.at("policyType"), policy);
  if (policies.length === 0) return;
  for (const why of deployment.once(openActions)) yield unproved(why, group);
}
