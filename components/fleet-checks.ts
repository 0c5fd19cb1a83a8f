import { parseInstanceType } from "../contract/instance-types.ts";
import { checkGroupArguments } from "../scaling/checks/group.ts";
import { checkHook } from "../scaling/checks/hooks.ts";
import { renamed } from "../scaling/checks/policies.ts";
import { checkMixed } from "../scaling/checks/mixed.ts";
import { checkCount, groupQuotas } from "../scaling/checks/quotas.ts";
import { checkMaintenancePolicy } from "../scaling/checks/replacement.ts";
import { checkSizes } from "../scaling/checks/sizes.ts";
import { fault, within } from "../scaling/checks/fault.ts";
import type { Fault } from "../scaling/checks/fault.ts";
import { checkPoolBeside, checkWarmPool } from "../scaling/checks/warm-pool.ts";
import { blockDeviceFaults } from "./block-devices.ts";
import { bootArgFaults } from "./boot/checks.ts";
import { callerGroup } from "./fleet-group.ts";
import type { FleetArgs, HookArgs } from "./fleet-args.ts";
import { plain } from "./plain.ts";
import { packUserData, userDataFaults } from "./user-data.ts";
import { hookNames } from "../contract/hooks.ts";

/** Everything wrong with a fleet's arguments that can be told without AWS, as Auto Scaling itself would refuse it. */
export function fleetFaults(args: FleetArgs): Fault[] {
  const { min, max } = args.size;
  const { minHealthyPercent, maxHealthyPercent } = args.maintenance;
  return [
    ...renamed(checkSizes({ minSize: min, maxSize: max }), { minSize: "size.min", maxSize: "size.max" }),
    ...architectureFaults(args),
    ...renamed(checkMaintenancePolicy({ minHealthyPercentage: minHealthyPercent, maxHealthyPercentage: maxHealthyPercent }), {
      minHealthyPercentage: "maintenance.minHealthyPercent",
      maxHealthyPercentage: "maintenance.maxHealthyPercent",
    }),
    ...(args.mixedInstances ? within("mixedInstances", checkMixed(args.mixedInstances, args.instanceType)) : []),
    ...groupFaults(args),
    ...warmPoolFaults(args),
    ...latticeFaults(args),
    ...targetFaults(args),
    ...(args.healthCheckType === "ELB" && args.loadBalancing === undefined
      ? [fault("healthCheckType", "ELB", "EC2, or ELB together with loadBalancing")]
      : []),
    ...hookFaults("launchHook", hookNames.launch, args.launchHook),
    ...hookFaults("terminateHook", hookNames.terminate, args.terminateHook),
    ...blockDeviceFaults(args.image, args.rootVolume, args.volumes),
    ...bootArgFaults(args),
    ...plainUserDataFaults(args),
  ];
}

/** The provider's names say no unit. */
const providerNames = {
  healthCheckGracePeriodSeconds: "healthCheckGracePeriod",
  defaultInstanceWarmupSeconds: "defaultInstanceWarmup",
  defaultCooldownSeconds: "defaultCooldown",
  maxInstanceLifetimeSeconds: "maxInstanceLifetime",
};

function groupFaults(args: FleetArgs): Fault[] {
  const group = callerGroup(args);
  const faults = checkGroupArguments({
    healthCheckType: args.healthCheckType,
    healthCheckGracePeriodSeconds: plain(group.healthCheckGracePeriod),
    defaultInstanceWarmupSeconds: plain(group.defaultInstanceWarmup),
    defaultCooldownSeconds: plain(group.defaultCooldown),
    maxInstanceLifetimeSeconds: plain(group.maxInstanceLifetime),
    // A function of one's own stands among them under its ARN.
    terminationPolicies: plain(group.terminationPolicies)?.flatMap((policy) => (isFunction(plain(policy)) ? [] : (plain(policy) ?? []))),
  });
  return within("group", renamed(faults, providerNames));
}

const isFunction = (policy: string | undefined) => policy !== undefined && /^arn:[^:]+:lambda:/.test(policy);

function warmPoolFaults({ warmPool, size, mixedInstances }: FleetArgs): Fault[] {
  if (warmPool === undefined) return [];
  const pool = { poolState: warmPool.state, minSize: warmPool.min, maxGroupPreparedCapacity: warmPool.maxPrepared };
  const group = { minSize: size.min, maxSize: size.max, mixed: mixedInstances !== undefined };
  const names = { poolState: "state", minSize: "min", maxGroupPreparedCapacity: "maxPrepared", maxSize: "max" };
  return within("warmPool", renamed([...checkWarmPool(pool), ...checkPoolBeside(pool, group)], names));
}

function latticeFaults({ moreHealthChecks = [], group }: FleetArgs): Fault[] {
  if (!moreHealthChecks.includes("VPC_LATTICE")) return [];
  const sources = plain(group?.trafficSources);
  const unknown = group?.trafficSources !== undefined && sources === undefined;
  if (unknown || sources?.some((source) => plain(plain(source)?.type) === "vpc-lattice") === true) return [];
  return [fault("moreHealthChecks", moreHealthChecks, "EBS, or VPC_LATTICE together with a group.trafficSources of type vpc-lattice")];
}

/** How many of them a group takes. */
function targetFaults({ loadBalancing, group }: FleetArgs): Fault[] {
  const targets = loadBalancing !== undefined && "targetGroupArns" in loadBalancing ? loadBalancing.targetGroupArns.length : 0;
  const lattice = (plain(group?.trafficSources) ?? []).filter((source) => plain(plain(source)?.type) === "vpc-lattice").length;
  return [
    ...checkCount("loadBalancing.targetGroupArns", targets, groupQuotas.targetGroups, "target groups"),
    ...checkCount("group.trafficSources", lattice, groupQuotas.latticeTargetGroups, "target groups of VPC Lattice"),
  ];
}

function hookFaults(path: string, name: string, hook: HookArgs | undefined): Fault[] {
  if (hook === undefined) return [];
  return within(
    path,
    renamed(checkHook({ name, heartbeatTimeoutSeconds: hook.heartbeatSeconds }), { heartbeatTimeoutSeconds: "heartbeatSeconds" }),
  );
}

/** The image runs on every type that the group may launch. */
function architectureFaults({ image, instanceType, mixedInstances }: FleetArgs): Fault[] {
  const types = [...new Set([instanceType, ...(mixedInstances?.types ?? [])])];
  const what = typeof image.id === "string" ? `image ${image.id}` : "the image";
  return types.flatMap((type) => {
    const architecture = parseInstanceType(type)?.architecture;
    if (architecture === undefined) return [fault("instanceType", type, "an instance type such as m7i.large")];
    if (architecture === image.architecture) return [];
    return [fault("instanceType", type, `a type for ${image.architecture}`, `that is what ${what} was built for`)];
  });
}

/** User data that is only known later is checked before the launch template takes it. */
function plainUserDataFaults({ userData, boot }: FleetArgs): Fault[] {
  const text = plain(userData);
  return text === undefined ? [] : userDataFaults(packUserData(text, boot?.compress === true));
}
