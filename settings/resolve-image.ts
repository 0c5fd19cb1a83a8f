import { packerVariables, promotion } from "../contract/bake.ts";
import type { BakedFleet, BakeRequest } from "../contract/bake.ts";
import type { NamingInputs } from "../contract/naming.ts";
import type { FleetSettingsInput } from "./fleet-schema.ts";

/** The image of a fleet: one that exists, or one that is baked. */
export interface ImageSettings {
  /** Absent = it is baked. */
  readonly imageId?: string;
  readonly bake?: Pick<BakeRequest, "variables" | "sourceOwner" | "timeoutSeconds">;
  readonly owner: string;
  readonly bakeType: string;
  readonly maxAgeDays?: number;
  /** Environment that must have run it. */
  readonly promotedFrom?: string;
}

/** Where the fleet is, for the image's name and tags. */
export type ImagePlace = Pick<BakedFleet, "prefix" | "region"> & { readonly naming: NamingInputs };

export function resolveImage({ image, ...fleet }: FleetSettingsInput, place: ImagePlace): ImageSettings {
  const { from, id, bake, ...same } = image;
  const promoted = place.naming.environment === promotion.to ? { promotedFrom: promotion.from } : {};
  if (from === "id") return { ...same, ...promoted, ...(id === undefined ? {} : { imageId: id }) };
  if (bake === undefined) throw new TypeError("image was not checked before it was resolved");
  const { provisioning, chef, volumes } = fleet;
  const inputs = { ...place, bakeType: image.bakeType, provisioning, bake, ...(chef === undefined ? {} : { chef }), volumes };
  return { ...same, bake: { variables: packerVariables(inputs), sourceOwner: bake.sourceOwner, timeoutSeconds: bake.timeoutSeconds } };
}
