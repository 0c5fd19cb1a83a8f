/** What is known of an image that a bake made, and which of several is meant. Pure. */
import type { Image } from "@aws-sdk/client-ec2";
import { tagKeys } from "../../contract/tags.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";

export interface BakedImage {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
  readonly architecture: string;
  /** Instance type that the image was built on. */
  readonly bakeType: string;
  /** ISO 8601, UTC, whole seconds. */
  readonly bakedAt: string;
  readonly product?: string;
  readonly majorVersion?: string;
  readonly recipeRevision?: string;
  readonly sourceImage?: string;
}

/** The facts of an image, or what it lacks to be one that a fleet can run. */
export function bakedImage(image: Image): BakedImage | { readonly id: string; readonly lacks: string } {
  const id = image.ImageId ?? "";
  const tags = new Map((image.Tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
  const bakeType = tags.get(tagKeys.bakeType);
  const bakedAt = tags.get(tagKeys.bakedAt);
  if (image.State !== "available") return { id, lacks: `its state is ${image.State ?? "unknown"}` };
  if (image.RootDeviceType !== "ebs") return { id, lacks: `its root device is of type ${image.RootDeviceType ?? "unknown"}, not ebs` };
  if (bakeType === undefined) return { id, lacks: `the tag ${tagKeys.bakeType} is absent` };
  if (bakedAt === undefined || Number.isNaN(Date.parse(bakedAt)))
    return { id, lacks: `the tag ${tagKeys.bakedAt} is ${bakedAt ?? "absent"}, not a time` };
  const optional = {
    product: tagKeys.product,
    majorVersion: tagKeys.majorVersion,
    recipeRevision: tagKeys.recipeRevision,
    sourceImage: tagKeys.sourceImage,
  };
  return {
    id,
    name: image.Name ?? "",
    ownerId: image.OwnerId ?? "",
    architecture: image.Architecture ?? "",
    bakeType,
    bakedAt,
    ...Object.fromEntries(
      Object.entries(optional).flatMap(([name, key]) => {
        const value = tags.get(key);
        return value === undefined ? [] : [[name, value]];
      }),
    ),
  };
}

/**
 * The newest by the date of its bake.
 * @param sought for messages: where and by what was searched
 * @throws OpsError `notExactlyOne` when none is usable, or the newest date belongs to several
 */
export function newestImage(images: readonly Image[], sought: string): BakedImage {
  const judged = images.map(bakedImage);
  const usable = judged.filter((one) => "bakeType" in one);
  if (usable.length === 0) {
    const unusable = judged.flatMap((one) => ("lacks" in one ? [`- ${one.id}: ${one.lacks}`] : []));
    const found = unusable.length === 0 ? "No image fits" : `No image that fits can be used:\n${unusable.join("\n")}\nSearched`;
    throw new OpsError(exitCodes.notExactlyOne, `${found} ${sought}. Bake one, or correct the tags or the owner.`);
  }
  const latest = Math.max(...usable.map(({ bakedAt }) => Date.parse(bakedAt)));
  const newest = usable.filter(({ bakedAt }) => Date.parse(bakedAt) === latest);
  const [first, ...others] = newest;
  if (first === undefined || others.length > 0) {
    throw new OpsError(
      exitCodes.notExactlyOne,
      `${newest.length} images are equally new ${sought} (${newest[0]?.bakedAt ?? ""}): ${newest.map(({ id }) => id).join(", ")}. ` +
        `Narrow the choice with --tag KEY=VALUE until exactly one fits.`,
    );
  }
  return first;
}
