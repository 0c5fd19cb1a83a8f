import type { z } from "zod";
import { checkGroupArguments } from "../scaling/checks/group.ts";
import { checkMixed } from "../scaling/checks/mixed.ts";
import { checkSizes } from "../scaling/checks/sizes.ts";
import { fault, within } from "../scaling/checks/fault.ts";
import type { Fault } from "../scaling/checks/fault.ts";
import { renamed } from "../scaling/checks/policies.ts";
import { checkCount, groupQuotas } from "../scaling/checks/quotas.ts";
import { checkMaintenancePolicy, checkRefreshPreferences } from "../scaling/checks/replacement.ts";
import { checkPoolBeside, checkWarmPool } from "../scaling/checks/warm-pool.ts";
import { bootFaults } from "./boot-faults.ts";
import { fleetSchema } from "./fleet-schema.ts";
import type { FleetSettingsInput } from "./fleet-schema.ts";
import { imageFaults } from "./image-faults.ts";
import { resolveMixed } from "./resolve-instances.ts";
import { scalingFaults } from "./resolve-scaling.ts";

type Raw = Readonly<Record<string, unknown>>;
type Key = keyof typeof fleetSchema.shape;

/** One setting of a fleet, when it is right by itself. */
function part<Name extends Key>(raw: Raw, name: Name): FleetSettingsInput[Name] | undefined {
  const parsed = (fleetSchema.shape[name] as z.ZodType).safeParse(raw[name]);
  return parsed.success ? (parsed.data as FleetSettingsInput[Name]) : undefined;
}

/**
 * What is wrong between the settings of a fleet, each right by itself. Every check looks at its own settings only, so
 * that a fault in one place hides none in another.
 */
export function fleetFaults(raw: Raw): Fault[] {
  return [
    ...sizeFaults(part(raw, "size")),
    ...mixedFaults(part(raw, "instanceType"), part(raw, "mixedInstances")),
    ...within("warmPool", warmPoolFaults(raw)),
    ...within("group", checkGroupArguments({ terminationPolicies: part(raw, "group")?.terminationPolicies?.filter(isName) })),
    ...percentFaults(part(raw, "maintenance"), part(raw, "rollout")),
    ...within(
      "scaling",
      checked(part(raw, "scaling"), (scaling) => scalingFaults(scaling, { size: part(raw, "size"), nowMs: Date.now() })),
    ),
    ...within("loadBalancing", loadBalancingFaults(part(raw, "loadBalancing"), raw["loadBalancing"])),
    ...healthFaults(raw, part(raw, "health")),
    ...trafficFaults(raw),
    ...imageFaults({
      image: part(raw, "image"),
      provisioning: part(raw, "provisioning"),
      chef: part(raw, "chef"),
      volumes: part(raw, "volumes") ?? [],
    }),
    ...bootFaults({
      provisioning: part(raw, "provisioning"),
      chef: part(raw, "chef"),
      boot: part(raw, "boot"),
      volumes: part(raw, "volumes") ?? [],
      raw,
    }),
  ];
}

const checked = <T>(value: T | undefined, check: (value: T) => Fault[]): Fault[] => (value === undefined ? [] : check(value));

function sizeFaults(size: FleetSettingsInput["size"] | undefined): Fault[] {
  if (size === undefined) return [];
  return renamed(checkSizes({ minSize: size.min, maxSize: size.max }), { minSize: "size.min", maxSize: "size.max" });
}

const isName = (policy: string) => !policy.startsWith("arn:");

function mixedFaults(type: string | undefined, mixed: FleetSettingsInput["mixedInstances"]): Fault[] {
  if (type === undefined || mixed === undefined) return [];
  const choices = choiceFaults(mixed);
  return within("mixedInstances", choices.length > 0 ? choices : checkMixed(resolveMixed(mixed, type), type));
}

/** What only the settings have. */
function choiceFaults({ attributes }: NonNullable<FleetSettingsInput["mixedInstances"]>): Fault[] {
  if (attributes?.excludedTypes === undefined || attributes.allowedTypes !== undefined || attributes.within === "architecture") return [];
  return [fault("attributes.within", attributes.within, "architecture, since excludedTypes are given")];
}

function warmPoolFaults(raw: Raw): Fault[] {
  const pool = part(raw, "warmPool");
  const size = part(raw, "size");
  if (pool === undefined || size === undefined) return [];
  const given = { poolState: pool.state, minSize: pool.min, maxGroupPreparedCapacity: pool.maxPrepared };
  const group = { minSize: size.min, maxSize: size.max, mixed: raw["mixedInstances"] !== undefined };
  const names = { poolState: "state", minSize: "min", maxGroupPreparedCapacity: "maxPrepared", maxSize: "max" };
  return renamed([...checkWarmPool(given), ...checkPoolBeside(given, group)], names);
}

const percentNames = {
  minHealthyPercentage: "minHealthyPercent",
  maxHealthyPercentage: "maxHealthyPercent",
  checkpointPercentages: "checkpoints.percentages",
};

const stopsOf = ({ checkpoints }: FleetSettingsInput["rollout"]) =>
  checkpoints === undefined ? {} : { checkpointPercentages: checkpoints.percentages };

function percentFaults(
  maintenance: FleetSettingsInput["maintenance"] | undefined,
  rollout: FleetSettingsInput["rollout"] | undefined,
): Fault[] {
  const given = (one: NonNullable<typeof maintenance | typeof rollout>) => ({
    minHealthyPercentage: one.minHealthyPercent,
    maxHealthyPercentage: one.maxHealthyPercent,
  });
  return [
    ...checked(maintenance, (one) => within("maintenance", renamed(checkMaintenancePolicy(given(one)), percentNames))),
    ...checked(rollout, (one) =>
      within("rollout", renamed(checkRefreshPreferences({ ...given(one), ...stopsOf(one) }, true), percentNames)),
    ),
  ];
}

function loadBalancingFaults(given: FleetSettingsInput["loadBalancing"], raw: unknown): Fault[] {
  if (given === undefined) return [];
  if (given.targetGroupArns !== undefined) {
    const others = Object.entries(raw as Raw).filter(([name]) => name !== "targetGroupArns");
    return [
      ...others.map(([name, value]) => fault(name, value, "absent, since targetGroupArns are given")),
      ...checkCount("targetGroupArns", given.targetGroupArns.length, groupQuotas.targetGroups, "target groups"),
    ];
  }
  if (given.listener !== undefined) {
    const others = Object.entries(raw as Raw).filter(([name]) => ["listenerArn", "priority", "hosts", "paths"].includes(name));
    return others.map(([name, value]) => fault(name, value, "absent, since the fleet has a listener of its own"));
  }
  if (given.listenerArn === undefined)
    return [fault("listenerArn", undefined, "a listener that exists, or targetGroupArns, or listener for one of its own")];
  return [
    ...(given.priority === undefined ? [fault("priority", undefined, "a whole number from 1 to 50000, since listenerArn is given")] : []),
    ...(given.hosts.length + given.paths.length === 0
      ? [fault("paths", undefined, "hosts, paths or both, since listenerArn is given")]
      : []),
  ];
}

function healthFaults(raw: Raw, health: FleetSettingsInput["health"] | undefined): Fault[] {
  if (health?.type !== "ELB" || raw["loadBalancing"] !== undefined) return [];
  return [fault("health.type", "ELB", "EC2, or ELB together with loadBalancing")];
}

function trafficFaults(raw: Raw): Fault[] {
  const faults = (["ingress", "egress"] as const).flatMap((name) =>
    (part(raw, name) ?? []).flatMap((rule, index) => within(`${name}[${index}]`, ruleFaults(rule))),
  );
  if (raw["securityGroupIds"] === undefined) return faults;
  const unread = (["ingress", "egress"] as const).filter((name) => raw[name] !== undefined);
  return [...faults, ...unread.map((name) => fault(name, raw[name], "absent, since securityGroupIds are given"))];
}

function ruleFaults({ protocol, fromPort, toPort, cidrBlocks, securityGroupIds }: FleetSettingsInput["ingress"][number]): Fault[] {
  const noOne = cidrBlocks === undefined && securityGroupIds === undefined;
  return [
    ...(noOne ? [fault("cidrBlocks", undefined, "cidrBlocks, securityGroupIds or both")] : []),
    ...(protocol === "-1" && (fromPort !== 0 || toPort !== 0) ? [fault("fromPort", fromPort, "0, like toPort, since protocol is -1")] : []),
    ...(fromPort > toPort ? [fault("fromPort", fromPort, `at most toPort (${toPort})`)] : []),
  ];
}
