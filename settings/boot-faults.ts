import { fault, within } from "../scaling/checks/fault.ts";
import type { Fault } from "../scaling/checks/fault.ts";
import { retentionDays } from "./consumer-faults.ts";
import type { FleetSettingsInput } from "./fleet-schema.ts";

type Chef = NonNullable<FleetSettingsInput["chef"]>;
type Volume = FleetSettingsInput["volumes"][number];
type Provisioning = FleetSettingsInput["provisioning"];

export interface BootParts {
  readonly provisioning: Provisioning | undefined;
  readonly chef: Chef | undefined;
  readonly boot: FleetSettingsInput["boot"] | undefined;
  readonly volumes: readonly Volume[];
  /** As they stand in the stack file; what is wrong in itself is told elsewhere. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** What is wrong between provisioning, what belongs to it, and the volumes. */
export function bootFaults(parts: BootParts): Fault[] {
  const { provisioning, chef, boot, volumes } = parts;
  return [
    ...(provisioning === undefined ? [] : companionFaults(provisioning, parts.raw)),
    ...(chef === undefined ? [] : within("chef", chefFaults(provisioning, chef, record(parts.raw["chef"])))),
    ...(provisioning === "chef-solo" && chef !== undefined ? repositoryFaults(chef, volumes) : []),
    ...volumes.flatMap((volume, index) => within(`volumes[${index}]`, volumeFaults(volume, index, volumes))),
    ...(boot === undefined || retentionDays.includes(boot.logRetentionDays)
      ? []
      : [fault("boot.logRetentionDays", boot.logRetentionDays, `one of ${retentionDays.join(", ")}`)]),
  ];
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

/** Settings that one kind of provisioning needs and every other one would leave unread. */
function companionFaults(provisioning: Provisioning, raw: BootParts["raw"]): Fault[] {
  const usesChef = provisioning === "chef-server" || provisioning === "chef-solo";
  const faults: Fault[] = [];
  if (usesChef && raw["chef"] === undefined)
    faults.push(fault("chef.runList", undefined, `a run list, since provisioning is ${provisioning}`));
  if (!usesChef && raw["chef"] !== undefined) faults.push(fault("chef", raw["chef"], `absent, since provisioning is ${provisioning}`));
  const managed = provisioning === "managed-node";
  if (managed && raw["managedNode"] === undefined) {
    faults.push(fault("managedNode.runList", undefined, "a run list, since provisioning is managed-node"));
  }
  if (!managed && raw["managedNode"] !== undefined) {
    faults.push(fault("managedNode", raw["managedNode"], `absent, since provisioning is ${provisioning}`));
  }
  return faults;
}

const serverOnly = [
  "serverUrl",
  "policyName",
  "policyGroup",
  "key",
  "validatorName",
  "user",
  "certificateAuthority",
  "kmsKeyArn",
  "waitSeconds",
];

function chefFaults(provisioning: Provisioning | undefined, chef: Chef, raw: Readonly<Record<string, unknown>>): Fault[] {
  if (provisioning === "chef-server") return [...serverFaults(chef), ...policyFaults(chef)];
  if (provisioning !== "chef-solo") return [];
  return [
    ...(chef.runList === undefined ? [fault("runList", undefined, "a run list, since provisioning is chef-solo")] : []),
    ...serverOnly.flatMap((name) => (raw[name] === undefined ? [] : [fault(name, raw[name], "absent, since provisioning is chef-solo")])),
  ];
}

function serverFaults({ serverUrl, key, user, validatorName, allowHttp }: Chef): Fault[] {
  const faults: Fault[] = [];
  if (serverUrl === undefined) faults.push(fault("serverUrl", undefined, "an address like https://chef.example.com/organizations/NAME"));
  else if (serverUrl.startsWith("http:") && !allowHttp) {
    faults.push(fault("serverUrl", serverUrl, "an address with https, or any with chef.allowHttp"));
  }
  if (key === undefined) faults.push(fault("key", undefined, "ssm:PARAMETER or secretsmanager:NAME, where the key is stored"));
  if (user !== undefined && validatorName !== undefined) faults.push(fault("validatorName", validatorName, "absent, since user is given"));
  return faults;
}

function policyFaults({ runList, policyName, policyGroup, environment }: Chef): Fault[] {
  const faults: Fault[] = [];
  if (policyName === undefined) {
    if (runList === undefined) faults.push(fault("runList", undefined, "a run list, or policyName with policyGroup"));
    if (policyGroup !== undefined) faults.push(fault("policyName", undefined, "a policy, since policyGroup is given"));
    return faults;
  }
  if (policyGroup === undefined) faults.push(fault("policyGroup", undefined, "a group, since policyName is given"));
  if (runList !== undefined) faults.push(fault("runList", runList, "absent, since policyName is given"));
  if (environment !== undefined) faults.push(fault("environment", environment, "absent, since policyName is given"));
  return faults;
}

/** The repository stands on a volume that brings something along. */
function repositoryFaults({ repository }: Chef, volumes: readonly Volume[]): Fault[] {
  const holds = ({ mountPoint, snapshotId, snapshotTags }: Volume) =>
    mountPoint !== undefined && `${repository}/`.startsWith(`${mountPoint}/`) && (snapshotId ?? snapshotTags) !== undefined;
  if (volumes.some(holds)) return [];
  return [fault("chef.repository", repository, "a path on a volume of a snapshot, with that mountPoint or one above it")];
}

/** One device has two names: on Xen, `/dev/sdf` is seen as `/dev/xvdf`. */
const deviceOf = (volume: Volume) => volume.deviceName.replace("/dev/xvd", "/dev/sd");

function volumeFaults(volume: Volume, index: number, volumes: readonly Volume[]): Fault[] {
  const { attach, deviceName, sizeGiB, snapshotId, snapshotTags, mountPoint } = volume;
  const before = volumes.slice(0, index);
  const faults: Fault[] = [];
  if (before.some((other) => deviceOf(other) === deviceOf(volume))) faults.push(fault("deviceName", deviceName, "each device once"));
  if (mountPoint !== undefined && before.some((other) => other.mountPoint === mountPoint)) {
    faults.push(fault("mountPoint", mountPoint, "each mount point once"));
  }
  if (attach === "launch") {
    if (snapshotTags !== undefined) faults.push(fault("snapshotTags", snapshotTags, "absent, or attach: boot"));
    if (sizeGiB === undefined && snapshotId === undefined)
      faults.push(fault("sizeGiB", undefined, "a size, or a snapshotId whose size is taken"));
    return faults;
  }
  if (snapshotTags === undefined) faults.push(fault("snapshotTags", undefined, "tags of the snapshots, since attach is boot"));
  if (snapshotId !== undefined) faults.push(fault("snapshotId", snapshotId, "absent, since attach is boot"));
  if (mountPoint === undefined) faults.push(fault("mountPoint", undefined, "an absolute path, since attach is boot"));
  return faults;
}

/** OpsWorks Stacks took its end; who asks for it is told what took its place. */
export const opsWorksEnd =
  'is "opsworks"; allowed: none, chef-server, chef-solo, managed-node. AWS OpsWorks Stacks reached its end of life on 26 May 2024; managed-node does the same with AWS Systems Manager';
