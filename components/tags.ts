import type * as pulumi from "@pulumi/pulumi";
import type { NamingInputs } from "../contract/naming.ts";
import { tagKeys } from "../contract/tags.ts";
import type { FleetIdentity } from "./fleet-args.ts";
import type { ImageFacts } from "./image-facts.ts";

export type Tags = Record<string, string>;

/** Tags of everything in a stack. */
export function stackTags(naming: NamingInputs): Tags {
  return {
    [tagKeys.product]: naming.product,
    [tagKeys.environment]: naming.environment,
    [tagKeys.platform]: naming.platform,
    [tagKeys.majorVersion]: String(naming.majorVersion),
  };
}

/** Tags of everything that belongs to one fleet. */
export function fleetTags(identity: FleetIdentity): Tags {
  return { ...stackTags(identity), [tagKeys.fleet]: identity.fleet, [tagKeys.role]: identity.role };
}

/** The bake facts that a launch template carries, so that they are at hand without the image. */
export function imageTags(image: ImageFacts): Record<string, pulumi.Input<string>> {
  const tags: Record<string, pulumi.Input<string> | undefined> = {
    [tagKeys.bakeType]: image.bakeType,
    [tagKeys.bakedAt]: image.bakedAt,
    [tagKeys.architecture]: image.architecture,
    [tagKeys.sourceImage]: image.sourceImage,
    [tagKeys.recipeRevision]: image.recipeRevision,
  };
  return Object.fromEntries(Object.entries(tags).filter((entry): entry is [string, pulumi.Input<string>] => entry[1] !== undefined));
}
