import { healthCheckTypes, terminationPolicyNames } from "../types/common.ts";
import { checkWhole, fault } from "./fault.ts";
import type { Fault } from "./fault.ts";

export interface GroupArguments {
  readonly defaultCooldownSeconds?: number | undefined;
  readonly healthCheckType?: string | undefined;
  readonly healthCheckGracePeriodSeconds?: number | undefined;
  readonly maxInstanceLifetimeSeconds?: number | undefined;
  readonly defaultInstanceWarmupSeconds?: number | undefined;
  readonly terminationPolicies?: readonly string[] | undefined;
}

const daySeconds = 86_400;

/** Values of a group by themselves. https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html */
export function checkGroupArguments(group: GroupArguments): Fault[] {
  const { maxInstanceLifetimeSeconds: lifetime } = group;
  return [
    ...checkWhole("defaultCooldownSeconds", group.defaultCooldownSeconds, 0),
    ...checkHealthCheckType(group.healthCheckType),
    ...checkWhole("healthCheckGracePeriodSeconds", group.healthCheckGracePeriodSeconds, 0),
    ...(lifetime === undefined || lifetime === 0 || (Number.isInteger(lifetime) && lifetime >= daySeconds && lifetime <= 365 * daySeconds)
      ? []
      : [fault("maxInstanceLifetimeSeconds", lifetime, `0 (none), or ${daySeconds} (a day) to ${365 * daySeconds} (a year)`)]),
    ...checkWhole("defaultInstanceWarmupSeconds", group.defaultInstanceWarmupSeconds, -1),
    ...checkTerminationPolicies(group.terminationPolicies),
  ];
}

function checkHealthCheckType(text: string | undefined): Fault[] {
  if (text === undefined) return [];
  const unknown = text.split(",").filter((word) => !(healthCheckTypes as readonly string[]).includes(word.trim()));
  return unknown.length === 0 ? [] : [fault("healthCheckType", text, `any of ${healthCheckTypes.join(", ")}, separated by commas`)];
}

/** Default may only stand last: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html */
function checkTerminationPolicies(policies: readonly string[] | undefined): Fault[] {
  if (policies === undefined) return [];
  const faults = policies.flatMap((name, index) => {
    const path = `terminationPolicies[${index}]`;
    if (!(terminationPolicyNames as readonly string[]).includes(name)) return [fault(path, name, terminationPolicyNames.join(", "))];
    if (policies.indexOf(name) !== index) return [fault(path, name, "each policy once")];
    return name === "Default" && index < policies.length - 1 ? [fault(path, name, "Default last: it always finds an instance")] : [];
  });
  return faults;
}
