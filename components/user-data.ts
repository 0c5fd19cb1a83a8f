import { gzipSync } from "node:zlib";
import { fault } from "../scaling/checks/fault.ts";
import type { Fault } from "../scaling/checks/fault.ts";
import { bootScript } from "./boot/script.ts";
import { bootValues, mounted, needsBootScript, nodeFacts } from "./boot/values.ts";
import type { FleetArgs } from "./fleet-args.ts";

/** Raw, before encoding. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html */
export const maxUserDataBytes = 16_384;

/** Above this, text of ours is compressed: what a fleet's settings add must still fit. */
export const roomyUserDataBytes = 12_288;

/** Where a node finds out which fleet it is in. */
export const factsPath = "/etc/fleet/fleet.json";

/**
 * cloud-config for an image that needs no provisioning: one file of facts, no command. JSON is YAML, so nothing that a
 * setting holds can be read as anything but data.
 */
export function plainUserData(args: Pick<FleetArgs, "identity">): string {
  const config = { write_files: [{ path: factsPath, owner: "root:root", permissions: "0644", content: `${nodeFacts(args)}\n` }] };
  return `#cloud-config\n${JSON.stringify(config)}\n`;
}

/** What the nodes of a fleet get when the caller gives nothing. */
export function fleetUserData(prefix: string, args: FleetArgs): string {
  if (!needsBootScript(args)) return plainUserData(args);
  return bootScript({ provisioning: args.provisioning, volumes: mounted(args.volumes).length > 0 }, bootValues(prefix, args));
}

/** The byte of a gzip header that names the system; 255 = unknown, so that every system writes the same. */
const systemByte = 9;

/**
 * As the instance gets it: as it is, or compressed, which cloud-init undoes. The same text gives the same bytes on every
 * machine with the same zlib; another one may write other bytes, and a new version of the launch template with them.
 */
export function packUserData(text: string, compress: boolean): Buffer {
  if (!compress) return Buffer.from(text, "utf8");
  const packed = gzipSync(text, { level: 9 });
  packed[systemByte] = 255;
  return packed;
}

/** Text of ours that is long is compressed unasked; a caller's is what the caller says. */
export function encodeUserData(
  prefix: string,
  args: FleetArgs,
  given: string | undefined,
): { readonly base64: string; readonly faults: Fault[] } {
  const text = given ?? fleetUserData(prefix, args);
  const isLong = given === undefined && Buffer.byteLength(text, "utf8") > roomyUserDataBytes;
  const packed = packUserData(text, isLong || args.boot?.compress === true);
  return { base64: packed.toString("base64"), faults: userDataFaults(packed) };
}

/** Fits the limit, or says by how much it does not. */
export function userDataFaults({ length }: Buffer): Fault[] {
  if (length <= maxUserDataBytes) return [];
  return [
    fault("userData", length, `at most ${maxUserDataBytes} bytes`, "compress it, move what is long into the image, or fetch it at boot"),
  ];
}
