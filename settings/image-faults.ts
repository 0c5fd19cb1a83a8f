import type { z } from "zod";
import { chefMountPoint, promotion } from "../contract/bake.ts";
import { fault, within } from "../scaling/checks/fault.ts";
import type { Fault } from "../scaling/checks/fault.ts";
import type { FleetSettingsInput } from "./fleet-schema.ts";
import type { imageSchema } from "./image-schema.ts";

type Image = z.infer<typeof imageSchema>;
type Bake = NonNullable<Image["bake"]>;

export interface ImageParts {
  readonly image: Image | undefined;
  readonly provisioning: FleetSettingsInput["provisioning"] | undefined;
  readonly chef: FleetSettingsInput["chef"] | undefined;
  readonly volumes: FleetSettingsInput["volumes"];
}

/** What is wrong between the settings of an image, and between its bake and what the fleet's nodes are. */
export function imageFaults({ image, ...fleet }: ImageParts): Fault[] {
  if (image === undefined) return [];
  const { from, id, owner, bake } = image;
  const faults: Fault[] = [];
  if (from === "id" && id === undefined) faults.push(fault("id", id, "an id: ami- and 8 or 17 hexadecimal digits"));
  if (from === "bake" && id !== undefined) faults.push(fault("id", id, "absent, since from is bake"));
  if (from === "bake" && owner !== "self") faults.push(fault("owner", owner, "self, since from is bake"));
  if (from === "bake" && bake === undefined)
    faults.push(fault("bake.sourceImage", undefined, "an image to build upon, since from is bake"));
  return within("image", [...faults, ...(bake === undefined ? [] : within("bake", bakeFaults(bake, fleet)))]);
}

function bakeFaults(bake: Bake, fleet: Omit<ImageParts, "image">): Fault[] {
  const { instanceProfile, packageUrl, packageSha256, sshInterface } = bake;
  const faults: Fault[] = [];
  if (sshInterface === "session_manager" && instanceProfile === undefined) {
    faults.push(fault("instanceProfile", undefined, "the name of an instance profile, since sshInterface is session_manager"));
  }
  if (packageUrl !== undefined && packageSha256 === undefined)
    faults.push(fault("packageSha256", undefined, "the SHA-256 of the package, since packageUrl is given"));
  if (packageUrl === undefined && packageSha256 !== undefined)
    faults.push(fault("packageSha256", packageSha256, "absent, since packageUrl is absent"));
  if (packageUrl !== undefined && fleet.provisioning === "none")
    faults.push(fault("packageUrl", packageUrl, "absent, since provisioning is none"));
  return [...faults, ...(bake.runList === undefined ? [] : runListFaults(bake, fleet))];
}

/** What a run of Chef on the builder needs. */
function runListFaults({ runList, instanceProfile }: Bake, { provisioning, chef, volumes }: Omit<ImageParts, "image">): Fault[] {
  if (provisioning === "chef-solo") {
    const volume = volumes.find(({ mountPoint }) => mountPoint === chefMountPoint);
    if (volume?.snapshotId !== undefined) return [];
    return [fault("runList", runList, `absent, or a volume of the fleet with mountPoint ${chefMountPoint} and a snapshotId`)];
  }
  if (provisioning !== "chef-server") return [fault("runList", runList, `absent, since provisioning is ${String(provisioning)}`)];
  const faults: Fault[] = [];
  if (chef?.user !== undefined)
    faults.push(fault("runList", runList, "absent, since the builder registers with a validator and chef.user is none"));
  if (instanceProfile === undefined)
    faults.push(fault("instanceProfile", undefined, "the name of an instance profile, whose role reads chef.key"));
  return faults;
}

/** Elsewhere an image is one that the baking stack has run. */
export function bakingStackFaults(stack: string, image: unknown): Fault[] {
  if (stack === promotion.from || typeof image !== "object" || image === null || !("from" in image) || image.from !== "bake") return [];
  return [fault("image.from", "bake", `id: images are baked in ${promotion.from} only, and promoted from there`)];
}
