import type { Architecture } from "../contract/fleets-output.ts";

/** What is known of a baked image: its own attributes and the tags that the bake wrote. */
export interface ImageFacts {
  /** `ami-…` */
  readonly id: string;
  readonly name: string;
  /** Account that owns the image. */
  readonly ownerId: string;
  readonly architecture: Architecture;
  /** Instance type that the image was built on. */
  readonly bakeType: string;
  /** When it was built: ISO 8601, UTC, whole seconds. */
  readonly bakedAt: string;
  /** Device name of the root volume; a mapping under any other name would add a second volume. */
  readonly rootDeviceName: string;
  /** Size of the root snapshot, GiB; a root volume cannot be smaller. */
  readonly rootSizeGiB: number;
  /** Image that it was built from. */
  readonly sourceImage?: string | undefined;
  /** Revision of the recipes or cookbooks in it. */
  readonly recipeRevision?: string | undefined;
  /** Environment that has run it. */
  readonly promotedFrom?: string | undefined;
}
