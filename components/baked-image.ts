import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { typeTokens } from "../contract/type-tokens.ts";
import { imageFacts, imageFaults } from "./image-facts.ts";
import type { DescribedImage, ImageFacts } from "./image-facts.ts";

/** What the settings say of an image, compared with what it is. */
export interface BakedImageArgs {
  /** `ami-…`, a reviewed line of the settings: nothing rolls unasked because a newer image exists. */
  readonly imageId: string;
  /** Account id that owns it, or `self`. */
  readonly owner: string;
  /** Instance type that it must have been built on. */
  readonly bakeType: string;
  readonly product: string;
  /** Days since the bake after which it is refused, 1 or more; absent = any age. */
  readonly maxAgeDays?: number | undefined;
}

/** An image by id, verified: owner, state, architecture, bake type, product, date. Creates nothing. */
export class BakedImage extends pulumi.ComponentResource {
  /**
   * Facts of the image; fails with every fault of it when it is not what the settings say. A promise, so that whoever
   * builds on it waits: what is refused is refused before anything of it is registered.
   */
  readonly facts: Promise<ImageFacts>;

  constructor(name: string, args: BakedImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super(typeTokens.bakedImage, name, args, opts);
    this.facts = lookUp(args, this);
    this.facts.catch(() => undefined); // told by whoever waits for it
    this.registerOutputs({ imageId: args.imageId });
  }
}

async function lookUp(args: BakedImageArgs, parent: BakedImage): Promise<ImageFacts> {
  const image = await describe(args, parent);
  const faults = imageFaults(image, args, Date.now());
  if (faults.length === 0) return imageFacts(image);
  const list = faults.map((one) => `- ${one}`).join("\n");
  throw new pulumi.RunError(
    `Image ${args.imageId} is not what the settings say:\n${list}\nBake it again, or name another image in the fleet's image.id and image.bakeType.`,
  );
}

async function describe({ imageId, owner }: BakedImageArgs, parent: BakedImage): Promise<DescribedImage> {
  try {
    // A pinned image stays usable after its deprecation date; how old is too old is maxAgeDays.
    return await aws.ec2.getAmi(
      { owners: [owner], filters: [{ name: "image-id", values: [imageId] }], includeDeprecated: true },
      { parent },
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new pulumi.RunError(
      `Image ${imageId} of owner ${owner} cannot be read in this region: ${reason}\nCorrect the fleet's image.id and image.owner, or copy the image here.`,
    );
  }
}
