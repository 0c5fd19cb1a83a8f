/** Putting and deleting policies. https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScalingPolicy.html */
import { checkFinite, checkOneOf, checkWhole, fault, within } from "./checks/fault.ts";
import type { Fault } from "./checks/fault.ts";
import { checkMagnitude, checkStepPolicy } from "./checks/steps.ts";
import { checkTargetTracking } from "./checks/tracking.ts";
import type { Core } from "./core.ts";
import { AutoScalingError, validationError } from "./error.ts";
import type { PolicyState } from "./policy-state.ts";
import type { GroupState } from "./state.ts";
import { trackingAlarms } from "./tracking-alarms.ts";
import { adjustmentTypes } from "./types/common.ts";
import { groupQuotas } from "./checks/quotas.ts";
import type { PolicyReference, PutScalingPolicy } from "./types/commands.ts";
import type { PolicyView } from "./types/views.ts";

const policyTypes = ["SimpleScaling", "StepScaling", "TargetTrackingScaling"] as const;
type PolicyType = (typeof policyTypes)[number];

export function putScalingPolicy(core: Core, input: PutScalingPolicy): PolicyView {
  const group = core.group(input.group);
  const { name, policyType = "SimpleScaling" } = input;
  if (policyType === "PredictiveScaling")
    throw validationError("PolicyType PredictiveScaling is not supported here; allowed: " + policyTypes.join(", "));
  if (!isPolicyType(policyType)) throw validationError(`PolicyType is ${policyType}; allowed: ${policyTypes.join(", ")}`);
  const faults = checkPolicy(input, policyType);
  if (faults.length > 0) throw validationError(faults.map((one) => one.message).join("; "));
  const before = group.policies.get(name);
  if (before === undefined && group.policies.size >= groupQuotas.policies) {
    throw new AutoScalingError("LimitExceeded", `You have reached the limit of ${groupQuotas.policies} scaling policies in ${group.name}`);
  }
  const arn = before?.arn ?? core.arn(`scalingPolicy:${core.newId()}:autoScalingGroupName/${group.name}:policyName/${name}`);
  const alarms = trackingAlarms(core, group, arn, input.targetTracking, before?.alarmNames ?? []);
  for (const alarmName of before?.alarmNames ?? []) {
    if (!alarms.some((alarm) => alarm.alarmName === alarmName)) core.emit({ kind: "deleteAlarm", alarmName });
  }
  for (const alarm of alarms) core.emit({ kind: "ensureAlarm", alarm });
  const policy: PolicyState = {
    name,
    arn,
    policyType,
    enabled: input.enabled ?? true,
    adjustmentType: input.adjustmentType,
    minAdjustmentMagnitude: input.minAdjustmentMagnitude,
    scalingAdjustment: input.scalingAdjustment,
    cooldownSeconds: input.cooldownSeconds,
    metricAggregationType: policyType === "StepScaling" ? (input.metricAggregationType ?? "Average") : undefined,
    stepAdjustments: input.stepAdjustments ?? [],
    estimatedInstanceWarmupSeconds: input.estimatedInstanceWarmupSeconds,
    targetTracking: input.targetTracking,
    alarmNames: alarms.map((alarm) => alarm.alarmName),
    lowCapacity: undefined,
  };
  group.policies.set(name, policy);
  return viewPolicy(core, group, policy);
}

const isPolicyType = (type: string): type is PolicyType => (policyTypes as readonly string[]).includes(type);

function checkPolicy(input: PutScalingPolicy, type: PolicyType): Fault[] {
  const name = /^[^:]{1,255}$/.test(input.name) ? [] : [fault("policyName", input.name, "1 to 255 characters without a colon")];
  switch (type) {
    case "SimpleScaling":
      return [
        ...name,
        ...absent(input, type, "stepAdjustments", "targetTracking", "estimatedInstanceWarmupSeconds", "metricAggregationType"),
        ...checkSimple(input),
      ];
    case "StepScaling":
      return [...name, ...absent(input, type, "scalingAdjustment", "cooldownSeconds", "targetTracking"), ...checkStep(input)];
    case "TargetTrackingScaling":
      return [
        ...name,
        ...absent(
          input,
          type,
          "adjustmentType",
          "scalingAdjustment",
          "cooldownSeconds",
          "stepAdjustments",
          "minAdjustmentMagnitude",
          "metricAggregationType",
        ),
        ...checkWhole("estimatedInstanceWarmupSeconds", input.estimatedInstanceWarmupSeconds, 0),
        ...(input.targetTracking === undefined
          ? [fault("targetTrackingConfiguration", undefined, "a configuration")]
          : within("targetTrackingConfiguration", checkTargetTracking(input.targetTracking))),
      ];
  }
}

function absent(input: PutScalingPolicy, type: PolicyType, ...keys: readonly (keyof PutScalingPolicy)[]): Fault[] {
  return keys.filter((key) => input[key] !== undefined).map((key) => fault(key, input[key], `absent for ${type}`));
}

function checkSimple(input: PutScalingPolicy): Fault[] {
  const { adjustmentType, scalingAdjustment, minAdjustmentMagnitude } = input;
  return [
    ...(adjustmentType === undefined
      ? [fault("adjustmentType", undefined, adjustmentTypes.join(", "))]
      : checkOneOf("adjustmentType", adjustmentType, adjustmentTypes)),
    ...(scalingAdjustment === undefined
      ? [fault("scalingAdjustment", undefined, "a whole number")]
      : checkFinite("scalingAdjustment", scalingAdjustment)),
    ...checkWhole("scalingAdjustment", scalingAdjustment, adjustmentType === "ExactCapacity" ? 0 : -Infinity),
    ...checkMagnitude(adjustmentType ?? "", minAdjustmentMagnitude),
    ...checkWhole("cooldownSeconds", input.cooldownSeconds, 0),
  ];
}

function checkStep(input: PutScalingPolicy): Fault[] {
  const { adjustmentType, minAdjustmentMagnitude, stepAdjustments = [] } = input;
  return [
    ...(adjustmentType === undefined
      ? [fault("adjustmentType", undefined, adjustmentTypes.join(", "))]
      : checkStepPolicy({ adjustmentType, minAdjustmentMagnitude, stepAdjustments })),
    ...checkOneOf("metricAggregationType", input.metricAggregationType, ["Minimum", "Maximum", "Average"]),
    ...checkWhole("estimatedInstanceWarmupSeconds", input.estimatedInstanceWarmupSeconds, 0),
  ];
}

export interface FoundPolicy {
  readonly group: GroupState;
  readonly policy: PolicyState;
}

/** The group's name stands in the ARN, and neither name may hold a colon. */
export function policyByArn(core: Core, arn: string): FoundPolicy | undefined {
  const match = /:autoScalingGroupName\/([^:]+):policyName\/(.+)$/.exec(arn);
  const group = core.state.groups.get(match?.[1] ?? "");
  const policy = group?.policies.get(match?.[2] ?? "");
  return group !== undefined && policy?.arn === arn ? { group, policy } : undefined;
}

export function findPolicy(core: Core, { group: groupName, policy: reference }: PolicyReference): FoundPolicy {
  if (reference.startsWith("arn:")) {
    const found = policyByArn(core, reference);
    if (found !== undefined && (groupName === undefined || found.group.name === groupName)) return found;
    throw validationError(`No such scaling policy: ${reference}`);
  }
  if (groupName === undefined) throw validationError(`AutoScalingGroupName is needed with the policy name ${reference}`);
  const group = core.group(groupName);
  const policy = group.policies.get(reference);
  if (policy === undefined) throw validationError(`PolicyName ${reference} not found in Auto Scaling group ${groupName}`);
  return { group, policy };
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeletePolicy.html: only target tracking's own alarms go too. */
export function deletePolicy(core: Core, reference: PolicyReference): void {
  const { group, policy } = findPolicy(core, reference);
  group.policies.delete(policy.name);
  for (const alarmName of policy.alarmNames) core.emit({ kind: "deleteAlarm", alarmName });
}

export function viewPolicy(core: Core, group: GroupState, policy: PolicyState): PolicyView {
  const { adjustmentType, minAdjustmentMagnitude, scalingAdjustment, cooldownSeconds, metricAggregationType, targetTracking } = policy;
  const { estimatedInstanceWarmupSeconds } = policy;
  const alarmArn = (alarmName: string) => `arn:${core.partition}:cloudwatch:${core.region}:${core.accountId}:alarm:${alarmName}`;
  return {
    group: group.name,
    name: policy.name,
    arn: policy.arn,
    policyType: policy.policyType,
    enabled: policy.enabled,
    stepAdjustments: policy.stepAdjustments,
    alarms: policy.alarmNames.map((alarmName) => ({ alarmName, alarmArn: alarmArn(alarmName) })),
    ...(adjustmentType === undefined ? {} : { adjustmentType }),
    ...(minAdjustmentMagnitude === undefined ? {} : { minAdjustmentMagnitude }),
    ...(scalingAdjustment === undefined ? {} : { scalingAdjustment }),
    ...(cooldownSeconds === undefined ? {} : { cooldownSeconds }),
    ...(metricAggregationType === undefined ? {} : { metricAggregationType }),
    ...(targetTracking === undefined ? {} : { targetTracking }),
    ...(estimatedInstanceWarmupSeconds === undefined ? {} : { estimatedInstanceWarmupSeconds }),
  };
}
