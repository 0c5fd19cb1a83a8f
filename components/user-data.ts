import { fault } from "../scaling/checks/fault.ts";
import type { Fault } from "../scaling/checks/fault.ts";
import type { FleetIdentity } from "./fleet-args.ts";

/** Raw, before encoding. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html */
export const maxUserDataBytes = 16_384;

/** Where a complete image finds out which fleet it is in. */
export const factsPath = "/etc/fleet/fleet.json";

/**
 * cloud-config for an image that needs no provisioning: one file of facts, no command. JSON is YAML, so nothing that a
 * setting holds can be read as anything but data.
 */
export function plainUserData(identity: FleetIdentity): string {
  const { product, environment, platform, majorVersion, fleet, role } = identity;
  const facts = JSON.stringify({ product, environment, platform, majorVersion, fleet, role });
  const config = { write_files: [{ path: factsPath, owner: "root:root", permissions: "0644", content: `${facts}\n` }] };
  return `#cloud-config\n${JSON.stringify(config)}\n`;
}

/** Fits the limit, or says by how much it does not. */
export function userDataFaults(text: string): Fault[] {
  const bytes = Buffer.byteLength(text, "utf8");
  if (bytes <= maxUserDataBytes) return [];
  return [fault("userData", bytes, `at most ${maxUserDataBytes} bytes`, "move what is long into the image, or fetch it at boot")];
}

export const encodeUserData = (text: string): string => Buffer.from(text, "utf8").toString("base64");
