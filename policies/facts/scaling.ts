/** Groups, their scaling policies, and the alarms that trigger these. */
import type { Deployment } from "../model/deployment.ts";
import type { Resource } from "../model/resource.ts";
import type { Value } from "../model/value.ts";

export interface GroupPolicies {
  readonly policies: readonly Resource<"policy">[];
  /** Why there may be more. */
  readonly unproved: string | undefined;
}

/** The scaling policies of every group. */
export function policiesOf(deployment: Deployment): ReadonlyMap<Resource<"group">, GroupPolicies> {
  const byGroup = new Map<Resource<"group">, Resource<"policy">[]>();
  let open: string | undefined;
  for (const policy of deployment.all("policy")) {
    const { found, unproved } = deployment.targets(policy, policy.at("autoscalingGroupName"), "group");
    for (const group of found) byGroup.set(group, [...(byGroup.get(group) ?? []), policy]);
    open ??= unproved;
  }
  return new Map(deployment.all("group").map((group) => [group, { policies: byGroup.get(group) ?? [], unproved: open }]));
}

/** The group of a policy; undefined when it is outside of the stack or cannot be told. */
export function groupOf(deployment: Deployment, policy: Resource<"policy">): Resource<"group"> | undefined {
  return deployment.targets(policy, policy.at("autoscalingGroupName"), "group").found[0];
}

export interface AlarmActions {
  readonly alarm: Resource<"alarm">;
  readonly policies: readonly Resource<"policy">[];
  readonly topics: readonly Resource<"topic">[];
  readonly external: readonly string[];
  readonly unproved: string | undefined;
}

/** What every alarm does, in whichever of its states. */
export function actionsOf(deployment: Deployment): readonly AlarmActions[] {
  return deployment.all("alarm").map((alarm) => {
    const lists: Value[] = [alarm.at("alarmActions"), alarm.at("okActions"), alarm.at("insufficientDataActions")];
    const targets = lists.map((list) => deployment.targets(alarm, list, "policy", "topic"));
    const found = targets.flatMap((one) => one.found);
    return {
      alarm,
      policies: [...new Set(found.flatMap((one) => one.as("policy") ?? []))],
      topics: [...new Set(found.flatMap((one) => one.as("topic") ?? []))],
      external: targets.flatMap((one) => one.external),
      unproved: targets.flatMap((one) => one.unproved ?? [])[0],
    };
  });
}

/** Alarms that trigger a policy when they go on, by policy. */
export function triggersOf(deployment: Deployment): ReadonlyMap<Resource<"policy">, readonly Resource<"alarm">[]> {
  const triggers = new Map<Resource<"policy">, Resource<"alarm">[]>();
  for (const alarm of deployment.all("alarm")) {
    for (const action of deployment.targets(alarm, alarm.at("alarmActions"), "policy", "topic").found) {
      const policy = action.as("policy");
      if (policy) triggers.set(policy, [...(triggers.get(policy) ?? []), alarm]);
    }
  }
  return triggers;
}

export type PolicyType = "SimpleScaling" | "StepScaling" | "TargetTrackingScaling" | "PredictiveScaling";

/** Undefined when it is not known; left out it is simple scaling. */
export function typeOf(policy: Resource<"policy">): PolicyType | undefined {
  const type = policy.at("policyType");
  return type.missing ? "SimpleScaling" : (type.text() as PolicyType | undefined);
}

/** The adjustments of a step or simple policy. */
export function adjustmentsOf(policy: Resource<"policy">): Value[] {
  const steps = policy.at("stepAdjustments").items();
  return typeOf(policy) === "StepScaling" ? steps.map((step) => step.at("scalingAdjustment")) : [policy.at("scalingAdjustment")];
}

export type Direction = "out" | "in";

/** Directions in which a policy moves its group. An exact capacity can move it either way. */
export function directionsOf(policy: Resource<"policy">): ReadonlySet<Direction> | undefined {
  const type = typeOf(policy);
  if (type === undefined) return undefined;
  if (type === "PredictiveScaling") return new Set(["out"]);
  if (type === "TargetTrackingScaling") {
    const off = policy.at("targetTrackingConfiguration").at("disableScaleIn");
    if (off.hidden) return undefined;
    return new Set(off.flag() === true ? ["out"] : ["out", "in"]);
  }
  const adjustments = adjustmentsOf(policy);
  const adjustmentType = policy.at("adjustmentType");
  if (adjustmentType.hidden || policy.at("stepAdjustments").hidden || adjustments.some((one) => one.hidden)) return undefined;
  if (adjustmentType.text() === "ExactCapacity") return new Set(["out", "in"]);
  const numbers = adjustments.flatMap((one) => one.number() ?? []);
  return new Set([
    ...(numbers.some((one) => one > 0) ? (["out"] as const) : []),
    ...(numbers.some((one) => one < 0) ? (["in"] as const) : []),
  ]);
}
