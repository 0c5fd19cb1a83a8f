import { parseInstanceType } from "../contract/instance-types.ts";
import { checkGroupArguments } from "../scaling/checks/group.ts";
import { checkHook } from "../scaling/checks/hooks.ts";
import { renamed } from "../scaling/checks/policies.ts";
import { checkMaintenancePolicy } from "../scaling/checks/replacement.ts";
import { checkSizes } from "../scaling/checks/sizes.ts";
import { fault, within } from "../scaling/checks/fault.ts";
import type { Fault } from "../scaling/checks/fault.ts";
import { blockDeviceFaults } from "./block-devices.ts";
import { callerGroup } from "./fleet-group.ts";
import type { FleetArgs, HookArgs } from "./fleet-args.ts";
import type { ImageFacts } from "./image-facts.ts";
import { plain } from "./plain.ts";
import { userDataFaults } from "./user-data.ts";
import { hookNames } from "../contract/hooks.ts";

/** Everything wrong with a fleet's arguments that can be told without AWS, as Auto Scaling itself would refuse it. */
export function fleetFaults(args: FleetArgs): Fault[] {
  const { min, max } = args.size;
  const { minHealthyPercent, maxHealthyPercent } = args.maintenance;
  return [
    ...renamed(checkSizes({ minSize: min, maxSize: max }), { minSize: "size.min", maxSize: "size.max" }),
    ...(parseInstanceType(args.instanceType) ? [] : [fault("instanceType", args.instanceType, "an instance type such as m7i.large")]),
    ...renamed(checkMaintenancePolicy({ minHealthyPercentage: minHealthyPercent, maxHealthyPercentage: maxHealthyPercent }), {
      minHealthyPercentage: "maintenance.minHealthyPercent",
      maxHealthyPercentage: "maintenance.maxHealthyPercent",
    }),
    ...groupFaults(args),
    ...(args.healthCheckType === "ELB" && args.loadBalancing === undefined
      ? [fault("healthCheckType", "ELB", "EC2, or ELB together with loadBalancing")]
      : []),
    ...hookFaults("launchHook", hookNames.launch, args.launchHook),
    ...hookFaults("terminateHook", hookNames.terminate, args.terminateHook),
    ...deviceFaults(args),
  ];
}

function groupFaults(args: FleetArgs): Fault[] {
  const group = callerGroup(args);
  const faults = checkGroupArguments({
    healthCheckType: args.healthCheckType,
    healthCheckGracePeriodSeconds: plain(group.healthCheckGracePeriod),
    defaultInstanceWarmupSeconds: plain(group.defaultInstanceWarmup),
    defaultCooldownSeconds: plain(group.defaultCooldown),
    maxInstanceLifetimeSeconds: plain(group.maxInstanceLifetime),
    terminationPolicies: plain(group.terminationPolicies)?.flatMap((policy) => plain(policy) ?? []),
  });
  return within("group", faults);
}

function hookFaults(path: string, name: string, hook: HookArgs | undefined): Fault[] {
  if (hook === undefined) return [];
  return within(
    path,
    renamed(checkHook({ name, heartbeatTimeoutSeconds: hook.heartbeatSeconds }), { heartbeatTimeoutSeconds: "heartbeatSeconds" }),
  );
}

function deviceFaults({ volumes }: FleetArgs): Fault[] {
  return volumes.flatMap(({ deviceName, sizeGiB, snapshotId }, index) => [
    ...(volumes.findIndex((other) => other.deviceName === deviceName) === index
      ? []
      : [fault(`volumes[${index}].deviceName`, deviceName, "each device once")]),
    ...(sizeGiB === undefined && snapshotId === undefined
      ? [fault(`volumes[${index}].sizeGiB`, sizeGiB, "a size, or a snapshot whose size is taken")]
      : []),
  ]);
}

/** What only the resolved image and user data can tell. */
export function resolvedFaults(args: FleetArgs, image: ImageFacts, userData: string): string[] {
  const type = parseInstanceType(args.instanceType);
  const faults = [...blockDeviceFaults(image, args.rootVolume, args.volumes), ...userDataFaults(userData)];
  for (const one of new Set([args.instanceType, ...(args.mixedInstances?.types ?? [])])) {
    const architecture = parseInstanceType(one)?.architecture;
    if (type === undefined || architecture === undefined || architecture === image.architecture) continue;
    faults.push(`instanceType ${one} is ${architecture}; allowed: a type for ${image.architecture}, the architecture of image ${image.id}`);
  }
  return faults;
}
