import { fault } from "../../scaling/checks/fault.ts";
import type { Fault } from "../../scaling/checks/fault.ts";
import type { DataVolume, FleetArgs } from "../fleet-args.ts";

/** What a way of provisioning, or a volume, does not work without. */
export function bootArgFaults({ provisioning, chef, managedNode, volumes }: FleetArgs): Fault[] {
  const usesChef = provisioning === "chef-server" || provisioning === "chef-solo";
  return [
    ...(usesChef && chef === undefined ? [fault("chef", undefined, `what Chef does, since provisioning is ${provisioning}`)] : []),
    ...(provisioning === "chef-server" && chef !== undefined && (chef.serverUrl === undefined || chef.key === undefined)
      ? [fault("chef", { serverUrl: chef.serverUrl, key: chef.key }, "serverUrl and key, since provisioning is chef-server")]
      : []),
    ...(provisioning === "managed-node" && managedNode === undefined
      ? [fault("managedNode", undefined, "what Systems Manager runs, since provisioning is managed-node")]
      : []),
    ...volumes.flatMap((volume, index) => attachFaults(volume, `volumes[${index}]`)),
  ];
}

function attachFaults({ attach, mountPoint, snapshotTags }: DataVolume, path: string): Fault[] {
  if (attach !== "boot") return [];
  return [
    ...(mountPoint === undefined ? [fault(`${path}.mountPoint`, undefined, "an absolute path, since attach is boot")] : []),
    ...(snapshotTags === undefined ? [fault(`${path}.snapshotTags`, undefined, "tags of the snapshots, since attach is boot")] : []),
  ];
}
