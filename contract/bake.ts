/**
 * What a bake is told, by the program and by `ops bake` alike: the settings of a fleet become variables of Packer, and one hash stands
 * for everything that decides what the image holds.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Provisioning } from "./fleets-output.ts";
import type { NamingInputs } from "./naming.ts";

/** Production takes images that staging has run; a bake of its own has only staging. */
export const promotion = { from: "staging", to: "production" } as const;

/** Values of settings that may be left out. */
export const bakeDefaults = { sourceOwner: "amazon", sshUsername: "ec2-user", sshInterface: "private_ip", timeoutSeconds: 3600 } as const;

/** `image.bake` of a fleet. What each is for and may be stands in the schema of the settings. */
export interface BakeSettings {
  readonly sourceImage: string;
  readonly recipeRevision: string;
  readonly sourceOwner?: string;
  readonly rootSizeGiB?: number;
  readonly kmsKeyArn?: string;
  readonly subnetId?: string;
  readonly securityGroupIds?: readonly string[];
  readonly instanceProfile?: string;
  readonly sshUsername?: string;
  readonly sshInterface?: string;
  readonly script?: string;
  readonly runList?: readonly string[];
  readonly packageUrl?: string;
  readonly packageSha256?: string;
  readonly timeoutSeconds?: number;
}

/** A fleet, as far as its image depends on it. */
export interface BakedFleet {
  readonly naming: Pick<NamingInputs, "product" | "majorVersion">;
  /** What the image's name begins with. */
  readonly prefix: string;
  readonly region: string;
  readonly bakeType: string;
  readonly provisioning: Provisioning;
  readonly bake: BakeSettings;
  readonly chef?: {
    readonly serverUrl?: string;
    readonly key?: string;
    readonly validatorName?: string;
    readonly environment?: string;
  };
  readonly volumes?: readonly { readonly mountPoint?: string; readonly snapshotId?: string; readonly label?: string }[];
}

/** By the names of `packer/variables.pkr.hcl`. */
export type PackerVariables = Readonly<Record<string, string | number | readonly string[]>>;

/** Where the volume with the repository of chef-solo is mounted. */
export const chefMountPoint = "/chef";

/** Only what differs from the defaults of `packer/variables.pkr.hcl`. */
export function packerVariables({ naming, bake, ...fleet }: BakedFleet): PackerVariables {
  const given: Readonly<Record<string, string | number | readonly string[] | undefined>> = {
    region: fleet.region,
    name: fleet.prefix,
    product: naming.product,
    major_version: naming.majorVersion,
    recipe_revision: bake.recipeRevision,
    source_image: bake.sourceImage,
    instance_type: fleet.bakeType,
    root_size_gib: bake.rootSizeGiB,
    kms_key: bake.kmsKeyArn,
    subnet_id: bake.subnetId,
    security_group_ids: bake.securityGroupIds,
    instance_profile: bake.instanceProfile,
    ssh_username: bake.sshUsername ?? bakeDefaults.sshUsername,
    ssh_interface: bake.sshInterface ?? bakeDefaults.sshInterface,
    script: bake.script,
    provisioning: fleet.provisioning,
    package_url: bake.packageUrl,
    package_sha256: bake.packageSha256,
    ...chefVariables(fleet, bake.runList ?? []),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as PackerVariables;
}

function chefVariables({ provisioning, chef, volumes = [] }: Omit<BakedFleet, "naming" | "bake">, runList: readonly string[]) {
  if (provisioning === "chef-solo") {
    const volume = volumes.find(({ mountPoint }) => mountPoint === chefMountPoint);
    return {
      chef_volume_label: volume?.label,
      ...(runList.length === 0 ? {} : { chef_run_list: runList, chef_snapshot: volume?.snapshotId }),
    };
  }
  if (provisioning !== "chef-server" || runList.length === 0) return {};
  const organization = /\/organizations\/([^/]+)$/.exec(chef?.serverUrl ?? "")?.[1] ?? "";
  return {
    chef_run_list: runList,
    chef_server_url: chef?.serverUrl,
    chef_validator: chef?.validatorName ?? `${organization}-validator`,
    chef_validator_key: chef?.key,
    chef_environment: chef?.environment,
  };
}

/**
 * Hash of everything that decides what an image holds: the variables, and the files that a bake runs.
 * @param root the project's folder
 * @throws Error of the file system when `script` cannot be read
 */
export function bakeHash(root: string, variables: PackerVariables): string {
  const hash = createHash("sha256");
  const add = (name: string, content: string) => hash.update(`${name}\0${content.length}\0${content}`);
  for (const name of Object.keys(variables).sort()) add(name, JSON.stringify(variables[name]));
  const folder = join(root, "packer");
  for (const name of (readdirSync(folder, { recursive: true }) as string[]).sort()) {
    if (/\.(?:hcl|sh)$/.test(name)) add(name, readFileSync(join(folder, name), "utf8"));
  }
  const script = variables["script"];
  if (typeof script === "string") add("", readFileSync(join(root, script), "utf8"));
  return hash.digest("hex");
}

/** Kept in states for ever, like those of state-commands.ts. Bakes an image, or finds the one that was baked of the same inputs; prints `{"imageId": "ami-…"}`. */
export const bakeCommand = "node ops/state-command.js bake --v1";

/** Environment variable that holds a `BakeRequest` as JSON. */
export const bakeVariable = "FLEET_BAKE";

export interface BakeRequest {
  /** Variables of `packer/variables.pkr.hcl` by name, `region` among them. */
  readonly variables: PackerVariables;
  /** Account id, `self` or an alias such as `amazon`: whose the source image is. */
  readonly sourceOwner: string;
  /** Hash of all inputs. */
  readonly inputsHash: string;
  readonly region: string;
  /** The command refuses to act in another account. */
  readonly accountId: string;
  /** Role to take on; absent = the caller's own credentials. */
  readonly roleArn?: string;
  /** Seconds after which a bake is cancelled; Packer then removes what it made. */
  readonly timeoutSeconds: number;
}
