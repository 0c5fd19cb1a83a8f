/**
 * What a policy does to the desired capacity.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scale-based-on-demand.html
 */
import { adjustCapacity, clampCapacity, proportionalCapacity, selectStep } from "./adjustment.ts";
import { changeDesiredCapacity } from "./capacity.ts";
import { mustWait } from "./cooldown.ts";
import type { Core } from "./core.ts";
import { AutoScalingError, validationError } from "./error.ts";
import { countIn, isActive } from "./membership.ts";
import { findPolicy, policyByArn } from "./policy-commands.ts";
import type { PolicyState } from "./policy-state.ts";
import type { GroupState } from "./state.ts";
import type { ExecutePolicy } from "./types/commands.ts";
import type { AlarmAction } from "./types/facts.ts";

/** How a policy came to run. */
interface Trigger {
  readonly why: string;
  readonly alarmArn?: string;
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_ExecutePolicy.html */
export function executePolicy(core: Core, input: ExecutePolicy): void {
  const { group, policy } = findPolicy(core, input);
  const trigger = { why: `a user request executed policy ${policy.name}` };
  if (policy.policyType === "TargetTrackingScaling")
    throw validationError("ExecutePolicy does not take target tracking policies; their alarms run them");
  if (policy.policyType === "SimpleScaling") {
    if (input.honorCooldown === true && mustWait(core, group)) {
      throw new AutoScalingError(
        "ScalingActivityInProgress",
        `Scaling activity is in progress for group ${group.name}, or its cooldown has not ended`,
      );
    }
    runSimple(core, group, policy, trigger);
    return;
  }
  const { metricValue, breachThreshold, honorCooldown } = input;
  if (honorCooldown === true) throw validationError("HonorCooldown is for simple scaling policies only");
  if (metricValue === undefined || breachThreshold === undefined)
    throw validationError("A step scaling policy needs MetricValue and BreachThreshold");
  if (selectStep(policy.stepAdjustments, metricValue - breachThreshold) === undefined) {
    throw validationError(
      `No step adjustment of policy ${policy.name} covers MetricValue ${metricValue} with BreachThreshold ${breachThreshold}`,
    );
  }
  runStep(core, group, policy, metricValue - breachThreshold, trigger);
}

/** An alarm asks; what it may not do now is not done, and nobody is told. */
export function alarmAction(core: Core, fact: AlarmAction): void {
  const found = policyByArn(core, fact.policyArn);
  if (found === undefined) return;
  const { group, policy } = found;
  if (!policy.enabled || group.deleting || group.suspended.has("AlarmNotification")) return;
  const trigger = {
    why: `a monitor alarm ${fact.alarmName} in state ${fact.state} triggered policy ${policy.name}`,
    alarmArn: fact.alarmArn,
  };
  switch (policy.policyType) {
    case "SimpleScaling":
      if (!mustWait(core, group)) runSimple(core, group, policy, trigger);
      break;
    case "StepScaling":
      if (fact.metricValue !== undefined) runStep(core, group, policy, fact.metricValue - fact.threshold, trigger);
      break;
    case "TargetTrackingScaling":
      track(core, group, policy, fact, trigger);
      break;
  }
}

function runSimple(core: Core, group: GroupState, policy: PolicyState, trigger: Trigger): void {
  const { adjustmentType: type = "ChangeInCapacity", scalingAdjustment: value = 0, minAdjustmentMagnitude: minMagnitude } = policy;
  const before = group.desiredCapacity;
  changeDesiredCapacity(core, group, adjustCapacity(before, { type, value, minMagnitude }), trigger.why, trigger.alarmArn);
  if (group.desiredCapacity !== before) group.cooldownSecondsDue = policy.cooldownSeconds ?? group.defaultCooldownSeconds;
}

/**
 * Instances that do not count yet for a policy: on their way into service, or warming up.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-default-instance-warmup.html
 */
function warmingUp(core: Core, group: GroupState, policy: PolicyState): number {
  const seconds = policy.estimatedInstanceWarmupSeconds ?? group.defaultWarmupSeconds ?? group.defaultCooldownSeconds;
  const inService = countIn(group, "InService");
  const onTheWay = group.active - inService;
  if (group.lastInServiceMs + seconds * 1000 <= core.nowMs) return onTheWay;
  let warming = onTheWay;
  for (const instance of group.instances.values()) {
    if (isActive(instance) && instance.state === "InService" && instance.inServiceAtMs + seconds * 1000 > core.nowMs) warming++;
  }
  return warming;
}

/**
 * Out: counted from the instances that are warm, so that a further alarm of the same step asks for nothing more. In: only
 * when none is warming up, counted with those that are still terminating.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html
 */
function runStep(core: Core, group: GroupState, policy: PolicyState, difference: number, trigger: Trigger): void {
  const step = selectStep(policy.stepAdjustments, difference);
  if (step === undefined) return;
  const adjustment = {
    type: policy.adjustmentType ?? "ChangeInCapacity",
    value: step.scalingAdjustment,
    minMagnitude: policy.minAdjustmentMagnitude,
  } as const;
  const warming = warmingUp(core, group, policy);
  const out = adjustCapacity(group.active - warming, adjustment);
  if (scalesOut(group, adjustment.type, adjustment.value)) {
    if (out > group.desiredCapacity) changeDesiredCapacity(core, group, out, trigger.why, trigger.alarmArn);
    return;
  }
  if (warming > 0) return;
  const leaving = countIn(group, "Terminating", "Terminating:Wait", "Terminating:Proceed");
  const into = adjustCapacity(group.active + leaving, adjustment);
  if (into < group.desiredCapacity) changeDesiredCapacity(core, group, into, trigger.why, trigger.alarmArn);
}

function scalesOut(group: GroupState, type: string, value: number): boolean {
  return type === "ExactCapacity" ? value > group.desiredCapacity : value > 0;
}

/** An alarm that is on says so again each minute; one that has been silent for twice as long is over. */
const silenceMs = 120_000;

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html */
function track(core: Core, group: GroupState, policy: PolicyState, fact: AlarmAction, trigger: Trigger): void {
  const [high, low] = policy.alarmNames;
  const { targetTracking } = policy;
  if (fact.alarmName === low) policy.lowCapacity = undefined;
  if (targetTracking === undefined || fact.metricValue === undefined || fact.state !== "ALARM") return;
  const warming = warmingUp(core, group, policy);
  const wanted = proportionalCapacity(group.active - warming, fact.metricValue, targetTracking.targetValue);
  if (fact.alarmName === high) {
    if (wanted > group.desiredCapacity) changeDesiredCapacity(core, group, wanted, trigger.why, trigger.alarmArn);
  } else if (fact.alarmName === low) {
    const size = clampCapacity(wanted, { min: group.minSize, max: group.maxSize });
    policy.lowCapacity = { size, untilMs: core.nowMs + silenceMs };
    if (warming === 0) scaleInTogether(core, group, trigger);
  }
}

/** Scale-in only when all target tracking policies that can scale in are ready to, and then to the largest of what they ask. */
function scaleInTogether(core: Core, group: GroupState, trigger: Trigger): void {
  let wanted = 0;
  for (const policy of group.policies.values()) {
    if (!policy.enabled || policy.targetTracking === undefined || policy.targetTracking.disableScaleIn === true) continue;
    if (policy.lowCapacity === undefined || policy.lowCapacity.untilMs < core.nowMs) return;
    wanted = Math.max(wanted, policy.lowCapacity.size);
  }
  if (wanted < group.desiredCapacity) changeDesiredCapacity(core, group, wanted, trigger.why, trigger.alarmArn);
}
