/** The request for a bake, from the settings of a stack as they stand in its file. */
import { bakeDefaults, bakeHash, packerVariables, type BakedFleet, type BakeRequest, type PackerVariables } from "../../contract/bake.ts";
import { fleetPrefix } from "../../contract/naming.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { fleetsKey, type StackSettings } from "../stack-settings.ts";

export interface BakePlan {
  readonly request: Omit<BakeRequest, "accountId">;
  /** Key that encrypts the validator's key, where it is not the account's default one. */
  readonly secretKeyArn?: string;
}

interface FleetText extends Omit<BakedFleet, "naming" | "prefix" | "region" | "bakeType" | "provisioning" | "bake"> {
  readonly provisioning?: BakedFleet["provisioning"];
  readonly image?: { readonly bakeType?: string; readonly bake?: BakedFleet["bake"] };
  readonly chef?: NonNullable<BakedFleet["chef"]> & { readonly kmsKeyArn?: string };
}

/**
 * Values are taken as they stand; `parseBakeRequest` and Packer check them.
 * @throws OpsError `usage` when the fleet says nothing of a bake
 */
export function bakePlan(settings: StackSettings, asked: string | undefined): BakePlan {
  const name = settings.chooseFleet(asked);
  const fleet = settings.file.get(fleetsKey, name) as FleetText | undefined;
  const bake = fleet?.image?.bake;
  if (fleet === undefined || bake === undefined) {
    throw new OpsError(
      exitCodes.usage,
      `${settings.file.path} has no ${fleetsKey}.${name}.image.bake, which says what is baked: docs/bake.md has an example.`,
    );
  }
  const { naming } = settings;
  const variables = packerVariables({
    ...fleet,
    naming,
    prefix: fleetPrefix(naming, settings.nameOf(name)),
    region: settings.region,
    bakeType: fleet.image?.bakeType ?? "",
    provisioning: fleet.provisioning ?? "none",
    bake,
  });
  const request = {
    variables,
    sourceOwner: bake.sourceOwner ?? bakeDefaults.sourceOwner,
    inputsHash: hashOf(variables),
    region: settings.region,
    timeoutSeconds: bake.timeoutSeconds ?? bakeDefaults.timeoutSeconds,
  };
  return { request, ...(fleet.chef?.kmsKeyArn === undefined ? {} : { secretKeyArn: fleet.chef.kmsKeyArn }) };
}

function hashOf(variables: PackerVariables): string {
  try {
    return bakeHash(process.cwd(), variables);
  } catch (error) {
    throw new OpsError(
      exitCodes.usage,
      `The files of the bake cannot be read: ${(error as Error).message}. Correct image.bake.script, or run this in the project's folder.`,
    );
  }
}
