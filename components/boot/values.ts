import { bootLogGroup } from "../../contract/boot.ts";
import type { DataVolume, FleetArgs } from "../fleet-args.ts";
import { fleetTags } from "../tags.ts";
import type { ChefArgs, ManagedNodeArgs } from "./args.ts";
import type { BootSettings } from "./settings-text.ts";

/** Facts that stand on every node in `/etc/fleet/fleet.json`, for what runs there. */
export function nodeFacts({ identity }: Pick<FleetArgs, "identity">): string {
  const { product, environment, platform, majorVersion, fleet, role } = identity;
  return JSON.stringify({ product, environment, platform, majorVersion, fleet, role });
}

/** Whether the node runs our script; an image that is complete, with nothing to mount and nobody to tell, needs none. */
export function needsBootScript({
  provisioning,
  launchHook,
  volumes,
}: Pick<FleetArgs, "provisioning" | "launchHook" | "volumes">): boolean {
  return provisioning !== "none" || launchHook !== undefined || mounted(volumes).length > 0;
}

/** Volumes that boot mounts; those that it attaches have a mount point. */
export const mounted = (volumes: readonly DataVolume[]): DataVolume[] => volumes.filter(({ mountPoint }) => mountPoint !== undefined);

/** Name of a layer's association; boot waits for the first success under that name. */
export const associationName = (prefix: string): string => `${prefix}-layer`;

/** Without a hook nobody waits, and beats go nowhere. */
const usualHeartbeatSeconds = 600;

/** Everything that the script is told. */
export function bootValues(prefix: string, args: FleetArgs): BootSettings {
  const { identity, launchHook, boot } = args;
  return {
    provisioning: args.provisioning,
    prefix,
    product: identity.product,
    environment: identity.environment,
    majorVersion: String(identity.majorVersion),
    role: identity.role,
    logGroup: bootLogGroup(prefix),
    heartbeatSeconds: String(launchHook?.heartbeatSeconds ?? usualHeartbeatSeconds),
    limitSeconds: String(boot?.limitSeconds ?? defaultLimitSeconds),
    facts: nodeFacts(args),
    ...volumeValues(prefix, args),
    ...systemValues(prefix, args),
  };
}

/** An hour is more than a first run of Chef takes. */
export const defaultLimitSeconds = 3600;

function volumeValues(prefix: string, { identity, volumes }: FleetArgs): BootSettings {
  const ours = mounted(volumes);
  if (ours.length === 0) return {};
  return {
    volumes: JSON.stringify(
      ours.map(({ snapshotId, ...volume }) => ({
        ...volume,
        attach: volume.attach ?? "launch",
        empty: volume.attach !== "boot" && snapshotId === undefined,
      })),
    ),
    volumeTags: JSON.stringify({ ...fleetTags(identity), Name: prefix }),
  };
}

function systemValues(prefix: string, args: FleetArgs): BootSettings {
  switch (args.provisioning) {
    case "none":
      return {};
    case "chef-server":
      return { ...chefValues(prefix, needed(args.chef, "chef")), ...serverValues(needed(args.chef, "chef")) };
    case "chef-solo":
      return { ...chefValues(prefix, needed(args.chef, "chef")), repository: needed(args.chef, "chef").repository };
    case "managed-node":
      return managedValues(prefix, args, needed(args.managedNode, "managedNode"));
    default:
      return args.provisioning satisfies never;
  }
}

function needed<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new TypeError(`${name} was not checked before it was used`);
  return value;
}

/** Attributes and run list of the first run; the prefix is how a node is known to belong to the fleet. */
function chefValues(prefix: string, chef: ChefArgs): BootSettings {
  const fleet = { fleet: { prefix } };
  return {
    firstBoot: JSON.stringify(chef.runList === undefined ? fleet : { run_list: chef.runList, ...fleet }),
    chefEnvironment: chef.environment ?? "",
    nodeNamePrefix: chef.nodeNamePrefix,
    client: chef.client,
    intervalSeconds: String(chef.intervalSeconds),
    splaySeconds: String(chef.splaySeconds),
    runSeconds: String(chef.runSeconds),
    attempts: String(chef.attempts),
  };
}

function serverValues(chef: ChefArgs): BootSettings {
  const serverUrl = chef.serverUrl ?? "";
  const organization = serverUrl.slice(serverUrl.lastIndexOf("/") + 1);
  return {
    serverUrl,
    policyName: chef.policyName ?? "",
    policyGroup: chef.policyGroup ?? "",
    key: chef.key ?? "",
    validatorName: chef.user === undefined ? (chef.validatorName ?? `${organization}-validator`) : "",
    userName: chef.user ?? "",
    certificateAuthority: chef.certificateAuthority ?? "",
    waitSeconds: String(chef.waitSeconds),
  };
}

function managedValues(prefix: string, { identity }: FleetArgs, { onlineSeconds, waitSeconds }: ManagedNodeArgs): BootSettings {
  const { majorVersion, environment, platform, fleet } = identity;
  return {
    stackName: `v${majorVersion} ${environment} ${platform}`,
    layer: fleet,
    association: associationName(prefix),
    onlineSeconds: String(onlineSeconds),
    waitSeconds: String(waitSeconds),
  };
}
